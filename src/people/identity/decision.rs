//! Who gets in: one pure function of what the portal says and what is known.

use serde::{Deserialize, Serialize};

use crate::people::name;
use crate::store::codes;

/// Whether the portal has verified the person behind an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assurance {
    /// The account meets every condition of `KAOZHENG_PORTAL_VERIFIED`.
    Verified,
    /// It does not meet one of them.
    Unverified,
    /// The setting is missing. Such an account never counts as verified.
    Unknown,
}

/// Everything a decision depends on.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The name that the portal tells.
    pub name: &'a str,
    /// Whether the portal names the account (`sub`).
    pub has_subject: bool,
    /// How far the portal vouches for the name and the number.
    pub assurance: Assurance,
    /// The candidate to whom the account is bound.
    pub bound: Option<Bound<'a>>,
    /// The candidate who has, or had, the document number that the portal tells.
    pub holder: Option<Holder<'a>>,
}

/// The candidate of a known account.
#[derive(Clone, Copy)]
pub struct Bound<'a> {
    /// Names by which the account is known: the candidate's, and the account's last accepted one.
    pub names: [&'a str; 2],
    /// Whether the document number is, or was, this candidate's.
    pub has_number: bool,
}

/// The candidate of a known number.
#[derive(Clone, Copy)]
pub struct Holder<'a> {
    /// The candidate's name, and the last one that a portal told.
    pub names: [&'a str; 2],
    /// Whether some account is bound to the candidate already.
    pub has_account: bool,
}

/// What happens to a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A new candidate; the account is bound to them.
    Enrol,
    /// The bound candidate is in.
    Admit,
    /// The bound candidate is in; the portal's new name is kept beside the one on record.
    AdmitRenamed,
    /// The holder of the number is in, and the account is bound to them as their first.
    Bind,
    /// The same, as a further account; the candidate is told.
    BindAnother,
    /// Nobody is in: the account must be verified at the portal first.
    Unverified,
    /// Nobody is in: the portal does not say which account this is.
    Nameless,
    /// Nobody is in until an administrator has decided.
    Stop(Reason),
}

/// Why a sign-in was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// Known account, same number, another name, not verified.
    AnotherName,
    /// Another account, same number, same name, not verified.
    AnotherAccount,
    /// Another account, same number, another name.
    AnotherPerson,
    /// Known account, another number.
    AnotherNumber,
}

codes!(Reason {
    AnotherName = "another_name",
    AnotherAccount = "another_account",
    AnotherPerson = "another_person",
    AnotherNumber = "another_number",
});

/// Decides one sign-in.
pub fn decide(facts: &Facts) -> Decision {
    match (&facts.bound, &facts.holder) {
        (Some(bound), _) => known_account(facts, bound),
        (None, Some(holder)) => another_account(facts, holder),
        (None, None) => new_person(facts),
    }
}

fn known_account(facts: &Facts, bound: &Bound) -> Decision {
    let verified = facts.assurance == Assurance::Verified;
    match (bound.has_number, is_one_of(facts.name, bound.names)) {
        (false, _) => Decision::Stop(Reason::AnotherNumber),
        (true, true) => Decision::Admit,
        (true, false) if verified => Decision::AdmitRenamed,
        (true, false) => Decision::Stop(Reason::AnotherName),
    }
}

/// A candidate without an account was here before accounts were kept, or came in by the
/// authority's data: with the settings' silence about levels, the first account is theirs.
fn another_account(facts: &Facts, holder: &Holder) -> Decision {
    let is_first = facts.has_subject && !holder.has_account;
    match (is_one_of(facts.name, holder.names), facts.assurance) {
        (false, _) => Decision::Stop(Reason::AnotherPerson),
        (true, Assurance::Verified) if is_first => Decision::Bind,
        (true, Assurance::Unknown) if is_first => Decision::Bind,
        (true, Assurance::Verified) => Decision::BindAnother,
        (true, _) => Decision::Stop(Reason::AnotherAccount),
    }
}

