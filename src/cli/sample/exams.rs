//! The exams of the sample: some that the demo has too.

use std::io::{self, Write};

/// An exam with one level, whose specialties share their subjects.
pub(super) struct Exam {
    pub code: &'static str,
    pub name: &'static str,
    pub level: &'static str,
    /// For each subject, in yuan.
    pub fee: u32,
    pub specialties: &'static [&'static str],
    pub subjects: &'static [&'static str],
}

pub(super) const EXAMS: &[Exam] = &[
    Exam {
        code: "01",
        name: "一级建造师",
        level: "一级",
        fee: 61,
        specialties: &["建筑工程", "市政公用工程", "机电工程", "水利水电工程", "公路工程"],
        subjects: &["建设工程经济", "建设工程法规及相关知识", "建设工程项目管理", "专业工程管理与实务"],
    },
    Exam {
        code: "02",
        name: "二级建造师",
        level: "二级",
        fee: 59,
        specialties: &["建筑工程", "市政公用工程", "机电工程"],
        subjects: &["建设工程施工管理", "建设工程法规及相关知识", "专业工程管理与实务"],
    },
    Exam {
        code: "03",
        name: "一级造价工程师",
        level: "一级",
        fee: 66,
        specialties: &["土木建筑工程", "安装工程", "交通运输工程"],
        subjects: &["建设工程造价管理", "建设工程计价", "建设工程技术与计量", "建设工程造价案例分析"],
    },
];

/// When they were held, the earliest first.
pub(super) const MONTHS: &[&str] = &["201803", "201903", "202103", "202203", "202303", "202403"];

/// Writes subjects first, then sittings.
pub(super) fn write(to: &mut dyn Write) -> io::Result<()> {
    writeln!(
        to,
        "考试代码,考试名称,考试类别,级别,专业,科目,费用,考试年月,核查开始日期,核查截止日期,考试日期"
    )?;
    for Exam { code, name, level, fee, specialties, subjects } in EXAMS {
        let exam = format!("{code},{name},专业技术人员职业资格");
        for specialty in *specialties {
            for subject in *subjects {
                writeln!(to, "{exam},{level},{specialty},{subject},{fee}.00,,,,")?;
            }
        }
        for month in MONTHS {
            let year: u32 = month[..4].parse().unwrap_or_default();
            writeln!(to, "{exam},,,,,{month},{}-11-01,{year}-01-15,{year}-03-24", year - 1)?;
        }
    }
    to.flush()
}
