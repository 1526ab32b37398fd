//! Texts, codes and amounts, as spreadsheets write them.

use std::borrow::Cow;

use super::{ROUNDED, Reason};
use crate::people::width;

/// Removes what programs add so that a spreadsheet does not change a text: `'0123`, `="0123"`.
pub(super) fn unwrapped(text: &str) -> &str {
    let text = text.trim().trim_start_matches('\u{feff}');
    let formula = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    formula.unwrap_or_else(|| text.strip_prefix('\'').unwrap_or(text)).trim()
}

/// The stored form of a code. Letters of any script are valid: 粤1442018201900123.
pub(super) fn code(text: &str, longest: usize) -> Result<String, Reason> {
    let mut code = width::compact(text);
    code.truncate(whole_number(&code).unwrap_or(&code).len());
    visible(&code)?;
    if is_scientific(&code) {
        return Err(ROUNDED.into());
    }
    fits(&code, longest)?;
    Ok(code)
}

/// Trims a text; line breaks become `\n`.
pub(super) fn free(text: &str, longest: usize) -> Result<String, Reason> {
    let text = text.trim();
    let text = if text.contains('\r') { text.replace("\r\n", "\n").into() } else { Cow::Borrowed(text) };
    visible(&text)?;
    fits(&text, longest)?;
    Ok(text.into_owned())
}

/// Reads a whole number with or without its unit: `15`, `15天`, `50%`, `15.0`. One of the words is an empty text.
pub(super) fn whole(text: &str, most: u32, words: &[&str]) -> Result<String, Reason> {
    let text = width::compact(text);
    if words.contains(&&*text) {
        return Ok(String::new());
    }
    let digits = text.trim_end_matches(['天', '日', '%', '％']);
    let digits = whole_number(digits).unwrap_or(digits);
    let is_number = (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let number = digits.parse::<u32>().ok().filter(|number| is_number && *number <= most);
    let or = words.first().map(|word| format!("，或写“{word}”")).unwrap_or_default();
    number.map(|number| number.to_string()).ok_or_else(|| format!("请填写 0 到 {most} 的整数{or}").into())
}

/// Converts yuan with at most two decimals to fen: `1200`, `¥1,200.00`, `１２００元`.
pub(super) fn fen(text: &str) -> Result<String, Reason> {
    const WRONG: &str = "金额有误，请填写元，最多两位小数";
    let amount = width::compact(text);
    let amount = amount.trim_start_matches(['¥', '￥']).trim_end_matches('元');
    let (yuan, rest) = amount.split_once('.').unwrap_or((amount, ""));
    let (yuan, rest) = (ungrouped(yuan).ok_or(WRONG)?, rest.trim_end_matches('0'));
    let digits = |part: &str, most: usize| part.len() <= most && part.bytes().all(|b| b.is_ascii_digit());
    if yuan.is_empty() || !digits(&yuan, 6) || !digits(rest, 2) {
        return Err(WRONG.into());
    }
    let fen: u32 = format!("{yuan}{rest:0<2}").parse().map_err(|_| WRONG)?;
    Ok(fen.to_string())
}

/// Removes the commas of thousands. `None` if a comma stands elsewhere, as in `12,5`.
fn ungrouped(yuan: &str) -> Option<String> {
    let mut groups = yuan.split(',');
    let first = groups.next().map_or(0, str::len);
    let grouped = (1..=3).contains(&first) && groups.all(|group| group.len() == 3);
    (first == yuan.len() || grouped).then(|| yuan.replace(',', ""))
}

/// The inverse of [`fen`].
pub(super) fn yuan(fen: &str) -> String {
    fen.parse::<u32>().map_or_else(|_| fen.to_owned(), |fen| format!("{}.{:02}", fen / 100, fen % 100))
}

/// Removes the decimals of `2018031234567.0`, which programs write if a number of the column is missing.
fn whole_number(code: &str) -> Option<&str> {
    let digits = code.strip_suffix(".0")?;
    digits.bytes().all(|b| b.is_ascii_digit()).then_some(digits)
}

/// `1.10105E+17`
pub(super) fn is_scientific(code: &str) -> bool {
    code.split_once("E+").is_some_and(|(digits, exponent)| {
        digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && exponent.bytes().all(|b| b.is_ascii_digit())
    })
}

fn visible(text: &str) -> Result<(), Reason> {
    let wrong = |c: &char| *c == '\u{fffd}' || c.is_control() && !matches!(c, '\n' | '\t');
    match text.chars().find(wrong) {
        None => Ok(()),
        Some('\u{fffd}') => Err("含有“\u{fffd}”：文件在转换编码时丢失了文字".into()),
        Some(_) => Err("含有不可见的控制字符（例如 NUL）".into()),
    }
}

fn fits(text: &str, longest: usize) -> Result<(), Reason> {
    if text.len() > longest && text.chars().count() > longest {
        return Err(format!("最多 {longest} 个字").into());
    }
    Ok(())
}
