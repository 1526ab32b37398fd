//! The alert rules and the dashboard of `docs/monitoring/`.

use std::collections::BTreeSet;

use super::*;
use crate::casework::lifecycle::Status;
use crate::store::Measures;
use crate::telemetry::Metrics;

const ALERTS: &str = include_str!("../../../docs/monitoring/alerts.yaml");
const DASHBOARD: &str = include_str!("../../../docs/monitoring/dashboard.json");

/// A registry in which every metric has a series. Without one, a family is not written.
fn registry() -> Registry {
    let mut registry = Registry::with_prefix("kaozheng");
    Metrics::with_a_series_each().register(&mut registry);
    Measures::with_a_series_each().register(&mut registry);
    let backlog = Backlog {
        business: "refund",
        status: Status::Submitted,
        count: 2,
        oldest: Some(Timestamp::MIN),
        overdue: 1,
    };
    let outbox = outbox::Queue { waiting: 1, oldest: Some(Timestamp::MIN), dead: 1 };
    let stored = Stored { now: Timestamp::MIN, applications: vec![backlog], imports_running: 0, outbox };
    let gauges = Gauges::default();
    gauges.fill_queues(&stored);
    for family in [&gauges.imports_running, &gauges.pool, &gauges.pool_waiting] {
        set(family, &[], 0);
    }
    set(&gauges.writer_queue, &[], 0);
    set(&gauges.check, &[], 1);
    gauges.register(&mut registry);
    registry.register("build", "The version that runs", Info::new([("version", "1")]));
    registry
}

/// The names of all series.
fn series() -> BTreeSet<String> {
    let mut text = String::new();
    encode(&mut text, &registry()).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| Some(line.split(['{', ' ']).next()?.to_owned())).collect()
}

/// The names of this program's series in a text.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("kaozheng_")).map(str::to_owned).collect()
}

#[test]
fn alert_rules_and_dashboard_name_series_that_exist() {
    let series = series();
    for (file, text) in [("alerts.yaml", ALERTS), ("dashboard.json", DASHBOARD)] {
        let unknown: Vec<String> = named(text).difference(&series).cloned().collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}; there are {series:?}");
    }
}

#[test]
fn dashboard_shows_every_metric() {
    let base = |name: &String| {
        let ends = ["_total", "_bucket", "_sum", "_count"];
        ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name).to_owned()
    };
    let shown: BTreeSet<String> = named(DASHBOARD).iter().map(base).collect();
    let there: BTreeSet<String> = series().iter().map(base).collect();
    assert_eq!(there.difference(&shown).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(serde_json::from_str::<serde_json::Value>(DASHBOARD).is_ok());
}
