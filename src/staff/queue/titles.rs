//! Search by a part of the title.
//!
//! Many applications share a title, since it names an exam and a sitting. A search therefore walks over the
//! distinct titles in an index, and then reads the applications of those that match.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::part::QueuePart;
use super::selection::{Selection, Stream, push_states};
use super::sql::{Sql, Value};
use crate::either;
use crate::store::{Error, Tx};

/// The walk is given up after so many titles.
const MOST_TITLES: usize = 500;

/// So many streams are merged. With more of them, a search soon meets a match in the order of the queue.
const MOST_STREAMS: usize = 30;

/// Narrows a selection to the titles that contain `words`.
pub(super) fn search(tx: &mut Tx, selection: &mut Selection, words: &str) -> Result<(), Error> {
    let pattern = pattern(words);
    match matching(tx, selection, &pattern)? {
        // What one person has taken is little, and has no index by title.
        Some(streams) if streams.is_empty() || selection.assignee.is_none() => selection.streams = streams,
        _ => selection.title = Some(pattern),
    }
    Ok(())
}

/// A stream for each business and matching title. `None` if there are too many, or if the walk did not end.
fn matching(tx: &mut Tx, selection: &Selection, pattern: &str) -> Result<Option<Vec<Stream>>, Error> {
    let titles: Vec<(String, bool)> = either!(tx.conn, conn => walk(selection.part, pattern).load(conn))?;
    let has_ended = titles.len() < MOST_TITLES;
    let matching = titles.into_iter().filter(|(_, matches)| *matches).map(|(title, _)| title);
    let of_title = |title: String| {
        let kinds = selection.streams.iter().map(|stream| stream.kind);
        kinds.map(move |kind| Stream { kind, title: Some(title.clone()) })
    };
    let streams: Vec<Stream> = matching.flat_map(of_title).collect();
    Ok((has_ended && streams.len() <= MOST_STREAMS).then_some(streams))
}

/// The distinct titles of a part of the queue, and whether each matches. Every step reads the next title from an
/// index.
fn walk(part: QueuePart, pattern: &str) -> Sql<(Text, Bool)> {
    let mut sql = Sql::new("WITH RECURSIVE walk (title) AS (SELECT min(title) FROM applications WHERE ");
    push_states(&mut sql, part);
    sql.push(" UNION ALL SELECT (SELECT min(title) FROM applications WHERE ");
    push_states(&mut sql, part);
    sql.push(" AND title > walk.title) FROM walk WHERE title IS NOT NULL) ");
    sql.push_with("SELECT title, title LIKE ", Value::Text(pattern.to_owned()));
    sql.push(" ESCAPE '\\' FROM walk WHERE title IS NOT NULL");
    sql.push_limit(MOST_TITLES as i64);
    sql
}

fn pattern(words: &str) -> String {
    let plain = words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{plain}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_of_like_are_escaped() {
        assert_eq!(pattern("100%_\\"), "%100\\%\\_\\\\%");
    }
}
