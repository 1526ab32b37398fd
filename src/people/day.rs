//! Days as people type them.

use chrono::NaiveDate;

use super::width;

/// Reads a day by year, month and day, in every usual form: `2016-06-30`, `2016-6-30`, `2016/6/30`,
/// `2016.6.30`, `2016年6月30日`, `20160630`. The year has four digits, so that no part is taken for another.
pub fn parse(text: &str) -> Option<NaiveDate> {
    let text = width::compact(text);
    let text = text.trim_end_matches(['日', '号', '.', '-']);
    let mut parts = text.split(['-', '/', '.', '年', '月', '、', '。', '\\']);
    let (year, month, day) = match (parts.next()?, parts.next(), parts.next(), parts.next()) {
        (year, Some(month), Some(day), None) => (year, month, day),
        (whole, None, ..) if whole.len() == 8 && whole.is_ascii() => (&whole[..4], &whole[4..6], &whole[6..]),
        _ => return None,
    };
    if year.len() != 4 {
        return None;
    }
    NaiveDate::from_ymd_opt(number(year)?, number(month)?, number(day)?)
}

/// One to four digits.
fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    let plain = digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_many_forms() {
        for text in [
            "2016-06-30",
            "2016-6-30",
            "2016/6/30",
            "2016.6.30",
            "2016. 6. 30.",
            "2016年6月30日",
            "2016 年 6 月 30 号",
            "20160630",
            "２０１６－０６－３０",
            "２０１６年６月３０日",
            "2016–6–30",
            " 2016。6。30 ",
        ] {
            assert_eq!(parse(text), NaiveDate::from_ymd_opt(2016, 6, 30), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_day() {
        for text in [
            "",
            "去年",
            "2016",
            "2016-06",
            "201606",
            "16-6-30",
            "30/6/2016",
            "6/30/2016",
            "2016-13-01",
            "2016-02-30",
            "2016-6-30-1",
            "2016-+6-30",
            "2016630",
            "2016--30",
            "0016063000",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
