//! Files for `kaozheng import` with invented people, for trials, tests and benchmarks.

pub mod exams;

use std::io::{self, Write};

use chrono::{Datelike, Duration, NaiveDate};

use crate::people::document;
use crate::store::Ids;
use exams::{MONTHS, SAMPLED};

const HEADER: &str =
    "证书管理号,证书印制号,姓名,证件类型,证件号码,考试代码,考试年月,级别,专业,批准日期,签发日期,发证机关";

/// Writes `count` certificates. The same seed gives the same file.
pub fn certificates(count: u32, seed: u64, to: &mut dyn Write) -> io::Result<()> {
    let ids = Ids::seeded(seed);
    writeln!(to, "{HEADER}")?;
    for at in 0..count {
        let exam = pick(&ids, SAMPLED);
        let level = pick(&ids, exam.levels);
        let specialty = pick(&ids, level.specialties);
        let month = pick(&ids, MONTHS);
        let (document, number) = document(&ids);
        writeln!(
            to,
            "{month}440300{code}{at:08},SF{code}{at:08},{name},{document},{number},{code},{month},{level},\
             {specialty},{approved},{issued},示范市考试院",
            name = name(&ids),
            code = exam.code,
            level = level.name,
            approved = after(month, 90),
            issued = after(month, 120),
        )?;
    }
    to.flush()
}

fn pick<'a, T>(ids: &Ids, from: &'a [T]) -> &'a T {
    &from[ids.number(0..from.len() as u32) as usize]
}

fn after(month: &str, days: i64) -> NaiveDate {
    let (year, month) = (month[..4].parse().unwrap_or(2018), month[4..].parse().unwrap_or(3));
    NaiveDate::from_ymd_opt(year, month, 1).unwrap_or_default() + Duration::days(days)
}

const FAMILY: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦傅方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤";
const GIVEN: &str = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲红玉建华国志海云波鑫宇浩欣怡梓涵子轩雨泽思远嘉诚俊晓东晨曦佳琪雪梅春燕婷倩凯瑞丹莉颖翔鹏飞龙虎天一诺可心语桐若溪";

fn name(ids: &Ids) -> String {
    let letter = |from: &str| {
        let letters: Vec<char> = from.chars().collect();
        *pick(ids, &letters)
    };
    let given = ids.number(1..=2);
    std::iter::once(letter(FAMILY)).chain((0..given).map(|_| letter(GIVEN))).collect()
}

/// Area codes of GB/T 2260.
const AREAS: [&str; 10] =
    ["110105", "310115", "320102", "330106", "370202", "420106", "440304", "440305", "510107", "610113"];

/// Two in a hundred have another document than a resident's card.
fn document(ids: &Ids) -> (&'static str, String) {
    match ids.number(0..100) {
        0 => ("护照", format!("E{:08}", ids.number(0..100_000_000))),
        1 => ("港澳居民来往内地通行证", format!("H{:08}", ids.number(0..100_000_000))),
        _ => ("居民身份证", resident(ids)),
    }
}

fn resident(ids: &Ids) -> String {
    let first = NaiveDate::from_ymd_opt(1955, 1, 1).unwrap_or_default();
    let born = first + Duration::days(i64::from(ids.number(0..18_000)));
    let (area, order) = (pick(ids, &AREAS), ids.number(1..1000));
    let body = format!("{area}{:04}{:02}{:02}{order:03}", born.year(), born.month(), born.day());
    let check = document::check_character(&body);
    format!("{body}{check}")
}
