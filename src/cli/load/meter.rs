//! What the installation spends, by its own `/metrics`.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Client;

use crate::cli::Stop;
use crate::paths;

const TIMEOUT: Duration = Duration::from_secs(10);

const CPU: &str = "kaozheng_process_cpu_seconds_total";
const READS: &str = "kaozheng_database_transaction_duration_seconds_count{kind=\"read\"}";
const WRITES: &str = "kaozheng_database_transaction_duration_seconds_count{kind=\"write\"}";

pub(super) struct Meter {
    http: Client,
    url: String,
}

/// Since the process began, or between two readings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Spent {
    /// Seconds of processors.
    pub(super) cpu: f64,
    /// Transactions that read.
    pub(super) reads: f64,
    pub(super) writes: f64,
}

impl Meter {
    pub(super) fn new(address: SocketAddr) -> Result<Meter, Stop> {
        let http = Client::builder().no_proxy().timeout(TIMEOUT).build()?;
        Ok(Meter { http, url: format!("http://{address}{}", paths::METRICS) })
    }

    /// # Errors
    /// If there are no metrics of this program.
    pub(super) async fn read(&self) -> Result<Spent, Stop> {
        let asked = self.http.get(&self.url).send().await.and_then(reqwest::Response::error_for_status);
        let unread = |reason: String| format!("{}: {reason}; start the demo with --metrics-listen", self.url);
        let answer = asked.map_err(|error| unread(error.without_url().to_string()))?;
        parse(&answer.text().await?).ok_or_else(|| unread("no processor time of kaozheng".to_owned()).into())
    }
}

/// A kind of transaction that has not happened yet has no series.
fn parse(text: &str) -> Option<Spent> {
    let value = |series: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line?.split(' ').next()?.parse::<f64>().ok()
    };
    let of = |series| value(series).unwrap_or_default();
    Some(Spent { cpu: value(CPU)?, reads: of(READS), writes: of(WRITES) })
}

impl std::ops::Sub for Spent {
    type Output = Spent;

    fn sub(self, earlier: Spent) -> Spent {
        Spent {
            cpu: self.cpu - earlier.cpu,
            reads: self.reads - earlier.reads,
            writes: self.writes - earlier.writes,
        }
    }
}

impl std::ops::Div<f64> for Spent {
    type Output = Spent;

    fn div(self, parts: f64) -> Spent {
        Spent { cpu: self.cpu / parts, reads: self.reads / parts, writes: self.writes / parts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_of_the_program_are_read() {
        let text = "# TYPE kaozheng_process_cpu_seconds counter\n\
                    kaozheng_process_cpu_seconds_total 12.5\n\
                    kaozheng_database_transaction_duration_seconds_count{kind=\"read\"} 40\n# EOF\n";
        let spent = parse(text).unwrap();
        assert_eq!(spent, Spent { cpu: 12.5, reads: 40.0, writes: 0.0 });
        let each = (spent - Spent { cpu: 2.5, reads: 0.0, writes: 0.0 }) / 10.0;
        assert_eq!(each, Spent { cpu: 1.0, reads: 4.0, writes: 0.0 });
        assert_eq!(parse("process_cpu_seconds_total 1\n"), None);
    }
}
