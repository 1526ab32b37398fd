//! 谁查询过: who asked about a certificate, when and in which way, for its holder.

use std::collections::HashMap;

use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};

use crate::exams::inquiry::{self, Asked, Inquiry, Way};
use crate::exams::{held, organisation};
use crate::pages::signed_in::as_candidate;
use crate::paths;
use crate::people::candidate::Candidate;
use crate::people::holder_hash::HolderHash;
use crate::store::clock::china;
use crate::store::{Error, Tx};
use crate::ui::{self, Icon, Moment, Page};
use crate::web::{Failure, Frame, Visitor};

/// Most entries that are listed.
const MOST: i64 = 200;

/// An entry with the name of the organisation, if one asked.
type Entry = (Inquiry, Asked, String);

#[handler]
pub async fn show(visitor: Visitor, Path(id): Path<String>, frame: Frame) -> Result<Response, Failure> {
    let key = id.clone();
    let load = move |tx: &mut Tx, candidate: Candidate| {
        let exam = held::own(tx, &candidate.holder, &key)?.ok_or(Failure::NotFound)?.exam;
        Ok((exam, entries(tx, &candidate.holder, &key)?))
    };
    let (exam, entries) = as_candidate(&visitor, load).await?;
    let main = html! {
        (ui::heading("", &exam, "别人通过核验链接、证书上的码或批量查询核验这本证书，都有记录。"))
        @if entries.is_empty() {
            (ui::empty(Icon::Check, "还没有人查询过", "有人核验这本证书后，这里会有记录。", None))
        } @else { (ui::panel("", list(&entries))) }
        p.muted.small {
            "同一方一天内多次查询记为一条。在“证书查询”逐本查询的人不登录，也不留记录：他们已经知道姓名、证件号码和证书编号。"
        }
    };
    let page = Page::new("谁查询过", main).about(exam).own_heading().back(paths::certificate(id));
    Ok(frame.page(page))
}

/// The link to this page.
pub fn door(certificate: &str) -> Markup {
    html! { p.actions { (ui::link_button(&paths::inquiries(certificate), "谁查询过", ui::Look::Plain)) } }
}

fn entries(tx: &mut Tx, holder: &HolderHash, certificate: &str) -> Result<Vec<Entry>, Error> {
    let found = inquiry::of(tx, holder, certificate, MOST)?;
    let by_organisation = found.iter().filter(|(inquiry, _)| inquiry.way == Way::Organisation);
    let ids: Vec<String> = by_organisation.map(|(inquiry, _)| inquiry.asker.clone()).collect();
    let names: HashMap<String, String> = organisation::names(tx, &ids)?.into_iter().collect();
    let named = |(inquiry, asked): (Inquiry, Asked)| {
        let name = names.get(&inquiry.asker).cloned().unwrap_or_default();
        (inquiry, asked, name)
    };
    Ok(found.into_iter().map(named).collect())
}

fn list(entries: &[Entry]) -> Markup {
    let moment = |(inquiry, asked, name): &Entry| {
        let times =
            (asked.count > 1).then(|| format!("当天共 {} 次，最早 {}", asked.count, china(asked.first_at)));
        Moment {
            state: String::new(),
            title: if name.is_empty() { inquiry.way.label().to_owned() } else { name.clone() },
            when: china(asked.last_at),
            detail: [(!name.is_empty()).then(|| inquiry.way.label().to_owned()), times]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" · "),
        }
    };
    ui::timeline(&entries.iter().map(moment).collect::<Vec<_>>())
}
