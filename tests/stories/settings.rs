//! Settings from a file, from files that hold one secret each, and from the environment.

use std::path::Path;

use crate::commands::{kaozheng, serve_settings, text};
use crate::database::KEY;

/// A file of settings with everything that `serve` needs. The secrets are in files beside it.
fn complete(folder: &Path) -> String {
    let mut lines = String::new();
    for (name, value) in serve_settings("sqlite:kaozheng.db", Path::new("files")) {
        let is_secret = ["KAOZHENG_DATA_KEY", "KAOZHENG_PORTAL_CLIENT_SECRET"].contains(&name);
        let (name, value) = match is_secret {
            true => {
                let file = folder.join(name);
                std::fs::write(&file, format!("{value}\n")).expect("a secret");
                (format!("{name}_FILE"), file.display().to_string())
            }
            false => (name.to_owned(), value),
        };
        lines.push_str(&format!("{name} = {value:?}\n"));
    }
    let file = folder.join("kaozheng.toml");
    std::fs::write(&file, lines).expect("a file of settings");
    file.display().to_string()
}

#[test]
fn config_check_prints_where_each_setting_comes_from_and_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = complete(folder.path());
    let set =
        [("KAOZHENG_CONFIG", file.as_str()), ("KAOZHENG_LISTEN", "127.0.0.1:81"), ("KAOZHENG_SEEL", "x")];
    let output = kaozheng(&["config", "check"], &set);
    let told = text(&output.stdout);
    assert!(output.status.success(), "{told}{}", text(&output.stderr));
    let line = |name: &str| {
        let found = told.lines().find(|line| line.split_whitespace().next() == Some(name));
        found
            .unwrap_or_else(|| panic!("no {name} in\n{told}"))
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(line("KAOZHENG_LISTEN"), "KAOZHENG_LISTEN 127.0.0.1:81 [environment]");
    assert_eq!(line("KAOZHENG_AUTHORITY"), format!("KAOZHENG_AUTHORITY 示范市考试院 [{file}]"));
    assert_eq!(line("KAOZHENG_SESSION_HOURS"), "KAOZHENG_SESSION_HOURS 12 [default]");
    assert_eq!(line("KAOZHENG_OFFICE_PHONE"), "KAOZHENG_OFFICE_PHONE - [not set]");
    assert_eq!(line("DATABASE_URL"), format!("DATABASE_URL (hidden) [{file}]"));
    for name in ["KAOZHENG_DATA_KEY", "KAOZHENG_PORTAL_CLIENT_SECRET"] {
        assert_eq!(line(name), format!("{name} (hidden) [{}]", folder.path().join(name).display()));
    }
    assert!(told.contains("KAOZHENG_SEEL is not a setting and is ignored"), "{told}");
    assert!(told.ends_with("The settings are complete.\n"), "{told}");
    assert!(!told.contains(KEY) && !told.contains("sqlite:"), "{told}");
}

#[test]
fn faults_of_the_file_and_of_values_are_listed_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kaozheng.toml");
    let lines = "KAOZHENG_LISTN = \"127.0.0.1:80\"\nKAOZHENG_SESSION_HOURS = \"soon\"\n\
                 KAOZHENG_DATA_KEY_FILE = \"/nowhere/key\"\n";
    std::fs::write(&file, lines).expect("a file of settings");
    let file = file.display().to_string();
    for command in [&["config", "check", "--config", &file][..], &["serve", "--config", &file]] {
        let output = kaozheng(command, &[]);
        let told = text(&output.stderr);
        assert!(!output.status.success());
        for problem in [
            "kaozheng.toml: KAOZHENG_LISTN is not a setting",
            "KAOZHENG_DATA_KEY_FILE is wrong: /nowhere/key",
            "KAOZHENG_SESSION_HOURS is wrong",
            "DATABASE_URL is missing",
        ] {
            assert!(told.contains(problem), "{command:?}: {problem} is not in\n{told}");
        }
    }
    let output = kaozheng(&["migrate", "--config", &file], &[("DATABASE_URL", "sqlite:unused.db")]);
    assert!(text(&output.stderr).contains("KAOZHENG_LISTN is not a setting"), "other commands say so too");
}
