//! 消息文字: what candidates are told, by topic. A business may have a text of its own.

use maud::html;
use poem::{Response, handler};

use super::request::AdminRequest;
use super::texts::{OFFICE, excerpt, version};
use crate::casework::messages::topic::Topic;
use crate::casework::texts::{self, TextKind};
use crate::paths;
use crate::people::staff::StaffMember;
use crate::store::Tx;
use crate::ui::{self, ListRow, Page};
use crate::web::Failure;

#[handler]
pub async fn list(request: AdminRequest) -> Result<Response, Failure> {
    let page = |tx: &mut Tx, _: &StaffMember| {
        let mut rows = Vec::new();
        for topic in Topic::ALL {
            let kind = TextKind::Message(topic);
            let text = texts::current(tx, kind, None)?.ok_or(Failure::NotFound)?;
            rows.push(ListRow {
                title: html! { (topic.label()) },
                detail: excerpt(&text.body),
                href: paths::office_text(kind.code(), OFFICE),
                trailing: html! { span.muted.small { (version(text.version)) } },
            });
        }
        let main = html! {
            (ui::heading("", "消息文字", "考生在站内和短信里看到的文字。发布后用于以后的消息，原来的版本保留。"))
            (ui::rows(&rows))
        };
        Ok(Page::new("消息文字", main).own_heading().back(paths::ADMIN))
    };
    request.show(page).await
}
