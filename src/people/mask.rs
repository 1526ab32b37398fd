//! Masks personal data: the owner recognises it, others cannot use it.

use super::name::is_han;

/// A name: 张三 → `张*`, 张小三 → `张*三`, 欧阳明日 → `欧**日`, WANG XIAO → `WANG *`.
pub fn name(name: &str) -> String {
    if name.chars().any(is_han) {
        return match name.chars().count() {
            0..=2 => show_ends(name, 1, 0),
            _ => show_ends(name, 1, 1),
        };
    }
    match name.split_once(' ') {
        Some((family, _)) => format!("{family} *"),
        None => show_ends(name, 1, 0),
    }
}

/// A document number: the first 3 and the last 4 characters; the first 2 and the last 2 of a number
/// with fewer than 11 characters.
pub fn number(number: &str) -> String {
    mask_number(number)
}

/// A phone number: 13800138000 → `138****8000`.
pub fn phone(phone: &str) -> String {
    mask_number(phone)
}

/// A bank account: the last 4 digits. The mask hides the length.
pub fn account(account: &str) -> String {
    let length = account.chars().count();
    let shown = if length > 8 { 4 } else { 0 };
    format!("****{}", account.chars().skip(length - shown).collect::<String>())
}

/// An address: 东湖路8号1栋 → `东湖路****`. The mask hides the length.
pub fn address(address: &str) -> String {
    let shown = if address.chars().count() > 4 { 3 } else { 0 };
    format!("{}****", address.chars().take(shown).collect::<String>())
}

/// A mail address: zhang@example.com → `z****@example.com`.
pub fn email(email: &str) -> String {
    match email.split_once('@') {
        Some((user, host)) => format!("{}****@{host}", user.chars().take(1).collect::<String>()),
        None => show_ends(email, 0, 0),
    }
}

fn mask_number(text: &str) -> String {
    if text.chars().count() < 11 { show_ends(text, 2, 2) } else { show_ends(text, 3, 4) }
}

/// Shows `first` and `last` characters at the ends and masks the rest. Masks a text that would be
/// shown whole.
fn show_ends(text: &str, first: usize, last: usize) -> String {
    let length = text.chars().count();
    let all = first + last >= length;
    let shown = |at: usize| !all && (at < first || at >= length - last);
    text.chars().enumerate().map(|(at, c)| if shown(at) { c } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_show_their_ends() {
        let cases = [
            ("张三", "张*"),
            ("张小三", "张*三"),
            ("欧阳明日", "欧**日"),
            ("买买提·艾力", "买****力"),
            ("𠮷田", "𠮷*"),
            ("WANG XIAO MING", "WANG *"),
            ("Madonna", "M******"),
            ("张", "*"),
            ("", ""),
        ];
        for (plain, masked) in cases {
            assert_eq!(name(plain), masked);
        }
    }

    #[test]
    fn numbers_show_the_first_three_and_last_four() {
        assert_eq!(number("11010519491231002X"), "110***********002X");
        assert_eq!(number("H12345678"), "H1*****78");
        assert_eq!(number("12345678"), "12****78");
        assert_eq!(number("1234"), "****");
        assert_eq!(phone("13800138000"), "138****8000");
        assert_eq!(phone("+85291234567"), "+85*****4567");
        assert_eq!(phone(""), "");
    }

    #[test]
    fn addresses_hide_the_house_number() {
        assert_eq!(address("东湖路8号1栋"), "东湖路****");
        assert_eq!(address("东湖8号"), "****");
        assert_eq!(email("zhang@example.com"), "z****@example.com");
        assert_eq!(email("zhang"), "*****");
    }

    #[test]
    fn accounts_show_the_last_four_and_hide_their_length() {
        assert_eq!(account("6222021234567890123"), "****0123");
        assert_eq!(account("1234"), "****");
        assert_eq!(account(""), "****");
    }
}
