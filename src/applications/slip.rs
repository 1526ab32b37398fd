//! 受理回执: a page to print, with a QR code that links to the application.

use std::sync::Arc;

use maud::html;
use poem::web::Data;
use poem::{Request, Response, handler};

use super::detail::Detail;
use crate::pages::{links, views};
use crate::settings::Settings;
use crate::store::{Store, clock};
use crate::ui::{self, Fact, Medium, Page};
use crate::web::{Frame, host};

#[handler]
pub async fn show(
    req: &Request,
    detail: Detail,
    frame: Frame,
    Data(store): Data<&Store>,
    Data(settings): Data<&Arc<Settings>>,
) -> Response {
    let application = &detail.application;
    let path = links::application(application);
    let address = format!("{}{path}", settings.base_for(host(req)));
    let facts = [
        Fact::number(ui::Lang::Chinese, "受理号", application.shown_number()),
        Fact::of("业务", application.business.label),
        Fact::of("申请人", detail.candidate.masked_name()),
        Fact::of("证件", detail.candidate.masked_document()),
        Fact::of("考试", &application.title),
        Fact::of(application.business.summary_label, &application.summary),
        Fact::of("受理时间", application.submitted_at.map(clock::china).unwrap_or_default()),
        Fact::of("打印时的状态", views::word(application)),
        Fact::of("打印时间", clock::china(store.clock.now())),
    ];
    let main = html! {
        (ui::heading(&settings.authority, "受理回执", ""))
        (ui::panel("", html! {
            (ui::facts(&facts))
            (ui::qr(&address, "查看办理进度的二维码", Medium::Paper))
            p.muted.small { "本回执证明申请已受理。状态以打印时为准，最新进度和结果请扫码登录后查看。" }
        }))
    };
    let bar = html! {
        (ui::link_button(&path, "返回申请", ui::Look::Plain))
        (ui::print_button("打印回执"))
    };
    frame
        .page(Page::new("受理回执", main).about(application.shown_number()).own_heading().back(path).bar(bar))
}
