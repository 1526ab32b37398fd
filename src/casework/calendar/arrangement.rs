//! One year's holidays and make-up workdays, in the JSON of holiday-cn: as published, imported and stored.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::either;
use crate::store::clock::china_date;
use crate::store::schema::holiday_years::dsl as h;
use crate::store::{Error, Timestamp, Tx};

macro_rules! published {
    ($($year:literal)*) => { [$(include_str!(concat!("../../../assets/vendor/holiday-cn/", $year, ".json"))),*] };
}

const PUBLISHED: [&str; 20] = published!(2007 2008 2009 2010 2011 2012 2013 2014 2015 2016 2017 2018 2019 2020 2021 2022 2023 2024 2025 2026);

/// Years that a file may be about.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

/// No year has had half as many.
const MOST_DAYS: usize = 100;

/// No name has had half as many characters.
const LONGEST_NAME: usize = 60;

/// Most bytes of a file. A year's file has about 5,000.
pub const MOST_BYTES: u64 = 1 << 20;

/// What is wrong with a file. It is displayed in English.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileProblem {
    #[error("it is no holiday arrangement: {0}")]
    NoArrangement(String),
    #[error("the year {0} is not between 2000 and 2100")]
    Year(i32),
    #[error("it names no day: the arrangement of {0} is not announced yet")]
    NoDay(i32),
    #[error("it names {0} days, more than {MOST_DAYS}")]
    ManyDays(usize),
    #[error("{0} is not in {1}")]
    OtherYear(NaiveDate, i32),
    #[error("{0} is named twice")]
    Twice(NaiveDate),
    #[error("the name of {0} is no plain text of 1 to {LONGEST_NAME} characters")]
    Name(NaiveDate),
}

impl FileProblem {
    pub fn chinese(&self) -> String {
        match self {
            FileProblem::NoArrangement(_) => "这不是放假安排的 JSON 文件，或者内容不完整".to_owned(),
            FileProblem::Year(year) => format!("年份 {year} 不在 2000 到 2100 之间"),
            FileProblem::NoDay(year) => format!("文件里没有日期：{year} 年的安排还没有公布"),
            FileProblem::ManyDays(days) => format!("文件里有 {days} 天，超过 {MOST_DAYS} 天"),
            FileProblem::OtherYear(day, year) => format!("{day} 不属于 {year} 年"),
            FileProblem::Twice(day) => format!("{day} 出现了两次"),
            FileProblem::Name(day) => format!("{day} 的名称应为 1 到 {LONGEST_NAME} 个字的普通文字"),
        }
    }
}

/// The days on which the calendar differs from the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrangement {
    /// The year that it is announced for. It may name the last days of the year before, too.
    pub year: i32,
    days: BTreeMap<NaiveDate, Day>,
    /// The day in China on which it was stored.
    pub imported_on: Option<NaiveDate>,
}

/// The file, and the column `holiday_years.days`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Day {
    name: String,
    date: NaiveDate,
    is_off_day: bool,
}

#[derive(Deserialize)]
struct File {
    year: i32,
    days: Vec<Day>,
}

impl Arrangement {
    /// Whether a day is off. `None` if the arrangement does not name it.
    pub fn is_off(&self, day: NaiveDate) -> Option<bool> {
        self.days.get(&day).map(|day| day.is_off_day)
    }

    /// The days by name, each with whether it is off, in their order.
    pub fn days(&self) -> impl Iterator<Item = (NaiveDate, &str, bool)> {
        self.days.values().map(|day| (day.date, day.name.as_str(), day.is_off_day))
    }

    /// How many days are off, and how many weekend days are worked.
    pub fn counts(&self) -> (usize, usize) {
        let off = self.days.values().filter(|day| day.is_off_day).count();
        (off, self.days.len() - off)
    }
}

/// Reads a file.
///
/// # Errors
/// All problems of the file.
pub fn parse(bytes: &[u8]) -> Result<Arrangement, Vec<FileProblem>> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let file: File =
        serde_json::from_slice(bytes).map_err(|error| vec![FileProblem::NoArrangement(error.to_string())])?;
    let problems = problems(&file);
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Arrangement { year: file.year, days: by_date(file.days), imported_on: None })
}

fn by_date(days: Vec<Day>) -> BTreeMap<NaiveDate, Day> {
    days.into_iter().map(|day| (day.date, day)).collect()
}

fn problems(file: &File) -> Vec<FileProblem> {
    let (year, days) = (file.year, &file.days);
    match days.len() {
        _ if !YEARS.contains(&year) => return vec![FileProblem::Year(year)],
        0 => return vec![FileProblem::NoDay(year)],
        many if many > MOST_DAYS => return vec![FileProblem::ManyDays(many)],
        _ => {}
    }
    let mut found = Vec::new();
    for (at, day) in days.iter().enumerate() {
        if !may_name(year, day.date) {
            found.push(FileProblem::OtherYear(day.date, year));
        }
        if days[..at].iter().any(|earlier| earlier.date == day.date) {
            found.push(FileProblem::Twice(day.date));
        }
        if !is_plain(&day.name) {
            found.push(FileProblem::Name(day.date));
        }
    }
    found
}

