use diesel::connection::SimpleConnection;

use super::states::Status::*;
use super::*;
use crate::store::{Conn, Ids, Timestamp, Vault};

const ALL: [Status; 8] = [Waiting, Scanned, Approved, Redeemed, Denied, Expired, Cancelled, Failed];
const ACTIONS: [Action; 8] = [Action::Scan, Approve, Redeem, Deny, Cancel, Suspect, Expire, Fail];

fn someone() -> CandidateId {
    CandidateId::from("someone".to_owned())
}

/// An empty database in memory, and the time.
struct World {
    conn: Conn,
    vault: Vault,
    ids: Ids,
    now: Timestamp,
}

impl World {
    fn new() -> World {
        let mut conn = Conn::Sqlite(SqliteConnection::establish(":memory:").unwrap());
        for tables in [
            include_str!("../../../migrations/sqlite/2026-11-23-000001_foundation/up.sql"),
            include_str!("../../../migrations/sqlite/2026-11-24-000002_device_grants/up.sql"),
            include_str!("../../../migrations/sqlite/2026-11-28-000009_login_screens/up.sql"),
        ] {
            conn.batch_execute(tables).unwrap();
        }
        // The candidates of these tests have no rows.
        conn.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
        World {
            conn,
            vault: Vault::from_key(&[1; 32]),
            ids: Ids::seeded(1),
            now: "2026-04-01T01:30:00".parse().unwrap(),
        }
    }

    fn tx(&mut self) -> Tx<'_> {
        Tx::new(&mut self.conn, (&self.vault, &self.ids), self.now, &())
    }

    fn screen(&self) -> Screen {
        Screen {
            secret_hash: "browser".into(),
            device: "Windows 电脑 · Chrome".into(),
            network: Network::Known("10.0.0.1".into()),
            next: "/services".into(),
        }
    }

    fn begin(&mut self) -> Handshake {
        let screen = self.screen();
        begin(&mut self.tx(), screen).unwrap()
    }

    fn scan(&mut self, id: &str, phone: &str, genuine: bool) -> ScanOutcome {
        let phone = Phone { sent: Some(phone.into()), fresh: phone.into() };
        scan(&mut self.tx(), id, &phone, |_| genuine).unwrap()
    }

    fn status(&mut self, id: &str) -> Status {
        find(&mut self.tx(), id).unwrap().unwrap().status
    }

    /// Puts a new handshake straight into a state.
    fn at(&mut self, status: Status) -> Handshake {
        let id = self.begin().id;
        let values = (h::status.eq(status.code()), h::phone.eq("phone"));
        diesel::update(h::login_handshakes.find(&id)).set(values).execute(&mut self.conn).unwrap();
        find(&mut self.tx(), &id).unwrap().unwrap()
    }
}

#[test]
fn only_the_listed_transitions_are_allowed() {
    let allowed = [
        ("waiting", Action::Scan, Actor::Phone, "scanned"),
        ("scanned", Approve, Actor::Phone, "approved"),
        ("approved", Redeem, Actor::Screen, "redeemed"),
        ("scanned", Deny, Actor::Phone, "denied"),
        ("approved", Deny, Actor::Phone, "denied"),
        ("waiting", Cancel, Actor::Screen, "cancelled"),
        ("scanned", Cancel, Actor::Screen, "cancelled"),
        ("waiting", Suspect, Actor::Site, "cancelled"),
        ("scanned", Suspect, Actor::Site, "cancelled"),
        ("waiting", Approve, Actor::Portal, "approved"),
        ("waiting", Deny, Actor::Portal, "denied"),
        ("waiting", Expire, Actor::Portal, "expired"),
        ("waiting", Fail, Actor::Portal, "failed"),
    ];
    let mut world = World::new();
    for from in ALL {
        for action in ACTIONS {
            for actor in [Actor::Screen, Actor::Phone, Actor::Site, Actor::Portal] {
                let expected =
                    allowed.iter().find(|row| (row.0, row.1, row.2) == (from.code(), action, actor));
                let handshake = world.at(from);
                let changed = change(&mut world.tx(), &handshake, action, actor, Changes::default()).unwrap();
                let now = world.status(&handshake.id).code();
                let case = format!("{from:?} {action:?} {actor:?}");
                assert_eq!(
                    (changed, now),
                    (expected.is_some(), expected.map_or(from.code(), |row| row.3)),
                    "{case}"
                );
            }
        }
    }
}

#[test]
fn second_change_of_the_same_state_is_refused() {
    let mut world = World::new();
    let seen = world.at(Scanned);
    assert!(change(&mut world.tx(), &seen, Deny, Actor::Phone, Changes::default()).unwrap());
    assert!(!change(&mut world.tx(), &seen, Approve, Actor::Phone, Changes::default()).unwrap());
    assert_eq!(world.status(&seen.id), Denied);
    let seen = world.begin();
    let first = Changes { phone: Some("first"), ..Changes::default() };
    let second = Changes { phone: Some("second"), ..Changes::default() };
    assert!(change(&mut world.tx(), &seen, Action::Scan, Actor::Phone, first).unwrap());
    assert!(!change(&mut world.tx(), &seen, Action::Scan, Actor::Phone, second).unwrap());
    assert!(of_phone(&mut world.tx(), &seen.id, "first").unwrap().is_some());
}

