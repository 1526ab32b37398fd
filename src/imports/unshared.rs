//! Values that no two records may share, such as the print numbers of certificates.
//!
//! No unique index can say so: old records may break the rule, and a value that was replaced counts too.

use std::collections::{HashMap, HashSet};

use super::Error;
use super::check::Records;
use super::kind::Kind;
use super::spool::{Claim, hash};
use super::sql::{self, SEPARATOR};
use super::target::{Rule, Target};
use crate::store::Conn;

/// That a record has a value for itself.
pub struct Own {
    /// Place of the record's target.
    target: usize,
    /// Place of the field in it.
    field: usize,
    value: String,
    /// Natural key of the record.
    key: String,
}

/// Before a claim's field; natural keys have the place of their target there, which is a number.
const MARK: char = '#';

/// The values that records have for themselves.
pub fn of(kind: &Kind, records: &Records) -> Vec<Own> {
    let own = |(target, values): &(usize, Vec<String>)| {
        let described = &kind.targets[*target];
        let field = described.fields.iter().position(|field| field.unshared)?;
        Some(Own { target: *target, field, value: values[field].clone(), key: described.key(values) })
    };
    records.iter().filter_map(own).collect()
}

impl Own {
    /// Another row that says it of another record contradicts this one.
    pub fn claim(&self) -> Claim {
        let key = format!("{}{MARK}{}{SEPARATOR}{}", self.target, self.field, self.value);
        Claim { key, content: hash(&self.key) }
    }

    /// Name of the fact.
    pub fn fact(&self, kind: &Kind) -> &'static str {
        kind.targets[self.target].fields[self.field].fact
    }

    /// The value.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// The target and the field of a [`Own::claim`]; none for a claim of another sort.
pub fn claimed(place: &str) -> Option<(usize, usize)> {
    let (target, field) = place.split_once(MARK)?;
    Some((target.parse().ok()?, field.parse().ok()?))
}

/// Whether each of these values belongs to another stored record, or did.
pub fn taken(conn: &mut Conn, kind: &Kind, own: &[&Own]) -> Result<Vec<bool>, Error> {
    let Some(first) = own.first() else { return Ok(Vec::new()) };
    let values: Vec<&str> = own.iter().map(|own| &*own.value).collect();
    let owners = owners(conn, &kind.targets[first.target], first.field, &values)?;
    let is_taken = |own: &&Own| owners.get(&own.value).is_some_and(|keys| !keys.contains(&own.key));
    Ok(own.iter().map(is_taken).collect())
}

/// The natural keys of the records that have or had each value.
fn owners(
    conn: &mut Conn,
    target: &Target,
    field: usize,
    values: &[&str],
) -> Result<HashMap<String, HashSet<String>>, Error> {
    let field = &target.fields[field];
    let keys = target.fields.iter().filter(|field| field.rule == Rule::Key).map(|field| field.name);
    let keys: Vec<String> = keys.map(|name| format!("r.{name}")).collect();
    let line = |value: &str| sql::line_of([value].into_iter().chain(keys.iter().map(String::as_str)));
    let (table, name) = (target.table, format!("r.{}", field.name));
    let mut selects = vec![format!("SELECT {} AS line FROM {table} r WHERE {name} {{}}", line(&name))];
    if let Rule::Unless(former, _) = field.rule {
        let (joined, value) = former.joined("f");
        let from = format!("{table} r JOIN {joined} = r.id");
        selects.push(format!("SELECT {} AS line FROM {from} WHERE {value} {{}}", line(&value)));
    }
    let mut owners: HashMap<String, HashSet<String>> = HashMap::new();
    for select in selects {
        sql::lines_in(conn, &select, values, |line| {
            if let Some((value, key)) = line.split_once(SEPARATOR) {
                owners.entry(value.to_owned()).or_default().insert(key.to_owned());
            }
        })?;
    }
    Ok(owners)
}
