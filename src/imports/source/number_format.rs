//! Numbers of a workbook as the spreadsheet shows them (ECMA-376 part 1, 18.8.31).
//!
//! People check what they see, and a CSV file saved from the workbook has it too: 1 in the format `000` is 001, and
//! 61.050000000000004 is 61.05.

/// Significant digits of a number that a spreadsheet shows. Floating-point arithmetic disturbs those behind.
const SIGNIFICANT: usize = 15;

/// A number without a format. It has no exponent, and no more than 15 digits that are not zero.
pub(super) fn plain(value: f64) -> String {
    significant(value).to_string()
}

/// A number in a format of digits and literals. `None` for other formats, such as `General` and dates, and for a
/// negative number that has a format of its own.
pub(super) fn formatted(value: f64, code: &str) -> Option<String> {
    let format = NumberFormat::parse(code)?;
    if value < 0.0 && format.has_sections {
        return None;
    }
    let scaled = significant(value.abs() * 10_f64.powi(format.scale)).round();
    if scaled >= 1e15 {
        return None;
    }
    let digits = format!("{scaled:0>width$}", width = format.decimals() + 1);
    let (whole, decimals) = digits.split_at(digits.len() - format.decimals());
    let sign = if value < 0.0 && scaled > 0.0 { "-" } else { "" };
    let shown = format!("{sign}{}{}", format.whole(whole), format.fraction(decimals));
    Some(shown.trim().to_owned())
}

fn significant(value: f64) -> f64 {
    format!("{value:.*e}", SIGNIFICANT - 1).parse().unwrap_or(value)
}

#[derive(Clone, Copy, PartialEq)]
enum Token {
    /// `0`: shown also where the number has no digit.
    Zero,
    /// `#` and `?`: shown where the number has a digit.
    Digit,
    Literal(char),
}

/// The first section of a format.
#[derive(Default)]
struct NumberFormat {
    /// Before the decimal point.
    whole: Vec<Token>,
    /// After it.
    fraction: Vec<Token>,
    has_point: bool,
    /// Power of ten by which the number is multiplied to have no decimals.
    scale: i32,
    has_sections: bool,
}

impl NumberFormat {
    fn parse(code: &str) -> Option<NumberFormat> {
        let (mut format, mut chars) = (NumberFormat::default(), code.chars());
        let mut last = ' ';
        while let Some(c) = chars.next() {
            match c {
                ';' => {
                    format.has_sections = true;
                    break;
                }
                '0' => format.push(Token::Zero),
                '#' | '?' => format.push(Token::Digit),
                '.' => format.has_point = true,
                // Groups of thousands. A comma behind the digits divides by a thousand.
                ',' if matches!(chars.clone().next(), Some('0' | '#' | '?')) => {}
                '%' => {
                    format.scale += 2;
                    format.push(Token::Literal(c));
                }
                '"' => chars.by_ref().take_while(|c| *c != '"').for_each(|c| format.push(Token::Literal(c))),
                '\\' => format.push(Token::Literal(chars.next()?)),
                // The width of a character, and a fill.
                '_' | '*' => drop(chars.next()?),
                '[' => {
                    let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                    format.push_bracket(&inside)?;
                }
                '-' | '+' | '(' | ')' | ':' | ' ' | '$' => format.push(Token::Literal(c)),
                _ if c.is_ascii() => return None,
                _ => format.push(Token::Literal(c)),
            }
            last = c;
        }
        format.scale += format.decimals() as i32;
        let has_digits = format.whole.iter().chain(&format.fraction).any(|token| token.is_digit());
        (has_digits && last != ',').then_some(format)
    }

    fn push(&mut self, token: Token) {
        if self.has_point { self.fraction.push(token) } else { self.whole.push(token) }
    }

    /// `[$¥-804]` is a currency, `[Red]` a colour. Conditions, times and Chinese digits are not supported.
    fn push_bracket(&mut self, inside: &str) -> Option<()> {
        if let Some(currency) = inside.strip_prefix('$') {
            let sign = currency.split('-').next().unwrap_or_default();
            sign.chars().for_each(|c| self.push(Token::Literal(c)));
            return Some(());
        }
        let is_colour =
            inside.len() > 2 && !inside.starts_with("DBNum") && inside.chars().all(|c| c.is_alphabetic());
        is_colour.then_some(())
    }

