//! All settings, from flags and environment variables, checked at start.

mod address;
mod backups;
mod check;
mod clamd;
mod contact;
mod location;
mod monitoring;
mod office;
mod portal;
mod replica;
mod sessions;
mod sms;
mod source;

use std::net::SocketAddr;

use clap::Args;
use url::Url;

use crate::store::Vault;
pub use address::{SiteAddress, is_safe};
pub use backups::{BackupSchedule, RawBackups};
use check::Check;
pub use clamd::ClamdAddress;
pub use contact::{Contact, GENERAL, Phone};
pub use location::{Bucket, Location};
pub use monitoring::{Monitoring, RawMonitoring};
pub use office::{Office, RawOffice};
pub use portal::{
    Cipher, ClaimNames, ClaimRules, ClaimsFrom, ClientAuth, Conditions, Decryption, Dialect, Encoding, InApp,
    Level, Method, PortalSettings, RawPortal, Returns, Signature, SignatureHash, Step, Template, Value,
    Values, Ways, is_secret as is_portal_secret,
};
pub use replica::{RawReplica, ReplicaSettings};
pub use sessions::{RawSessions, SessionLength, SessionRules};
pub use sms::{RawSms, SmsSettings};
pub use source::{Found, Variables};

/// Unchecked settings of every command.
#[derive(Args, Clone, Debug, Default)]
pub struct RawSettings {
    /// Where the data is: `sqlite:PATH` (one process) or `postgres://USER:PASSWORD@HOST/NAME`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// 32 bytes as 64 hex digits or base64, after sm4: for SM4 and SM3; seals ID numbers, phones and uploads. Losing it
    /// loses them. While it is replaced: the old key, a comma and the new one
    #[arg(long, env = "KAOZHENG_DATA_KEY", hide_env_values = true)]
    pub data_key: Option<String>,
}

/// Unchecked settings of `serve`.
#[derive(Args, Clone, Debug, Default)]
pub struct RawServe {
    /// Database and key
    #[command(flatten)]
    pub store: RawSettings,
    /// The replica
    #[command(flatten)]
    pub replica: RawReplica,
    /// Address to listen on
    #[arg(long, env = "KAOZHENG_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: Option<String>,
    /// The address people type, e.g. `https://exam.example.gov.cn`
    #[arg(long, env = "KAOZHENG_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Where uploads are, shared by all web processes: a folder, or `s3://BUCKET/PREFIX` with the usual AWS_ variables
    #[arg(long, env = "KAOZHENG_FILES")]
    pub files: Option<String>,
    /// Scheduled backups
    #[command(flatten)]
    pub backups: RawBackups,
    /// The clamd that scans uploads: `tcp://HOST:PORT` or `unix:/PATH`; without it uploads are not scanned
    #[arg(long, env = "KAOZHENG_CLAMD")]
    pub clamd: Option<String>,
    /// Name of the authority, as pages show it
    #[arg(long, env = "KAOZHENG_AUTHORITY")]
    pub authority: Option<String>,
    /// The office
    #[command(flatten)]
    pub office: RawOffice,
    /// The government portal
    #[command(flatten)]
    pub portal: RawPortal,
    /// The SMS gateway
    #[command(flatten)]
    pub sms: RawSms,
    /// Take the client's address from the last X-Forwarded-For entry: only behind a proxy of yours
    #[arg(long, env = "KAOZHENG_TRUSTED_PROXY")]
    pub trusted_proxy: bool,
    /// Sessions
    #[command(flatten)]
    pub sessions: RawSessions,
    /// So many login screens wait at once in one process, each for some memory; more are asked to come back
    #[arg(long, env = "KAOZHENG_MAX_WAITERS", default_value = "20000")]
    pub max_waiters: Option<String>,
    /// Megabytes of memory for uploads that are being prepared, at least 100; with less than 256 the
    /// largest pictures are refused
    #[arg(long, env = "KAOZHENG_IMAGE_MEMORY_MB", default_value = "256")]
    pub image_memory_mb: Option<String>,
    /// The monitoring
    #[command(flatten)]
    pub monitoring: RawMonitoring,
}

