//! Accessibility checks with axe-core.

use serde_json::Value;

use crate::browser::{Browser, Scheme};

const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node_modules/axe-core/axe.min.js");

/// axe does not check touch targets by default, but WCAG 2.2 AA requires them. Sticky bars are made
/// static meanwhile: what they cover depends on the scroll position, and scrolling uncovers it.
const RUN: &str = "const done = arguments[0];
    const bars = document.querySelectorAll('#top, #tabs, #bar');
    const stick = position => bars.forEach(bar => { bar.style.position = position; });
    stick('static');
    axe.run({ resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } })
       .then(found => done(found.violations), error => done(String(error)))
       .finally(() => stick(''));";

/// Asserts that the open page has no violation in light and dark.
pub async fn check(browser: &Browser) {
    for scheme in [Scheme::Light, Scheme::Dark] {
        browser.prefer(scheme).await;
        let found = violations(browser).await;
        assert!(found.is_empty(), "axe, {scheme:?}, {}:\n{}", browser.url().await, found.join("\n"));
    }
}

/// One line per violation: rule, help text and elements.
pub async fn violations(browser: &Browser) -> Vec<String> {
    let known = browser.client().execute("return typeof axe", vec![]).await.expect("a type");
    if known == "undefined" {
        let axe = std::fs::read_to_string(AXE).expect("tests/node_modules: run `tests/run browser` once");
        browser.client().execute(&axe, vec![]).await.expect("axe loads");
    }
    let found = browser.client().execute_async(RUN, vec![]).await.expect("axe runs");
    let found = found.as_array().unwrap_or_else(|| panic!("axe failed: {found}"));
    found.iter().map(line).collect()
}

fn line(violation: &Value) -> String {
    let nodes = violation["nodes"].as_array().into_iter().flatten();
    let places: Vec<String> = nodes
        .map(|node| {
            let why = node["failureSummary"].as_str().unwrap_or_default().replace('\n', " ");
            format!("    {}\n      {why}", node["html"].as_str().unwrap_or_default())
        })
        .collect();
    let text = |name: &str| violation[name].as_str().unwrap_or_default().to_owned();
    format!("  {}: {}\n{}", text("id"), text("help"), places.join("\n"))
}
