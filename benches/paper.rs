//! How long the PDF of a certificate takes, and how large it is: with common characters, and with rare ones, for which
//! a second font is read first.
//!
//!     cargo bench --bench paper

use std::time::Instant;

use kaozheng::paper::{Section, Sheet, pdf};

const TIMES: u32 = 100;

fn main() {
    for (what, name) in [("common characters", "张小三"), ("rare characters", "李\u{20089}\u{2B740}")] {
        let sheet = certificate(name);
        let begun = Instant::now();
        let bytes = pdf(&sheet).expect("a PDF").len();
        let first = begun.elapsed();
        let begun = Instant::now();
        for _ in 0..TIMES {
            pdf(&sheet).expect("a PDF");
        }
        let each = begun.elapsed() / TIMES;
        println!("{what}: {each:.1?} each, the first {first:.1?}, {} kB", bytes / 1000);
    }
}

fn certificate(name: &str) -> Sheet {
    let facts = [
        ("姓名", name),
        ("证件号码", "440***********2616"),
        ("级别", "一级"),
        ("专业", "建筑工程"),
        ("考试年月", "2018-03"),
        ("证书管理号", "20180344030000001234"),
        ("证书印制号", "SF02000000"),
        ("批准日期", "2018-06-01"),
        ("发证机关", "示范省人力资源和社会保障厅"),
        ("加注", "仅用于应聘示范建设集团，限用至 2026-06-30"),
    ];
    Sheet {
        above: "示范省人力资源和社会保障厅".into(),
        title: "职业资格电子证书".into(),
        below: "一级建造师".into(),
        sections: vec![Section {
            heading: String::new(),
            facts: facts.map(|(label, value)| (label.to_owned(), value.to_owned())).into(),
        }],
        signed: vec!["示范市考试院".into(), "2026-04-01".into()],
        qr: Some(format!("https://exam.example.gov.cn/verify#KZ1:{}", "6BFOXN%25TS3DH".repeat(40))),
        notes: vec!["用手机相机扫码，打开的页面在您的设备上核验，不用登录。".into()],
        attached: Some(format!("KZ1:{}", "6BFOXN".repeat(90))),
        ..Sheet::new("2026-04-01T01:30:00".parse().expect("a time"), "zh-CN")
    }
}
