//! The list of exams whose certificates can be looked up (manual 图11.1).

use poem::web::{Data, Query};
use poem::{Response, handler};
use serde::Deserialize;

use super::pages;
use crate::exams::certificate::{CertifiedExam, certified_exams};
use crate::people::width;
use crate::store::Store;
use crate::web::{Failure, Frame};

#[derive(Deserialize)]
pub struct Search {
    /// Part of an exam's name.
    #[serde(default)]
    q: String,
}

#[handler]
pub async fn show(
    frame: Frame,
    search: Option<Query<Search>>,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    if let Some(tidy) = frame.tidy_address() {
        return Ok(tidy);
    }
    let typed = search.map(|Query(search)| search.q.replace('\0', "")).unwrap_or_default();
    let listed = store.read(certified_exams).await?;
    let matching = listed.into_iter().filter(|exam| matches(&exam.name, &typed));
    Ok(frame.page(pages::exams(frame.lang(), &typed, &grouped(matching))))
}

/// Groups the exams by category, and keeps their order: the newest certificate first.
fn grouped(exams: impl Iterator<Item = CertifiedExam>) -> Vec<(String, Vec<CertifiedExam>)> {
    let mut groups: Vec<(String, Vec<CertifiedExam>)> = Vec::new();
    for exam in exams {
        match groups.iter_mut().find(|(category, _)| *category == exam.category) {
            Some((_, group)) => group.push(exam),
            None => groups.push((exam.category.clone(), vec![exam])),
        }
    }
    groups
}

fn matches(name: &str, typed: &str) -> bool {
    width::compact(name).contains(&width::compact(typed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_of_a_name_matches_in_any_width() {
        assert!(matches("一级建造师", " 建造 "));
        assert!(matches("翻译专业资格（CATTI）", "ｃａｔｔｉ"));
        assert!(matches("一级建造师", ""));
        assert!(!matches("一级建造师", "药师"));
    }

    #[test]
    fn groups_keep_the_newest_first() {
        let exam = |code: &str, category: &str| CertifiedExam {
            code: code.into(),
            name: code.into(),
            category: category.into(),
            newest: None,
        };
        let groups = grouped([exam("3", "乙"), exam("1", "甲"), exam("2", "乙")].into_iter());
        let shape: Vec<(&str, usize)> = groups.iter().map(|(name, exams)| (&**name, exams.len())).collect();
        assert_eq!(shape, [("乙", 2), ("甲", 1)]);
    }
}