    fn decimals(&self) -> usize {
        self.fraction.iter().filter(|token| token.is_digit()).count()
    }

    /// The digits from the right; what is left over stands before the first one.
    fn whole(&self, digits: &str) -> String {
        let mut digits: Vec<char> = digits.trim_start_matches('0').chars().collect();
        let first = self.whole.iter().position(|token| token.is_digit());
        let mut reversed: Vec<char> = Vec::new();
        for (at, token) in self.whole.iter().enumerate().rev() {
            match token {
                Token::Literal(c) => reversed.push(*c),
                _ if Some(at) == first && !digits.is_empty() => reversed.extend(digits.drain(..).rev()),
                _ => reversed.extend(digits.pop().or((*token == Token::Zero).then_some('0'))),
            }
        }
        reversed.into_iter().rev().collect()
    }

    fn fraction(&self, digits: &str) -> String {
        let places: Vec<&Token> = self.fraction.iter().filter(|token| token.is_digit()).collect();
        let needed = places.iter().rposition(|token| **token == Token::Zero).map_or(0, |at| at + 1);
        let used = digits.trim_end_matches('0').len().max(needed);
        let (mut shown, mut digits) = (String::new(), digits[..used].chars());
        for token in &self.fraction {
            match token {
                Token::Literal(c) => shown.push(*c),
                _ => shown.extend(digits.next()),
            }
        }
        if used > 0 { format!(".{shown}") } else { shown }
    }
}

impl Token {
    fn is_digit(self) -> bool {
        !matches!(self, Token::Literal(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_of_floating_point_is_not_shown() {
        for (value, shown) in [
            (61.050000000000004, "61.05"),
            (0.1 + 0.2, "0.3"),
            (61.0, "61"),
            (0.0, "0"),
            (1e-7, "0.0000001"),
            (123456789012345.0, "123456789012345"),
            (202303.0, "202303"),
            (-1.1 * 3.0, "-3.3"),
        ] {
            assert_eq!(plain(value), shown);
        }
    }

    #[test]
    fn formats_show_what_a_spreadsheet_shows() {
        for (value, code, shown) in [
            (1.0, "00", "01"),
            (123.0, "00000", "00123"),
            (123456.0, "000", "123456"),
            (0.0, "000", "000"),
            (7.0, "0", "7"),
            (61.054, "0.00", "61.05"),
            (61.050000000000004, "0.00_ ", "61.05"),
            (2.675, "0.00", "2.68"),
            (61.5, "0", "62"),
            (61.0, "#,##0.00", "61.00"),
            (1234567.5, "#,##0.00", "1234567.50"),
            (0.5, "#.##", ".5"),
            (3.0, "0.##", "3"),
            (61.0, "\"¥\"#,##0.00;[Red]\"¥\"-#,##0.00", "¥61.00"),
            (61.0, "[$¥-804]#,##0.00", "¥61.00"),
            (61.0, "_ ¥* #,##0.00_ ", "¥61.00"),
            (61.0, "0.00\"元\"", "61.00元"),
            (202303.0, "0000-00", "2023-03"),
            (202303.0, "0000\"年\"00\"月\"", "2023年03月"),
            (13800138000.0, "000\\-0000\\-0000", "138-0013-8000"),
            (0.25, "0%", "25%"),
            (12.0, "\"A\"0000", "A0012"),
            (-3.0, "0.00", "-3.00"),
            (-0.001, "0.00", "0.00"),
        ] {
            assert_eq!(formatted(value, code).as_deref(), Some(shown), "{value} {code}");
        }
    }

    #[test]
    fn other_formats_have_the_plain_number() {
        for code in [
            "General",
            "@",
            "yyyy-mm-dd",
            "0.00E+00",
            "# ?/?",
            "0,",
            "0.0,,",
            "[DBNum2]0",
            "[>100]0",
            "[h]:mm",
            "",
            "\"x\"",
        ] {
            assert_eq!(formatted(12.5, code), None, "{code}");
        }
        assert_eq!(formatted(-1.0, "0;(0)"), None);
        assert_eq!(formatted(110105194912310021.0, "0"), None);
    }
}
