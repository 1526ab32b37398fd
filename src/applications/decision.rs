//! A decision as a document: the candidate reads it, confirms that it was served, and prints it.

use std::sync::Arc;

use maud::{Markup, html};
use poem::web::Data;
use poem::{Response, handler};

use super::address::{BusinessOf, Number};
use super::detail::Detail;
use crate::casework::business::Application;
use crate::casework::calendar::Calendar;
use crate::casework::history;
use crate::casework::lifecycle::{Action, Status};
use crate::casework::service::{self, LastDays};
use crate::pages::signed_in::as_candidate;
use crate::pages::{links, views};
use crate::people::candidate::Candidate;
use crate::settings::Settings;
use crate::store::{Error, Store, Timestamp, Tx, clock};
use crate::ui::{self, Fact, Look, Page};
use crate::web::{Failure, Frame, Visitor};

/// A decision that was made, and whether it was served.
struct Decision {
    detail: Detail,
    title: &'static str,
    served: Option<(Timestamp, LastDays)>,
}

impl Decision {
    /// # Errors
    /// [`Failure::NotFound`] if there is no decision, or none that is a document.
    fn load(tx: &mut Tx, detail: Detail) -> Result<Decision, Failure> {
        let title = service::document_of(&detail.application).ok_or(Failure::NotFound)?;
        let served = match service::served_at(&detail.events) {
            Some(at) => Some((at, last_days(tx, at)?)),
            None => None,
        };
        Ok(Decision { detail, title, served })
    }

    fn page(&self, authority: &str) -> Page {
        let application = &self.detail.application;
        let path = links::application(application);
        let main = html! {
            (ui::heading(authority, self.title, ""))
            (ui::panel("当事人", ui::facts(&[
                Fact::number(ui::Lang::Chinese, "受理号", application.shown_number()),
                Fact::of("姓名", &self.detail.candidate.name),
                Fact::of("证件", self.detail.candidate.masked_document()),
                Fact::of("考试", &application.title),
            ])))
            (views::records(&self.detail.cited))
            (self.decision())
            (self.remedies())
            (self.service())
        };
        let bar = html! {
            (ui::link_button(&path, "返回申请", Look::Plain))
            (ui::print_button("打印"))
        };
        Page::new(self.title, main).about(application.shown_number()).own_heading().back(path).bar(bar)
    }

    fn decision(&self) -> Markup {
        let application = &self.detail.application;
        let action = if application.status == Status::Rejected { Action::Reject } else { Action::Approve };
        ui::panel(
            "处理决定",
            ui::facts(&[
                Fact::of("决定", views::word(application)),
                Fact::of("理由", self.detail.note(action)),
                Fact::of("决定时间", application.decided_at.map(clock::china).unwrap_or_default()),
            ]),
        )
    }

    fn remedies(&self) -> Markup {
        let [review, suit] = match &self.served {
            None => ["60 日内".to_owned(), "六个月内".to_owned()],
            Some((_, last)) => {
                [format!("60 日内（最迟 {}）", last.review), format!("六个月内（最迟 {}）", last.suit)]
            }
        };
        ui::panel(
            "不服决定的，您可以",
            html! {
                ul {
                    li { "自签收之日起" (ui::words(&review)) "，依法申请行政复议；" }
                    li { "自签收之日起" (ui::words(&suit)) "，依法向人民法院提起行政诉讼。" }
                }
                p.muted.small { "期间的最后一天是节假日的，顺延到节假日后的第一个工作日。" }
            },
        )
    }

    fn service(&self) -> Markup {
        if let Some((at, _)) = &self.served {
            let at = clock::china(*at);
            return ui::panel("送达", ui::facts(&[Fact::of("签收时间", at), Fact::of("签收人", "本人")]));
        }
        let application = &self.detail.application;
        ui::panel(
            "送达",
            html! {
                p { "请阅读后确认签收。签收只表示您已收到，不表示同意；上面的期限自签收之日起计算。" }
                form method="post" action=(links::decision(application)) {
                    (ui::submit("served", "yes", "确认签收", Look::Primary))
                }
            },
        )
    }
}

fn last_days(tx: &mut Tx, served_at: Timestamp) -> Result<LastDays, Error> {
    Ok(service::last_days(&Calendar::load(tx)?, clock::china_date(served_at)))
}

#[handler]
pub async fn show(
    BusinessOf(business): BusinessOf,
    Number(number): Number,
    visitor: Visitor,
    frame: Frame,
    Data(settings): Data<&Arc<Settings>>,
) -> Result<Response, Failure> {
    let load = move |tx: &mut Tx, candidate| {
        let detail = Detail::load(tx, business, candidate, &number)?;
        Decision::load(tx, detail)
    };
    let decision = as_candidate(&visitor, load).await?;
    Ok(frame.page(decision.page(&settings.authority)))
}

/// 确认签收.
#[handler]
pub async fn serve(
    BusinessOf(business): BusinessOf,
    Number(number): Number,
    candidate: Candidate,
    frame: Frame,
    Data(store): Data<&Store>,
) -> Result<Response, Failure> {
    let path = store
        .write::<_, Failure, _>(move |tx| {
            candidate.lock(tx)?;
            let application = Application::own(tx, &candidate.id, business.slug, &number)?;
            let events = history::of(tx, &application.id)?;
            service::serve(tx, &application, &events)?;
            Ok(links::decision(&application))
        })
        .await?;
    Ok(frame.go(&path))
}
