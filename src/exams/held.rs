//! Certificates, as their holders see them.

use chrono::NaiveDate;
use diesel::dsl::{exists, select};
use diesel::prelude::*;

use super::certificate::{self, Annulment, NumberKind};
use super::month_label;
use crate::either;
use crate::people::document::Gender;
use crate::people::holder_hash::HolderHash;
use crate::store::schema::{certificates, exams, voided_prints};
use crate::store::{Conn, Error, Tx, codes};

codes! {
    /// Delivery of the paper certificate.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Delivery {
        Making = "making", "制作中";
        /// To be collected or posted.
        Ready = "ready", "可领取";
        /// The holder has applied for posting.
        Requested = "requested", "已申请邮寄";
        Posted = "posted", "已寄出";
        Delivered = "delivered", "已签收";
        /// By the holder in person.
        Collected = "collected", "已现场领取";
    }
}

impl TryFrom<String> for Delivery {
    type Error = Error;

    fn try_from(code: String) -> Result<Delivery, Error> {
        Delivery::from_code(&code).ok_or(Error::Corrupt("certificates.delivery"))
    }
}

impl Delivery {
    /// The `data-state` that colours the tag.
    pub fn state(self) -> &'static str {
        match self {
            Delivery::Making => "in_review",
            Delivery::Ready => "approved",
            Delivery::Requested => "submitted",
            Delivery::Posted => "sent",
            Delivery::Delivered | Delivery::Collected => "completed",
        }
    }
}

/// A certificate, for its holder.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = certificates)]
pub struct Certificate {
    pub id: String,
    /// As printed.
    pub holder_name: String,
    gender: String,
    /// Masked document number, as printed. May be empty.
    pub document_mask: String,
    #[diesel(select_expression = exams::name)]
    pub exam: String,
    /// `201803`
    #[diesel(column_name = sitting_month)]
    pub month: String,
    pub level: String,
    pub specialty: String,
    /// Its 管理号, or its 查询编号 if it has no 管理号.
    pub number: String,
    /// Its 查询编号, or empty.
    pub query_number: String,
    /// Empty if it is electronic only.
    pub print_number: String,
    pub approved_on: NaiveDate,
    pub issued_on: NaiveDate,
    pub issuing_body: String,
    #[diesel(deserialize_as = String)]
    pub delivery: Delivery,
    /// The application for its posting.
    pub mailing_id: Option<String>,
    annulled_on: Option<NaiveDate>,
    annulment: String,
}

impl Certificate {
    /// What [`number`](Self::number) is called.
    pub fn number_kind(&self) -> NumberKind {
        if self.number == self.query_number { NumberKind::Query } else { NumberKind::Management }
    }

    /// `证书管理号 1，证书印制号 2`
    pub fn numbers_in_words(&self) -> String {
        let word = |(kind, number): (NumberKind, &str)| format!("{} {number}", kind.label());
        self.numbers().into_iter().map(word).collect::<Vec<_>>().join("，")
    }

    pub fn gender(&self) -> Option<Gender> {
        Gender::from_code(&self.gender)
    }

    /// `一级建造师 · 2018-03`
    pub fn title(&self) -> String {
        format!("{} · {}", self.exam, month_label(&self.month))
    }

    /// Its numbers with their labels.
    pub fn numbers(&self) -> Vec<(NumberKind, &str)> {
        certificate::numbers(&self.number, &self.query_number, &self.print_number)
    }

    /// Whether there is no paper. It is as valid as one on paper (人社厅发〔2021〕97号).
    pub fn is_electronic(&self) -> bool {
        self.print_number.is_empty()
    }

    /// What is true of a certificate that cannot be posted.
    pub fn why_not_posted(&self) -> Option<&'static str> {
        match self.delivery {
            _ if self.annulled_on.is_some() => Some("已撤销"),
            _ if self.is_electronic() => Some("是电子证书，没有纸质证书"),
            Delivery::Ready => None,
            delivery => Some(delivery.label()),
        }
    }

    /// The state of a certificate in a list, as `data-state` and text.
    pub fn tag(&self) -> (&'static str, &'static str) {
        match self.delivery {
            _ if self.annulled_on.is_some() => ("rejected", "已撤销"),
            _ if self.is_electronic() => ("approved", "电子证书"),
            delivery => (delivery.state(), delivery.label()),
        }
    }

    pub fn annulment(&self) -> Option<Annulment<'_>> {
        Annulment::of(self.annulled_on, &self.annulment)
    }

    /// `一级 · 建筑工程`
    pub fn summary(&self) -> String {
        format!("{} · {}", self.level, self.specialty)
    }
}

/// `None` if the certificate is another holder's.
pub fn own(tx: &mut Tx, holder: &HolderHash, id: &str) -> Result<Option<Certificate>, Error> {
    let row = certificates::table
        .inner_join(exams::table)
        .filter(certificates::holder_hash.eq(holder.stored(tx.vault)));
    let row = row.filter(certificates::id.eq(id)).select(Certificate::as_select());
    Ok(row.first(tx.conn).optional()?)
}

