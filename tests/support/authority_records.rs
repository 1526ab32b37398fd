//! Records of the authority, in any number.

use diesel::prelude::*;
use kaozheng::store::Tx;
use kaozheng::store::schema::{candidates, certificate_inquiries as q, certificates as c};
use kaozheng::web::Failure;

/// Replaces the certificates of a candidate of the demo by `count` others.
pub fn replace_certificates(tx: &mut Tx, name: &str, count: usize) -> Result<(), Failure> {
    let own = candidates::table.filter(candidates::name.eq(name));
    let holder: String = own.select(candidates::document_hash).first(tx.conn)?;
    let replaced = c::table.filter(c::holder_hash.eq(&holder));
    let asked = q::table.filter(q::certificate_id.eq_any(replaced.select(c::id)));
    diesel::delete(asked).execute(tx.conn)?;
    diesel::delete(replaced).execute(tx.conn)?;
    for at in 0..count {
        let row = (
            c::id.eq(tx.id()),
            c::holder_hash.eq(&holder),
            c::holder_name.eq(name),
            c::exam_id.eq("exam-01"),
            c::sitting_month.eq("202509"),
            c::level.eq("一级"),
            c::specialty.eq("建筑工程"),
            c::number.eq(format!("M{at:06}")),
            c::print_number.eq(format!("P{at:06}")),
            c::approved_on.eq(tx.today()),
            c::issued_on.eq(tx.today()),
            c::issuing_body.eq("示范市考试院"),
            c::delivery.eq("ready"),
        );
        diesel::insert_into(c::table).values(row).execute(tx.conn)?;
    }
    Ok(())
}