/// The New Year holiday may begin in the last week of the year before.
fn may_name(year: i32, date: NaiveDate) -> bool {
    date.year() == year || (date.year() == year - 1 && (date.month(), date.day()) >= (12, 25))
}

fn is_plain(name: &str) -> bool {
    let forbidden = |c: char| c.is_control() || matches!(c, '<' | '>' | '&' | '"');
    !name.trim().is_empty() && name.chars().count() <= LONGEST_NAME && !name.contains(forbidden)
}

/// The arrangements in the program, by year.
pub fn published() -> &'static BTreeMap<i32, Arrangement> {
    static YEARS: LazyLock<BTreeMap<i32, Arrangement>> = LazyLock::new(|| {
        let read = |text: &&str| parse(text.as_bytes()).expect("a test reads these files");
        PUBLISHED.iter().map(read).map(|arrangement| (arrangement.year, arrangement)).collect()
    });
    &YEARS
}

pub fn imported(tx: &mut Tx) -> Result<BTreeMap<i32, Arrangement>, Error> {
    let all = h::holiday_years.select((h::year, h::days, h::imported_at));
    let rows: Vec<(i32, String, Timestamp)> = either!(tx.conn, conn => all.load(conn))?;
    rows.into_iter()
        .map(|(year, json, at)| {
            let days = serde_json::from_str(&json).map_err(|_| Error::Corrupt("holiday_years.days"))?;
            Ok((year, Arrangement { year, days: by_date(days), imported_on: Some(china_date(at)) }))
        })
        .collect()
}

/// What an import changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportEffect {
    /// The year was unknown.
    New,
    Changed,
    Unchanged,
}

/// What an import of `arrangement` would change.
pub fn effect(tx: &mut Tx, arrangement: &Arrangement) -> Result<ImportEffect, Error> {
    let imported = imported(tx)?;
    let known = imported.get(&arrangement.year).or_else(|| published().get(&arrangement.year));
    Ok(match known {
        None => ImportEffect::New,
        Some(known) if known.days == arrangement.days => ImportEffect::Unchanged,
        Some(_) => ImportEffect::Changed,
    })
}

/// Adds or replaces a year.
pub fn save(tx: &mut Tx, arrangement: &Arrangement) -> Result<(), Error> {
    let days: Vec<&Day> = arrangement.days.values().collect();
    let json = serde_json::to_string(&days).map_err(|_| Error::Corrupt("holiday_years.days"))?;
    let row = (h::year.eq(arrangement.year), h::days.eq(&json), h::imported_at.eq(tx.now));
    let change = (h::days.eq(&json), h::imported_at.eq(tx.now));
    either!(tx.conn, conn => diesel::insert_into(h::holiday_years)
        .values(row)
        .on_conflict(h::year)
        .do_update()
        .set(change)
        .execute(conn))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_published_files_are_unmodified() {
        let sums = include_str!("../../../assets/vendor/holiday-cn/SHA256SUMS");
        for (text, year) in PUBLISHED.iter().zip(2007..) {
            let sum: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(sums.contains(&format!("{sum}  {year}.json")), "{year}");
        }
    }

    #[test]
    fn every_published_year_is_read() {
        let years: Vec<i32> = published().keys().copied().collect();
        assert_eq!(years, (2007..=2026).collect::<Vec<_>>());
        assert_eq!(published()[&2026].counts(), (33, 6));
    }

    #[test]
    fn what_is_no_arrangement_is_refused_with_the_reason() {
        let day = |name: &str, date: &str| format!(r#"{{"name":"{name}","date":"{date}","isOffDay":true}}"#);
        let file = |year: i32, days: &[String]| format!(r#"{{"year":{year},"days":[{}]}}"#, days.join(","));
        let new_year = day("元旦", "2027-01-01");
        let table = [
            ("".to_owned(), "no holiday arrangement"),
            ("[1]".to_owned(), "no holiday arrangement"),
            (r#"{"year":2027}"#.to_owned(), "missing field `days`"),
            (file(2027, &[day("元旦", "2027-02-30")]), "no holiday arrangement"),
            (file(2027, &[]), "not announced yet"),
            (file(1900, std::slice::from_ref(&new_year)), "1900 is not between"),
            (file(2026, std::slice::from_ref(&new_year)), "2027-01-01 is not in 2026"),
            (file(2027, &[day("元旦", "2026-12-24")]), "2026-12-24 is not in 2027"),
            (file(2027, &[new_year.clone(), new_year.clone()]), "2027-01-01 is named twice"),
            (file(2027, &[day(" ", "2027-01-01")]), "no plain text"),
            (file(2027, &[day("<b>", "2027-01-01")]), "no plain text"),
            (file(2027, &[day("元\\n旦", "2027-01-01")]), "no plain text"),
            (file(2027, &vec![new_year.clone(); 101]), "names 101 days"),
        ];
        for (text, told) in table {
            let problems = parse(text.as_bytes()).expect_err(&text);
            assert!(problems.iter().all(|problem| !problem.chinese().is_empty()));
            let problems = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            assert!(problems.contains(told), "{told} is not in {problems}");
        }
        let good = file(2027, &[day("元旦", "2026-12-31"), new_year]);
        assert_eq!(parse(format!("\u{feff}{good}").as_bytes()).map(|read| read.counts()), Ok((2, 0)));
    }
}
