//! 办理规则: numbers by business, with their bounds.

use kaozheng::casework::rules::{self, Rule};
use kaozheng::store::Tx;
use poem::http::StatusCode;

use super::Office;
use crate::desk::authority::qualification;

const PAGE: &str = "/staff/admin/rules/qualification";

impl Office {
    async fn rule(&self, rule: Rule) -> i32 {
        let read = move |tx: &mut Tx| Ok(rules::value(tx, rule, Some(qualification()))?);
        self.authority.write(read).await.expect("a value")
    }
}

#[tokio::test]
async fn every_rule_is_shown_with_its_default_and_can_be_set() {
    let office = Office::open().await;
    let page = office.read(PAGE).await;
    for rule in Rule::ALL.into_iter().filter(|rule| rule.is_of(Some(qualification()))) {
        assert!(page.contains(rule.label()), "{} is not in {page}", rule.label());
    }
    assert!(office.read("/staff/admin/rules/office").await.contains(Rule::MostTaken.label()));
    assert_eq!(office.desk.get("/staff/admin/rules/nothing").await.0.status(), StatusCode::NOT_FOUND);

    let full_width = [("confirmed_share", "３０"), ("seen.confirmed_share", "0")];
    office.save(PAGE, &full_width).await;
    assert_eq!(office.rule(Rule::ConfirmedShare).await, 30);
    let page = office.read(PAGE).await;
    assert!(page.contains("2026-11-23") && page.contains("09:00 改动"), "{page}");
    assert_eq!(office.audited().await, ["rule"]);
}

#[tokio::test]
async fn value_outside_of_its_bounds_is_refused_and_kept() {
    let office = Office::open().await;
    for wrong in ["101", "-1", "三十", "", "1.5", "99999999999"] {
        let form = [("confirmed_share", wrong), ("seen.confirmed_share", "0")];
        let page = office.refused(PAGE, &form, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(page.contains("0 到 100 的整数") && page.contains(&format!("value=\"{wrong}\"")), "{page}");
    }
    assert_eq!(office.rule(Rule::ConfirmedShare).await, 0);
    assert_eq!(office.audited().await, [""; 0]);
}

#[tokio::test]
async fn of_two_administrators_the_later_is_told_and_keeps_what_they_typed() {
    let office = Office::open().await;
    office.save(PAGE, &[("confirmed_share", "20"), ("seen.confirmed_share", "0")]).await;
    let late = [
        ("confirmed_share", "40"),
        ("seen.confirmed_share", "0"),
        ("mend_days", "7"),
        ("seen.mend_days", "5"),
    ];
    let page = office.refused(PAGE, &late, StatusCode::CONFLICT).await;
    assert!(
        page.contains("另一位管理员") && page.contains("value=\"40\"") && page.contains("现在是 20"),
        "{page}"
    );
    assert_eq!((office.rule(Rule::ConfirmedShare).await, office.rule(Rule::MendDays).await), (20, 5));

    // A change of another rule is no conflict.
    office
        .save(
            PAGE,
            &[
                ("confirmed_share", "0"),
                ("seen.confirmed_share", "0"),
                ("mend_days", "7"),
                ("seen.mend_days", "5"),
            ],
        )
        .await;
    assert_eq!((office.rule(Rule::ConfirmedShare).await, office.rule(Rule::MendDays).await), (20, 7));
}
