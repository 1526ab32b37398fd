//! Applications of any business: answers, files, requests, and the work of staff on them.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use reqwest::Method;
use reqwest::multipart::Form;

use crate::applicant::{PDF, file, portrait};
use crate::server::{Answer, Server, Visitor};

/// The answers and files of one form.
#[derive(Clone)]
pub struct Filing {
    pub business: &'static str,
    pub answers: Vec<(&'static str, String)>,
    /// Slots, each of which gets a suitable file.
    pub slots: &'static [&'static str],
}

impl Filing {
    pub fn new(
        business: &'static str,
        answers: &[(&'static str, &str)],
        slots: &'static [&'static str],
    ) -> Filing {
        let answers = answers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Filing { business, answers, slots }
    }

    /// Changes some answers. An empty one is removed.
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
                slot if slot.contains("portrait") => file(form, slot, "证件照.jpg", portrait()),
                slot => file(form, slot, "材料.pdf", PDF.to_vec()),
            };
        }
        form
    }
}

impl Visitor {
    /// Sends a form. The answer is a redirect, or the form with its errors.
    pub async fn send_form(&self, path: &str, filing: &Filing, action: &str) -> Answer {
        self.send(self.request(Method::POST, path).multipart(filing.form(action))).await
    }

    /// Fills in a new form and submits it. Returns the following page.
    pub async fn file_application(&self, filing: &Filing) -> Answer {
        let list = format!("/services/{}", filing.business);
        let sent = self.send_form(&format!("{list}/new"), filing, "review").await;
        if sent.location != format!("{list}/review") {
            return sent;
        }
        let review = self.open(&sent.location).await;
        let seen = review.between("name=\"seen\" value=\"", "\"").to_owned();
        self.submit(&sent.location, &[("seen", &seen)]).await
    }

    /// [`Visitor::file_application`] that must succeed. Returns the number (受理号).
    pub async fn file_for_number(&self, filing: &Filing) -> String {
        self.file_application(filing).await.number()
    }

    /// Agrees to the notice of a business.
    pub async fn agree_to_notice(&self, path: &str) -> Answer {
        let page = self.open(path).await;
        let version = page.body.split("name=\"agree\" value=\"").nth(1).unwrap_or_default();
        let version = version.split('"').next().unwrap_or_default().to_owned();
        self.submit_step(path, &[("agree", &version)]).await
    }

    /// Takes an application and decides it. The action is a code such as `approve:0`.
    pub async fn decide_application(&self, number: &str, action: &str, more: &[(&str, &str)]) -> Answer {
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

    /// Completes a task such as `fulfil`. Each slot gets a PDF.
    pub async fn carry_out_task(
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
        let sent = self.send_form(&format!("{case}/tasks/{task}"), &filing, "go").await;
        if sent.location.is_empty() { sent } else { self.open(&sent.location).await }
    }
}

impl Answer {
    /// The number (受理号) on the page after submitting.
    pub fn number(&self) -> String {
        assert!(self.body.contains("提交成功"), "not submitted at {}:\n{}", self.url, self.body);
        self.between("data-copy=\"", "\"").to_owned()
    }

    /// The page without the elements around its dates, so that a sentence with a date is one text.
    pub fn told(&self) -> String {
        let mut parts = self.body.split("<span class=\"date\">");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |told, part| told + &part.replacen("</span>", "", 1))
    }

    pub fn assert_shows(&self, words: &str) {
        assert!(self.told().contains(words), "{words} is not told at {} in\n{}", self.url, self.body);
    }

    pub fn assert_lacks(&self, words: &str) {
        assert!(!self.told().contains(words), "{words} is told at {} in\n{}", self.url, self.body);
    }
}

/// A server with the demo's data on 2026-04-01.
pub async fn start_demo() -> Server {
    let server = Server::start().await;
    server.load_demo().await;
    server
}

/// 张小三's registration for the next sitting of 一级建造师, as the demo creates it.
pub const REGISTRATION: &str = "registration-03";

/// A refund of one subject to the original payment channel.
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

/// A receipt for the registration, made out to the candidate.
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

/// A check of the integrity record for the next sitting of 一级建造师.
pub fn integrity() -> Filing {
    let answers = [
        ("record", "integrity-0"),
        ("sitting", "sitting-01-2"),
        ("level", "一级"),
        ("specialty", "建筑工程"),
        ("subjects", "建设工程经济"),
        ("statement", "当时对年限的算法理解有误，已向单位说明并承诺不再发生。"),
        ("phone", "13800138000"),
        ("education", "本科"),
        ("school", "示范大学"),
        ("major", "土木工程"),
        ("graduated_on", "2014-06-30"),
        ("employer", "示范建设工程有限公司"),
        ("years", "6"),
        ("began_work_on", "2014-07-15"),
    ];
    Filing::new("integrity", &answers, &["id_front", "id_back", "diploma", "work_proof", "pledge"])
}

/// A correction of name and document number in every scope.
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

/// The address to which a certificate is posted.
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

/// A check of qualification for the next sitting of 一级建造师.
pub fn qualification() -> Filing {
    let more =
        [("area", "市直考区"), ("gender", "男"), ("promise", "yes"), ("record", ""), ("statement", "")];
    let slots = &["id_front", "id_back", "diploma", "work_proof", "portrait"];
    Filing { business: "qualification", slots, ..integrity().with(&more) }
}
