//! The certificates that are looked up: those of a file that the installation has imported.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;

use super::browser::{Browser, Fault, Fields, PHONE};
use super::html::between;
use super::target::Target;
use crate::cli::Stop;
use crate::paths;

/// A row of the file; other columns are ignored.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(super) struct Certificate {
    #[serde(rename = "考试代码")]
    pub(super) exam: String,
    #[serde(rename = "姓名")]
    name: String,
    #[serde(rename = "证件号码")]
    document: String,
    #[serde(rename = "证书管理号")]
    number: String,
}

impl Certificate {
    /// What is typed into the form.
    pub(super) fn typed(&self) -> Fields {
        let fields = [("name", &self.name), ("document", &self.document), ("number", &self.number)];
        fields.map(|(name, value)| (name.to_owned(), value.clone())).into()
    }
}

/// Each is as likely as any other: they take turns, because one document may be asked for 20 times in ten minutes.
#[derive(Debug)]
pub(super) struct Certificates {
    all: Vec<Arc<Certificate>>,
    next: AtomicUsize,
}

impl Certificates {
    /// # Errors
    /// If the file cannot be read, or has no rows.
    pub(super) fn read(file: &Path) -> Result<Certificates, Stop> {
        let named = |error: csv::Error| format!("{}: {error}", file.display());
        let rows =
            csv::Reader::from_path(file).map_err(named)?.into_deserialize().map(|row| row.map(Arc::new));
        let all: Vec<Arc<Certificate>> = rows.collect::<Result<_, _>>().map_err(named)?;
        if all.is_empty() {
            return Err(format!("{} has no certificates", file.display()).into());
        }
        Ok(Certificates { all, next: AtomicUsize::new(0) })
    }

    pub(super) fn next(&self) -> Arc<Certificate> {
        self.all[self.next.fetch_add(1, Ordering::Relaxed) % self.all.len()].clone()
    }

    /// Whether the installation has the first and the last of them.
    ///
    /// # Errors
    /// If it does not answer.
    pub(super) async fn are_imported(&self, target: &Target) -> Result<bool, Fault> {
        let mut browser = Browser::new(target, PHONE);
        for certificate in self.all.first().into_iter().chain(self.all.last()) {
            let answer = browser.post(&paths::lookup_form(&certificate.exam), &certificate.typed()).await?;
            if !is_found(&answer.text()?) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether the page of a result shows a certificate.
pub(super) fn is_found(page: &str) -> bool {
    between(page, "<section class=\"panel certificate", "</section>").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_sample_take_turns() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("certificates.csv");
        let mut sample = Vec::new();
        crate::demo::sample::certificates(2, 1, &mut sample).unwrap();
        std::fs::write(&file, &sample).unwrap();
        let certificates = Certificates::read(&file).unwrap();
        let [first, second, third] = [(); 3].map(|()| certificates.next());
        assert!(first != second && first == third);
        let text = String::from_utf8(sample).unwrap();
        for (_, value) in second.typed() {
            assert!(text.lines().nth(2).unwrap().split(',').any(|cell| cell == value), "{value}");
        }
    }

    #[test]
    fn file_without_rows_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "证书管理号,姓名,证件号码,考试代码\n").unwrap();
        let refused = Certificates::read(file.path()).unwrap_err().to_string();
        assert!(refused.ends_with("has no certificates"), "{refused}");
    }
}
