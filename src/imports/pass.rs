//! One pass through a file: one thread reads it, others check the rows, and the caller gets the results in
//! the order of the file.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::Error;
use super::check::{self, Checked, Header, check};
use super::kind::ImportKind;
use super::reference::ReferenceData;
use super::source::{RawRow, Source};

/// Most rows, and most bytes, that are sent between threads at once.
const CHUNK: usize = 500;
const CHUNK_BYTES: usize = 1 << 18;

/// Capacity of the channels to and from each checker, in chunks. With two checkers `READY` holds the rows
/// of one batch, so that they go on while the database writes another.
const WAITING: usize = 2;
const READY: usize = 10;

/// The file changed between the check pass and the load pass, or during one of them.
pub const CHANGED: &str = "the file was changed while it was read; run the import again";

const ENDLESS: &str =
    "the first row has more than 64 KB or 256 columns; perhaps a quote is not closed, or this is no CSV";

/// More checkers bring nothing: the database is slower than four.
const MOST_CHECKERS: usize = 4;

/// Checked rows, in the order of the file.
pub struct Chunk<T> {
    /// Rows of the file before this chunk.
    pub first: u64,
    pub rows: Vec<Checked<T>>,
    /// Share of the file that is read, 0 to 1.
    pub read: f64,
}

struct RawChunk {
    first: u64,
    rows: Vec<RawRow>,
    read: f64,
}

/// Reads and checks a file. The first `skip` rows are read but not checked. `convert` runs on the checkers'
/// threads, `take` on the caller's.
///
/// Chunks are sent to the checkers in turn and received from them in turn, which keeps their order.
pub fn pass<T: Send>(
    kind: &'static ImportKind,
    source: &Source,
    reference: &ReferenceData,
    skip: u64,
    convert: impl Fn(check::Row) -> T + Sync,
    mut take: impl FnMut(Chunk<T>) -> Result<(), Error>,
) -> Result<(), Error> {
    let header = read_header(kind, source)?;
    let checkers = thread::available_parallelism().map_or(1, usize::from).min(MOST_CHECKERS);
    thread::scope(|scope| {
        let (to_checkers, from_checkers): (Vec<_>, Vec<_>) = (0..checkers)
            .map(|_| {
                let (raw, raw_chunks) = sync_channel(WAITING);
                let (checked, chunks) = sync_channel(READY);
                let (header, convert) = (&header, &convert);
                scope.spawn(move || {
                    let check = |row: &RawRow| {
                        let Checked { line, outcome } = check(kind, header, row, reference);
                        Checked { line, outcome: outcome.map(convert) }
                    };
                    check_all(&check, &raw_chunks, &checked);
                });
                (raw, chunks)
            })
            .unzip();
        let reader = scope.spawn(move || read_all(source, skip, &to_checkers));
        let taken =
            from_checkers.iter().cycle().map_while(|chunks| chunks.recv().ok()).try_for_each(&mut take);
        // Closes the channels, so that the other threads end.
        drop(from_checkers);
        let read = reader.join().unwrap_or_else(|panic| resume_unwind(panic));
        taken.and(read)
    })?;
    if source.has_changed() { Err(Error::File(CHANGED.into())) } else { Ok(()) }
}

fn read_header(kind: &ImportKind, source: &Source) -> Result<Header, Error> {
    let mut header = None;
    source.read(&mut |row, _| {
        header = Some(row);
        ControlFlow::Break(())
    })?;
    let header = header.ok_or_else(|| Error::File("the file is empty".into()))?;
    if header.fault.is_some() {
        return Err(Error::File(ENDLESS.into()));
    }
    let in_sheet = |why| match source.sheet_name() {
        "" => Error::File(why),
        sheet => Error::File(format!("in the sheet “{sheet}”, {why}")),
    };
    Header::read(kind, &header).map_err(in_sheet)
}

fn read_all(source: &Source, skip: u64, to: &[SyncSender<RawChunk>]) -> Result<(), Error> {
    let (mut next, mut turns) = (0, to.iter().cycle());
    let (mut chunk, mut bytes) = (Vec::with_capacity(CHUNK), 0);
    let mut header = true;
    let mut send = |chunk: RawChunk| match turns.next().map(|to| to.send(chunk)) {
        Some(Ok(())) => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    };
    source.read(&mut |row, read| {
        if std::mem::take(&mut header) {
            return ControlFlow::Continue(());
        }
        next += 1;
        if next > skip {
            bytes += row.size();
            chunk.push(row);
        }
        if chunk.len() < CHUNK && bytes < CHUNK_BYTES {
            return ControlFlow::Continue(());
        }
        bytes = 0;
        let rows = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK));
        send(RawChunk { first: next - rows.len() as u64, rows, read })
    })?;
    if !chunk.is_empty() {
        let _ = send(RawChunk { first: next - chunk.len() as u64, rows: chunk, read: 1.0 });
    }
    Ok(())
}

fn check_all<T>(
    check: &dyn Fn(&RawRow) -> Checked<T>,
    raw: &Receiver<RawChunk>,
    checked: &SyncSender<Chunk<T>>,
) {
    for chunk in raw {
        let rows = chunk.rows.iter().map(check).collect();
        if checked.send(Chunk { first: chunk.first, rows, read: chunk.read }).is_err() {
            return;
        }
    }
}
