//! Taking applications out of a batch, so that they can be carried out by themselves or in another one.

use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};

use super::batch_page::BatchPath;
use super::kind::{BatchKind, Papers};
use super::kind_page::facts;
use super::request::{BulkRequest, batch_for, listed};
use crate::casework::batch::{self, Batch, BatchRow, RowState};
use crate::casework::number;
use crate::paths;
use crate::people::mask;
use crate::people::staff::{self as roster, StaffMember};
use crate::store::Tx;
use crate::ui::{self, Look, Page, Tone};
use crate::web::{Failure, Submission, see_other};

/// Applications on one page. Those taken out make room for the next.
const SHOWN: usize = 200;

struct Dropping {
    batch: Batch,
    kind: &'static BatchKind,
    rows: Vec<BatchRow>,
}

/// `GET /staff/batch/{id}/drop`
#[handler]
pub async fn choose_dropped(request: BulkRequest, Path(path): Path<BatchPath>) -> Result<Response, Failure> {
    let back = paths::batch(&path.id);
    let load = move |tx: &mut Tx, staff: &StaffMember| {
        let (batch, kind) = batch_for(tx, staff, &path.id)?;
        let mut rows = batch::rows(tx, &batch.id)?;
        rows.retain(|row| row.state == RowState::Open);
        rows.truncate(SHOWN);
        Ok((listed(rows.iter().map(|row| row.application.shown_number())), Dropping { batch, kind, rows }))
    };
    let (dropping, desk) = request.read(load).await?;
    let main = dropping.show();
    let title = format!("移出申请 {}", dropping.batch.number);
    Ok(request.frame.page(Page::new(&title, main).own_heading().wide().back(back).desk(desk)))
}

impl Dropping {
    fn show(&self) -> Markup {
        let warning = match self.kind.papers {
            Papers::Parcels => "移出后仍由您打包，可以在申请页面单独登记或放回。请收回已经打印的面单。",
            Papers::Nothing | Papers::Pdfs => {
                "移出后可以单独办理或放进另一批。文件已经交给银行或印制单位的，请先确认对方不再按它办理，以免重复。"
            }
        };
        html! {
            (ui::heading(self.kind.label, "移出申请", &format!("批次 {}", self.batch.number)))
            (ui::banner(Tone::Warn, "移出前请确认", html! { p { (warning) } }))
            form method="post" action=(paths::batch_drop(&self.batch.id)) {
                fieldset {
                    legend.label { "等待结果的申请" }
                    div.options data-long {
                        @for row in &self.rows {
                            label.option {
                                input type="checkbox" name="number" value=(row.application.shown_number());
                                span {
                                    (row.position) ". " (mask::name(&row.name)) " · " (ui::words(&row.application.title))
                                    span.muted.small {
                                        (ui::words(&facts(&row.application)))
                                        @if row.has_changed() { " · 做成批次后有变动" }
                                    }
                                }
                            }
                        }
                    }
                }
                div.actions { (ui::submit("go", "drop", "移出选中的", Look::Danger)) }
            }
        }
    }
}

/// `POST /staff/batch/{id}/drop`
#[handler]
pub async fn drop_rows(
    request: BulkRequest,
    Path(path): Path<BatchPath>,
    sent: Submission,
) -> Result<Response, Failure> {
    let page = paths::batch(&path.id);
    let chosen: Vec<_> = sent.all("number").iter().filter_map(|text| number::parse(text)).collect();
    request
        .write(move |tx, staff| {
            let (batch, _) = batch_for(tx, staff, &path.id)?;
            for row in batch::rows(tx, &batch.id)? {
                let application = &row.application;
                if application.number.as_ref().is_some_and(|number| chosen.contains(number))
                    && batch::settle(tx, &batch.id, &application.id, RowState::Dropped)?
                {
                    roster::audit(tx, &staff.id, "unbatch", application.shown_number())?;
                }
            }
            Ok(())
        })
        .await?;
    Ok(see_other(&page))
}
