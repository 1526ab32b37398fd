//! `kaozheng health`: whether a process on this machine answers, for containers without curl.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::Args;

use super::Stop;
use crate::paths;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Ask the process on this machine whether it answers (/healthz); the exit code says so
#[derive(Args)]
pub(super) struct Health {
    /// Where it listens
    #[arg(long, env = "KAOZHENG_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

impl Health {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let address = SocketAddr::new(own(self.listen.ip()), self.listen.port());
        let http = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?;
        let answer = http.get(format!("http://{address}{}", paths::HEALTHZ)).send().await?;
        answer.error_for_status()?;
        Ok(())
    }
}

/// The address by which this machine reaches a listener.
fn own(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}