/// The authority's records of a number open to whoever enrols with it, so a number that the
/// portal has not verified enrols nobody where the settings ask for that. An account without
/// `sub` could not be told from the next one with this number.
fn new_person(facts: &Facts) -> Decision {
    match (facts.assurance, facts.has_subject) {
        (Assurance::Unverified, _) => Decision::Unverified,
        (Assurance::Unknown, false) => Decision::Nameless,
        (Assurance::Verified, _) | (Assurance::Unknown, true) => Decision::Enrol,
    }
}

fn is_one_of(told: &str, names: [&str; 2]) -> bool {
    names.iter().any(|known| name::same(told, known))
}

/// Whether the review desk opens to somebody on the roster: only to the roster's name, told by an
/// account that is not known to be unverified.
pub fn opens_desk(roster: &str, told: &str, assurance: Assurance) -> bool {
    name::same(roster, told) && assurance != Assurance::Unverified
}

#[cfg(test)]
mod tests {
    use super::Assurance::{Unknown, Unverified, Verified};
    use super::Decision::{Admit, AdmitRenamed, Bind, BindAnother, Enrol, Nameless, Stop};
    use super::Reason::{AnotherAccount, AnotherName, AnotherNumber, AnotherPerson};
    use super::*;

    const ALL: [Assurance; 3] = [Verified, Unverified, Unknown];

    fn facts(name: &str) -> Facts<'_> {
        Facts { name, has_subject: true, assurance: Unverified, bound: None, holder: None }
    }

    fn assert_table(facts: Facts, expected: [Decision; 3]) {
        for (assurance, expected) in ALL.into_iter().zip(expected) {
            let decided = decide(&Facts { assurance, ..facts });
            assert_eq!(decided, expected, "{} {assurance:?}", facts.name);
        }
    }

    #[test]
    fn a_known_account() {
        let bound = |has_number| Some(Bound { names: ["张三", "ZHANG San"], has_number });
        let holder = Some(Holder { names: ["张三", "张三"], has_account: true });
        for same in ["张三", "张 三", "zhang  san"] {
            assert_table(Facts { bound: bound(true), holder, ..facts(same) }, [Admit; 3]);
        }
        let renamed = Facts { bound: bound(true), holder, ..facts("李四") };
        assert_table(renamed, [AdmitRenamed, Stop(AnotherName), Stop(AnotherName)]);
        for name in ["张三", "李四"] {
            for holder in [None, holder] {
                let moved = Facts { bound: bound(false), holder, ..facts(name) };
                assert_table(moved, [Stop(AnotherNumber); 3]);
            }
        }
    }

    #[test]
    fn another_account_with_a_known_number() {
        let holder = |has_account| Some(Holder { names: ["张三", "ZHANG SAN"], has_account });
        for (has_account, has_subject) in [(true, true), (true, false), (false, false)] {
            for same in ["张三", "Zhang San"] {
                let other = Facts { holder: holder(has_account), has_subject, ..facts(same) };
                assert_table(other, [BindAnother, Stop(AnotherAccount), Stop(AnotherAccount)]);
            }
        }
        let first = Facts { holder: holder(false), ..facts("张三") };
        assert_table(first, [Bind, Stop(AnotherAccount), Bind]);
        for (has_account, has_subject) in [(true, true), (true, false), (false, true), (false, false)] {
            let other = Facts { holder: holder(has_account), has_subject, ..facts("李四") };
            assert_table(other, [Stop(AnotherPerson); 3]);
        }
    }

    #[test]
    fn an_account_and_a_number_that_nobody_knows() {
        assert_table(facts("张三"), [Enrol, Decision::Unverified, Enrol]);
        let nameless = Facts { has_subject: false, ..facts("张三") };
        assert_table(nameless, [Enrol, Decision::Unverified, Nameless]);
    }

    #[test]
    fn the_desk_opens_to_the_name_of_the_roster() {
        let table = [
            ("何静", Verified, true),
            ("何 静", Verified, true),
            ("何静", Unknown, true),
            ("何静", Unverified, false),
            ("贺静", Verified, false),
            ("", Verified, false),
        ];
        for (told, assurance, opens) in table {
            assert_eq!(opens_desk("何静", told, assurance), opens, "{told} {assurance:?}");
        }
    }
}
