//! One way through a file: a thread reads, others check, and the caller gets every row in its order.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::Error;
use super::check::{Checked, Header, Records, check};
use super::kind::Kind;
use super::source::{RawRow, Source};
use super::world::World;

/// Rows that travel together between threads, fewer if they are this long.
const LOT: usize = 500;
const LOT_BYTES: usize = 1 << 18;

/// Lots that wait for a checker, and that each has ready: of two checkers, as many rows as are written at once,
/// so that they need not wait for the database.
const WAITING: usize = 2;
const READY: usize = 10;

/// It is a table of two things if it changes between two looks.
pub const CHANGED: &str = "the file was changed while it was read; run the import again";

const ENDLESS: &str =
    "the first row has more than 64 KB or 256 columns; perhaps a quote is not closed, or this is no CSV";

/// More than this never pays: the database takes longer.
const MOST_CHECKERS: usize = 4;

/// Rows that were checked, in the order of the file.
pub struct Lot<T> {
    /// How many rows came before.
    pub first: u64,
    /// The rows.
    pub rows: Vec<Checked<T>>,
    /// The part of the file that is read, 0 to 1.
    pub read: f64,
}

struct RawLot {
    first: u64,
    rows: Vec<RawRow>,
    read: f64,
}

/// Reads and checks a file. `skip` rows from the top are read and not checked. `turn` makes of each row's
/// records what the caller wants of them, where they were checked.
///
/// Lots go to the checkers in turn and are taken from them in turn, so they stay in order.
pub fn pass<T: Send>(
    kind: &'static Kind,
    source: &Source,
    world: &World,
    skip: u64,
    turn: impl Fn(Records) -> T + Sync,
    mut take: impl FnMut(Lot<T>) -> Result<(), Error>,
) -> Result<(), Error> {
    let header = read_header(kind, source)?;
    let checkers = thread::available_parallelism().map_or(1, usize::from).min(MOST_CHECKERS);
    thread::scope(|scope| {
        let (to_checkers, from_checkers): (Vec<_>, Vec<_>) = (0..checkers)
            .map(|_| {
                let (raw, raw_lots) = sync_channel(WAITING);
                let (checked, lots) = sync_channel(READY);
                let (header, turn) = (&header, &turn);
                scope.spawn(move || {
                    let check = |row: &RawRow| {
                        let Checked { line, outcome } = check(kind, header, row, world);
                        Checked { line, outcome: outcome.map(turn) }
                    };
                    check_all(&check, &raw_lots, &checked);
                });
                (raw, lots)
            })
            .unzip();
        let reader = scope.spawn(move || read_all(source, skip, &to_checkers));
        let taken = from_checkers.iter().cycle().map_while(|lots| lots.recv().ok()).try_for_each(&mut take);
        // Whoever still reads or checks finds nobody listening, and ends.
        drop(from_checkers);
        let read = reader.join().unwrap_or_else(|panic| resume_unwind(panic));
        taken.and(read)
    })?;
    if source.has_changed() { Err(Error::File(CHANGED.into())) } else { Ok(()) }
}

fn read_header(kind: &Kind, source: &Source) -> Result<Header, Error> {
    let mut header = None;
    source.read(&mut |row, _| {
        header = Some(row);
        ControlFlow::Break(())
    })?;
    let header = header.ok_or_else(|| Error::File("the file is empty".into()))?;
    if header.fault.is_some() {
        return Err(Error::File(ENDLESS.into()));
    }
    Header::read(kind, &header).map_err(Error::File)
}

fn read_all(source: &Source, skip: u64, to: &[SyncSender<RawLot>]) -> Result<(), Error> {
    let (mut next, mut turns) = (0, to.iter().cycle());
    let (mut lot, mut bytes) = (Vec::with_capacity(LOT), 0);
    let mut header = true;
    let mut send = |lot: RawLot| match turns.next().map(|to| to.send(lot)) {
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
            lot.push(row);
        }
        if lot.len() < LOT && bytes < LOT_BYTES {
            return ControlFlow::Continue(());
        }
        bytes = 0;
        let rows = std::mem::replace(&mut lot, Vec::with_capacity(LOT));
        send(RawLot { first: next - rows.len() as u64, rows, read })
    })?;
    if !lot.is_empty() {
        let _ = send(RawLot { first: next - lot.len() as u64, rows: lot, read: 1.0 });
    }
    Ok(())
}

fn check_all<T>(check: &dyn Fn(&RawRow) -> Checked<T>, raw: &Receiver<RawLot>, checked: &SyncSender<Lot<T>>) {
    for lot in raw {
        let rows = lot.rows.iter().map(check).collect();
        if checked.send(Lot { first: lot.first, rows, read: lot.read }).is_err() {
            return;
        }
    }
}
