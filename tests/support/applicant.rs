//! Applying for a check of qualification: answers, files and requests.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::collections::BTreeMap;

use image::{ImageFormat, Rgb, RgbImage};
use parking_lot::Mutex;
use reqwest::Method;
use reqwest::multipart::{Form, Part};

use crate::server::{Answer, Visitor};

/// Path of this business's list.
pub const LIST: &str = "/services/qualification";

/// Valid answers to all questions but the sitting.
const ANSWERS: &[(&str, &str)] = &[
    ("level", "一级"),
    ("specialty", "建筑工程"),
    ("subjects", "建设工程经济"),
    ("area", "市直考区"),
    ("gender", "男"),
    ("phone", "13800138000"),
    ("education", "本科"),
    ("degree", "工学学士"),
    ("school", "示范大学"),
    ("major", "土木工程"),
    ("graduated_on", "2014-06-30"),
    ("employer", "示范建设工程有限公司"),
    ("years", "6"),
    ("began_work_on", "2014-07-15"),
    ("promise", "yes"),
];

/// A JPEG of the given size in pixels. Encoding takes long without optimization, so that each is made once.
pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    static MADE: Mutex<BTreeMap<(u32, u32), Vec<u8>>> = Mutex::new(BTreeMap::new());
    let draw = || {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let picture = RgbImage::from_fn(width, height, |x, y| Rgb([(x % 251) as u8, (y % 241) as u8, 90]));
        picture.write_to(&mut bytes, ImageFormat::Jpeg).expect("a picture");
        bytes.into_inner()
    };
    MADE.lock().entry((width, height)).or_insert_with(draw).clone()
}

/// A picture of a document: it is larger than a thumbnail.
pub fn scan() -> Vec<u8> {
    jpeg(360, 225)
}

/// The smallest portrait.
pub fn portrait() -> Vec<u8> {
    jpeg(295, 413)
}

/// A PDF of one blank page.
pub const PDF: &[u8] = b"%PDF-1.4\n\
    1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n\
    2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n\
    3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>\nendobj\n\
    xref\n0 4\n0000000000 65535 f \n\
    0000000009 00000 n \n\
    0000000058 00000 n \n\
    0000000115 00000 n \n\
    trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n186\n%%EOF\n";

/// The form for a sitting with changed answers. An empty answer is left out.
pub fn form(sitting: &str, action: &str, changes: &[(&str, &str)]) -> Form {
    let mut form = Form::new().text("action", action.to_owned()).text("sitting", sitting.to_owned());
    for (name, value) in ANSWERS {
        let value = changes.iter().find(|(changed, _)| changed == name).map_or(*value, |(_, new)| new);
        if !value.is_empty() {
            form = form.text(*name, value.to_owned());
        }
    }
    form
}

/// Adds a file to a slot.
pub fn file(form: Form, slot: &str, name: &str, bytes: Vec<u8>) -> Form {
    form.part(format!("file.{slot}"), Part::bytes(bytes).file_name(name.to_owned()))
}

/// Adds all required files.
pub fn with_files(form: Form) -> Form {
    let form = file(form, "id_front", "正面.jpg", scan());
    let form = file(form, "id_back", "反面.jpg", scan());
    let form = file(form, "diploma", "毕业证.pdf", PDF.to_vec());
    let form = file(form, "work_proof", "工作证明.pdf", PDF.to_vec());
    file(form, "portrait", "证件照.jpg", portrait())
}

impl Visitor {
    /// Sends a multipart form without following the redirect.
    pub async fn upload(&self, path: &str, form: Form) -> Answer {
        self.send(self.request(Method::POST, path).multipart(form)).await
    }

    /// Opens the form of a new application by the button on the list of its business.
    pub async fn open_new_form(&self, business: &str) -> Answer {
        let list = self.open(&format!("/services/{business}")).await;
        let new = format!("/services/{business}/new");
        let query = list.between(&format!("href=\"{new}"), "\"").to_owned();
        self.open(&format!("{new}{query}")).await
    }

    /// [`Visitor::upload`] that follows the redirect.
    pub async fn upload_and_see(&self, path: &str, form: Form) -> Answer {
        let sent = self.upload(path, form).await;
        if sent.location.is_empty() { sent } else { self.open(&sent.location).await }
    }

    /// The id of the sitting that the form offers for an exam.
    pub async fn sitting_of(&self, exam: &str) -> String {
        let page = self.open_new_form("qualification").await;
        let before = page.body.split(&format!("{exam} · ")).next().unwrap_or_default();
        assert!(before.len() < page.body.len(), "{exam} is not offered in\n{}", page.body);
        let (_, value) = before.rsplit_once("value=\"").expect("a choice");
        value.split('"').next().unwrap_or_default().to_owned()
    }

    /// Applies for a sitting. Returns the following page.
    pub async fn apply(&self, sitting: &str) -> Answer {
        let sent = self.upload(&format!("{LIST}/new"), with_files(form(sitting, "review", &[]))).await;
        assert_eq!(sent.location, format!("{LIST}/review"), "{}", sent.body);
        let review = self.open(&sent.location).await;
        let seen = review.between("name=\"seen\" value=\"", "\"").to_owned();
        self.submit(&format!("{LIST}/review"), &[("seen", &seen)]).await
    }

    /// Applies for a sitting. Returns the number (受理号).
    pub async fn apply_for_number(&self, sitting: &str) -> String {
        let page = self.apply(sitting).await;
        assert!(page.body.contains("提交成功"), "{}", page.body);
        page.between("data-copy=\"", "\"").to_owned()
    }
}
