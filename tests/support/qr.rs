//! Reads a QR code as a phone's camera would: from the picture.

use std::path::Path;
use std::process::Command;

/// The text of the one code in `picture`.
pub fn decode(picture: &Path) -> String {
    let output = Command::new("zbarimg")
        .args(["-q", "--raw", "-Sdisable", "-Sqrcode.enable"])
        .arg(picture)
        .output()
        .unwrap_or_else(|error| panic!("zbarimg does not start ({error}); see tests/run"));
    assert!(output.status.success(), "no QR code in {}", picture.display());
    String::from_utf8(output.stdout).expect("text in the code").trim_end().to_owned()
}
