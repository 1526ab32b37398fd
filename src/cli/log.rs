//! Writes log lines to standard error, with the id of their request.

use std::io::{IsTerminal, stderr};

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// The format of the log.
pub(super) enum Lines {
    /// One JSON object a line.
    Json,
    /// For a terminal.
    Plain,
}

/// Starts the log. `RUST_LOG` filters it, for example `info,poem=warn`.
pub(super) fn begin(lines: Lines) {
    let asked = std::env::var("RUST_LOG").ok().and_then(|targets| targets.parse::<Targets>().ok());
    let unasked = || Targets::new().with_default(LevelFilter::INFO).with_target("poem", LevelFilter::WARN);
    let lines = match lines {
        Lines::Json => json(stderr).boxed(),
        Lines::Plain => tracing_subscriber::fmt::layer()
            .with_writer(stderr)
            .with_ansi(stderr().is_terminal())
            .with_target(false)
            .boxed(),
    };
    // Fails if the process has a subscriber already, which then stays.
    let _ = tracing_subscriber::registry().with(lines).with(asked.unwrap_or_else(unasked)).try_init();
}

/// The request's id is in `span.id`, see [`within`](crate::web::log::within).
fn json<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer().json().with_span_list(false).with_writer(writer)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use crate::web::log::within;

    #[derive(Clone, Default)]
    struct Collected(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Collected {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_line_has_the_id_of_its_request() {
        use tracing_subscriber::layer::SubscriberExt;
        let collected = Collected::default();
        let writer = collected.clone();
        let subscriber = tracing_subscriber::registry().with(super::json(move || writer.clone()));
        let _until_the_end = tracing::subscriber::set_default(subscriber);
        tracing::warn!(count = 3, error = %"a \"quoted\" line\nand another", "outside");
        within("WV83-R0TF-83A6".to_owned(), async { tracing::info!(status = 200, "answered") }).await;
        let text = String::from_utf8(collected.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let fields = json!({ "message": "outside", "count": 3, "error": "a \"quoted\" line\nand another" });
        assert_eq!((&lines[0]["fields"], &lines[0]["level"]), (&fields, &json!("WARN")));
        assert_eq!(lines[0].get("span"), None);
        assert_eq!(lines[1]["span"]["id"], "WV83-R0TF-83A6");
        assert_eq!(lines[1]["target"], module_path!());
        assert!(lines[1]["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')));
    }
}
