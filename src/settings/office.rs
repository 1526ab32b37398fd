//! What the operator says about the office.

use clap::Args;
use url::Url;

use super::Check;

/// Unchecked settings of the office. Each is optional.
#[derive(Args, Clone, Debug, Default)]
pub struct RawOffice {
    /// Phone number of the office, shown on every page and where something went wrong, until an administrator
    /// publishes 联系方式 at the desk
    #[arg(long, env = "KAOZHENG_OFFICE_PHONE")]
    pub office_phone: Option<String>,
    /// When the phone is answered, e.g. `工作日 9:00–17:00`
    #[arg(long, env = "KAOZHENG_OFFICE_HOURS")]
    pub office_hours: Option<String>,
    /// The filing number of the site (ICP备案号), linked to the ministry's register
    #[arg(long, env = "KAOZHENG_FILING_NUMBER")]
    pub filing_number: Option<String>,
    /// Where to report a vulnerability, a `mailto:` or `https:` address for `/.well-known/security.txt`
    #[arg(long, env = "KAOZHENG_SECURITY_CONTACT")]
    pub security_contact: Option<String>,
    /// A PNG of at most 100 kB with the office's seal, printed on electronic certificates
    #[arg(long, env = "KAOZHENG_SEAL", value_name = "FILE")]
    pub seal: Option<String>,
}

/// An empty text is not shown.
#[derive(Clone, Debug, Default)]
pub struct Office {
    pub phone: String,
    pub hours: String,
    pub filing: String,
    pub security: Option<Url>,
    /// A PNG.
    pub seal: Option<Vec<u8>>,
}

pub(super) fn check(check: &mut Check, raw: &RawOffice) -> Office {
    let text = |value: &Option<String>| value.as_deref().unwrap_or_default().trim().to_owned();
    Office {
        phone: text(&raw.office_phone),
        hours: text(&raw.office_hours),
        filing: text(&raw.filing_number),
        security: link(check, "KAOZHENG_SECURITY_CONTACT", &raw.security_contact, &["https", "mailto"]),
        seal: seal(check, &raw.seal),
    }
}

/// Most bytes of the seal, so that a certificate stays below 200 kB.
const SEAL_BYTES: usize = 100_000;

fn seal(check: &mut Check, path: &Option<String>) -> Option<Vec<u8>> {
    let path = path.as_deref().map(str::trim).filter(|path| !path.is_empty())?;
    let file = std::fs::read(path).ok().filter(|file| file.len() <= SEAL_BYTES);
    let file = file.filter(|file| image::load_from_memory_with_format(file, image::ImageFormat::Png).is_ok());
    if file.is_none() {
        check.problems.push("KAOZHENG_SEAL is wrong: expected a PNG file of at most 100 kB".into());
    }
    file
}

fn link(check: &mut Check, name: &str, value: &Option<String>, schemes: &[&str]) -> Option<Url> {
    let text = value.as_deref().map(str::trim).filter(|text| !text.is_empty())?;
    let url = Url::parse(text).ok().filter(|url| schemes.contains(&url.scheme()));
    if url.is_none() {
        check.problems.push(format!("{name} is wrong: it must begin with {}:", schemes.join(": or ")));
    }
    url
}
