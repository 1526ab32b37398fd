//! What all visitors of a run share.

use super::browser::{Answer, Browser, PHONE};
use super::certificates::Certificates;
use super::html::files;
use super::profile::Profile;
use super::screen::phone_of;
use super::target::Target;
use crate::cli::Stop;
use crate::demo::sandbox::standard::PORTAL;
use crate::paths;
use crate::paths::sandbox::standard::{DISCOVERY, PORTAL as ISSUER};

pub(super) struct Scene {
    pub(super) profile: &'static Profile,
    pub(super) target: Target,
    pub(super) certificates: Certificates,
    /// What a browser loads with its first page.
    pub(super) files: Vec<String>,
    /// Candidates of the sandbox portal.
    accounts: Vec<&'static str>,
}

impl Scene {
    /// Looks at the installation before anything is measured.
    ///
    /// # Errors
    /// If it is not a demo, does not have the certificates, or does not answer.
    pub(super) async fn prepare(
        profile: &'static Profile,
        target: Target,
        certificates: Certificates,
    ) -> Result<Scene, Stop> {
        require_demo(&target).await?;
        if !certificates.are_imported(&target).await? {
            return Err(
                "the installation does not have the certificates of the file: see kaozheng load --help"
                    .into(),
            );
        }
        let page = Browser::new(&target, PHONE).get(paths::LOOKUP).await?.page()?;
        let files = files(&page.text()?);
        let candidates = PORTAL.accounts().filter(|account| account.role == "考生" && account.is_verified());
        let accounts: Vec<&'static str> = candidates.map(|account| account.id).collect();
        for account in &accounts {
            phone_of(&target, account).await?;
        }
        Ok(Scene { profile, target, certificates, files, accounts })
    }

    /// The account of the person with this number.
    pub(super) fn account(&self, number: u32) -> &'static str {
        self.accounts[number as usize % self.accounts.len()]
    }
}

/// # Errors
/// Unless the installation says in two ways that it is a demo: its pages are marked, and it plays its own portal. An
/// installation of `kaozheng serve` does neither.
async fn require_demo(target: &Target) -> Result<(), Stop> {
    let mut browser = Browser::new(target, PHONE);
    let home = browser.get(paths::HOME).await?.page()?;
    let is_demo =
        is_marked(&home.text()?) && browser.get(DISCOVERY).await.is_ok_and(|portal| is_sandbox(&portal));
    is_demo.then_some(()).ok_or_else(|| {
        format!(
            "{} is not an installation of `kaozheng demo`, and nothing else is put under load",
            target.base
        )
        .into()
    })
}

/// Whether a page has the mark of the demo. It is in the tag of the header, where no text of the office can be.
fn is_marked(page: &str) -> bool {
    page.contains("<header id=\"top\" data-demo")
}

/// Whether this is the sandbox portal's description of itself.
fn is_sandbox(answer: &Answer) -> bool {
    let described = answer.text().ok().and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    let issuer = described.as_ref().and_then(|described| described["issuer"].as_str());
    answer.status.is_success() && issuer.is_some_and(|issuer| issuer.ends_with(ISSUER))
}

#[cfg(test)]
mod tests {
    use super::is_marked;

    #[test]
    fn text_of_the_office_is_not_the_mark() {
        assert!(is_marked("<body><header id=\"top\" data-demo><p class=\"demo\">"));
        for real in [
            "<header id=\"top\">",
            "<p>&lt;header id=&quot;top&quot; data-demo</p><p>data-demo 演示环境</p>",
            "",
        ] {
            assert!(!is_marked(real), "{real}");
        }
    }
}
