//! Who may take and decide what: own applications, limited reviewers, and how many one person may have.

use diesel::prelude::*;
use kaozheng::casework::lifecycle::Status;
use kaozheng::casework::roster;
use kaozheng::casework::rules::{self, Rule};
use kaozheng::people::candidate::Candidate;
use kaozheng::people::permit_hashes::PermitHashes;
use kaozheng::people::staff::{Duty, Kinds, Role, StaffMember};
use kaozheng::staff::{QueueFilter, QueuePart};
use kaozheng::store::schema::candidates::dsl as c;
use kaozheng::store::schema::{applications::dsl as a, staff::dsl as s};
use poem::http::StatusCode;

use super::authority::{Authority, document};
use super::pages::text;
use super::{APPROVE, Outcome, only};

impl Authority {
    /// Gives a candidate the number of a permit, stored as an older program did: with its count of renewals.
    async fn give_permit(&self, candidate: &Candidate, number: &'static str) {
        let id = candidate.id.clone();
        let given = self.write(move |tx| {
            let hashes = PermitHashes::of(tx.vault, number);
            let hash = if number.len() == 9 { hashes.present } else { hashes.former[1].clone() };
            let row = (
                c::document_type.eq("hk_macao_permit"),
                c::document_number.eq(tx.vault.seal("candidates.document_number", number)),
                c::document_hash.eq(hash),
            );
            diesel::update(c::candidates.find(&id)).set(row).execute(tx.conn)?;
            Ok(())
        });
        given.await.expect("a permit");
    }

    /// Limits a staff member as `kaozheng staff add --kinds` does. Returns how many cases went back into the queue.
    async fn limit(&self, staff: &mut StaffMember, passport: &'static str, kinds: &'static str) -> usize {
        staff.kinds = Kinds::parse(kinds);
        let (name, duty) = (staff.name.clone(), Duty { role: staff.role, kinds: staff.kinds.clone() });
        self.write(move |tx| Ok(roster::add(tx, &name, &document(passport), &duty)?)).await.expect("a change")
    }

    pub async fn set_most_taken(&self, most: i32) {
        self.write(move |tx| Ok(rules::set(tx, Rule::MostTaken, None, most)?)).await.expect("a rule");
    }
}

#[tokio::test]
async fn nobody_decides_the_application_of_their_other_permit_number() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("陈审核", "S0000001").await;
    let reader = authority.write({
        let id = reviewer.candidate.clone();
        move |tx| Ok(Candidate::load(tx, &id)?.expect("a candidate"))
    });
    authority.give_permit(&reader.await.expect("a candidate"), "H12345678").await;
    let twin = authority.candidate("陈审核", "E0000001").await;
    authority.give_permit(&twin, "H1234567801").await;
    let own = authority.apply(&twin).await;

    assert_eq!(authority.take_next(&reviewer).await, None);
    let desk = authority.browser_of(&reviewer).await;
    let page = text(desk.get(&format!("/staff/applications/{own}")).await).await;
    assert!(page.contains("这是您本人的申请"), "{page}");
    desk.post(&format!("/staff/applications/{own}/take"), &[]).await.assert_status(StatusCode::FORBIDDEN);
    let colleague = authority.reviewer("赵审核", "S0000002").await;
    assert_eq!(authority.take_next(&colleague).await, Some(own.clone()));
    // Somebody has put it into the database as theirs.
    let (number, taker) = (own.clone(), reviewer.id.clone());
    let forced = authority.write(move |tx| {
        let row = a::applications.filter(a::number.eq(number));
        diesel::update(row).set(a::assignee_id.eq(taker)).execute(tx.conn)?;
        Ok(())
    });
    forced.await.expect("a change");
    let refused = authority.decide(&reviewer, &own, APPROVE).await;
    assert!(matches!(refused, Outcome::Failed(_)), "{refused:?}");
    assert_eq!(authority.application(&own).await.status, Status::InReview);
}

#[tokio::test]
async fn limited_reviewer_sees_takes_and_gets_only_their_kinds() {
    let authority = Authority::open().await;
    let mut limited = authority.reviewer("王审核", "S0000001").await;
    let administrator = authority.staff_member("何管理", "S0000009", Role::Administrator).await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    assert_eq!(authority.take_next(&limited).await.as_ref(), Some(&number));
    assert_eq!(authority.limit(&mut limited, "S0000001", "refund,receipt").await, 1, "it goes back");

    assert_eq!(authority.take_next(&limited).await, None);
    for part in QueuePart::ALL {
        assert_eq!(authority.queued(&limited, only(part)).await, [""; 0], "{part:?}");
    }
    let desk = authority.browser_of(&limited).await;
    let case = format!("/staff/applications/{number}");
    for step in ["", "/take", "/decide", "/done"] {
        let path = format!("{case}{step}");
        let refused = if step == "/take" { desk.post(&path, &[]).await } else { desk.get(&path).await };
        refused.assert_status(StatusCode::FORBIDDEN);
        let page = text(refused).await;
        assert!(!page.contains("张小三") && !page.contains("张*三"), "{step}: {page}");
    }
    let queue = text(desk.get("/staff/queue").await).await;
    assert!(queue.contains("待办 0") && !queue.contains("value=\"qualification\""), "{queue}");
    let page = text(authority.browser_of(&administrator).await.get(&case).await).await;
    assert!(page.contains("何管理") && !page.contains("王审核 · 审核员"), "{page}");

    assert_eq!(authority.limit(&mut limited, "S0000001", "qualification").await, 0);
    assert_eq!(authority.queued(&limited, QueueFilter::default()).await, [&*number]);
    assert_eq!(authority.take_next(&limited).await.as_ref(), Some(&number));
}

