//! Applications of any kind, and the staff who work on them, form by form.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use reqwest::Method;
use reqwest::multipart::Form;

use crate::applicant::{PDF, file, jpeg};
use crate::server::{Answer, Server, Visitor};

/// What a form is filled in with.
#[derive(Clone)]
pub struct Filing {
    pub kind: &'static str,
    pub answers: Vec<(&'static str, String)>,
    /// Slots, each of which gets a file that fits.
    pub slots: &'static [&'static str],
}

impl Filing {
    pub fn new(
        kind: &'static str,
        answers: &[(&'static str, &str)],
        slots: &'static [&'static str],
    ) -> Filing {
        let answers = answers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Filing { kind, answers, slots }
    }

    /// The same with other answers; an empty one is left out.
    pub fn with(&self, changes: &[(&'static str, &str)]) -> Filing {
        let mut changed = self.clone();
        for (name, value) in changes {
            changed.answers.retain(|(known, _)| known != name);
            if !value.is_empty() {
                changed.answers.push((name, (*value).to_owned()));
            }
        }
        changed
    }

    fn form(&self, action: &str) -> Form {
        let mut form = Form::new().text("action", action.to_owned());
        for (name, value) in &self.answers {
            form = form.text(*name, value.clone());
        }
        for slot in self.slots {
            form = match *slot {
                slot if slot.contains("portrait") => file(form, slot, "证件照.jpg", jpeg(300, 420)),
                slot => file(form, slot, "材料.pdf", PDF.to_vec()),
            };
        }
        form
    }
}

impl Visitor {
    /// Sends a form; the answer is where it leads, or the form with what is wrong in it.
    pub async fn fills_in(&self, path: &str, filing: &Filing, action: &str) -> Answer {
        self.send(self.request(Method::POST, path).multipart(filing.form(action))).await
    }

    /// Fills a new form in and submits it; the answer is the page that follows.
    pub async fn files(&self, filing: &Filing) -> Answer {
        let list = format!("/services/{}", filing.kind);
        let sent = self.fills_in(&format!("{list}/new"), filing, "review").await;
        if sent.location != format!("{list}/review") {
            return sent;
        }
        let review = self.open(&sent.location).await;
        let seen = review.between("name=\"seen\" value=\"", "\"").to_owned();
        self.submit(&sent.location, &[("seen", &seen)]).await
    }

    /// [`Visitor::files`] that succeeds; the 受理号.
    pub async fn filed(&self, filing: &Filing) -> String {
        self.files(filing).await.number()
    }

    /// Agrees to the notice of a kind.
    pub async fn agrees(&self, path: &str) -> Answer {
        self.submit_step(path, &[("agree", "yes")]).await
    }

    /// Takes an application and decides it, such as by `approve:0`.
    pub async fn decides(&self, number: &str, action: &str, more: &[(&str, &str)]) -> Answer {
        let case = format!("/staff/applications/{number}");
        let taken = self.submit(&format!("{case}/take"), &[]).await;
        let version = taken.between("name=\"version\" value=\"", "\"").to_owned();
        let sent = [&[("action", action), ("version", version.as_str())], more].concat();
        let asked = self.submit(&format!("{case}/decide"), &sent).await;
        if !asked.body.contains("name=\"confirmed\"") {
            return asked;
        }
        let confirmed = [&sent[..], &[("confirmed", "yes")]].concat();
        self.submit(&format!("{case}/decide"), &confirmed).await
    }

    /// Does a task, such as `fulfil`; `slot` gets a PDF.
    pub async fn carries_out(
        &self,
        number: &str,
        task: &str,
        noted: &[(&'static str, &str)],
        slot: &'static [&'static str],
    ) -> Answer {
        let case = format!("/staff/applications/{number}");
        let page = self.open(&case).await;
        let version = page.between("name=\"version\" value=\"", "\"").to_owned();
        let filing = Filing::new("", noted, slot).with(&[("version", &version), ("confirmed", "yes")]);
        let sent = self.fills_in(&format!("{case}/tasks/{task}"), &filing, "go").await;
        if sent.location.is_empty() { sent } else { self.open(&sent.location).await }
    }
}

impl Answer {
    /// The 受理号 of the page after submitting.
    pub fn number(&self) -> String {
        assert!(self.body.contains("提交成功"), "not submitted at {}:\n{}", self.url, self.body);
        self.between("<p class=\"number\"><strong>", "</strong>").to_owned()
    }

    pub fn tells(&self, words: &str) {
        assert!(self.body.contains(words), "{words} is not told at {} in\n{}", self.url, self.body);
    }

    pub fn tells_nothing_of(&self, words: &str) {
        assert!(!self.body.contains(words), "{words} is told at {} in\n{}", self.url, self.body);
    }
}

/// The demo's authority on 2026-04-01, with what it has on record about 张小三.
pub async fn authority() -> Server {
    let server = Server::start().await;
    server.load_demo().await;
    server
}

/// 张小三's registration for the coming sitting of 一级建造师, as the demo's tables make it.
pub const REGISTRATION: &str = "registration-03";

/// A refund of one subject to the way it was paid.
pub fn refund() -> Filing {
    let answers = [
        ("registration", REGISTRATION),
        ("subjects", "registration-03-0"),
        ("reason", "重复缴费"),
        ("refund_to", "原支付渠道"),
        ("phone", "13800138000"),
    ];
    Filing::new("refund", &answers, &["payment_proof"])
}

/// A reissue of a lost certificate, to be posted.
pub fn reissue() -> Filing {
    let answers = [
        ("certificate", "certificate-00"),
        ("reason", "遗失"),
        ("explanation", "搬家时遗失，多方寻找未果"),
        ("collect_by", "邮寄"),
        ("phone", "13800138000"),
    ];
    Filing::new("reissue", &answers, &["id_document", "portrait", "loss_statement"])
}

/// A receipt for the registration, for the candidate.
pub fn receipt() -> Filing {
    let answers = [
        ("sitting", "sitting-01-2"),
        ("registrations", REGISTRATION),
        ("title_type", "个人"),
        ("title", "张小三"),
        ("receive_by", "电子邮箱"),
        ("email", "zhang@example.com"),
    ];
    Filing::new("receipt", &answers, &["payment_proof"])
}

/// An appeal against the violation.
pub fn violation() -> Filing {
    let answers = [
        ("violation", "violation-0"),
        ("request", "撤销认定"),
        ("grounds", "手机当时已经关机并放在监考老师指定的位置，有同场考生可以作证。"),
        ("phone", "13800138000"),
    ];
    Filing::new("violation", &answers, &["evidence"])
}

/// A correction of name and document number, everywhere.
pub fn correction() -> Filing {
    let answers = [
        ("what", "姓名"),
        ("what", "证件号码"),
        ("new_name", "张晓三"),
        ("new_number", "440300199003074611"),
        ("reason", "公安机关已办理变更登记"),
        ("scope", "今后考试"),
        ("scope", "已发证书"),
    ];
    Filing::new("correction", &answers, &["id_front", "id_back", "proof"])
}

/// Where a certificate goes.
pub fn mailing() -> Filing {
    let answers = [
        ("recipient", "张小三"),
        ("phone", "13800138000"),
        ("province", "广东省"),
        ("city", "深圳市"),
        ("district", "南山区"),
        ("street", "东湖路 8 号 1 栋 302 房"),
        ("carrier", "EMS 到付"),
    ];
    Filing::new("mailing", &answers, &[])
}