#[test]
fn first_phone_is_bound() {
    let mut world = World::new();
    let id = world.begin().id;
    assert_eq!(world.scan(&id, "first", true), ScanOutcome::Bound);
    assert_eq!(world.scan(&id, "first", false), ScanOutcome::Again, "a reload, also with an old code");
    assert_eq!(world.scan(&id, "second", true), ScanOutcome::Refused(ScanRefusal::Taken));
    assert_eq!(world.scan(&id, "second", false), ScanOutcome::Refused(ScanRefusal::Stale));
    assert_eq!(world.scan("nothing", "first", true), ScanOutcome::Refused(ScanRefusal::Gone));
    assert_eq!(world.status(&id), Scanned);
}

#[test]
fn fifth_wrong_code_cancels() {
    let mut world = World::new();
    let id = world.begin().id;
    for _ in 0..4 {
        assert_eq!(world.scan(&id, "phone", false), ScanOutcome::Refused(ScanRefusal::Stale));
    }
    assert_eq!(world.status(&id), Waiting);
    world.scan(&id, "phone", false);
    assert_eq!(world.status(&id), Cancelled);
    assert_eq!(world.scan(&id, "phone", true), ScanOutcome::Refused(ScanRefusal::Gone));
}

#[test]
fn only_the_right_number_approves_and_only_the_screen_redeems_once() {
    let mut world = World::new();
    let handshake = world.begin();
    let (id, right) = (handshake.id.as_str(), handshake.number);
    assert!((10..=99).contains(&right));
    world.scan(id, "phone", true);
    let typed = |world: &mut World, id: &str, phone: &str, number: u32| {
        type_number(&mut world.tx(), id, phone, &someone(), number).unwrap()
    };
    assert_eq!(typed(&mut world, id, "other", right), NumberOutcome::Undecidable);
    assert_eq!(typed(&mut world, id, "phone", right), NumberOutcome::Approved);
    assert_eq!(world.status(id), Approved);
    assert_eq!(redeem(&mut world.tx(), id, "phone").unwrap(), None);
    assert_eq!(redeem(&mut world.tx(), id, "browser").unwrap().as_deref(), Some("someone"));
    assert_eq!(redeem(&mut world.tx(), id, "browser").unwrap(), None);
    let wrong = world.begin();
    world.scan(&wrong.id, "phone", true);
    let other = if wrong.number == 42 { 43 } else { 42 };
    assert_eq!(typed(&mut world, &wrong.id, "phone", other), NumberOutcome::Denied);
    assert_eq!(typed(&mut world, &wrong.id, "phone", wrong.number), NumberOutcome::Undecidable);
    assert_eq!(world.status(&wrong.id), Denied);
}

#[test]
fn portal_decides_only_its_own_code() {
    let mut world = World::new();
    let approved = Verdict::Approved(someone());
    let ours = world.begin().id;
    assert!(!settle(&mut world.tx(), &ours, &approved).unwrap());
    let code = PortalCode { user_code: "BCDF".into(), address: "https://portal.example/d".into() };
    let screen = world.screen();
    let theirs = begin_at_portal(&mut world.tx(), screen, code.clone(), Duration::hours(5)).unwrap();
    assert_eq!((theirs.portal_code, theirs.expires_at), (Some(code), world.now + MAX_PORTAL_LIFETIME));
    assert!(settle(&mut world.tx(), &theirs.id, &approved).unwrap());
    assert!(!settle(&mut world.tx(), &theirs.id, &Verdict::Denied).unwrap());
    assert_eq!(redeem(&mut world.tx(), &theirs.id, "browser").unwrap().as_deref(), Some("someone"));
}

#[test]
fn open_handshakes_expire() {
    let mut world = World::new();
    for status in ALL {
        let id = world.at(status).id;
        let began = world.now;
        world.now = began + LIFETIME - Duration::milliseconds(1);
        assert_eq!(world.status(&id), status);
        world.now = began + LIFETIME;
        let ended = matches!(status, Redeemed | Denied | Cancelled | Failed);
        assert_eq!(world.status(&id), if ended { status } else { Expired });
        world.now = began;
    }
}

#[test]
fn expired_handshake_stays_expired_when_the_clock_goes_back() {
    let mut world = World::new();
    let acts: [fn(&mut Tx, &str); 3] = [
        |tx, id| expire(tx, id).unwrap(),
        |tx, id| assert!(!deny(tx, id, "phone").unwrap()),
        |tx, _| assert_eq!(sweep(tx).unwrap(), 0),
    ];
    for act in acts {
        for status in ALL {
            let (id, began) = (world.at(status).id, world.now);
            world.now = began + LIFETIME;
            let expected = world.status(&id);
            act(&mut world.tx(), &id);
            world.now = began;
            assert_eq!(world.status(&id), expected, "{status:?}");
        }
    }
}

#[test]
fn changed_at_rises_even_if_the_clock_goes_back() {
    let mut world = World::new();
    let id = world.begin().id;
    let mut seen = Vec::new();
    seen.push(find(&mut world.tx(), &id).unwrap().unwrap().changed_at);
    world.scan(&id, "phone", true);
    seen.push(find(&mut world.tx(), &id).unwrap().unwrap().changed_at);
    world.now = world.now - Duration::seconds(1);
    deny(&mut world.tx(), &id, "phone").unwrap();
    seen.push(find(&mut world.tx(), &id).unwrap().unwrap().changed_at);
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
}

#[test]
fn old_handshakes_are_swept() {
    let mut world = World::new();
    let old = world.begin().id;
    world.now = world.now + LIFETIME + RETENTION;
    assert_eq!(sweep(&mut world.tx()).unwrap(), 0);
    world.now = world.now + Duration::milliseconds(1);
    let new = world.begin().id;
    assert_eq!(sweep(&mut world.tx()).unwrap(), 1);
    assert!(find(&mut world.tx(), &old).unwrap().is_none() && find(&mut world.tx(), &new).unwrap().is_some());
}
