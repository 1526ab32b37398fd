//! Finds rows that contradict each other, however far apart they stand in a file.
//!
//! Two rows with one natural key and different contents cannot both be right, and whichever came last would
//! win. What each row claims goes to files on the disk, parted by a hash of the key, so that only one part
//! at a time is in memory: some 80,000 claims of five million.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

/// Each is an open file; some systems allow a program no more than 256.
const PARTS: usize = 64;

/// What a row says about something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The natural key of the thing.
    pub key: String,
    /// A hash of everything that is said.
    pub content: u64,
}

/// Where a claim was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line in the file.
    pub line: u64,
    /// How many rows came before.
    pub ordinal: u64,
}

/// Claims on the disk. The files have no name and vanish with it.
pub struct Spool {
    parts: Vec<BufWriter<File>>,
}

impl Spool {
    pub fn new() -> io::Result<Spool> {
        let part = |_| Ok(BufWriter::with_capacity(8192, tempfile::tempfile()?));
        Ok(Spool { parts: (0..PARTS).map(part).collect::<io::Result<_>>()? })
    }

    pub fn add(&mut self, place: Place, claim: &Claim) -> io::Result<()> {
        let part = &mut self.parts[hash(&claim.key) as usize % PARTS];
        // A cell has at most 64 KiB, and codes far less.
        part.write_all(&(claim.key.len() as u32).to_le_bytes())?;
        part.write_all(claim.key.as_bytes())?;
        for number in [claim.content, place.line, place.ordinal] {
            part.write_all(&number.to_le_bytes())?;
        }
        Ok(())
    }

    /// Calls `tell` with the place and key of each claim that contradicts the first one about the same
    /// thing, and with the line of that one.
    pub fn contradictions(self, mut tell: impl FnMut(Place, &str, u64) -> io::Result<()>) -> io::Result<()> {
        for part in self.parts {
            let mut file = part.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            let mut part = BufReader::new(file);
            // What was said first about each thing, and where: a file that says one thing over and over is small.
            let mut first: HashMap<String, (u64, u64)> = HashMap::new();
            while let Some((Claim { key, content }, place)) = read(&mut part)? {
                match first.get(&key) {
                    None => drop(first.insert(key, (content, place.line))),
                    Some((known, line)) if *known != content => tell(place, &key, *line)?,
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }
}

/// The next claim of a part, in the order of the file.
fn read(part: &mut impl Read) -> io::Result<Option<(Claim, Place)>> {
    let mut length = [0; 4];
    match part.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut key = vec![0; u32::from_le_bytes(length) as usize];
    part.read_exact(&mut key)?;
    let mut number = || {
        let mut bytes = [0; 8];
        part.read_exact(&mut bytes).map(|()| u64::from_le_bytes(bytes))
    };
    let (content, line, ordinal) = (number()?, number()?, number()?);
    let key = String::from_utf8(key).map_err(io::Error::other)?;
    Ok(Some((Claim { key, content }, Place { line, ordinal })))
}

/// The same for the same text, as long as the program runs.
pub fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(claims: &[(&str, u64)]) -> Vec<(u64, String, u64)> {
        let mut spool = Spool::new().unwrap();
        for (at, (key, content)) in claims.iter().enumerate() {
            let place = Place { line: at as u64 + 2, ordinal: at as u64 };
            spool.add(place, &Claim { key: (*key).into(), content: *content }).unwrap();
        }
        let mut found = Vec::new();
        spool
            .contradictions(|place, key, first| {
                found.push((place.line, key.to_owned(), first));
                Ok(())
            })
            .unwrap();
        found.sort();
        found
    }

    #[test]
    fn only_another_content_of_the_same_key_contradicts() {
        assert_eq!(found(&[("a", 1), ("b", 1), ("a", 1)]), []);
        let all = found(&[("a", 1), ("b", 2), ("a", 2), ("b", 2), ("", 1), ("a", 1), ("a", 3), ("", 2)]);
        assert_eq!(all, [(4, "a".into(), 2), (8, "a".into(), 2), (9, String::new(), 6)]);
    }

    #[test]
    fn far_apart_is_no_matter() {
        let mut spool = Spool::new().unwrap();
        for at in 0..50_000_u64 {
            let claim =
                Claim { key: format!("key {}", at % 40_000), content: at / 40_000 * u64::from(at % 7 == 0) };
            spool.add(Place { line: at, ordinal: at }, &claim).unwrap();
        }
        let mut told = 0;
        let tell = |place: Place, _: &str, first: u64| {
            told += 1;
            assert_eq!(place.line, first + 40_000);
            Ok(())
        };
        spool.contradictions(tell).unwrap();
        assert_eq!(told, (40_000..50_000_u64).filter(|at| at % 7 == 0).count());
    }
}
