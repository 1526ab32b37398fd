//! HTML validation with the Nu checker.

use std::process::Command;

use serde_json::Value;

const JAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node_modules/vnu-jar/build/dist/vnu.jar");

/// htmx's attributes are not part of the standard.
const HTMX: &str = "Attribute “hx-.*” not allowed on element .*";

/// Asserts that no page, given as (name, HTML), has an error. Java starts slowly, so pass many pages at
/// once.
pub fn check(pages: &[(String, String)]) {
    let found = errors(pages);
    assert!(found.is_empty(), "the Nu HTML checker:\n{}", found.join("\n"));
}

/// One line per error: page, line, message and extract.
pub fn errors(pages: &[(String, String)]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder for the pages");
    for (number, (_, html)) in pages.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{number}.html")), html).expect("a file for the page");
    }
    let output = Command::new("java")
        .args(["-jar", JAR, "--stdout", "--exit-zero-always", "--format", "json", "--filterpattern", HTMX])
        .arg(folder.path())
        .output()
        .unwrap_or_else(|error| panic!("java does not start ({error}); see tests/run"));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
        panic!("the Nu HTML checker failed: {}", String::from_utf8_lossy(&output.stderr))
    });
    let messages = report["messages"].as_array().expect("messages").iter();
    messages.filter(|message| message["type"] != "info").map(|message| line(message, pages)).collect()
}

fn line(message: &Value, pages: &[(String, String)]) -> String {
    let text = |name: &str| message[name].as_str().unwrap_or_default();
    let file = text("url").rsplit('/').next().and_then(|name| name.strip_suffix(".html"));
    let page = file.and_then(|number| number.parse::<usize>().ok()).and_then(|number| pages.get(number));
    let name = page.map_or("?", |(name, _)| name);
    format!("  {name}:{}: {}\n    {}", message["lastLine"], text("message"), text("extract"))
}
