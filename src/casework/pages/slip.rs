//! 回执: a page to print or keep, with a code that leads back to the application.

use std::sync::Arc;

use maud::html;
use poem::web::Data;
use poem::{Request, Response, handler};

use super::detail::Detail;
use super::kind::{Kind, Number};
use crate::casework::business::Registry;
use crate::casework::views;
use crate::people::candidate::Candidate;
use crate::settings::Settings;
use crate::store::{Store, clock};
use crate::ui::{self, Page};
use crate::web::{Failure, Frame, host};

#[handler]
pub(super) async fn show(
    req: &Request,
    Kind(business): Kind,
    Number(number): Number,
    candidate: Candidate,
    frame: Frame,
    Data(store): Data<&Store>,
    Data(registry): Data<&Registry>,
    Data(settings): Data<&Arc<Settings>>,
) -> Result<Response, Failure> {
    let registry = *registry;
    let detail = store
        .read::<_, Failure, _>(move |tx| Detail::load(tx, registry, business, candidate, &number))
        .await?;
    let application = &detail.application;
    let path = application.path();
    let address = format!("{}{path}", settings.base_for(host(req)));
    let facts = [
        views::fact("受理号", application.shown_number()),
        views::fact("业务", business.label),
        views::fact("申请人", detail.candidate.masked_name()),
        views::fact("证件", detail.candidate.masked_document()),
        views::fact("考试", application.title.clone()),
        views::fact("级别专业", application.summary.clone()),
        views::fact("受理时间", application.submitted_at.map(clock::china).unwrap_or_default()),
        views::fact("办理结果", application.status.label()),
        views::fact("打印时间", clock::china(store.clock.now())),
    ];
    let main = html! {
        (ui::heading(&settings.authority, "受理回执", ""))
        (ui::panel("", html! {
            (ui::facts(&facts))
            (ui::qr(&address, "查看办理进度的二维码"))
            p.muted.small { "扫码登录后查看办理进度。本回执只证明申请已受理，不代表审核结果。" }
        }))
    };
    let bar = html! {
        (ui::link_button(&path, "返回申请", ui::Look::Plain))
        (ui::print_button("打印回执"))
    };
    Ok(frame.page(Page::new("受理回执", main).own_heading().back(path).bar(bar)))
}