/// Checked settings of `serve`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite:PATH` or `postgres://…`.
    pub database_url: String,
    /// From which public pages read.
    pub replica: Option<ReplicaSettings>,
    pub listen: SocketAddr,
    /// Scheme, host and port of the site, without a trailing `/`.
    pub public_url: Url,
    pub files: Location,
    /// `None`: an operator makes backups.
    pub backups: Option<BackupSchedule>,
    /// Scans uploads.
    pub clamd: Option<ClamdAddress>,
    pub authority: String,
    pub office: Office,
    /// The portal of candidates, and of staff without one of their own.
    pub portal: PortalSettings,
    /// The portal of staff, if they have one of their own.
    pub staff_portal: Option<PortalSettings>,
    /// `None`: messages are on the site only.
    pub sms: Option<SmsSettings>,
    /// Whether `X-Forwarded-For` is trusted.
    pub trusted_proxy: bool,
    pub sessions: SessionRules,
    /// Most parked requests of login screens in this process.
    pub max_waiters: usize,
    /// Memory budget for uploads, in MiB.
    pub image_memory_mb: u32,
    pub monitoring: Monitoring,
    /// Runs the sandbox portal and shows 演示环境 on every page. Never set by `serve`.
    pub demo: bool,
}

impl Settings {
    /// Whether browsers use HTTPS, which decides cookie names and HSTS.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// Whether a proxy terminates TLS but is not trusted: every client then seems to have the proxy's address.
    pub fn misses_proxy(&self) -> bool {
        self.is_https() && !self.trusted_proxy
    }

    /// The address of the site.
    pub fn address(&self) -> SiteAddress {
        SiteAddress { public_url: self.public_url.clone(), demo: self.demo }
    }

    /// See [`SiteAddress::base_for`].
    pub fn base_for(&self, host: Option<&str>) -> String {
        self.address().base_for(host)
    }

    /// The absolute URL of a path, which begins with `/`.
    pub fn absolute(&self, path: &str) -> String {
        self.address().absolute(path)
    }
}

/// Returns the address of the database and the vault.
///
/// # Errors
/// All problems, one line each.
pub fn check_store(raw: &RawSettings) -> Result<(String, Vault), Vec<String>> {
    let mut check = Check::default();
    let url = database_url(&mut check, raw);
    let vault = vault(&mut check, raw).filter(|_| check.problems.is_empty());
    vault.map(|vault| (url, vault)).ok_or(check.problems)
}

fn vault(check: &mut Check, raw: &RawSettings) -> Option<Vault> {
    let key = check.required("KAOZHENG_DATA_KEY", &raw.data_key);
    if key.is_empty() {
        return None;
    }
    let problem =
        |error| format!("KAOZHENG_DATA_KEY is wrong: {error}; expected 64 hex digits or base64 of 32 bytes");
    Vault::parse(&key).map_err(|error| check.problems.push(problem(error))).ok()
}

fn database_url(check: &mut Check, raw: &RawSettings) -> String {
    let url = check.required("DATABASE_URL", &raw.database_url);
    let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
    if !url.is_empty() && !known {
        check.problems.push("DATABASE_URL is wrong: expected sqlite:PATH or postgres://…".into());
    }
    url
}

/// The settings of `kaozheng portal`: where the site is, and its portals.
pub struct PortalCheck {
    pub address: SiteAddress,
    pub portal: PortalSettings,
    pub staff_portal: Option<PortalSettings>,
}

/// # Errors
/// All problems, one line each.
pub fn check_portals(public_url: &Option<String>, raw: &RawPortal) -> Result<PortalCheck, Vec<String>> {
    let mut check = Check::default();
    let public_url = check.url("KAOZHENG_PUBLIC_URL", public_url);
    let portal = portal::check(&mut check, raw);
    let staff_portal = portal::check_staff(&mut check, raw);
    let checked = || {
        let address = SiteAddress { public_url: public_url?, demo: false };
        Some(PortalCheck { address, portal: portal?, staff_portal })
    };
    checked().filter(|_| check.problems.is_empty()).ok_or(check.problems)
}

