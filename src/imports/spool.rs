//! Finds rows of one file that contradict each other.
//!
//! Two rows with one natural key and different contents cannot both be right. The claims of all rows are
//! written to temporary files, split by a hash of the key. One part at a time is loaded into memory: about
//! 80,000 claims of five million.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

/// Temporary files that are open at once; some systems allow a process 256 open files.
const PARTS: usize = 64;

/// A natural key with the content that a row gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub key: String,
    pub content: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowPosition {
    /// Line of the file, or row of the sheet.
    pub line: u64,
    /// Rows before this one.
    pub ordinal: u64,
}

/// A claim that contradicts the first one of its key.
pub struct Contradiction<'a> {
    pub position: RowPosition,
    pub key: &'a str,
    pub first_line: u64,
}

/// Claims on the disk, in unnamed temporary files.
pub struct ClaimSpool {
    parts: Vec<BufWriter<File>>,
}

impl ClaimSpool {
    pub fn new() -> io::Result<ClaimSpool> {
        let part = |_| Ok(BufWriter::with_capacity(8192, tempfile::tempfile()?));
        Ok(ClaimSpool { parts: (0..PARTS).map(part).collect::<io::Result<_>>()? })
    }

    pub fn add(&mut self, position: RowPosition, claim: &Claim) -> io::Result<()> {
        let part = &mut self.parts[hash(&claim.key) as usize % PARTS];
        // A cell has at most 64 KiB, so the length fits.
        part.write_all(&(claim.key.len() as u32).to_le_bytes())?;
        part.write_all(claim.key.as_bytes())?;
        for number in [claim.content, position.line, position.ordinal] {
            part.write_all(&number.to_le_bytes())?;
        }
        Ok(())
    }

    /// Calls `tell` with each claim whose content differs from the first claim of the same key.
    pub fn contradictions(self, mut tell: impl FnMut(Contradiction) -> io::Result<()>) -> io::Result<()> {
        for part in self.parts {
            let mut file = part.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            let mut part = BufReader::new(file);
            // Content and line of the first claim of each key.
            let mut first: HashMap<String, (u64, u64)> = HashMap::new();
            while let Some((Claim { key, content }, position)) = read(&mut part)? {
                match first.get(&key) {
                    None => drop(first.insert(key, (content, position.line))),
                    Some((known, line)) if *known != content => {
                        tell(Contradiction { position, key: &key, first_line: *line })?;
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }
}

/// The next claim of a part, in the order of the file.
fn read(part: &mut impl Read) -> io::Result<Option<(Claim, RowPosition)>> {
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
    Ok(Some((Claim { key, content }, RowPosition { line, ordinal })))
}

/// Stable within one run of the program only.
pub fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(claims: &[(&str, u64)]) -> Vec<(u64, String, u64)> {
        let mut spool = ClaimSpool::new().unwrap();
        for (at, (key, content)) in claims.iter().enumerate() {
            let position = RowPosition { line: at as u64 + 2, ordinal: at as u64 };
            spool.add(position, &Claim { key: (*key).into(), content: *content }).unwrap();
        }
        let mut found = Vec::new();
        spool
            .contradictions(|other| {
                found.push((other.position.line, other.key.to_owned(), other.first_line));
                Ok(())
            })
            .unwrap();
        found.sort();
        found
    }

    #[test]
    fn different_contents_of_one_key_contradict() {
        assert_eq!(found(&[("a", 1), ("b", 1), ("a", 1)]), []);
        let all = found(&[("a", 1), ("b", 2), ("a", 2), ("b", 2), ("", 1), ("a", 1), ("a", 3), ("", 2)]);
        assert_eq!(all, [(4, "a".into(), 2), (8, "a".into(), 2), (9, String::new(), 6)]);
    }

    #[test]
    fn contradictions_are_found_in_a_large_file() {
        let mut spool = ClaimSpool::new().unwrap();
        for at in 0..50_000_u64 {
            let claim =
                Claim { key: format!("key {}", at % 40_000), content: at / 40_000 * u64::from(at % 7 == 0) };
            spool.add(RowPosition { line: at, ordinal: at }, &claim).unwrap();
        }
        let mut told = 0;
        let tell = |found: Contradiction| {
            told += 1;
            assert_eq!(found.position.line, found.first_line + 40_000);
            Ok(())
        };
        spool.contradictions(tell).unwrap();
        assert_eq!(told, (40_000..50_000_u64).filter(|at| at % 7 == 0).count());
    }
}
