//! Texts with placeholders: `client_id={client_id}`.

use std::collections::BTreeMap;

/// The values of placeholders, by name.
pub type Values = BTreeMap<String, String>;

/// A text with placeholders in braces. Two braces stand for one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Placeholder(String),
}

impl Template {
    /// `None` if a brace is not closed or a name is empty.
    pub fn parse(text: &str) -> Option<Template> {
        let (mut parts, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            let (name, after) = rest.split_once('}').filter(|_| brace == "{")?;
            let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if name.is_empty() || !name.chars().all(is_name) {
                return None;
            }
            parts.extend((!plain.is_empty()).then(|| Part::Text(std::mem::take(&mut plain))));
            parts.push(Part::Placeholder(name.to_owned()));
            rest = after;
        }
        plain.push_str(rest);
        parts.extend((!plain.is_empty()).then_some(Part::Text(plain)));
        Some(Template(parts))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Placeholder(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    pub fn mentions(&self, name: &str) -> bool {
        self.names().any(|mentioned| mentioned == name)
    }

    /// The text with its values. A placeholder without a value becomes empty; the check of the settings
    /// refuses names that have none.
    pub fn fill(&self, values: &Values) -> String {
        self.fill_with(values, str::to_owned)
    }

    /// [`Template::fill`] for a URL: values are percent-encoded.
    pub fn fill_url(&self, values: &Values) -> String {
        self.fill_with(values, |value| url::form_urlencoded::byte_serialize(value.as_bytes()).collect())
    }

    fn fill_with(&self, values: &Values, write: impl Fn(&str) -> String) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Placeholder(name) => values.get(name).map(|value| write(value)).unwrap_or_default(),
        };
        self.0.iter().map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        [("id", "a b&c"), ("key", "k")].map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn placeholders_are_filled() {
        let table = [
            ("", "", ""),
            ("plain", "plain", "plain"),
            ("{id}", "a b&c", "a+b%26c"),
            ("x={id}&y={key}", "x=a b&c&y=k", "x=a+b%26c&y=k"),
            ("{{\"k\":\"{key}\"}}", "{\"k\":\"k\"}", "{\"k\":\"k\"}"),
            ("{other}", "", ""),
        ];
        for (text, filled, in_url) in table {
            let template = Template::parse(text).unwrap();
            assert_eq!(
                (template.fill(&values()).as_str(), template.fill_url(&values()).as_str()),
                (filled, in_url)
            );
        }
        let template = Template::parse("{id}{{no}}{key}").unwrap();
        assert_eq!(template.names().collect::<Vec<_>>(), ["id", "key"]);
    }

    #[test]
    fn malformed_templates_are_refused() {
        for text in ["{", "}", "{id", "{}", "{a b}", "{Id}", "id}"] {
            assert_eq!(Template::parse(text), None, "{text}");
        }
    }
}