/// # Errors
/// All problems, one line each.
pub fn check_serve(raw: &RawServe) -> Result<(Settings, Vault), Vec<String>> {
    let mut check = Check::default();
    let database_url = database_url(&mut check, &raw.store);
    let replica = replica::check(&mut check, &database_url, &raw.replica);
    let vault = vault(&mut check, &raw.store);
    let listen = check.parsed("KAOZHENG_LISTEN", &raw.listen, "an address such as 127.0.0.1:8080");
    let public_url = check.url("KAOZHENG_PUBLIC_URL", &raw.public_url);
    let files = check.location("KAOZHENG_FILES", &raw.files);
    let backups = backups::check(&mut check, &raw.backups);
    let clamd = check.optional("KAOZHENG_CLAMD", &raw.clamd, "tcp://HOST:PORT or unix:/PATH");
    let authority = check.required("KAOZHENG_AUTHORITY", &raw.authority);
    let office = office::check(&mut check, &raw.office);
    let portal = portal::check(&mut check, &raw.portal);
    let staff_portal = portal::check_staff(&mut check, &raw.portal);
    let sms = sms::check(&mut check, &raw.sms);
    let sessions = sessions::check(&mut check, &raw.sessions);
    let max_waiters = check.parsed("KAOZHENG_MAX_WAITERS", &raw.max_waiters, "a whole number");
    let (memory, megabytes) = (&raw.image_memory_mb, "a whole number of megabytes");
    let image_memory_mb = check.number("KAOZHENG_IMAGE_MEMORY_MB", memory, megabytes, 100..=65_536);
    let monitoring = monitoring::check(&mut check, &raw.monitoring);
    let settings = || {
        Some(Settings {
            database_url,
            replica,
            listen: listen?,
            public_url: public_url?,
            files: files?,
            backups,
            clamd,
            authority,
            office,
            portal: portal?,
            staff_portal,
            sms,
            trusted_proxy: raw.trusted_proxy,
            sessions,
            max_waiters: max_waiters?,
            image_memory_mb,
            monitoring,
            demo: false,
        })
    };
    settings().zip(vault).filter(|_| check.problems.is_empty()).ok_or(check.problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete() -> RawServe {
        let text = |value: &str| Some(value.to_owned());
        RawServe {
            store: RawSettings { database_url: text("sqlite:a.db"), data_key: Some("ab".repeat(32)) },
            listen: text("127.0.0.1:8080"),
            public_url: text("https://exam.example"),
            files: text("files"),
            authority: text("示范市考试院"),
            portal: portal::tests::complete(),
            sessions: sessions::tests::complete(),
            replica: replica::tests::complete(),
            max_waiters: text("20000"),
            image_memory_mb: text("256"),
            ..RawServe::default()
        }
    }

    fn problems(raw: &RawServe) -> Vec<String> {
        let Err(problems) = check_serve(raw) else { panic!("no problem found") };
        problems
    }

    #[test]
    fn complete_settings_are_accepted() {
        let (settings, _) = check_serve(&complete()).unwrap();
        assert!(settings.is_https());
        assert_eq!(settings.absolute("/s/x"), "https://exam.example/s/x");
    }

    #[test]
    fn https_without_a_trusted_proxy_is_noticed() {
        let misses = |url: &str, trusted_proxy| {
            let raw = RawServe { public_url: Some(url.into()), trusted_proxy, ..complete() };
            check_serve(&raw).unwrap().0.misses_proxy()
        };
        assert!(misses("https://exam.example", false));
        assert!(!misses("https://exam.example", true));
        assert!(!misses("http://127.0.0.1:8080", false));
    }

    #[test]
    fn all_problems_are_listed() {
        let raw = RawServe {
            public_url: Some("http://exam.example".into()),
            sessions: RawSessions { session_hours: Some("soon".into()), ..RawSessions::default() },
            listen: Some("here".into()),
            backups: RawBackups {
                backup: Some("ftp://backups".into()),
                backup_hour: Some("24".into()),
                backup_days: Some("14".into()),
            },
            image_memory_mb: Some("16".into()),
            clamd: Some("127.0.0.1:3310".into()),
            monitoring: RawMonitoring {
                metrics_listen: Some("9464".into()),
                otlp_endpoint: Some("collector:4318".into()),
            },
            sms: RawSms { sms_url: Some("http://sms.example".into()), sms_secret: Some("c2hvcnQ=".into()) },
            office: RawOffice {
                security_contact: Some("010-12345678".into()),
                seal: Some("missing.png".into()),
                ..RawOffice::default()
            },
            ..RawServe::default()
        };
        let problems = problems(&raw).join("\n");
        for name in [
            "DATABASE_URL is missing",
            "KAOZHENG_DATA_KEY is missing",
            "KAOZHENG_LISTEN is wrong",
            "KAOZHENG_PUBLIC_URL is wrong: it must begin with https://",
            "KAOZHENG_FILES is missing",
            "KAOZHENG_BACKUP is wrong: expected a folder or s3://BUCKET/PREFIX",
            "KAOZHENG_BACKUP_HOUR is wrong: expected 0 to 23",
            "KAOZHENG_AUTHORITY is missing",
            "KAOZHENG_PORTAL_TOKEN_URL is missing",
            "KAOZHENG_PORTAL_CLIENT_ID is missing",
            "KAOZHENG_SECURITY_CONTACT is wrong: it must begin with https: or mailto:",
            "KAOZHENG_SEAL is wrong: expected a PNG file",
            "KAOZHENG_SESSION_HOURS is wrong",
            "KAOZHENG_CLAMD is wrong: expected tcp://HOST:PORT or unix:/PATH",
            "KAOZHENG_METRICS_LISTEN is wrong",
            "OTEL_EXPORTER_OTLP_ENDPOINT is wrong: it must begin with http://",
            "KAOZHENG_SMS_URL is wrong: it must begin with https://",
            "KAOZHENG_SMS_SECRET is wrong: expected base64 of 24 to 64 bytes",
            "KAOZHENG_IMAGE_MEMORY_MB is wrong: expected 100 to 65536",
        ] {
            assert!(problems.contains(name), "{name} is not in\n{problems}");
        }
    }

    #[test]
    fn gateway_needs_its_address_and_its_secret() {
        let secret = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [7; 32]);
        let with = |sms_url: Option<&str>, sms_secret: Option<String>| RawServe {
            sms: RawSms { sms_url: sms_url.map(str::to_owned), sms_secret },
            ..complete()
        };
        assert!(check_serve(&complete()).unwrap().0.sms.is_none());
        let (settings, _) = check_serve(&with(Some("https://sms.example/in"), Some(secret.clone()))).unwrap();
        let sms = settings.sms.expect("a gateway");
        assert_eq!(sms.secret, [7; 32]);
        assert!(!format!("{sms:?}").contains(&secret));
        let prefixed = with(Some("http://127.0.0.1:9000/"), Some(format!("whsec_{secret}")));
        assert_eq!(check_serve(&prefixed).unwrap().0.sms.expect("a gateway").secret, [7; 32]);
        assert_eq!(problems(&with(Some("https://sms.example/in"), None)), ["KAOZHENG_SMS_SECRET is missing"]);
        assert_eq!(problems(&with(None, Some(secret))), ["KAOZHENG_SMS_URL is missing"]);
    }

    #[test]
    fn invalid_key_is_refused() {
        let mut raw = complete();
        raw.store.data_key = Some("secret".into());
        assert!(problems(&raw)[0].starts_with("KAOZHENG_DATA_KEY is wrong"));
    }
}
