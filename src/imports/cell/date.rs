//! Dates, times and months, in every usual form.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::{Cell, Reason};
use crate::people::{day, width};
use crate::store::clock;

const WRONG_DAY: &str = "日期有误，请写成 2018-03-01、2018/3/1 或 2018年3月1日";
const WRONG_LAST_DAY: &str = "日期有误，请写成 2018-03-01；没有截止日期的写“长期”";
const WRONG_TIME: &str = "时间有误，请写成 2018-03-01 10:30";
const WRONG_MONTH: &str = "考试年月有误，请写成 201803 或 2018-03";

/// Words for a period without an end. Exports write the first.
pub(super) const ENDLESS: [&str; 5] = ["长期", "长期记录", "永久", "终身", "无期限"];

/// Serial numbers of spreadsheets for 1910 to 2119, in days since 1899-12-30.
const SERIALS: std::ops::Range<f64> = 3654.0..80_355.0;

const YEARS: std::ops::RangeInclusive<i32> = 1900..=2119;

/// `2018-03-01`
pub(super) fn day(cell: &Cell, text: &str) -> Result<String, Reason> {
    Ok(read(cell, text).ok_or(WRONG_DAY)?.date().to_string())
}

/// `2018-03-01`, or nothing for a period without an end.
pub(super) fn last_day(cell: &Cell, text: &str) -> Result<String, Reason> {
    if ENDLESS.contains(&&*width::compact(text)) {
        return Ok(String::new());
    }
    Ok(read(cell, text).ok_or(WRONG_LAST_DAY)?.date().to_string())
}

/// `2018-03-01 02:30:00`, in UTC
pub(super) fn moment(cell: &Cell, text: &str) -> Result<String, Reason> {
    let time = read(cell, text).ok_or(WRONG_TIME)?;
    Ok((time - clock::CHINA).format("%Y-%m-%d %H:%M:%S").to_string())
}

/// `201803`
pub(super) fn month(cell: &Cell, text: &str) -> Result<String, Reason> {
    if let Cell::Time(time) = cell {
        return Ok(time.format("%Y%m").to_string());
    }
    let text = width::compact(text.strip_suffix(".0").unwrap_or(text));
    let (year, month) = match text.trim_end_matches('月').split_once(['-', '/', '.', '年']) {
        Some(parts) => parts,
        None if text.len() == 6 && text.is_ascii() => text.split_at(4),
        None => return Err(WRONG_MONTH.into()),
    };
    match (number::<u32>(year, 4), number::<u32>(month, 2)) {
        (Some(year @ 1980..=2100), Some(month @ 1..=12)) => Ok(format!("{year}{month:02}")),
        _ => Err(WRONG_MONTH.into()),
    }
}

/// Converts a stored time to China's time, to the second.
pub(super) fn shown(stored: &str) -> String {
    let time = NaiveDateTime::parse_from_str(stored, "%Y-%m-%d %H:%M:%S%.f");
    time.map_or_else(|_| stored.to_owned(), |utc| (utc + clock::CHINA).to_string())
}

fn read(cell: &Cell, text: &str) -> Option<NaiveDateTime> {
    let time = match cell {
        Cell::Time(time) => Some(*time),
        // A number such as 20180301 is far above the serial numbers.
        Cell::Number(number) => from_serial(number.serial).or_else(|| from_text(text)),
        Cell::Text(_) | Cell::Unreadable(_) => from_text(text),
    };
    time.filter(|time| YEARS.contains(&time.year()))
}

/// A day, a day and a time, or a serial number.
fn from_text(text: &str) -> Option<NaiveDateTime> {
    let text = width::half(text.trim());
    if let Some(day) = day::parse(&text) {
        return Some(day.and_time(NaiveTime::MIN));
    }
    if let Some((day, time)) = text.rsplit_once([' ', 'T']) {
        return Some(day::parse(day)?.and_time(clock_time(time)?));
    }
    text.parse().ok().and_then(from_serial)
}

/// `10:30`, `10:30:05`, `10:30:05.000`
fn clock_time(text: &str) -> Option<NaiveTime> {
    ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|format| NaiveTime::parse_from_str(text, format).ok())
}

fn from_serial(serial: f64) -> Option<NaiveDateTime> {
    let seconds = SERIALS.contains(&serial).then(|| (serial * 86_400.0).round() as i64)?;
    NaiveDate::from_ymd_opt(1899, 12, 30)?
        .and_time(NaiveTime::MIN)
        .checked_add_signed(TimeDelta::seconds(seconds))
}

fn number<T: std::str::FromStr>(digits: &str, most: usize) -> Option<T> {
    let plain = digits.len() <= most && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}
