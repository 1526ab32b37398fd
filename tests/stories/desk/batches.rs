//! 批量办理: batches of approved applications, their files, and results that come back.

mod approvals;
mod dates;
mod mailings;
mod receipts;
mod refunds;
mod reissues;
mod results;

use diesel::prelude::*;
use kaozheng::store::Error;
use kaozheng::store::schema::{application_events as e, applications as a, audit_entries};
use reqwest::Method;
use reqwest::multipart::{Form, Part};

use crate::filing::{Filing, refund};
use crate::server::{Answer, Server, Visitor};

/// To a bank account, whose branch looks like a formula.
const ACCOUNT: &[(&str, &str)] = &[
    ("refund_to", "银行账户"),
    ("account_holder", "张小三"),
    ("bank", "中国工商银行"),
    ("branch", "=SUM(A1:A9)"),
    ("account", "6222021001116245702"),
];

/// An application that a reviewer has approved. Returns its number.
async fn approved(server: &Server, candidate: &str, filing: &Filing) -> String {
    let number = server.signed_in(candidate).await.file_for_number(filing).await;
    server
        .signed_in("周明远")
        .await
        .decide_application(&number, "approve:0", &[])
        .await
        .assert_shows("已办理：通过");
    number
}

/// Approved refunds of 张小三 and 陳大文, of ¥61.00 each in the first case.
async fn two_refunds(server: &Server) -> (String, String) {
    let to_account = Filing { slots: &["payment_proof", "bank_card"], ..refund().with(ACCOUNT) };
    let first = approved(server, "张小三", &to_account).await;
    let of_chen =
        [("registration", "registration-05"), ("subjects", "registration-05-0"), ("phone", "+85291234567")];
    (first, approved(server, "陳大文", &refund().with(&of_chen)).await)
}

impl Visitor {
    /// Makes a batch of these applications. Returns its path.
    async fn make_batch(&self, kind: &str, numbers: &[&str]) -> String {
        let form: Vec<(&str, &str)> = numbers.iter().map(|number| ("number", *number)).collect();
        let made = self.submit_step(&format!("/staff/batches/{kind}"), &form).await;
        assert_eq!(made.status, 303, "{}", made.body);
        made.location
    }

    /// Uploads a result file. Returns the page that shows what it will do, or what is wrong with it.
    async fn upload_result(&self, batch: &str, name: &str, bytes: impl Into<Vec<u8>>) -> Answer {
        let part = Part::bytes(bytes.into()).file_name(name.to_owned());
        let form = Form::new().part("file.results", part);
        let sent = self.send(self.request(Method::POST, &format!("{batch}/results")).multipart(form)).await;
        if sent.location.is_empty() { sent } else { self.open(&sent.location).await }
    }

    /// Confirms the result that a page shows. Returns the page of the batch.
    async fn confirm_result(&self, preview: &Answer) -> Answer {
        let path =
            preview.url.split_once("/staff/").map(|(_, rest)| format!("/staff/{rest}")).expect("a path");
        self.submit(&path, &[("confirm", "yes")]).await
    }
}

/// Status, result and version of an application.
async fn state(server: &Server, number: &str) -> (String, String, i32) {
    let number = number.to_owned();
    let read = server.parts.store.read::<_, Error, _>(move |tx| {
        let row = a::table.filter(a::number.eq(number)).select((a::status, a::result, a::version));
        Ok(row.first(tx.conn)?)
    });
    read.await.expect("an application")
}

/// How often an action was taken on an application.
async fn events(server: &Server, number: &str, action: &str) -> i64 {
    let (number, action) = (number.to_owned(), action.to_owned());
    let read = server.parts.store.read::<_, Error, _>(move |tx| {
        let found = e::table.inner_join(a::table).filter(a::number.eq(number)).filter(e::action.eq(action));
        Ok(found.count().get_result(tx.conn)?)
    });
    read.await.expect("events")
}

/// How many entries of the audit an action has on a target.
async fn audited(server: &Server, action: &str, target: &str) -> i64 {
    let (action, target) = (action.to_owned(), target.to_owned());
    let read = server.parts.store.read::<_, Error, _>(move |tx| {
        let entries = audit_entries::table.filter(audit_entries::action.eq(action));
        Ok(entries.filter(audit_entries::target.eq(target)).count().get_result(tx.conn)?)
    });
    read.await.expect("the audit")
}
