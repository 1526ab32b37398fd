//! Where files are kept: a folder, or a bucket of an S3 server.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use url::Url;

/// A folder, or `s3://BUCKET/PREFIX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    Folder(PathBuf),
    Bucket(Bucket),
}

#[derive(Clone, PartialEq, Eq)]
pub struct Bucket {
    pub name: String,
    /// Without a `/` at either end; empty for the whole bucket.
    pub prefix: String,
    /// The variables of the environment that begin with `AWS_`: endpoint, region, keys.
    pub variables: Vec<(String, String)>,
}

const SCHEME: &str = "s3://";

/// What a bucket cannot be used without. The programs of AWS read the same names.
const NEEDED: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

impl Location {
    /// Reads a location. `variables` is the environment.
    ///
    /// # Errors
    /// All that is wrong, in one line.
    pub fn parse(
        text: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Location, String> {
        let text = text.trim();
        let Some(rest) = text.strip_prefix(SCHEME) else {
            return match text {
                "" => Err("it is empty".into()),
                _ if text.contains("://") => Err("expected a folder or s3://BUCKET/PREFIX".into()),
                folder => Ok(Location::Folder(folder.into())),
            };
        };
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let variables = variables.into_iter().filter(|(name, _)| name.starts_with("AWS_")).collect();
        let bucket = Bucket { name: name.into(), prefix: prefix.trim_matches('/').into(), variables };
        let problems = bucket.problems();
        if problems.is_empty() { Ok(Location::Bucket(bucket)) } else { Err(problems.join("; ")) }
    }

    pub fn folder(&self) -> Option<&Path> {
        match self {
            Location::Folder(folder) => Some(folder),
            Location::Bucket(_) => None,
        }
    }

    /// The location below this one.
    pub fn join(&self, name: &str) -> Location {
        match self {
            Location::Folder(folder) => Location::Folder(folder.join(name)),
            Location::Bucket(bucket) => {
                let prefix = format!("{}/{name}", bucket.prefix).trim_start_matches('/').to_owned();
                Location::Bucket(Bucket { prefix, ..bucket.clone() })
            }
        }
    }
}

impl Bucket {
    fn variable(&self, names: &[&str]) -> Option<&str> {
        let found = self.variables.iter().find(|(name, value)| names.contains(&&**name) && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        if !(3..=63).contains(&self.name.len()) || !self.name.chars().all(letters) {
            problems
                .push("expected s3://BUCKET/PREFIX with a bucket of 3 to 63 small letters and digits".into());
        }
        let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.chars().any(char::is_control);
        if !self.prefix.is_empty() && !self.prefix.split('/').all(is_plain) {
            problems.push("the prefix has an empty part, . or ..".into());
        }
        let missing = NEEDED.iter().filter(|name| self.variable(&[name]).is_none());
        problems.extend(missing.map(|name| format!("{name} is missing")));
        if let Some(endpoint) = self.variable(&["AWS_ENDPOINT_URL", "AWS_ENDPOINT"]) {
            let may_be_http = self.variable(&["AWS_ALLOW_HTTP"]).is_some_and(|value| value == "true");
            let scheme = Url::parse(endpoint).map(|url| url.scheme().to_owned()).unwrap_or_default();
            if scheme != "https" && !(scheme == "http" && may_be_http) {
                problems.push("AWS_ENDPOINT_URL must begin with https://".into());
            }
        }
        problems
    }
}

/// Reads the environment.
impl FromStr for Location {
    type Err = String;

    fn from_str(text: &str) -> Result<Location, String> {
        let is_text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Location::parse(text, std::env::vars_os().filter_map(is_text))
    }
}

impl From<PathBuf> for Location {
    fn from(folder: PathBuf) -> Location {
        Location::Folder(folder)
    }
}

/// As it is written in a setting.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Folder(folder) => write!(f, "{}", folder.display()),
            Location::Bucket(Bucket { name, prefix, .. }) if prefix.is_empty() => write!(f, "{SCHEME}{name}"),
            Location::Bucket(Bucket { name, prefix, .. }) => write!(f, "{SCHEME}{name}/{prefix}"),
        }
    }
}

/// Keys are never printed.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bucket({}/{})", self.name, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<(String, String)> {
        NEEDED.map(|name| (name.to_owned(), "secret".to_owned())).to_vec()
    }

    #[test]
    fn folders_and_buckets_are_told_apart() {
        for (text, shown, below) in [
            ("/var/lib/files", "/var/lib/files", "/var/lib/files/day"),
            ("files", "files", "files/day"),
            (" s3://exam-files ", "s3://exam-files", "s3://exam-files/day"),
            ("s3://exam-files/", "s3://exam-files", "s3://exam-files/day"),
            ("s3://exam-files/a/b/", "s3://exam-files/a/b", "s3://exam-files/a/b/day"),
        ] {
            let location = Location::parse(text, keys()).unwrap();
            assert_eq!(
                (location.to_string(), location.join("day").to_string()),
                (shown.into(), below.into())
            );
            assert_eq!(location.folder().is_none(), shown.starts_with("s3:"));
            assert!(!format!("{location:?}").contains("secret"));
        }
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let wrong = |text: &str, more: &[(&str, &str)]| {
            let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Location::parse(text, keys().into_iter().chain(more)).unwrap_err()
        };
        for text in ["", "s3://", "s3://ab", "s3://Exam", "s3://a b c", "s3://exam/a//b", "s3://exam/../b"] {
            assert!(!wrong(text, &[]).is_empty(), "{text}");
        }
        assert!(wrong("gs://exam", &[]).contains("a folder or s3://BUCKET/PREFIX"));
        assert!(wrong("s3://exam", &[("AWS_ENDPOINT_URL", "http://store")]).contains("https://"));
        assert!(wrong("s3://exam", &[("AWS_ENDPOINT_URL", "store:9000")]).contains("https://"));
        let problems = Location::parse("s3://exam", []).unwrap_err();
        assert_eq!(problems, "AWS_ACCESS_KEY_ID is missing; AWS_SECRET_ACCESS_KEY is missing");
        let loopback = [("AWS_ENDPOINT_URL", "http://127.0.0.1:9000"), ("AWS_ALLOW_HTTP", "true")];
        let loopback = loopback.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert!(Location::parse("s3://exam", keys().into_iter().chain(loopback)).is_ok());
    }
}
