//! A sheet of paper as a file that the browser saves.

use poem::Response;

use crate::paper::{Sheet, pdf};
use crate::web::{Failure, attachment};

/// The PDF of a sheet. `name` is the name of the file.
pub async fn paper_file(name: &str, sheet: Sheet) -> Result<Response, Failure> {
    let failed = |error: String| Failure::Internal(format!("{name}: {error}"));
    let file = tokio::task::spawn_blocking(move || pdf(&sheet)).await;
    let file = file.map_err(|error| failed(error.to_string()))?.map_err(failed)?;
    Ok(attachment("application/pdf", name, file))
}
