//! Files to upload: photographs, scans and a PDF.

use std::fmt::Write;
use std::path::PathBuf;

use image::{Rgb, RgbImage};
use tempfile::TempDir;

/// The files exist as long as this.
pub struct Pictures {
    folder: TempDir,
}

impl Pictures {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder for the pictures") }
    }

    /// A JPEG of 506×319 pixels.
    pub fn id_card_front(&self) -> PathBuf {
        self.picture("身份证正面.jpg", 506, 319, 40)
    }

    /// A JPEG of 506×319 pixels.
    pub fn id_card_back(&self) -> PathBuf {
        self.picture("身份证反面.jpg", 506, 319, 90)
    }

    /// A PNG of 800×566 pixels.
    pub fn diploma(&self) -> PathBuf {
        self.picture("毕业证书.png", 800, 566, 140)
    }

    /// A JPEG of 295×413 pixels (5:7).
    pub fn portrait(&self) -> PathBuf {
        self.picture("证件照.jpg", 295, 413, 190)
    }

    /// A PDF of one page.
    pub fn pdf(&self) -> PathBuf {
        let file = self.folder.path().join("学籍证明.pdf");
        std::fs::write(&file, pdf()).expect("a file for the PDF");
        file
    }

    /// The beginning of an MP3 file.
    pub fn recording(&self) -> PathBuf {
        let file = self.folder.path().join("考场录音.mp3");
        std::fs::write(&file, [&b"ID3\x03\0\0\0\0\0\0"[..], &[0; 4096]].concat()).expect("a file");
        file
    }

    /// A file above the upload limit.
    pub fn too_large(&self) -> PathBuf {
        let file = self.folder.path().join("扫描件.jpg");
        std::fs::write(&file, vec![0; 11 * 1024 * 1024]).expect("a file");
        file
    }

    /// Gradients that compress like a photograph. The suffix of `name` chooses the format.
    fn picture(&self, name: &str, width: u32, height: u32, tone: u8) -> PathBuf {
        let shade =
            |x, y| Rgb([tone, (x * 255 / width) as u8, ((y * 255 / height) as u8) ^ (x * y % 8) as u8]);
        let file = self.folder.path().join(name);
        RgbImage::from_fn(width, height, shade).save(&file).expect("a file for the picture");
        file
    }
}

/// A minimal PDF that readers open without repair (ISO 32000-1 §7.5).
fn pdf() -> String {
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> >>",
    ];
    let mut text = String::from("%PDF-1.4\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (index, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", text.len()).expect("text grows");
        writeln!(text, "{} 0 obj\n{object}\nendobj", index + 1).expect("text grows");
    }
    let (start, size) = (text.len(), objects.len() + 1);
    write!(
        text,
        "xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    )
    .expect("text grows");
    text
}
