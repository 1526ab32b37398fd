//! Reads a QR code from a picture, as a phone's camera would.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::path::Path;
use std::process::Command;

/// The text of the code in `picture`.
pub fn decode(picture: &Path) -> String {
    find(picture).unwrap_or_else(|| panic!("no QR code in {}", picture.display()))
}

/// The text of the code in `picture`, if there is one.
pub fn find(picture: &Path) -> Option<String> {
    let output = Command::new("zbarimg")
        .args(["-q", "--raw", "-Sdisable", "-Sqrcode.enable"])
        .arg(picture)
        .output()
        .unwrap_or_else(|error| panic!("zbarimg does not start ({error}); see tests/run"));
    let text = String::from_utf8(output.stdout).expect("text in the code");
    Some(text.trim_end().to_owned()).filter(|text| !text.is_empty())
}