#[tokio::test]
async fn taking_ends_at_the_cap_and_cases_on_hold_do_not_count() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    authority.set_most_taken(2).await;
    let mut numbers = Vec::new();
    for at in 0..4 {
        numbers.push(authority.apply(&authority.candidate("张小三", &format!("E000000{at}")).await).await);
    }
    let desk = authority.browser_of(&reviewer).await;
    for _ in 0..2 {
        desk.post("/staff/queue/next", &[]).await.assert_status(StatusCode::SEE_OTHER);
    }
    for path in ["/staff/queue/next".to_owned(), format!("/staff/applications/{}/take", numbers[2])] {
        let full = desk.post(&path, &[]).await;
        full.assert_status(StatusCode::CONFLICT);
        let page = text(full).await;
        assert!(page.contains("您已经领取了 2 件，请先办理、放回或暂缓其中一些，再领取"), "{path}: {page}");
        assert!(page.contains("/staff/queue?status=mine"), "{page}");
    }
    assert_eq!(authority.application(&numbers[2]).await.status, Status::Submitted);

    let first = numbers[0].clone();
    let held = authority.write(move |tx| {
        let row = a::applications.filter(a::number.eq(first));
        diesel::update(row).set(a::held_at.eq(tx.now)).execute(tx.conn)?;
        Ok(())
    });
    held.await.expect("a hold");
    desk.post("/staff/queue/next", &[]).await.assert_status(StatusCode::SEE_OTHER);
    desk.post("/staff/queue/next", &[]).await.assert_status(StatusCode::CONFLICT);
}

#[tokio::test]
async fn simultaneous_takes_of_one_person_do_not_pass_the_cap() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    authority.set_most_taken(3).await;
    for at in 0..8 {
        authority.apply(&authority.candidate("张小三", &format!("E000000{at}")).await).await;
    }
    let take = || {
        let reviewer = reviewer.clone();
        authority.write(move |tx| Ok(kaozheng::staff::take_next(tx, &reviewer)?))
    };
    let taken = futures_util::future::join_all((0..8).map(|_| take())).await;
    assert_eq!(taken.iter().filter(|taken| taken.is_ok()).count(), 3);
    assert_eq!(authority.queued(&reviewer, only(QueuePart::Mine)).await.len(), 3);
}

#[tokio::test]
async fn appeal_is_not_handed_to_who_decided_under_another_row_of_the_roster() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let administrator = authority.staff_member("何管理", "S0000009", Role::Administrator).await;
    let candidate = authority.candidate("张小三", "E0000001").await;
    let number = authority.apply(&candidate).await;
    authority.take_next(&reviewer).await;
    authority.decide(&reviewer, &number, &[("action", "reject"), ("note", "从业年限不足")]).await;
    let appeal = authority.appeal(&candidate, &number).await;
    // The reviewer has a second row, from before their document was corrected.
    let id = reviewer.candidate.clone();
    let second = authority.write(move |tx| {
        let row = roster::add(
            tx,
            "王审核（新）",
            &document("S0000077"),
            &Duty { role: Role::Reviewer, kinds: Kinds::default() },
        );
        row?;
        let hash: String =
            s::staff.filter(s::name.eq("王审核（新）")).select(s::document_hash).first(tx.conn)?;
        use kaozheng::store::schema::former_documents::dsl as f;
        let former = (f::document_hash.eq(hash), f::candidate_id.eq(id), f::replaced_at.eq(tx.now));
        diesel::insert_into(f::former_documents).values(former).execute(tx.conn)?;
        Ok(s::staff.filter(s::name.eq("王审核（新）")).select(s::id).first::<String>(tx.conn)?)
    });
    let second = second.await.expect("a row");
    let again = StaffMember { id: second.clone(), ..reviewer.clone() };
    assert_eq!(authority.take_next(&again).await, None);

    let desk = authority.browser_of(&administrator).await;
    let page = text(desk.get(&format!("/staff/applications/{appeal}")).await).await;
    assert!(!page.contains(&second) && !page.contains(&reviewer.id), "{page}");
    let version = authority.application(&appeal).await.version.to_string();
    let path = format!("/staff/applications/{appeal}/hand-over");
    for to in [&*second, &*reviewer.id] {
        desk.post(&path, &[("version", &version), ("to", to)]).await.assert_status(StatusCode::CONFLICT);
    }
    assert_eq!(authority.application(&appeal).await.assignee_id, None);
}
