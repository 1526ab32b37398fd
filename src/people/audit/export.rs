//! A copy of the audit that others can check without the data key: JSON Lines, in which each entry of a day has a
//! SHA-256 link to the one before it. The link of the last entry of a day is the head of the day. Who has the heads of
//! an earlier copy sees whether an entry up to them has changed since.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, Write};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::chain::{self, Entry, Place};
use super::check::{self, Link};
use crate::store::{CandidateId, Error, Timestamp, Tx};

/// A line of an export.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Entry(EntryLine),
    Head(HeadLine),
    Range(RangeLine),
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct RangeLine {
    from: NaiveDate,
    to: NaiveDate,
    exported_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct EntryLine {
    day: NaiveDate,
    seq: i64,
    id: String,
    at: Timestamp,
    staff: Option<String>,
    candidate: Option<CandidateId>,
    action: String,
    target: String,
    /// The keyed hashes of the entry before it and of the entry.
    previous: String,
    hash: String,
    /// SHA-256 of the link before it and of everything above, in hex.
    link: String,
}

/// The line after the last entry of a day.
#[derive(Clone, Serialize, Deserialize)]
struct HeadLine {
    head: NaiveDate,
    entries: i64,
    link: String,
}

/// The heads of an earlier export, by day.
#[derive(Default)]
pub struct Heads(BTreeMap<NaiveDate, HeadLine>);

impl Heads {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Links the entries of each day.
#[derive(Default)]
struct Links {
    day: Option<HeadLine>,
}

impl Links {
    /// Adds the next entry. Returns its link, and the head of the day before if the entry begins a day.
    fn add(&mut self, link: &Link) -> (String, Option<HeadLine>) {
        let Place { day, seq } = link.place;
        let ended = self.day.take_if(|head| head.head != day);
        let before = self.day.take().map_or_else(|| format!("kaozheng audit {day}"), |head| head.link);
        let mut hash = Sha256::new();
        hash.update(before);
        hash.update(chain::text(&link.previous, link.place, &link.entry));
        hash.update(&link.hash);
        let linked: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        self.day = Some(HeadLine { head: day, entries: seq, link: linked.clone() });
        (linked, ended)
    }
}

/// Writes the entries of some days. Returns how many.
///
/// # Errors
/// Those of the database and of the output.
pub fn write(
    tx: &mut Tx,
    (from, to): (NaiveDate, NaiveDate),
    output: &mut dyn Write,
) -> Result<u64, ExportError> {
    let mut line = |line: &Line| -> Result<(), ExportError> {
        serde_json::to_writer(&mut *output, line).map_err(io::Error::from)?;
        Ok(output.write_all(b"\n")?)
    };
    line(&Line::Range(RangeLine { from, to, exported_at: tx.now }))?;
    let (mut links, mut count) = (Links::default(), 0);
    check::walk(tx, (from, to), |_, entry| {
        let (link, ended) = links.add(&entry);
        if let Some(head) = ended {
            line(&Line::Head(head))?;
        }
        count += 1;
        line(&Line::Entry(EntryLine::of(entry, link)))
    })?;
    if let Some(head) = links.day {
        line(&Line::Head(head))?;
    }
    Ok(count)
}

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Store(#[from] Error),
    #[error("the export cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl EntryLine {
    fn of(Link { place, previous, hash, entry }: Link, link: String) -> EntryLine {
        let Entry { id, at, staff_id, candidate_id, action, target } = entry;
        let Place { day, seq } = place;
        EntryLine {
            day,
            seq,
            id,
            at,
            staff: staff_id,
            candidate: candidate_id,
            action,
            target,
            previous,
            hash,
            link,
        }
    }

    fn link(self) -> Link {
        let EntryLine { day, seq, id, at, staff, candidate, action, target, previous, hash, .. } = self;
        let entry = Entry { id, at, staff_id: staff, candidate_id: candidate, action, target };
        Link { place: Place { day, seq }, previous, hash, entry }
    }
}

/// What is wrong with an export, or with the entries that an earlier one knows.
#[derive(Debug, PartialEq, Eq)]
pub enum Deviation {
    /// This line is no line of an export.
    Unreadable(usize),
    /// The entry, or one before it on the same day, is not the one that was exported.
    Changed(Place),
    /// Entries are missing or added before this one.
    OutOfPlace(Place),
    /// The entry is not the one of the earlier export, or one before it on the same day is not.
    DiffersFromEarlier(Place),
    /// An entry of the earlier export is missing.
    Lost(Place),
    /// The head of a day does not fit its entries: entries at its end are missing or added.
    WrongHead(NaiveDate),
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Deviation::Unreadable(number) => write!(f, "line {number}: cannot be read"),
            Deviation::Changed(place) => write!(f, "{place}: changed"),
            Deviation::OutOfPlace(place) => write!(f, "{place}: entries before it are missing or inserted"),
            Deviation::DiffersFromEarlier(place) => {
                write!(f, "{place}: it, or an entry before it on this day, differs from the earlier export")
            }
            Deviation::Lost(place) => write!(f, "{place}: missing, the earlier export has it"),
            Deviation::WrongHead(day) => write!(f, "{day}: the last entries are missing or added"),
        }
    }
}

