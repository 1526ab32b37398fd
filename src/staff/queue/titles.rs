//! Titles: the filter by exam and sitting, and the search by a part of the title.
//!
//! Many applications share a title, since it names an exam and a sitting. Both therefore walk over the distinct titles
//! in an index, and then read the applications of those that match.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::part::QueuePart;
use super::selection::{Selection, Stream, push_states};
use super::sql::{Sql, Value};
use crate::either;
use crate::store::{Error, Tx};

/// The walk is given up after so many titles.
const MOST_TITLES: usize = 500;

/// So many streams are merged. With more of them, a search soon meets a match in the order of the queue.
const MOST_STREAMS: usize = 36;

/// So many pairs of a title and a business are looked up.
const MOST_PAIRS: usize = 600;

/// Stands between exam and sitting.
const BETWEEN: &str = " · ";

/// The distinct titles of a part of the queue, in order.
pub(in crate::staff) struct Titles(Vec<String>);

impl Titles {
    /// Every step of the statement reads the next title from an index.
    pub fn load(tx: &mut Tx, part: QueuePart) -> Result<Titles, Error> {
        Ok(Titles(either!(tx.conn, conn => walk(part).load(conn))?))
    }

    /// Whether there are more titles than the walk has read.
    fn is_cut_off(&self) -> bool {
        self.0.len() >= MOST_TITLES
    }

    /// The titles, by the exam with which they begin.
    pub fn by_exam(&self) -> Vec<(&str, Vec<&str>)> {
        let mut exams: Vec<(&str, Vec<&str>)> = Vec::new();
        for title in &self.0 {
            let exam = title.split(BETWEEN).next().unwrap_or_default();
            match exams.last_mut() {
                Some((last, titles)) if *last == exam => titles.push(title),
                _ => exams.push((exam, vec![title])),
            }
        }
        exams
    }

    /// Narrows a selection to an exam, or to one title with its sitting, and to titles that contain `words`.
    pub(in crate::staff::queue) fn narrow(
        &self,
        tx: &mut Tx,
        selection: &mut Selection,
        exam: &str,
        words: &str,
    ) -> Result<(), Error> {
        if names_sitting(exam) && words.is_empty() {
            selection.streams = pairs(selection, &[exam]);
            return Ok(());
        }
        let of_exam = |title: &str| {
            exam.is_empty()
                || title.strip_prefix(exam).is_some_and(|rest| rest.is_empty() || rest.starts_with(BETWEEN))
        };
        let has_words = |title: &str| title.to_lowercase().contains(&words.to_lowercase());
        let matching: Vec<&str> =
            self.0.iter().map(String::as_str).filter(|title| of_exam(title) && has_words(title)).collect();
        let streams = if self.is_cut_off() { None } else { streams(tx, selection, &matching)? };
        match streams {
            Some(streams) => selection.streams = streams,
            None => {
                let of_exam = (!exam.is_empty()).then(|| format!("{}{BETWEEN}%", escaped(exam)));
                let with_words = (!words.is_empty()).then(|| format!("%{}%", escaped(words)));
                selection.titles.extend(of_exam.into_iter().chain(with_words));
            }
        }
        Ok(())
    }
}

/// Whether a value of the filter by exam is one title, rather than an exam.
pub(super) fn names_sitting(exam: &str) -> bool {
    exam.contains(BETWEEN)
}

/// A stream for each business and title.
fn pairs(selection: &Selection, titles: &[&str]) -> Vec<Stream> {
    let kinds = selection.streams.iter().map(|stream| stream.kind);
    let of_kind = |kind| titles.iter().map(move |title| Stream { kind, title: Some((*title).to_owned()) });
    kinds.flat_map(of_kind).collect()
}

/// The streams of these titles. If there are many pairs, only those that have applications. `None` if these are still
/// too many.
fn streams(tx: &mut Tx, selection: &Selection, titles: &[&str]) -> Result<Option<Vec<Stream>>, Error> {
    let mut pairs = pairs(selection, titles);
    if pairs.len() > MOST_STREAMS && pairs.len() <= MOST_PAIRS {
        let sql = existing(selection, titles);
        let existing: Vec<(String, String)> = either!(tx.conn, conn => sql.load(conn))?;
        pairs.retain(|stream| {
            let is_of = |(title, kind): &(String, String)| {
                kind == stream.kind && Some(title) == stream.title.as_ref()
            };
            existing.iter().any(is_of)
        });
    }
    Ok((pairs.len() <= MOST_STREAMS).then_some(pairs))
}

/// The pairs of a title and a business that have an application. Each is looked up in an index: PostgreSQL would join
/// the table for EXISTS.
fn existing(selection: &Selection, titles: &[&str]) -> Sql<(Text, Text)> {
    let mut sql = Sql::new("SELECT title, kind FROM (");
    sql.prepare_each_time();
    for (at, title) in titles.iter().enumerate() {
        sql.push(if at == 0 { "SELECT " } else { " UNION ALL SELECT " });
        sql.push_with("CAST(", Value::Text((*title).to_owned()));
        sql.push(" AS TEXT) AS title");
    }
    sql.push(") AS titles CROSS JOIN (");
    for (at, stream) in selection.streams.iter().enumerate() {
        sql.push(if at == 0 { "SELECT '" } else { " UNION ALL SELECT '" });
        sql.push(stream.kind);
        sql.push("' AS kind");
    }
    sql.push(") AS kinds WHERE (SELECT 1 FROM applications WHERE ");
    push_states(&mut sql, selection.part);
    sql.push(" AND applications.title = titles.title AND applications.kind = kinds.kind ORDER BY ");
    sql.push(selection.first_column());
    sql.push(" LIMIT 1) = 1");
    sql
}

fn walk(part: QueuePart) -> Sql<Text> {
    let mut sql = Sql::new("WITH RECURSIVE walk (title) AS (SELECT min(title) FROM applications WHERE ");
    push_states(&mut sql, part);
    sql.push(" UNION ALL SELECT (SELECT min(title) FROM applications WHERE ");
    push_states(&mut sql, part);
    sql.push(" AND title > walk.title) FROM walk WHERE title IS NOT NULL) ");
    sql.push("SELECT title FROM walk WHERE title IS NOT NULL");
    sql.push_limit(MOST_TITLES as i64);
    sql
}

/// For LIKE.
fn escaped(words: &str) -> String {
    words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_of_like_are_escaped() {
        assert_eq!(escaped("100%_\\"), "100\\%\\_\\\\");
    }

    #[test]
    fn titles_are_grouped_by_exam() {
        let titles = ["一级建造师 · 2026-05", "一级建造师 · 2026-11", "信息修改", "护士 · 2026-05"];
        let titles = Titles(titles.map(str::to_owned).to_vec());
        let exams = titles.by_exam();
        assert_eq!(
            exams.iter().map(|(exam, of)| (*exam, of.len())).collect::<Vec<_>>(),
            [("一级建造师", 2), ("信息修改", 1), ("护士", 1)]
        );
    }
}
