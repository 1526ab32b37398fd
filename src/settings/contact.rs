//! The office's phone numbers and hours, as lines that an administrator can edit.

use super::Office;

/// How people reach the office.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    pub phones: Vec<Phone>,
    /// When the phones are answered, or empty.
    pub hours: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    /// What it is for, e.g. `报名咨询`.
    pub label: String,
    pub number: String,
}

/// The label of a number that is for everything.
pub const GENERAL: &str = "咨询电话";
const HOURS: &str = "接听时间";

const MOST_PHONES: usize = 6;
const LONGEST_LABEL: usize = 12;
const LONGEST_HOURS: usize = 60;

impl Contact {
    /// Of lines such as `咨询电话：0755-1234567` and `接听时间：工作日 9:00–17:00`. The error says in Chinese what to
    /// correct.
    pub fn parse(text: &str) -> Result<Contact, String> {
        let mut contact = Contact::default();
        let lines = text.lines().map(str::trim).enumerate();
        for (at, line) in lines.filter(|(_, line)| !line.is_empty()) {
            let wrong = |what: &str| Err(format!("第 {} 行{what}", at + 1));
            let Some((label, value)) = line.split_once(['：', ':']) else {
                return wrong("请写成“名称：号码”，例如“咨询电话：0755-1234567”");
            };
            let (label, value) = (label.trim(), value.trim());
            match label {
                HOURS if !contact.hours.is_empty() => return wrong("重复写了接听时间"),
                HOURS if value.chars().count() > LONGEST_HOURS => return wrong("的接听时间太长"),
                HOURS => value.clone_into(&mut contact.hours),
                _ if label.is_empty() || label.chars().count() > LONGEST_LABEL => {
                    return wrong("的名称请写 1 到 12 个字");
                }
                _ if !is_number(value) => return wrong("的号码只能有数字、空格、连字符和括号"),
                _ => contact.phones.push(Phone { label: label.to_owned(), number: value.to_owned() }),
            }
        }
        if contact.phones.len() > MOST_PHONES {
            return Err(format!("请不要超过 {MOST_PHONES} 个号码"));
        }
        Ok(contact)
    }

    /// The lines that [`Contact::parse`] reads.
    pub fn lines(&self) -> String {
        let phones = self.phones.iter().map(|Phone { label, number }| format!("{label}：{number}"));
        let hours = (!self.hours.is_empty()).then(|| format!("{HOURS}：{}", self.hours));
        phones.chain(hours).collect::<Vec<_>>().join("\n")
    }
}

/// Digits, among which are at most spaces, hyphens, brackets and a leading `+`.
fn is_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let rest = text.strip_prefix('+').unwrap_or(text);
    (3..=20).contains(&digits) && rest.chars().all(|c| c.is_ascii_digit() || " -()（）".contains(c))
}

impl Phone {
    /// The address of a link that dials the number (RFC 3966).
    pub fn link(&self) -> String {
        let dialled = self.number.chars().filter(|c| c.is_ascii_digit() || "+-".contains(*c));
        format!("tel:{}", dialled.collect::<String>())
    }
}

impl From<&Office> for Contact {
    /// Without a phone number the hours are of nothing.
    fn from(office: &Office) -> Contact {
        if office.phone.is_empty() {
            return Contact::default();
        }
        let phone = Phone { label: GENERAL.to_owned(), number: office.phone.clone() };
        Contact { phones: vec![phone], hours: office.hours.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_are_written() {
        let text = "咨询电话：0755-1234567\n技术支持：+86 755 1234 5678\n接听时间：工作日 9:00–17:00";
        let contact = Contact::parse(text).unwrap();
        assert_eq!(contact.lines(), text);
        assert_eq!(contact.phones[1].link(), "tel:+8675512345678");
        assert_eq!(contact.hours, "工作日 9:00–17:00");
        assert_eq!(Contact::parse(" \n").unwrap(), Contact::default());
        let typed = Contact::parse(" 咨询电话 : 12333 \r\n\n接听时间：全天").unwrap();
        assert_eq!(typed.lines(), "咨询电话：12333\n接听时间：全天");
    }

    #[test]
    fn wrong_line_is_named() {
        let table = [
            ("0755-1234567", "第 1 行请写成"),
            ("咨询电话：0755-1234567\n传真：无", "第 2 行的号码"),
            ("咨询电话：<b>12345</b>", "第 1 行的号码"),
            ("：12345", "第 1 行的名称"),
            ("接听时间：上午\n接听时间：下午", "第 2 行重复"),
        ];
        for (text, problem) in table {
            assert!(Contact::parse(text).unwrap_err().contains(problem), "{text}");
        }
        assert!(Contact::parse(&"咨询电话：12333\n".repeat(7)).is_err());
    }
}
