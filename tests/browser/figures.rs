//! The manual's 78 figures, one a screen. `docs/manual-index.md` lists them with the test that visits each.

use std::collections::BTreeSet;
use std::path::Path;

use crate::axe;
use crate::browser::{Browser, Scheme};

const INDEX: &str = include_str!("../../docs/manual-index.md");

/// Number of figures in each chapter of the manual.
const FIGURES_IN_CHAPTER: [usize; 11] = [2, 2, 9, 12, 7, 14, 6, 7, 7, 8, 4];

/// A row of the index.
struct IndexedFigure {
    number: &'static str,
    file: &'static str,
    test: &'static str,
}

fn index() -> impl Iterator<Item = IndexedFigure> {
    INDEX.lines().filter_map(|line| line.strip_prefix("| 图")).map(|row| {
        let (number, rest) = row.split_once(" |").expect("a figure's number");
        let mut test = rest.rsplit('`').skip(1).step_by(2);
        let (name, file) = (test.next().expect("a test"), test.next().expect("a test's file"));
        IndexedFigure { number, file, test: name }
    })
}

/// Takes a picture of a figure's screen, such as `4.1.2`, in light and dark, and checks its
/// accessibility. A test asserts the content first.
pub async fn figure(browser: &Browser, number: &str) {
    assert!(index().any(|figure| figure.number == number), "docs/manual-index.md has no figure {number}");
    picture(browser, &format!("figure-{}", number.replace('.', "-"))).await;
}

/// Like [`figure`], for screens that the manual does not show. A browser without scripts gets one
/// picture, with the suffix `-plain`.
pub async fn picture(browser: &Browser, name: &str) {
    if !browser.runs_scripts() {
        browser.screenshot(&format!("{name}-plain")).await;
        return;
    }
    browser.settled().await;
    browser.screenshot(name).await;
    axe::check(browser).await;
    browser.prefer(Scheme::Dark).await;
    browser.screenshot(&format!("{name}-dark")).await;
    browser.prefer(Scheme::Light).await;
}

#[test]
fn index_has_every_figure_of_the_manual() {
    let numbers: BTreeSet<&str> = index().map(|figure| figure.number).collect();
    assert_eq!(index().count(), numbers.len(), "a figure has two rows");
    for (chapter, count) in (1..).zip(FIGURES_IN_CHAPTER) {
        let chapter = format!("{chapter}.");
        let found = numbers.iter().filter(|number| number.starts_with(&chapter)).count();
        assert_eq!(found, count, "figures of chapter {chapter}");
    }
}

#[test]
fn index_names_tests_that_visit_the_figures() {
    for IndexedFigure { number, file, test } in index() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        let is_test = source.contains(&format!("#[tokio::test]\nasync fn {test}()"));
        assert!(is_test, "图{number}: {file} has no test {test}");
        assert!(source.contains(&format!("\"{number}\"")), "图{number}: {file} does not visit it");
    }
}
