//! The rooms of administrators: each changes what the office works by.

mod announcements;
mod exams;
mod holidays;
mod imports;
mod roster;
mod rules;
mod texts;

use kaozheng::people::staff::{Role, StaffMember};
use kaozheng::store::Tx;
use kaozheng::store::schema::audit_entries::dsl as entries;
use poem::http::StatusCode;
use poem::test::TestResponse;

use crate::desk::authority::Authority;
use crate::desk::pages::StaffBrowser;
use diesel::prelude::*;

/// An office with an administrator, and a browser in which they are signed in.
pub struct Office {
    pub authority: Authority,
    pub administrator: StaffMember,
    pub desk: StaffBrowser,
}

impl Office {
    pub async fn open() -> Office {
        let authority = Authority::open().await;
        let administrator = authority.staff_member("周管理", "S0000009", Role::Administrator).await;
        let desk = authority.browser_of(&administrator).await;
        Office { authority, administrator, desk }
    }

    pub async fn read(&self, path: &str) -> String {
        body(self.desk.get(path).await, StatusCode::OK).await
    }

    /// Sends a form and expects that it is saved. Returns where it leads.
    pub async fn save(&self, path: &str, form: &[(&str, &str)]) -> String {
        let response = self.desk.post(path, form).await;
        let status = response.0.status();
        let location = response.0.headers().get("location").map(|to| to.to_str().expect("text").to_owned());
        let body = response.0.into_body().into_string().await.expect("a page");
        assert_eq!(status, StatusCode::SEE_OTHER, "{path}: {body}");
        location.expect("a redirect")
    }

    /// Sends a form and expects this status. Returns the page.
    pub async fn refused(&self, path: &str, form: &[(&str, &str)], status: StatusCode) -> String {
        body(self.desk.post(path, form).await, status).await
    }

    /// The actions of the audit, in their order.
    pub async fn audited(&self) -> Vec<String> {
        let actions = entries::audit_entries.order(entries::id).select(entries::action);
        self.authority.write(move |tx: &mut Tx| Ok(actions.load(tx.conn)?)).await.expect("the audit")
    }
}

pub async fn body(response: TestResponse, status: StatusCode) -> String {
    let found = response.0.status();
    let body = response.0.into_body().into_string().await.expect("a page");
    assert_eq!(found, status, "{body}");
    body
}

/// The value of a hidden control.
pub fn hidden(page: &str, name: &str) -> String {
    let rest =
        page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("{name} in {page}"));
    rest.split('"').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn rooms_are_for_administrators_only() {
    let office = Office::open().await;
    let pages = [
        "",
        "/roster",
        "/roster/new",
        "/rules",
        "/rules/refund",
        "/texts",
        "/texts/help/refund",
        "/exams",
        "/exams/new",
        "/exams/exam-1",
        "/imports",
        "/holidays",
        "/holidays/2026",
        "/announcements",
        "/announcements/new",
        "/organisations",
        "/organisations/new",
        "/messages",
        "/texts/returned/office",
        "/sms",
    ];
    let others = [Role::Reviewer, Role::Finance, Role::Dispatcher];
    for (at, role) in others.into_iter().enumerate() {
        let member = office.authority.staff_member(role.label(), &format!("S000001{at}"), role).await;
        let desk = office.authority.browser_of(&member).await;
        assert!(!body(desk.get("/staff/queue").await, StatusCode::OK).await.contains("/staff/admin"));
        for page in pages {
            let answer = desk.get(&format!("/staff/admin{page}")).await;
            assert_eq!(answer.0.status(), StatusCode::FORBIDDEN, "{page}");
        }
        for page in ["/roster/new", "/rules/refund", "/texts/help/refund", "/exams/new", "/announcements/new"]
        {
            let answer = desk.post(&format!("/staff/admin{page}"), &[("version", "0")]).await;
            assert_eq!(answer.0.status(), StatusCode::FORBIDDEN, "{page}");
        }
    }
    for page in pages {
        office.read(&format!("/staff/admin{page}")).await;
    }
    assert!(office.read("/staff/queue").await.contains("href=\"/staff/admin\""));
}
