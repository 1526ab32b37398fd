//! The visit of one person to the public pages: the list of exams with its files, a form, and three lookups.
//!
//! The files are named by their content and `immutable`, so that a browser asks for each of them once and never
//! whether it has changed. Pages are `no-store`.

use super::browser::{Answer, Browser, PHONE};
use super::certificates::is_found;
use super::profile::Kind;
use super::scene::Scene;
use super::tally::Tally;
use crate::paths;

/// Whether everything that the person wanted was answered. What was not is in the tally.
pub(super) async fn visit(scene: &Scene, tally: &Tally) -> bool {
    all_steps(scene, tally).await.is_some()
}

/// Ends at the first page without an answer, as a person does.
async fn all_steps(scene: &Scene, tally: &Tally) -> Option<()> {
    let mut browser = Browser::new(&scene.target, PHONE);
    tally.answered(Kind::Page, browser.get(paths::LOOKUP).await)?;
    for file in &scene.files {
        tally.answered(Kind::File, browser.get(file).await)?;
    }
    let exam = scene.certificates.next().exam.clone();
    tally.answered(Kind::Page, browser.get(&paths::lookup_form(exam)).await)?;
    for _ in 0..scene.profile.lookups {
        look_up(scene, tally, &mut browser).await?;
    }
    Some(())
}

/// Looks up the next certificate.
pub(super) async fn look_up(scene: &Scene, tally: &Tally, browser: &mut Browser) -> Option<()> {
    let certificate = scene.certificates.next();
    let asked = browser.post(&paths::lookup_form(&certificate.exam), &certificate.typed()).await;
    let found = |answer: Answer| match answer.status.is_success() && !is_found(&answer.text()?) {
        true => Err(answer.unexpected("a certificate of the file was not found")),
        false => Ok(answer),
    };
    tally.answered(Kind::Lookup, asked.and_then(found)).map(drop)
}
