//! 受理回执: a page to print and a PDF, with a QR code that links to the application.

use std::sync::Arc;

use maud::html;
use poem::web::Data;
use poem::{Request, Response, handler};

use super::detail::Detail;
use crate::pages::paper_file::paper_file;
use crate::pages::{links, views};
use crate::paper::{Section, Sheet};
use crate::paths;
use crate::settings::Settings;
use crate::store::{Store, Timestamp, clock};
use crate::ui::{self, Fact, Lang, Medium, Page};
use crate::web::{Failure, Frame, host};

const NOTE: &str = "本回执证明申请已受理。状态以打印时为准，最新进度和结果请扫码登录后查看。";

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
    let facts: Vec<Fact> = facts(&detail, store.clock.now())
        .into_iter()
        .enumerate()
        .map(|(at, (label, value))| match at {
            0 => Fact::number(Lang::Chinese, label, &value),
            _ => Fact::of(label, value),
        })
        .collect();
    let main = html! {
        (ui::heading(&settings.authority, "受理回执", ""))
        (ui::panel("", html! {
            (ui::facts(&facts))
            (ui::qr(&address, "查看办理进度的二维码", Medium::Paper))
            p.muted.small { (NOTE) }
        }))
    };
    let file = paths::slip_file(application.business.slug, application.shown_number());
    let bar = html! {
        (ui::link_button(&path, "返回申请", ui::Look::Plain))
        (ui::download_button(&file, "下载 PDF", ui::Look::Plain))
        (ui::print_button("打印回执"))
    };
    frame
        .page(Page::new("受理回执", main).about(application.shown_number()).own_heading().back(path).bar(bar))
}

/// Labels and values; the first is the number.
fn facts(detail: &Detail, now: Timestamp) -> [(&'static str, String); 9] {
    let application = &detail.application;
    [
        ("受理号", application.shown_number().to_owned()),
        ("业务", application.business.label.to_owned()),
        ("申请人", detail.candidate.masked_name()),
        ("证件", detail.candidate.masked_document()),
        ("考试", application.title.clone()),
        (application.business.summary_label, application.summary.clone()),
        ("受理时间", application.submitted_at.map(clock::china).unwrap_or_default()),
        ("打印时的状态", views::word(application).to_owned()),
        ("打印时间", clock::china(now)),
    ]
}

/// `GET /services/{business}/{number}/slip/file`: the slip as PDF.
#[handler]
pub async fn download(
    req: &Request,
    detail: Detail,
    Data(store): Data<&Store>,
    Data(settings): Data<&Arc<Settings>>,
) -> Result<Response, Failure> {
    let (application, now) = (&detail.application, store.clock.now());
    let facts = facts(&detail, now).map(|(label, value)| (label.to_owned(), value));
    let sheet = Sheet {
        above: settings.authority.clone(),
        title: "受理回执".into(),
        sections: vec![Section { heading: String::new(), facts: facts.into() }],
        qr: Some(format!("{}{}", settings.base_for(host(req)), links::application(application))),
        notes: vec![NOTE.into()],
        ..Sheet::new(now, Lang::Chinese.tag())
    };
    paper_file(&format!("受理回执 {}.pdf", application.shown_number()), sheet).await
}
