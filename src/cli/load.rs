//! `kaozheng load`: the requests of a release day against a test installation on this machine.

mod alone;
mod browser;
mod certificates;
mod html;
mod meter;
mod profile;
mod report;
mod rising;
mod scene;
mod screen;
mod tally;
mod target;
mod visit;
mod waiting;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use url::Url;

use self::certificates::Certificates;
use self::meter::Meter;
use self::profile::{Kind, RELEASE_DAY};
use self::report::Report;
use self::scene::Scene;
use self::target::Target;
use super::Stop;

/// Replay a release day against `kaozheng demo` on this machine, and print what it takes (docs/scale.md)
///
/// First each kind of request by itself, then the mix at growing rates until the demo no longer keeps up. It fills
/// the demo with sessions, so give it a folder of its own:
///
///   kaozheng demo --data load --listen 127.0.0.1:8080 --metrics-listen 127.0.0.1:9464
///   kaozheng sample certificates --count 100000 --output certificates.csv
///   DATABASE_URL=sqlite:load/kaozheng.db KAOZHENG_DATA_KEY=$(cat load/demo.key) \
///     kaozheng import certificates certificates.csv
///   kaozheng load --profile release-day --certificates certificates.csv
///
/// Anything but a demo, and any address but those of loopback, is refused.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Load {
    /// Who comes, and what they ask for
    #[arg(long, value_parser = PossibleValuesParser::new([RELEASE_DAY.name]))]
    profile: String,
    /// The demo
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    to: Url,
    /// Where the demo has its metrics (`--metrics-listen`)
    #[arg(long, default_value = "127.0.0.1:9464")]
    metrics: SocketAddr,
    /// The file of certificates that the demo has imported. One document is asked for 20 times in ten minutes, so many
    /// are needed
    #[arg(long)]
    certificates: PathBuf,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
}

impl Load {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let target = Target::resolve(self.to).await?;
        if !self.metrics.ip().is_loopback() {
            return Err(format!("--metrics {} is not on this machine's loopback", self.metrics).into());
        }
        let meter = Meter::new(self.metrics)?;
        let certificates = Certificates::read(&self.certificates)?;
        let scene = Arc::new(Scene::prepare(&RELEASE_DAY, target, certificates).await?);
        let lasts = Duration::from_secs(self.seconds);
        let mut alone = Vec::new();
        for kind in Kind::ALL {
            eprintln!("{} by itself …", kind.title());
            alone.push(alone::measure(&scene, &meter, kind, lasts).await?);
        }
        let steps = rising::run(&scene, &meter, lasts).await?;
        println!("{}", Report { profile: scene.profile, alone: &alone, steps: &steps }.text());
        Ok(())
    }
}
