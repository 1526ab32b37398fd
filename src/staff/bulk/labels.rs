//! Address labels of a batch as PDF, on A4 sheets or on a roll of labels.

mod layout;
mod sheet;

use std::sync::Arc;

use poem::web::{Data, Path};
use poem::{Response, handler};
use serde::Deserialize;

use self::layout::Label;
pub(super) use self::sheet::Sheet;
use super::export::exported;
use super::kind::{Exported, Papers};
use super::request::{BulkRequest, batch_for};
use crate::paths;
use crate::settings::Settings;
use crate::web::current_contact::CurrentContact;
use crate::web::{Failure, attachment};

#[derive(Deserialize)]
struct LabelsPath {
    id: String,
    sheet: String,
}

/// `GET /staff/batch/{id}/labels/{sheet}`. The audit gets an entry for each application.
#[handler]
pub async fn print_labels(
    request: BulkRequest,
    Path(path): Path<LabelsPath>,
    Data(settings): Data<&Arc<Settings>>,
    Data(contact): Data<&CurrentContact>,
) -> Result<Response, Failure> {
    let sheet = Sheet::from_code(&path.sheet).ok_or(Failure::NotFound)?;
    request.recent_sign_in(&paths::batch(&path.id)).await?;
    let (batch, rows) = request
        .write(move |tx, staff| {
            let (batch, kind) = batch_for(tx, staff, &path.id)?;
            if kind.papers != Papers::Parcels {
                return Err(Failure::NotFound);
            }
            let rows = exported(tx, staff, &batch, "export_labels")?;
            Ok((batch, rows))
        })
        .await?;
    let contact = contact.get();
    let phone = contact.phones.first().map_or("", |phone| phone.number.as_str());
    let sender = format!("{} {phone}", settings.authority);
    let labels: Vec<Label> = rows.iter().map(|row| label(row, sender.trim())).collect();
    let pdf = tokio::task::spawn_blocking(move || layout::pdf(sheet, &labels)).await;
    let pdf = pdf.map_err(|error| Failure::Internal(format!("labels: {error}")))?;
    let pdf = pdf.map_err(|error| Failure::Internal(format!("labels: {error}")))?;
    Ok(attachment("application/pdf", &format!("{} {}.pdf", sheet.label(), batch.number), pdf))
}

fn label(row: &Exported, sender: &str) -> Label {
    let place: String = ["province", "city", "district"].map(|level| row.answer(level)).concat();
    let remark = row.answer("remark");
    let postcode = row.answer("postcode");
    Label {
        recipient: format!("{}　{}", row.answer("recipient"), row.answer("phone")),
        address: format!("{place}{}", row.answer("street")),
        details: [
            if postcode.is_empty() { String::new() } else { format!("邮编 {postcode}") },
            row.answer("carrier"),
            if remark.is_empty() { String::new() } else { format!("备注：{remark}") },
        ]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("　"),
        inside: format!("{}　{}", row.application.title, row.application.shown_number()),
        sender: format!("寄件：{sender}"),
    }
}
