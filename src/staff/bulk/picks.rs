//! 拣货单: the certificates of a batch in the order in which they lie in the store, for printing.

use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};

use super::batch_page::BatchPath;
use super::export::exported;
use super::kind::{Exported, Papers};
use super::request::{BulkRequest, batch_for};
use crate::casework::batch::Batch;
use crate::paths;
use crate::people::staff::StaffMember;
use crate::store::Tx;
use crate::ui::{self, Icon, Page};
use crate::web::Failure;

/// `GET /staff/batch/{id}/picks`
#[handler]
pub async fn list_picks(request: BulkRequest, Path(path): Path<BatchPath>) -> Result<Response, Failure> {
    let back = paths::batch(&path.id);
    request.recent_sign_in(&back).await?;
    let (batch, rows) = request.write(move |tx, staff| load(tx, staff, &path.id)).await?;
    let (_, desk) = request.read(|_, _| Ok((Vec::new(), ()))).await?;
    let main = show(&batch, &rows);
    let title = format!("拣货单 {}", batch.number);
    Ok(request.frame.page(Page::new(&title, main).own_heading().wide().back(back).desk(desk)))
}

fn load(tx: &mut Tx, staff: &StaffMember, id: &str) -> Result<(Batch, Vec<Exported>), Failure> {
    let (batch, kind) = batch_for(tx, staff, id)?;
    if kind.papers != Papers::Parcels {
        return Err(Failure::NotFound);
    }
    let mut rows = exported(tx, staff, &batch, "pick_list")?;
    rows.sort_by_key(place);
    Ok((batch, rows))
}

/// Certificates lie by exam, level and specialty, then by number.
fn place(row: &Exported) -> (String, String, String) {
    let held = row.certificate.as_ref();
    let number = held.map(|held| held.number.clone()).unwrap_or_default();
    (row.application.title.clone(), row.application.summary.clone(), number)
}

fn show(batch: &Batch, rows: &[Exported]) -> Markup {
    html! {
        (ui::heading("批量邮寄", "拣货单", &format!("批次 {}，共 {} 件", batch.number, rows.len())))
        @if rows.is_empty() { (ui::empty(Icon::Check, "没有等待寄出的证书", "这一批都登记好了。", None)) }
        @else {
            div.actions { (ui::print_button("打印")) }
            ul.bulk-lines {
                @for row in rows { (line(row)) }
            }
        }
    }
}

fn line(row: &Exported) -> Markup {
    let held = row.certificate.as_ref();
    html! {
        li {
            strong { (row.candidate.name) } " · " (ui::words(&row.application.title)) " · " (row.application.summary)
            @if let Some(held) = held {
                span.small { (held.numbers_in_words()) }
            }
            span.muted.small { "受理号 " (row.application.shown_number()) " · " (row.answer("carrier")) }
        }
    }
}
