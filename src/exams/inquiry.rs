//! Who asked about a certificate, and in which way. The holder sees it.
//!
//! There is one row for each asker and day, with a count: a page that is opened again and again adds none.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::either;
use crate::people::holder_hash::HolderHash;
use crate::store::schema::certificate_inquiries::dsl as q;
use crate::store::schema::certificates;
use crate::store::{Error, Timestamp, Tx, clock, codes};

codes! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Way {
        /// The holder's link.
        Link = "link", "核验链接";
        /// The code on a certificate's file or print.
        Code = "code", "证书上的码";
        /// A list by somebody without a key.
        List = "list", "批量查询";
        /// A list or a program of an organisation with a key.
        Organisation = "organisation", "单位查询";
    }
}

/// One asker about one certificate on one day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Inquiry {
    pub certificate: String,
    /// In China.
    pub day: NaiveDate,
    pub way: Way,
    /// Id of the link, the code or the organisation; empty for a list without a key.
    pub asker: String,
}

/// How often, and when, an [`Inquiry`] was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    pub count: i32,
}

/// Inquiries that are not stored yet. They are sorted, so that two processes lock their rows in the same order.
#[derive(Clone, Debug, Default)]
pub struct Inquiries(BTreeMap<Inquiry, Asked>);

impl Inquiries {
    pub fn add(&mut self, certificate: &str, way: Way, asker: &str, at: Timestamp) {
        let (certificate, asker) = (certificate.to_owned(), asker.to_owned());
        let inquiry = Inquiry { certificate, day: clock::china_date(at), way, asker };
        self.merge(inquiry, Asked { first_at: at, last_at: at, count: 1 });
    }

    /// Adds all of `others`.
    pub fn extend(&mut self, others: Inquiries) {
        for (inquiry, asked) in others.0 {
            self.merge(inquiry, asked);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn merge(&mut self, inquiry: Inquiry, more: Asked) {
        let merged = |asked: &mut Asked| {
            asked.first_at = asked.first_at.min(more.first_at);
            asked.last_at = asked.last_at.max(more.last_at);
            asked.count += more.count;
        };
        self.0.entry(inquiry).and_modify(merged).or_insert(more);
    }
}

/// Stores inquiries, or adds them to those of the day.
pub fn record(tx: &mut Tx, inquiries: &Inquiries) -> Result<(), Error> {
    for (inquiry, asked) in &inquiries.0 {
        let row = (
            q::certificate_id.eq(&inquiry.certificate),
            q::day.eq(inquiry.day),
            q::way.eq(inquiry.way.code()),
            q::asker.eq(&inquiry.asker),
            q::first_at.eq(asked.first_at),
            q::last_at.eq(asked.last_at),
            q::count.eq(asked.count),
        );
        let insert = diesel::insert_into(q::certificate_inquiries).values(row);
        either!(tx.conn, conn => insert
            .on_conflict((q::certificate_id, q::day, q::way, q::asker))
            .do_update()
            .set((q::last_at.eq(asked.last_at), q::count.eq(q::count + asked.count)))
            .execute(conn))?;
    }
    Ok(())
}

/// Removes the inquiries of the oldest day, if that is before `first`. Returns how many.
pub fn remove_oldest_day(tx: &mut Tx, first: NaiveDate) -> Result<usize, Error> {
    let old = q::certificate_inquiries.filter(q::day.lt(first));
    let oldest: Option<NaiveDate> = old.select(q::day).order(q::day).first(tx.conn).optional()?;
    let Some(oldest) = oldest else { return Ok(0) };
    Ok(diesel::delete(q::certificate_inquiries.filter(q::day.eq(oldest))).execute(tx.conn)?)
}

/// The inquiries about a holder's certificate, the latest first. Empty if the certificate is another holder's.
pub fn of(
    tx: &mut Tx,
    holder: &HolderHash,
    certificate: &str,
    most: i64,
) -> Result<Vec<(Inquiry, Asked)>, Error> {
    type Row = (String, NaiveDate, String, String, (Timestamp, Timestamp, i32));
    let own = certificates::id.eq(certificate).and(certificates::holder_hash.eq(holder.stored(tx.vault)));
    let rows: Vec<Row> = q::certificate_inquiries
        .inner_join(certificates::table)
        .filter(own)
        .order((q::last_at.desc(), q::way, q::asker))
        .limit(most)
        .select((q::certificate_id, q::day, q::way, q::asker, (q::first_at, q::last_at, q::count)))
        .load(tx.conn)?;
    let inquiry = |(certificate, day, way, asker, (first_at, last_at, count)): Row| {
        let way = Way::from_code(&way).ok_or(Error::Corrupt("certificate_inquiries.way"))?;
        Ok((Inquiry { certificate, day, way, asker }, Asked { first_at, last_at, count }))
    };
    rows.into_iter().map(inquiry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_day_of_one_asker_is_one_inquiry() {
        let at = |text: &str| text.parse().unwrap();
        let mut inquiries = Inquiries::default();
        inquiries.add("c", Way::Link, "l", at("2026-04-01T03:00:00"));
        inquiries.add("c", Way::Link, "l", at("2026-04-01T01:00:00"));
        inquiries.add("c", Way::Link, "m", at("2026-04-01T01:00:00"));
        inquiries.add("c", Way::Link, "l", at("2026-04-01T16:00:00"));
        let mut others = Inquiries::default();
        others.add("c", Way::Link, "l", at("2026-04-01T05:00:00"));
        inquiries.extend(others);
        let counts: Vec<(String, &str, i32)> =
            inquiries.0.iter().map(|(i, asked)| (i.day.to_string(), &*i.asker, asked.count)).collect();
        assert_eq!(
            counts,
            [("2026-04-01".into(), "l", 3), ("2026-04-01".into(), "m", 1), ("2026-04-02".into(), "l", 1)]
        );
        let first = inquiries.0.values().next().unwrap();
        assert_eq!((first.first_at, first.last_at), (at("2026-04-01T01:00:00"), at("2026-04-01T05:00:00")));
    }
}
