//! Writes log lines to standard error, with the id of their request.

use std::fmt;
use std::io::{IsTerminal, Write, stderr};

use chrono::{DateTime, Utc};
use serde::Serialize;
use tracing::{Event, Subscriber};
use tracing_serde::fields::{AsMap, SerializeFieldMap};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::{Format, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::web::log::request_id;

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
        Lines::Json => Json.boxed(),
        Lines::Plain => tracing_subscriber::fmt::layer()
            .with_writer(stderr)
            .with_ansi(stderr().is_terminal())
            .event_format(Plain(Format::default().with_target(false)))
            .boxed(),
    };
    // Fails if the process has a subscriber already, which then stays.
    let _ = tracing_subscriber::registry().with(lines).with(asked.unwrap_or_else(unasked)).try_init();
}

/// A line with the keys of tracing-subscriber's JSON format, and the request's id as `request`. The library
/// would take the id from a span around each request; `benches/README.md` has what that costs.
#[derive(Serialize)]
struct Line<'a> {
    timestamp: DateTime<Utc>,
    level: &'static str,
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    fields: SerializeFieldMap<'a, Event<'a>>,
}

struct Json;

impl<S: Subscriber> Layer<S> for Json {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Ok(mut line) = serde_json::to_vec(&line(event)) else { return };
        line.push(b'\n');
        // One write for each line, because other threads write too. An error cannot be reported anywhere.
        let _ = stderr().write_all(&line);
    }
}

fn line<'a>(event: &'a Event<'a>) -> Line<'a> {
    let about = event.metadata();
    Line {
        timestamp: Utc::now(),
        level: about.level().as_str(),
        target: about.target(),
        request: request_id(),
        fields: event.field_map(),
    }
}

/// The library's format for terminals, after the request's id.
struct Plain(Format);

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut to: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if let Some(id) = request_id() {
            write!(to, "{id} ")?;
        }
        self.0.format_event(context, to, event)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::*;
    use crate::web::log::within;

    /// Collects the lines.
    #[derive(Clone, Default)]
    struct Collected(Arc<Mutex<Vec<Value>>>);

    impl<S: Subscriber> Layer<S> for Collected {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            self.0.lock().unwrap().push(serde_json::to_value(line(event)).unwrap());
        }
    }

    #[tokio::test]
    async fn a_line_has_the_id_of_its_request() {
        let collected = Collected::default();
        let subscriber = tracing_subscriber::registry().with(collected.clone());
        let _until_the_end = tracing::subscriber::set_default(subscriber);
        tracing::warn!(count = 3, error = %"a \"quoted\" line\nand another", "outside");
        within("WV83-R0TF-83A6".to_owned(), async { tracing::info!(status = 200, "answered") }).await;
        let lines = collected.0.lock().unwrap();
        let fields = json!({ "message": "outside", "count": 3, "error": "a \"quoted\" line\nand another" });
        assert_eq!((&lines[0]["fields"], &lines[0]["level"]), (&fields, &json!("WARN")));
        assert_eq!(lines[0].get("request"), None);
        assert_eq!(lines[1]["request"], "WV83-R0TF-83A6");
        assert_eq!(lines[1]["target"], module_path!());
        assert!(lines[1]["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')));
    }
}
