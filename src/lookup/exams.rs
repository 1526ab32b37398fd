//! The list of exams whose certificates can be looked up (manual 图11.1).

use std::collections::HashMap;

use poem::web::{Data, Query};
use poem::{Response, handler};
use serde::Deserialize;

use super::pages::{self, ListedExam};
use crate::exams::certificate::{CertifiedExam, certified_exams};
use crate::exams::english::{EnglishNames, Part};
use crate::people::width;
use crate::store::{Store, Tx};
use crate::ui::Lang;
use crate::web::{Failure, Frame};

#[derive(Deserialize)]
pub struct Search {
    /// Part of an exam's name. On the English page, it may be part of the English name.
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
    let lang = frame.lang();
    let listed = store.read_public(move |tx| listed_exams(tx, lang)).await?;
    let matching = listed.into_iter().filter(|listed| has_name(listed, &typed));
    Ok(frame.page(pages::exams(frame.lang(), &typed, &grouped(matching))))
}

fn listed_exams(tx: &mut Tx, lang: Lang) -> Result<Vec<ListedExam>, Failure> {
    let mut names = match lang {
        Lang::Chinese => HashMap::new(),
        Lang::English => EnglishNames::of_all_exams(tx)?,
    };
    let listed = |exam: CertifiedExam| {
        let english = names.remove(&exam.code).unwrap_or_default();
        ListedExam { exam, english }
    };
    Ok(certified_exams(tx)?.into_iter().map(listed).collect())
}

/// Groups the exams by category, and keeps their order: the newest certificate first.
fn grouped(exams: impl Iterator<Item = ListedExam>) -> Vec<(String, Vec<ListedExam>)> {
    let mut groups: Vec<(String, Vec<ListedExam>)> = Vec::new();
    for listed in exams {
        match groups.iter_mut().find(|(category, _)| *category == listed.exam.category) {
            Some((_, group)) => group.push(listed),
            None => groups.push((listed.exam.category.clone(), vec![listed])),
        }
    }
    groups
}

fn has_name(ListedExam { exam, english }: &ListedExam, typed: &str) -> bool {
    [&*exam.name, english.of(Part::Exam, &exam.name)].into_iter().any(|name| matches(name, typed))
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
        let exam = |code: &str, category: &str| ListedExam {
            exam: CertifiedExam {
                code: code.into(),
                name: code.into(),
                category: category.into(),
                newest: None,
            },
            english: EnglishNames::default(),
        };
        let groups = grouped([exam("3", "乙"), exam("1", "甲"), exam("2", "乙")].into_iter());
        let shape: Vec<(&str, usize)> = groups.iter().map(|(name, exams)| (&**name, exams.len())).collect();
        assert_eq!(shape, [("乙", 2), ("甲", 1)]);
    }
}
