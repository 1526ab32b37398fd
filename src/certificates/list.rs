//! `/certificates`: the certificates of a candidate, newest first (manual 图4.1).

use maud::{Markup, html};
use poem::web::Query;
use poem::{Response, handler};

use crate::casework::paging::Pages;
use crate::exams::held::{self, Certificate};
use crate::exams::month_label;
use crate::pages::cards::{self, Paging};
use crate::pages::links;
use crate::pages::signed_in::as_candidate;
use crate::paths;
use crate::people::candidate::Candidate;
use crate::store::Tx;
use crate::ui::{self, Card, Fact, Icon, Link, Page, Tab};
use crate::web::{Failure, Frame, Visitor};

#[handler]
pub async fn show(visitor: Visitor, frame: Frame, Query(paging): Query<Paging>) -> Result<Response, Failure> {
    let pages = paging.pages();
    let load = move |tx: &mut Tx, candidate: Candidate| {
        Ok(held::of_holder(tx, &candidate.holder, pages.offset(), pages.rows())?)
    };
    let held = as_candidate(&visitor, load).await?;
    let main = html! {
        p.muted { "您名下的证书。可领取的证书可以申请邮寄。" }
        @if held.is_empty() && pages.starts_list() { (nothing()) }
        (items(&held, pages))
    };
    Ok(frame.page(Page::new("证书管理", main).tab(Tab::Certificates)))
}

fn nothing() -> Markup {
    ui::empty(Icon::Certificate, "还没有证书", "考试合格、证书制作后会显示在这里。", None)
}

fn items(held: &[Certificate], pages: Pages) -> Markup {
    cards::paged(held, paths::CERTIFICATES, pages, card)
}

fn card(one: &Certificate) -> Markup {
    let mut actions: Vec<_> = links::posting(one).into_iter().collect();
    actions.push(Link::new("证书详情", paths::certificate(&one.id)));
    let (state, label) = one.tag();
    ui::card(&Card {
        title: one.exam.clone(),
        href: paths::certificate(&one.id),
        tag: ui::tag(state, label),
        facts: vec![
            Fact::of("考试年月", month_label(&one.month)),
            Fact::of("级别专业", one.summary()),
            Fact { label: one.number_kind().label(), value: ui::digits(&one.number) },
            Fact::of("批准日期", one.approved_on.to_string()),
        ],
        note: None,
        actions,
    })
}
