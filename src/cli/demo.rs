//! `kaozheng demo`: the whole site on one machine, with fictional people and data.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;
use tokio::net::TcpListener;
use url::Url;

use super::{Stop, list, log, serve};
use crate::business::ALL;
use crate::demo::{data, sandbox};
use crate::files::storage::Storage;
use crate::settings::{Monitoring, Office, SessionRules, Settings};
use crate::site::Parts;
use crate::store::{Clock, Ids, Store, Vault, file};

/// Try everything on this machine, with demo data and a sandbox portal
///
/// Creates a folder with an SQLite database, a key and uploads. A later start continues with the
/// same data. Delete the folder to begin anew.
///
/// With `--database-url`, the data is in a PostgreSQL database, and key and uploads are in the folder.
/// Give both again to continue, and empty both to begin anew.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Demo {
    /// Address to listen on [default: port 8080 of this machine, also for phones on the same network]
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Folder for database, key and uploads
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// The address that phones open, when it is not this machine's own
    #[arg(long)]
    public_url: Option<Url>,
    /// Sign in at a sandbox that plays this profile: `guangdong`, `zhejiang` or `zhejiang-simple`
    #[arg(long, value_parser = PossibleValuesParser::new(sandbox::PROVINCIAL))]
    portal: Option<String>,
    /// Let staff sign in at a portal of their own: `guangdong-staff`
    #[arg(long, value_parser = PossibleValuesParser::new(sandbox::PROVINCIAL))]
    staff_portal: Option<String>,
    /// An empty PostgreSQL database, such as `postgres://USER:PASSWORD@HOST/NAME` [default: SQLite in the folder]
    #[arg(long, hide_env_values = true)]
    database_url: Option<String>,
    /// Address and port of `/metrics`, which `kaozheng load` reads
    #[arg(long)]
    metrics_listen: Option<SocketAddr>,
}

impl Demo {
    pub(super) async fn run(self) -> Result<(), Stop> {
        log::begin(log::Lines::Plain);
        fs::create_dir_all(&self.data)?;
        let listen = self.listen.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 8080)));
        let listener =
            TcpListener::bind(listen).await.map_err(|error| format!("cannot listen on {listen}: {error}"))?;
        let address = listener.local_addr()?;
        let settings = self.settings(address)?;
        let vault = Vault::parse(&demo_key(&self.data)?)?;
        let files = Storage::open(&settings.files, vault.clone())?.with_memory(settings.image_memory_mb);
        let _lock = file::lock_for_serving(&settings.database_url)?;
        let store =
            Store::open(&settings.database_url, vault, Clock::system(), Ids::random()).await?.attach(&ALL);
        store.migrate().await?;
        serve::renew_hashes(&store).await?;
        serve::check_writable(&store, &files).await?;
        serve::keep_private(&settings.database_url, &files);
        if data::load_demo(&store).await? {
            data::load_applications(&store, &files).await?;
        }
        announce(&settings, address)?;
        serve::listen(listener, Parts::new(settings, store, files)?).await
    }

    fn settings(&self, address: SocketAddr) -> Result<Settings, Stop> {
        let public_url = match &self.public_url {
            Some(url) => url.clone(),
            None => {
                Url::parse(&format!("http://{}", SocketAddr::new(reachable(address.ip()), address.port())))?
            }
        };
        // The program calls its sandbox portal over HTTP, as it calls a real portal.
        let own = Url::parse(&format!("http://{}", SocketAddr::new(local(address.ip()), address.port())))?;
        let sandboxed = |profile: &str| {
            sandbox::load(profile, &public_url, &own).map_err(|problems| Stop::from(list(&problems)))
        };
        Ok(Settings {
            database_url: self
                .database_url
                .clone()
                .unwrap_or_else(|| format!("sqlite:{}", self.data.join("kaozheng.db").display())),
            listen: address,
            files: self.data.join("files").into(),
            backups: None,
            authority: "示范市考试院".into(),
            office: Office {
                phone: "0000-12345678".into(),
                hours: "工作日 9:00–12:00、13:30–17:00".into(),
                ..Office::default()
            },
            portal: match &self.portal {
                Some(profile) => sandboxed(profile)?,
                None => sandbox::settings(&public_url, &own),
            },
            staff_portal: self.staff_portal.as_deref().map(sandboxed).transpose()?,
            public_url,
            sms: None,
            trusted_proxy: false,
            sessions: SessionRules::STANDARD,
            replica: None,
            max_waiters: 20_000,
            image_memory_mb: 256,
            clamd: None,
            monitoring: Monitoring { metrics_listen: self.metrics_listen, otlp_endpoint: None },
            demo: true,
        })
    }
}

/// The address by which other devices of the network reach a socket bound to `ip`.
fn reachable(ip: IpAddr) -> IpAddr {
    if ip.is_unspecified() { local_ip_address::local_ip().unwrap_or_else(|_| local(ip)) } else { ip }
}

/// The address by which this machine reaches it.
fn local(ip: IpAddr) -> IpAddr {
    match ip {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    }
}

/// The data key of the demo's folder. It is created once and readable by its owner only.
fn demo_key(folder: &Path) -> Result<String, Stop> {
    let file = folder.join("demo.key");
    match fs::read_to_string(&file) {
        Ok(key) => return Ok(key),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        Err(_) => {}
    }
    let key = Ids::random().token(32);
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?.write_all(key.as_bytes())?;
    Ok(key)
}

fn announce(settings: &Settings, address: SocketAddr) -> Result<(), Stop> {
    let here = SocketAddr::new(local(address.ip()), address.port());
    println!("\n  考证通 · 演示环境 (nothing here is real)\n\n  On this machine:  http://{here}/");
    let phone = settings.absolute(crate::paths::HOME);
    let loopback =
        settings.public_url.host_str().is_some_and(|host| host == "127.0.0.1" || host == "localhost");
    if loopback {
        println!("  On a phone:       start with --listen 0.0.0.0:{} on a network\n", address.port());
    } else {
        println!("  On a phone:       {phone}\n\n{}", terminal_qr(&phone)?);
    }
    println!("  Key for lists and the API:  {}\n", data::ORGANISATION_KEY);
    println!("  Stop with Ctrl-C.");
    Ok(())
}

fn terminal_qr(text: &str) -> Result<String, Stop> {
    let code = qrcode::QrCode::new(text)?;
    Ok(code.render::<qrcode::render::unicode::Dense1x2>().quiet_zone(true).build())
}