/// Compares entries, which come in order, with the heads of an earlier export.
pub struct Comparison {
    earlier: Heads,
    links: Links,
    pub deviations: Vec<Deviation>,
}

impl Comparison {
    pub fn with(earlier: Heads) -> Comparison {
        Comparison { earlier, links: Links::default(), deviations: Vec::new() }
    }

    pub fn take(&mut self, link: &Link) {
        let (linked, _) = self.links.add(link);
        let Place { day, seq } = link.place;
        if self.earlier.0.get(&day).is_some_and(|head| head.entries == seq) {
            let known = self.earlier.0.remove(&day);
            if known.is_some_and(|head| head.link != linked) {
                self.deviations.push(Deviation::DiffersFromEarlier(link.place));
            }
        }
    }

    /// Ends the comparison of all entries from one day to another.
    pub fn end(mut self, (from, to): (NaiveDate, NaiveDate)) -> Vec<Deviation> {
        let lost = self.earlier.0.range(from..=to);
        let lost = lost.map(|(day, head)| Deviation::Lost(Place { day: *day, seq: head.entries }));
        self.deviations.extend(lost);
        self.deviations
    }
}

/// Reads the heads of an export.
pub fn heads(input: impl BufRead) -> io::Result<Heads> {
    let mut heads = BTreeMap::new();
    for line in input.lines() {
        if let Ok(Line::Head(head)) = serde_json::from_str(&line?) {
            heads.insert(head.head, head);
        }
    }
    Ok(Heads(heads))
}

/// Checks an export by itself and against the heads of an earlier one. Returns the number of entries.
pub fn check(input: impl BufRead, earlier: Heads) -> io::Result<(u64, Vec<Deviation>)> {
    let mut file = FileCheck { comparison: Comparison::with(earlier), ..FileCheck::new() };
    for (number, line) in input.lines().enumerate() {
        match serde_json::from_str(&line?) {
            Ok(Line::Range(range)) if number == 0 => file.range = Some((range.from, range.to)),
            Ok(Line::Entry(entry)) if file.range.is_some() => file.entry(entry),
            Ok(Line::Head(head)) if file.range.is_some() => file.head(&head),
            _ => file.deviations.push(Deviation::Unreadable(number + 1)),
        }
    }
    Ok(file.end())
}

struct FileCheck {
    range: Option<(NaiveDate, NaiveDate)>,
    entries: u64,
    links: Links,
    /// The keyed hash of the last entry.
    last: Option<String>,
    comparison: Comparison,
    deviations: Vec<Deviation>,
}

impl FileCheck {
    fn new() -> FileCheck {
        FileCheck {
            range: None,
            entries: 0,
            links: Links::default(),
            last: None,
            comparison: Comparison::with(Heads::default()),
            deviations: Vec::new(),
        }
    }

    fn entry(&mut self, line: EntryLine) {
        let (stated, link) = (line.link.clone(), line.link());
        let expected = self.links.day.as_ref().filter(|head| head.head == link.place.day);
        let follows = expected.map_or(1, |head| head.entries + 1) == link.place.seq;
        let joins = self.last.as_ref().is_none_or(|last| *last == link.previous);
        if !follows || !joins {
            self.deviations.push(Deviation::OutOfPlace(link.place));
        }
        let (linked, unended) = self.links.add(&link);
        if let Some(head) = unended {
            self.deviations.push(Deviation::WrongHead(head.head));
        }
        if linked != stated {
            self.deviations.push(Deviation::Changed(link.place));
            // The entries after it are checked by the links that they state.
            if let Some(head) = &mut self.links.day {
                head.link = stated;
            }
        }
        self.comparison.take(&link);
        (self.entries, self.last) = (self.entries + 1, Some(link.hash));
    }

    fn head(&mut self, head: &HeadLine) {
        let day = self.links.day.take();
        let fits =
            |day: HeadLine| (day.head, day.entries, &*day.link) == (head.head, head.entries, &*head.link);
        if !day.is_some_and(fits) {
            self.deviations.push(Deviation::WrongHead(head.head));
        }
    }

    fn end(mut self) -> (u64, Vec<Deviation>) {
        if let Some(head) = self.links.day {
            self.deviations.push(Deviation::WrongHead(head.head));
        }
        match self.range {
            Some(range) => self.deviations.extend(self.comparison.end(range)),
            None => self.deviations.push(Deviation::Unreadable(1)),
        }
        (self.entries, self.deviations)
    }
}
