//! `/certificates`: the certificates of a candidate, newest first (manual 图4.1).

use maud::{Markup, html};
use poem::web::Query;
use poem::{Response, handler};

use crate::casework::application::PAGE;
use crate::exams::held::{self, Certificate};
use crate::exams::month_label;
use crate::pages::cards::Paging;
use crate::pages::links;
use crate::pages::signed_in::as_candidate;
use crate::paths;
use crate::people::candidate::Candidate;
use crate::store::Tx;
use crate::ui::{self, Card, Icon, Link, Page, Tab};
use crate::web::{Failure, Frame, Visitor};

#[handler]
pub async fn show(visitor: Visitor, frame: Frame, Query(paging): Query<Paging>) -> Result<Response, Failure> {
    let page = paging.page.clamp(0, 10_000);
    let load = move |tx: &mut Tx, candidate: Candidate| {
        Ok(held::of_holder(tx, &candidate.holder, page * PAGE, PAGE + 1)?)
    };
    let held = as_candidate(&visitor, load).await?;
    let main = html! {
        p.muted { "您名下的证书。可领取的证书可以申请邮寄。" }
        @if held.is_empty() && page == 0 { (nothing()) }
        (items(&held, page))
    };
    Ok(frame.page(Page::new("证书管理", main).tab(Tab::Certificates)))
}

fn nothing() -> Markup {
    ui::empty(Icon::Certificate, "还没有证书", "考试合格、证书制作后会显示在这里。", None)
}

fn items(held: &[Certificate], page: i64) -> Markup {
    let shown = usize::try_from(PAGE).unwrap_or(usize::MAX);
    html! {
        div #items {
            @for one in held.iter().take(shown) { (card(one)) }
            @if held.len() > shown { (ui::more(&format!("{}?page={}", paths::CERTIFICATES, page + 1), "加载更多")) }
        }
    }
}

fn card(one: &Certificate) -> Markup {
    let mut actions: Vec<_> = links::posting(one).into_iter().collect();
    actions.push(Link::new("证书详情", paths::certificate(&one.id)));
    ui::card(&Card {
        title: one.exam.clone(),
        href: paths::certificate(&one.id),
        tag: ui::tag(one.delivery.state(), one.delivery.label()),
        facts: vec![
            ("考试年月", month_label(&one.month)),
            ("级别专业", one.summary()),
            ("管理号", one.management_number.clone()),
            ("批准日期", one.approved_on.to_string()),
        ],
        note: None,
        actions,
    })
}
