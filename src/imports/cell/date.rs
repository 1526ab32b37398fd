//! Dates, times and months, in every usual form.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::{Cell, Reason};
use crate::people::width;
use crate::store::clock;

const WRONG_DAY: &str = "日期有误，请写成 2018-03-01";
const WRONG_TIME: &str = "时间有误，请写成 2018-03-01 10:30";
const WRONG_MONTH: &str = "考试年月有误，请写成 201803 或 2018-03";

/// Serial numbers of spreadsheets for 1910 to 2119, in days since 1899-12-30.
const SERIALS: std::ops::Range<f64> = 3654.0..80_355.0;

const YEARS: std::ops::RangeInclusive<i32> = 1900..=2119;

/// `2018-03-01`
pub(super) fn day(cell: &Cell, text: &str) -> Result<String, Reason> {
    if is_stored_day(text) {
        return Ok(text.to_owned());
    }
    Ok(read(cell, text).ok_or(WRONG_DAY)?.date().to_string())
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
    let text = spelled(text.strip_suffix(".0").unwrap_or(text));
    let (year, month) = match text.split_once('-') {
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
        Cell::Number(serial) => from_serial(*serial),
        Cell::Text(_) | Cell::Unreadable(_) => from_text(&spelled(text)),
    };
    time.filter(|time| YEARS.contains(&time.year()))
}

/// Half-width, with `-` between the parts of the date: `2018-3-1 10:30`.
fn spelled(text: &str) -> String {
    let text = width::half(text.trim());
    let (day, time) = text.split_at(text.find([' ', 'T']).unwrap_or(text.len()));
    let parts = |c| if matches!(c, '/' | '年' | '月' | '.') { '-' } else { c };
    // A serial number has a decimal point.
    let is_serial = day.parse::<f64>().is_ok_and(|number| SERIALS.contains(&number)) && !day.contains('-');
    let day: String = if is_serial { day.to_owned() } else { day.chars().map(parts).collect() };
    format!("{}{}", day.trim_end_matches(['日', '-']), time.replace('T', " "))
}

fn from_text(text: &str) -> Option<NaiveDateTime> {
    let (day, time) = text.split_once(' ').unwrap_or((text, ""));
    let time = match time.trim() {
        "" => NaiveTime::MIN,
        time => clock_time(time)?,
    };
    if let Some(day) = from_parts(day) {
        return Some(day.and_time(time));
    }
    day.parse().ok().filter(|serial| SERIALS.contains(serial)).and_then(from_serial)
}

/// `2018-3-1`, `20180301`
fn from_parts(day: &str) -> Option<NaiveDate> {
    let mut parts = day.split('-');
    let (year, month, day) = match (parts.next()?, parts.next(), parts.next(), parts.next()) {
        (year, Some(month), Some(day), None) => (year, month, day),
        (whole, None, ..) if whole.len() == 8 && whole.is_ascii() => (&whole[..4], &whole[4..6], &whole[6..]),
        _ => return None,
    };
    NaiveDate::from_ymd_opt(number(year, 4)?, number(month, 2)?, number(day, 2)?)
}

/// A fast path: programs write most files, and their dates have the stored form already.
fn is_stored_day(text: &str) -> bool {
    let shaped =
        text.len() == 10 && text.is_ascii() && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    shaped && from_parts(text).is_some_and(|day| YEARS.contains(&day.year()))
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
