//! Reads single settings and collects what is wrong with them.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use url::Url;

use super::{Location, is_safe};

/// Collects all problems, so that an operator can fix them at once.
#[derive(Default)]
pub(super) struct Check {
    pub problems: Vec<String>,
}

impl Check {
    pub fn problem(&mut self, what: &str) {
        self.problems.push(what.to_owned());
    }

    pub fn required(&mut self, name: &str, value: &Option<String>) -> String {
        match value.as_deref().map(str::trim) {
            Some(value) if !value.is_empty() => value.to_owned(),
            _ => {
                self.problems.push(format!("{name} is missing"));
                String::new()
            }
        }
    }

    pub fn parsed<T: FromStr>(&mut self, name: &str, value: &Option<String>, wanted: &str) -> Option<T> {
        let text = self.required(name, value);
        if text.is_empty() {
            return None;
        }
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.problems.push(format!("{name} is wrong: expected {wanted}"));
        }
        parsed
    }

    pub fn location(&mut self, name: &str, value: &Option<String>) -> Option<Location> {
        let text = self.required(name, value);
        if text.is_empty() {
            return None;
        }
        let location = text.parse();
        location.map_err(|error| self.problems.push(format!("{name} is wrong: {error}"))).ok()
    }

    /// `None` without a problem if it is not set.
    pub fn optional<T: FromStr>(&mut self, name: &str, value: &Option<String>, wanted: &str) -> Option<T> {
        let is_set = value.as_deref().is_some_and(|text| !text.trim().is_empty());
        is_set.then(|| self.parsed(name, value, wanted)).flatten()
    }

    pub fn url(&mut self, name: &str, value: &Option<String>) -> Option<Url> {
        let url: Url = self.parsed(name, value, "an address such as https://example.gov.cn/path")?;
        if is_safe(&url) {
            return Some(url);
        }
        self.problems.push(format!("{name} is wrong: it must begin with https://"));
        None
    }

    pub fn number<T: FromStr + PartialOrd + Display + Copy>(
        &mut self,
        name: &str,
        value: &Option<String>,
        what: &str,
        range: RangeInclusive<T>,
    ) -> T {
        let number = self.parsed(name, value, what).unwrap_or(*range.start());
        if !range.contains(&number) {
            self.problems.push(format!("{name} is wrong: expected {} to {}", range.start(), range.end()));
        }
        number
    }
}
