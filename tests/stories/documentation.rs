//! The documents: links and file names in them exist.

use std::path::{Path, PathBuf};

/// Folders of which the documents name files in backquotes.
const NAMED: &[&str] = &["assets/", "benches/", "docs/", "migrations/", "src/", "tests/"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Path and text of each document.
fn documents() -> Vec<(PathBuf, String)> {
    let folders = [root().to_owned(), root().join("docs")];
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).expect("a folder"));
    let files = files.map(|file| file.expect("a file").path());
    let documents = files.filter(|file| file.extension().is_some_and(|ending| ending == "md"));
    documents.map(|file| (file.clone(), std::fs::read_to_string(&file).expect("a document"))).collect()
}

#[test]
fn links_lead_to_files() {
    for (document, text) in documents() {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            let path = document.parent().expect("a folder").join(target);
            assert!(link.contains("://") || path.exists(), "{}: {link}", document.display());
        }
    }
}

#[test]
fn named_files_exist() {
    for (document, text) in documents() {
        for name in text.split('`').skip(1).step_by(2).filter(|name| !name.contains(['{', ' ', '\n'])) {
            let is_path = NAMED.iter().any(|folder| name.starts_with(folder));
            let is_example = name.contains("FEATURE") || name.contains("recheck") || name.contains('*');
            assert!(!is_path || is_example || root().join(name).exists(), "{}: {name}", document.display());
        }
    }
}
