//! The end of the retention of files, of the audit and of inquiries.

use chrono::Duration;
use diesel::prelude::*;
use kaozheng::casework::business::Registry;
use kaozheng::casework::rules::{self, Rule};
use kaozheng::cli::housekeeping::sweep_once;
use kaozheng::exams::inquiry::{self, Inquiries, Way};
use kaozheng::store::schema::{
    applications as a, attachments as f, audit_cuts, audit_entries as e, batch_rows as r, batches as b,
    candidates as c, certificate_inquiries, certificates,
};
use kaozheng::store::{Clock, Error, Tx};

use crate::filing::refund;
use crate::server::{Server, Visitor};

/// Files have the machine's time, so the clock starts there.
async fn server() -> Server {
    let server = Server::start_with(Clock::manual(Clock::system().now()), |_| {}).await;
    server.load_demo().await;
    server
}

async fn write(server: &Server, work: impl FnOnce(&mut Tx) -> Result<(), Error> + Clone + Send + 'static) {
    server.parts.store.write(work).await.expect("a change");
}

/// Two sweeps confirm the clock; the second is a day after the one before that looked.
async fn next_day(server: &Server) {
    for _ in 0..2 {
        server.advance(Duration::hours(12).num_seconds());
        sweep_once(&server.parts).await.expect("housekeeping");
    }
}

/// Sets the state of an application, which it has been in for so many days.
async fn age(server: &Server, number: &str, status: &'static str, days: i64) {
    let row = a::table.filter(a::number.eq(number.to_owned()));
    let change = move |tx: &mut Tx| {
        let since = tx.now - Duration::days(days);
        diesel::update(row).set((a::status.eq(status), a::updated_at.eq(since))).execute(tx.conn)?;
        Ok(())
    };
    write(server, change).await;
}

/// Files that are kept, by the business of their application.
async fn kept(server: &Server, slug: &'static str) -> usize {
    let rows = f::table.inner_join(a::table).filter(a::kind.eq(slug)).filter(f::removed_at.is_null());
    let keys = rows.select(f::storage_key);
    let read = server.parts.store.read::<_, Error, _>(move |tx| Ok(keys.load::<String>(tx.conn)?));
    let keys = read.await.expect("keys");
    let on_disk = keys.iter().filter(|key| server.folder().join(key).exists()).count();
    assert_eq!(on_disk, keys.len(), "every file that has a row is there");
    keys.len()
}

async fn set(server: &Server, rule: Rule, value: i32) {
    let office = rule.is_of(None);
    let set = move |tx: &mut Tx| {
        let refund = Registry::of(tx).find("refund").filter(|_| !office);
        rules::set(tx, rule, refund, value)
    };
    write(server, set).await;
}

