//! The manual's 78 screens: each is visited by a story, which says so by [`figure`].

use std::collections::BTreeSet;
use std::path::Path;

use crate::axe;
use crate::browser::{Browser, Scheme};

/// Every figure of the manual, chapter by chapter.
const FIGURES: &[&str] = &[
    "1.1.1", "1.1.2", "2.1", "2.2", "3.1", "3.1.1", "3.1.2", "3.2.1", "3.2.2", "3.3.1", "3.3.2", "3.4.1",
    "3.4.2", "4.1", "4.1.1", "4.1.2", "4.1.3", "4.2.1", "4.2.2", "4.2.3", "4.2.4", "4.3.1", "4.3.2", "4.4.1",
    "4.4.2", "5.1", "5.1.1", "5.1.2", "5.2.1", "5.2.2", "5.3.1", "5.3.2", "6.1", "6.1.1", "6.1.2", "6.2.1",
    "6.2.2", "6.3.1", "6.3.2", "6.3.3", "6.4.1", "6.4.2", "6.4.3", "6.4.4", "6.5.1", "6.5.2", "7.1", "7.1.1",
    "7.1.2", "7.1.3", "7.2.1", "7.2.2", "8.1", "8.1.1", "8.1.2", "8.2.1", "8.2.2", "8.3.1", "8.3.2", "9.1",
    "9.1.1", "9.1.2", "9.2.1", "9.2.2", "9.3.1", "9.3.2", "10.1", "10.1.1", "10.1.2", "10.1.3", "10.2.1",
    "10.2.2", "10.3.1", "10.3.2", "11.1", "11.2", "11.3", "11.4",
];

/// Takes a picture of a figure's screen, such as `4.1.2`, in light and dark, and checks its
/// accessibility. A test asserts the content first.
pub async fn figure(browser: &Browser, number: &str) {
    assert!(FIGURES.contains(&number), "the manual has no figure {number}");
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

/// Figures that the stories in this folder name; they name them only where they show them.
fn visited() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let files = std::fs::read_dir(folder).expect("the stories").map(|entry| entry.expect("a file").path());
    let stories = files.filter(|file| file.extension().is_some_and(|ending| ending == "rs"));
    let stories = stories.filter(|file| !file.ends_with("figures.rs"));
    let named = |text: String| text.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    stories.flat_map(|file| named(std::fs::read_to_string(file).expect("a story"))).collect()
}

#[test]
fn every_figure_of_the_manual_is_visited() {
    let visited = visited();
    let (seen, missing): (Vec<&str>, Vec<&str>) =
        FIGURES.iter().copied().partition(|number| visited.contains(*number));
    println!("figures visited: {}", seen.join(" "));
    assert_eq!(FIGURES.len(), 78);
    assert!(missing.is_empty(), "no story visits {missing:?}");
}
