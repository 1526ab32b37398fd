//! A form that may bring files.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use poem::web::{Field, Multipart};
use poem::{FromRequest, Request, RequestBody};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::files::storage::Storage;
use crate::files::{SentFile, Spool};
use crate::web::address::{Customer, client_address, customer};
use crate::web::form::{MAX_PARTS, MAX_TEXT_BYTES, cut_off, from_text, is_multipart};
use crate::web::places::{Place, Places};
use crate::web::{Failure, SignedIn, Submission};

/// Largest file that any slot takes in, a recording; a larger one is noted, not kept.
const MAX_FILE_BYTES: u64 = 50 << 20;

/// All parts of one form together: a form without JavaScript sends its files at once.
const MAX_TOTAL_BYTES: u64 = 120 << 20;

/// Forms with files that are taken in at the same time: of one person, of one network, and all.
const OF_A_PERSON: usize = 4;
const OF_A_NETWORK: usize = 32;
const OF_ALL: usize = 100;

/// How long a form waits until it is read; the sender sees it stand still.
const PATIENCE: Duration = Duration::from_secs(20);

const INTERRUPTED: Failure = Failure::BadRequest("上传中断，请重试");

/// Who may send files now.
#[derive(Debug)]
pub struct Reception {
    people: Places<String>,
    networks: Places<Customer>,
    all: Arc<Semaphore>,
}

impl Default for Reception {
    fn default() -> Reception {
        Reception {
            people: Places::new(OF_A_PERSON),
            networks: Places::new(OF_A_NETWORK),
            all: Arc::new(Semaphore::new(OF_ALL)),
        }
    }
}

impl Reception {
    /// A network that is not known is nobody's, so its senders do not share places.
    async fn enter(&self, person: String, network: Customer) -> Option<Vec<Place>> {
        let places = async {
            let person = self.people.take(person).await?;
            let network = match network {
                Customer::Unknown => None,
                known => Some(self.networks.take(known).await?),
            };
            let all = self.all.clone().acquire_owned().await.ok()?;
            Some([Some(person), network, Some(all)].into_iter().flatten().collect())
        };
        timeout(PATIENCE, places).await.ok()?
    }
}

/// The text fields of a form, and the files that were chosen; empty file controls are left out.
///
/// Only somebody who is signed in may send one: it takes room on the disk.
pub struct Upload(pub Submission, pub Vec<SentFile>);

impl<'a> FromRequest<'a> for Upload {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let who = SignedIn::from_request(req, body).await?;
        if !is_multipart(req) {
            return Ok(Upload(from_text(body, MAX_TEXT_BYTES).await?, Vec::new()));
        }
        let storage: &Storage = req.data().expect("site puts the storage on every request");
        let reception: &Arc<Reception> = req.data().expect("site puts the reception on every request");
        let network = customer(client_address(req));
        let places = reception.enter(who.candidate, network).await.ok_or(Failure::ManyUploads)?;
        let spool = Spool::new(&storage.arriving(), places).map_err(not_kept)?;
        let parts =
            Multipart::from_request(req, body).await.map_err(|_| Failure::BadRequest("上传的内容不完整"))?;
        Ok(from_parts(parts, spool).await?)
    }
}

async fn from_parts(mut parts: Multipart, mut spool: Spool) -> Result<Upload, Failure> {
    let (mut submission, mut files) = (Submission::default(), Vec::new());
    let (mut room, mut room_for_text) = (MAX_TOTAL_BYTES, MAX_TEXT_BYTES);
    for _ in 0..MAX_PARTS {
        let Some(part) = parts.next_field().await.map_err(|error| cut_off(&error, INTERRUPTED))? else {
            break;
        };
        match part.file_name().map(str::to_owned) {
            Some(name) => {
                let (file, length) = take_file(part, name, &mut spool, room).await?;
                room = room.checked_sub(length).ok_or(Failure::TooLarge)?;
                files.extend(file);
            }
            None => {
                let (name, value) = take_text(part, room_for_text).await?;
                room_for_text -= value.len();
                submission.push(name, String::from_utf8_lossy(&value).into_owned());
            }
        }
    }
    Ok(Upload(submission, files))
}

/// The file, unless nothing was chosen, and the bytes that came.
async fn take_file(
    part: Field,
    name: String,
    spool: &mut Spool,
    room: u64,
) -> Result<(Option<SentFile>, u64), Failure> {
    let field = part.name().unwrap_or_default().to_owned();
    let taken = spool.take(part.into_async_read(), MAX_FILE_BYTES, room).await;
    let (content, length) = taken.map_err(not_kept)?;
    let chosen = !(name.is_empty() && length == 0);
    Ok((chosen.then_some(SentFile { field, name, content }), length))
}

async fn take_text(part: Field, most: usize) -> Result<(String, Vec<u8>), Failure> {
    use tokio::io::AsyncReadExt;
    let (name, mut value) = (part.name().unwrap_or_default().to_owned(), Vec::new());
    let mut reader = part.into_async_read().take(most as u64 + 1);
    reader.read_to_end(&mut value).await.map_err(|error| cut_off(&error, INTERRUPTED))?;
    if value.len() > most { Err(Failure::TooLarge) } else { Ok((name, value)) }
}

/// A full disk is ours, a broken connection is not.
fn not_kept(error: io::Error) -> Failure {
    if error.raw_os_error().is_some() {
        return Failure::NotSaved(format!("an upload cannot be kept: {error}"));
    }
    cut_off(&error, INTERRUPTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn few_forms_of_one_person_and_of_one_network_come_at_once() {
        let reception = Reception::default();
        let network = |last: u8| Customer::V4([10, 0, 0, last].into());
        let mut held = Vec::new();
        for _ in 0..OF_A_PERSON {
            held.push(reception.enter("a".into(), network(1)).await.expect("a place"));
        }
        assert!(reception.enter("a".into(), network(2)).await.is_none());
        for number in OF_A_PERSON..OF_A_NETWORK {
            held.push(reception.enter(number.to_string(), network(1)).await.expect("a place"));
        }
        assert!(reception.enter("b".into(), network(1)).await.is_none());
        assert!(reception.enter("b".into(), network(2)).await.is_some());
        held.clear();
        assert!(reception.enter("a".into(), network(1)).await.is_some());
    }
}