async fn filed() -> (Server, Visitor, String) {
    let server = server().await;
    next_day(&server).await;
    let visitor = server.signed_in("张小三").await;
    let number = visitor.file_for_number(&refund()).await;
    (server, visitor, number)
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_closed_applications_are_removed_when_their_retention_ends() {
    let (server, visitor, number) = filed().await;
    let page = format!("/services/refund/{number}");
    let file = format!("/files/{}", visitor.open(&page).await.between("href=\"/files/", "\""));
    for (status, days) in [("submitted", 9_000), ("in_review", 9_000), ("returned", 9_000), ("withdrawn", 80)]
    {
        age(&server, &number, status, days).await;
        next_day(&server).await;
        assert_eq!(kept(&server, "refund").await, 1, "{status}");
    }
    // A refund that waits for its payment is not finished.
    set(&server, Rule::DecidedFiles, 1).await;
    for (status, days) in [("approved", 9_000), ("completed", 360), ("rejected", 360)] {
        age(&server, &number, status, days).await;
        next_day(&server).await;
        assert_eq!(kept(&server, "refund").await, 1, "{status}");
    }
    age(&server, &number, "completed", 367).await;
    next_day(&server).await;
    assert_eq!(kept(&server, "refund").await, 0);
    let visitor = {
        drop(visitor);
        server.signed_in("张小三").await
    };
    visitor.open(&page).await.assert_shows("材料已按保存期限删除");
    let gone = visitor.open(&file).await;
    assert_eq!(gone.status, 410);
    gone.assert_shows("材料已按保存期限删除");
    let desk = server.signed_in("何静").await.open(&format!("/staff/applications/{number}")).await;
    assert_eq!(desk.status, 200);
    desk.assert_shows("材料已按保存期限删除");
    let noted = e::table.filter(e::action.eq("retention")).select(e::target);
    let noted = server.parts.store.read::<_, Error, _>(move |tx| Ok(noted.load::<String>(tx.conn)?));
    assert_eq!(noted.await.expect("entries"), ["refund 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_removed_that_something_running_needs() {
    let (server, visitor, number) = filed().await;
    let sitting = visitor.sitting_of("一级建造师").await;
    let other = visitor.apply_for_number(&sitting).await;
    age(&server, &number, "withdrawn", 400).await;
    // What is about the application is an appeal, whatever its business.
    let about = {
        let (number, other) = (number.clone(), other.clone());
        move |tx: &mut Tx| {
            let id: String = a::table.filter(a::number.eq(number)).select(a::id).first(tx.conn)?;
            diesel::update(a::table.filter(a::number.eq(other))).set(a::parent_id.eq(id)).execute(tx.conn)?;
            Ok(())
        }
    };
    write(&server, about).await;
    for (status, held) in [
        ("draft", false),
        ("submitted", false),
        ("in_review", false),
        ("in_review", true),
        ("returned", false),
    ] {
        age(&server, &other, status, 0).await;
        let row = a::table.filter(a::number.eq(other.clone()));
        let hold = move |tx: &mut Tx| {
            let since = held.then_some(tx.now);
            diesel::update(row).set(a::held_at.eq(since)).execute(tx.conn)?;
            Ok(())
        };
        write(&server, hold).await;
        next_day(&server).await;
        assert_eq!(kept(&server, "refund").await, 1, "an appeal is {status}, on hold: {held}");
    }
    age(&server, &other, "rejected", 0).await;
    let batch = {
        let number = number.clone();
        move |tx: &mut Tx| {
            let id: String = a::table.filter(a::number.eq(number)).select(a::id).first(tx.conn)?;
            let staff: String = {
                use kaozheng::store::schema::staff as s;
                s::table.select(s::id).first(tx.conn)?
            };
            let row = (
                b::id.eq("batch"),
                b::kind.eq("refund"),
                b::number.eq("B1"),
                b::made_by.eq(staff),
                b::made_at.eq(tx.now),
            );
            diesel::insert_into(b::table).values(row).execute(tx.conn)?;
            let row =
                (r::batch_id.eq("batch"), r::application_id.eq(id), r::position.eq(1), r::version.eq(1));
            let state = (r::state.eq("open"), r::note.eq(""), r::changed_at.eq(tx.now));
            diesel::insert_into(r::table).values((row, state)).execute(tx.conn)?;
            Ok(())
        }
    };
    write(&server, batch).await;
    next_day(&server).await;
    assert_eq!(kept(&server, "refund").await, 1, "a batch waits for its result");
    write(&server, |tx: &mut Tx| {
        diesel::update(r::table).set(r::state.eq("dropped")).execute(tx.conn)?;
        let file: String =
            f::table.filter(f::slot.eq("payment_proof")).order(f::id).select(f::id).first(tx.conn)?;
        let person = c::table.filter(c::name.eq("张小三"));
        diesel::update(person).set(c::portrait_id.eq(Some(file))).execute(tx.conn)?;
        Ok(())
    })
    .await;
    next_day(&server).await;
    assert_eq!(kept(&server, "refund").await, 1, "it is the portrait of the candidate");
    write(&server, |tx: &mut Tx| {
        diesel::update(c::table).set(c::portrait_id.eq(None::<String>)).execute(tx.conn)?;
        Ok(())
    })
    .await;
    next_day(&server).await;
    assert_eq!((kept(&server, "refund").await, kept(&server, "qualification").await), (0, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_and_the_audit_have_periods_of_their_own() {
    let server = server().await;
    let visitor = server.signed_in("张小三").await;
    set(&server, Rule::DraftDays, 8).await;
    set(&server, Rule::AuditYears, 3).await;
    visitor.send_form("/services/refund/new", &refund(), "draft").await;
    server.signed_in("何静").await.open("/staff/audit?after=").await;
    let entries = || async {
        let count = server.parts.store.read::<_, Error, _>(|tx| {
            let cut: Option<i64> = audit_cuts::table.select(audit_cuts::entries).first(tx.conn).optional()?;
            Ok((a::table.count().get_result::<i64>(tx.conn)?, cut.unwrap_or(0)))
        });
        count.await.expect("counts")
    };
    for _ in 0..7 {
        next_day(&server).await;
    }
    assert_eq!(entries().await, (1, 0));
    server.signed_in("张小三").await.open("/").await.assert_shows("考试退费草稿即将删除");
    next_day(&server).await;
    next_day(&server).await;
    assert_eq!(entries().await.0, 0, "the draft is deleted");
    write(&server, |tx: &mut Tx| kaozheng::people::audit::audit_command(tx, "export", "exams")).await;
    server.advance(Duration::days(3 * 366).num_seconds());
    next_day(&server).await;
    assert_eq!(entries().await.1, 0, "the clock has leapt");
    next_day(&server).await;
    assert!(entries().await.1 > 0, "the entries are removed");
    let left = e::table.filter(e::action.eq("audit_cut")).select(e::target);
    let left = server.parts.store.read::<_, Error, _>(move |tx| Ok(left.load::<String>(tx.conn)?));
    assert!(left.await.expect("entries")[0].starts_with(".."));
}

#[tokio::test(flavor = "multi_thread")]
async fn inquiries_about_certificates_are_removed_after_their_years() {
    let server = server().await;
    next_day(&server).await;
    set(&server, Rule::InquiryYears, 1).await;
    let ask = |tx: &mut Tx| {
        let certificate: String = certificates::table.select(certificates::id).first(tx.conn)?;
        let mut inquiries = Inquiries::default();
        for days in [0, 360, 400, 500] {
            inquiries.add(&certificate, Way::List, "", tx.now - Duration::days(days));
        }
        inquiry::record(tx, &inquiries)
    };
    write(&server, ask).await;
    let left = || async {
        let count = |tx: &mut Tx| Ok(certificate_inquiries::table.count().get_result::<i64>(tx.conn)?);
        server.parts.store.read::<_, Error, _>(count).await.expect("a count")
    };
    let before = left().await;
    next_day(&server).await;
    assert_eq!(before - left().await, 2, "those of more than a year ago are removed");
}
