//! `kaozheng verify`: checks the code of an electronic certificate.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Stop, database};
use crate::exams::code::claims::{Claims, Part};
use crate::exams::code::keys::PublicKeys;
use crate::exams::code::status::StatusList;
use crate::exams::code::text::{self, PREFIX};
use crate::exams::code::token::{self, Refused};
use crate::exams::copy::status_list;
use crate::files::qr_codes;
use crate::settings::RawSettings;
use crate::store::{Clock, Error, Timestamp, clock};

/// Check the code of an electronic certificate: a PDF, a picture, or the text of the code
///
/// With --keys it needs neither the database nor a network. The files come from the site that issued the
/// certificate: /.well-known/certificate-keys.json and /.well-known/certificate-status. Compare what is printed here
/// with the paper: only this was signed. Fails if the certificate is not to be believed.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Verify {
    /// A PDF, a picture (JPEG or PNG), a text file, or the text or link itself
    #[arg(value_name = "FILE|TEXT")]
    what: String,
    /// The public keys [default: those of the database]
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// The status list, not older than a day [default: that of the database, without --keys]
    #[arg(long, value_name = "FILE")]
    status: Option<PathBuf>,
    #[command(flatten)]
    raw: RawSettings,
}

impl Verify {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let now = Clock::system().now();
        let codes = self.codes()?;
        let keys = match &self.keys {
            Some(file) => PublicKeys::from_json(&String::from_utf8_lossy(&bytes(file)?))
                .ok_or_else(|| format!("{} has no Ed25519 keys", file.display()))?,
            None => database::open_current(&self.raw).await?.read(PublicKeys::load).await?,
        };
        let claims = first_verified(&codes, &keys)?;
        print(&claims);
        let list = match (&self.status, &self.keys) {
            (Some(file), _) => Some(StatusList::verify(&bytes(file)?, &keys, now).map_err(|_| {
                format!("{} is no status list of this authority, or is too old", file.display())
            })?),
            (None, None) => {
                let (uri, store) = (claims.status.uri.clone(), database::open_current(&self.raw).await?);
                Some(store.read::<_, Error, _>(move |tx| status_list(tx, &uri)).await?)
            }
            (None, Some(_)) => None,
        };
        judge(&claims, list.as_ref(), now)
    }

    fn codes(&self) -> Result<Vec<String>, Stop> {
        let path = Path::new(&self.what);
        if self.what.contains(PREFIX) || !path.is_file() {
            return Ok(vec![self.what.clone()]);
        }
        Ok(qr_codes::texts(&bytes(path)?, PREFIX))
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, Stop> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn first_verified(codes: &[String], keys: &PublicKeys) -> Result<Claims, Refused> {
    let mut refused = Refused::NoCode;
    for code in codes {
        match text::read(code).and_then(|token| token::verify(&token, keys)) {
            Ok(claims) => return Ok(claims),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

fn print(claims: &Claims) {
    for (part, fact) in &claims.facts {
        println!("{} {}: {fact}", part.label(), part.english());
    }
    println!("Signed by {}, {}", claims.issuer, clock::china(claims.issued_at));
    println!("Good until {} (China)", clock::china(claims.expires_at));
}

fn judge(claims: &Claims, list: Option<&StatusList>, now: Timestamp) -> Result<(), Stop> {
    let purpose = claims.fact(Part::Purpose);
    match list.map(|list| (list.is_invalid(&claims.status), list.issued_at)) {
        _ if now >= claims.expires_at => {
            Err("the signature is good, but the file has expired; ask for a new one".into())
        }
        Some((Some(true), _)) => Err("the signature is good, but the file is not valid any more".into()),
        Some((Some(false), at)) => {
            println!("VALID for {purpose}; not revoked, by the list of {}", clock::china(at));
            Ok(())
        }
        Some((None, _)) => {
            Err("the signature is good, but the status list is not the one of this certificate, or \
                                older than it; fetch a new one"
                .into())
        }
        None => {
            println!(
                "The signature is good. Whether it was revoked is not known without --status ({})",
                claims.status.uri
            );
            Ok(())
        }
    }
}