/// A holder's certificates, the latest first.
pub fn of_holder(
    tx: &mut Tx,
    holder: &HolderHash,
    offset: i64,
    most: i64,
) -> Result<Vec<Certificate>, Error> {
    let page = certificates::table
        .inner_join(exams::table)
        .filter(certificates::holder_hash.eq(holder.stored(tx.vault)))
        .order((certificates::issued_on.desc(), certificates::id.desc()))
        .offset(offset)
        .limit(most);
    Ok(either!(tx.conn, conn => page.select(Certificate::as_select()).load(conn))?)
}

/// Whether a holder has a certificate.
pub fn has_any(tx: &mut Tx, holder: &HolderHash) -> Result<bool, Error> {
    let own = certificates::table.filter(certificates::holder_hash.eq(holder.stored(tx.vault)));
    Ok(either!(tx.conn, conn => select(exists(own)).get_result(conn))?)
}

/// Sets the delivery and the application for posting.
pub fn set_delivery(tx: &mut Tx, id: &str, delivery: Delivery, mailing: Option<&str>) -> Result<(), Error> {
    let row = (certificates::delivery.eq(delivery.code()), certificates::mailing_id.eq(mailing));
    diesel::update(certificates::table.find(id)).set(row).execute(tx.conn)?;
    Ok(())
}

/// Whether no certificate has or had this normalised number.
pub fn is_unused(tx: &mut Tx, number: &str) -> Result<bool, Error> {
    lock_print_numbers(tx)?;
    let has = certificates::print_number.eq(number).or(certificates::number.eq(number));
    let valid: i64 = certificates::table.filter(has).count().get_result(tx.conn)?;
    let had = voided_prints::table.filter(voided_prints::print_number.eq(number));
    let void: i64 = had.count().get_result(tx.conn)?;
    Ok(valid + void == 0)
}

/// Serialises checks of print numbers until the end of the transaction. SQLite has one writer anyway.
pub fn lock_print_numbers(tx: &mut Tx) -> Result<(), Error> {
    const PRINT_NUMBERS: i64 = 0x7072_696e_746e_6f73;
    if let Conn::Postgres(conn) = tx.conn {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(PRINT_NUMBERS)
            .execute(conn)?;
    }
    Ok(())
}

/// Replaces the print number. The old one is void from today on.
pub fn reissue(tx: &mut Tx, id: &str, print_number: &str, issued_on: NaiveDate) -> Result<(), Error> {
    let old: String = certificates::table.find(id).select(certificates::print_number).first(tx.conn)?;
    let void = (
        voided_prints::id.eq(tx.id()),
        voided_prints::certificate_id.eq(id),
        voided_prints::print_number.eq(old),
        voided_prints::voided_on.eq(tx.today()),
    );
    diesel::insert_into(voided_prints::table).values(void).execute(tx.conn)?;
    let new = (certificates::print_number.eq(print_number), certificates::issued_on.eq(issued_on));
    diesel::update(certificates::table.find(id)).set(new).execute(tx.conn)?;
    set_delivery(tx, id, Delivery::Ready, None)
}

/// Any holder's certificate.
pub fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Certificate>, Error> {
    let row = certificates::table.inner_join(exams::table).filter(certificates::id.eq(id));
    Ok(row.select(Certificate::as_select()).first(tx.conn).optional()?)
}

/// Annuls a certificate by a decision, or with `None` takes that back.
pub fn annul(tx: &mut Tx, id: &str, annulment: Option<Annulment>) -> Result<(), Error> {
    let row = (
        certificates::annulled_on.eq(annulment.map(|one| one.on)),
        certificates::annulment.eq(annulment.map_or("", |one| one.decision)),
    );
    diesel::update(certificates::table.find(id)).set(row).execute(tx.conn)?;
    Ok(())
}

/// Most certificates that [`with_number`] returns: old records may share a print number.
const MOST_WITH_NUMBER: i64 = 20;

/// The certificates with a normalised number of any kind, as stored.
pub fn with_number(tx: &mut Tx, number: &str) -> Result<Vec<Certificate>, Error> {
    if number.is_empty() {
        return Ok(Vec::new());
    }
    let has = certificates::number
        .eq(number)
        .or(certificates::print_number.eq(number))
        .or(certificates::query_number.eq(number));
    let found = certificates::table.inner_join(exams::table).filter(has).order(certificates::id);
    let found = found.limit(MOST_WITH_NUMBER);
    Ok(either!(tx.conn, conn => found.select(Certificate::as_select()).load(conn))?)
}

/// Corrects a print number that was noted wrongly, if the certificate still has it. The wrong one is free again.
pub fn amend_print(
    tx: &mut Tx,
    id: &str,
    noted: &str,
    (print_number, issued_on): (&str, NaiveDate),
) -> Result<bool, Error> {
    let has_it = certificates::table.find(id).filter(certificates::print_number.eq(noted));
    let right = (certificates::print_number.eq(print_number), certificates::issued_on.eq(issued_on));
    Ok(diesel::update(has_it).set(right).execute(tx.conn)? > 0)
}
