//! The rules of admission: a pure function of what the portal says and what is on record.

use serde::{Deserialize, Serialize};

use crate::people::name;
use crate::store::codes;

/// Whether the portal has verified the person behind an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assurance {
    /// The account meets every condition of the portal's profile. One that does not is refused before.
    Verified,
    /// The profile has no conditions. The account does not count as verified.
    Unknown,
}

#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The portal's name.
    pub name: &'a str,
    /// Whether the portal sends `sub`.
    pub has_subject: bool,
    pub assurance: Assurance,
    /// The candidate that the account is bound to.
    pub bound: Option<Bound<'a>>,
    /// The candidate who has or had the portal's document number.
    pub holder: Option<Holder<'a>>,
}

/// The candidate of a bound account.
#[derive(Clone, Copy)]
pub struct Bound<'a> {
    /// The candidate's name, and the last accepted name of the account.
    pub names: [&'a str; 2],
    /// Whether the document number is or was this candidate's.
    pub has_number: bool,
}

/// The candidate of a known document number.
#[derive(Clone, Copy)]
pub struct Holder<'a> {
    /// The candidate's name, and the last one from a portal.
    pub names: [&'a str; 2],
    /// Whether an account is bound to the candidate.
    pub has_account: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Enrol,
    /// Admit the bound candidate.
    Admit,
    /// Admit the bound candidate and store the portal's new name beside the one on record.
    AdmitRenamed,
    /// Admit the holder of the number and bind the account as their first.
    Bind,
    /// Admit the holder of the number, bind a further account, and add a notice.
    BindAnother,
    /// Refuse: the portal does not say which account this is.
    Nameless,
    /// Refuse until an administrator has decided.
    Stop(Reason),
}

codes! {
    /// Why a sign-in was stopped.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub enum Reason {
        /// Bound account, same number, another name, not verified.
        AnotherName = "another_name",
        /// Another account, same number, same name, not verified.
        AnotherAccount = "another_account",
        /// Another account, same number, another name.
        AnotherPerson = "another_person",
        /// Bound account, another number.
        AnotherNumber = "another_number",
    }
}

/// Decides one sign-in.
pub fn decide(facts: &Facts) -> Decision {
    match (&facts.bound, &facts.holder) {
        (Some(bound), _) => bound_account(facts, bound),
        (None, Some(holder)) => another_account(facts, holder),
        (None, None) => new_person(facts),
    }
}

fn bound_account(facts: &Facts, bound: &Bound) -> Decision {
    let verified = facts.assurance == Assurance::Verified;
    match (bound.has_number, is_one_of(facts.name, bound.names)) {
        (false, _) => Decision::Stop(Reason::AnotherNumber),
        (true, true) => Decision::Admit,
        (true, false) if verified => Decision::AdmitRenamed,
        (true, false) => Decision::Stop(Reason::AnotherName),
    }
}

/// A candidate without an account is older than accounts, or comes from imported records. If the
/// setting is missing, the first account of the number and the name is theirs.
fn another_account(facts: &Facts, holder: &Holder) -> Decision {
    let is_first = facts.has_subject && !holder.has_account;
    match (is_one_of(facts.name, holder.names), facts.assurance) {
        (false, _) => Decision::Stop(Reason::AnotherPerson),
        (true, Assurance::Verified) if is_first => Decision::Bind,
        (true, Assurance::Unknown) if is_first => Decision::Bind,
        (true, Assurance::Verified) => Decision::BindAnother,
        (true, Assurance::Unknown) => Decision::Stop(Reason::AnotherAccount),
    }
}

/// An account without `sub` cannot be distinguished from the next one with this number.
fn new_person(facts: &Facts) -> Decision {
    match (facts.assurance, facts.has_subject) {
        (Assurance::Unknown, false) => Decision::Nameless,
        (Assurance::Verified, _) | (Assurance::Unknown, true) => Decision::Enrol,
    }
}

fn is_one_of(name: &str, names: [&str; 2]) -> bool {
    names.iter().any(|known| name::same(name, known))
}

/// Whether a sign-in of a staff member opens the review desk: the portal's name must be the roster's.
pub fn opens_desk(roster: &str, portal: &str) -> bool {
    name::same(roster, portal)
}

#[cfg(test)]
mod tests {
    use super::Assurance::{Unknown, Verified};
    use super::Decision::{Admit, AdmitRenamed, Bind, BindAnother, Enrol, Nameless, Stop};
    use super::Reason::{AnotherAccount, AnotherName, AnotherNumber, AnotherPerson};
    use super::*;

    const ALL: [Assurance; 2] = [Verified, Unknown];

    fn facts(name: &str) -> Facts<'_> {
        Facts { name, has_subject: true, assurance: Unknown, bound: None, holder: None }
    }

    fn assert_table(facts: Facts, expected: [Decision; 2]) {
        for (assurance, expected) in ALL.into_iter().zip(expected) {
            let decided = decide(&Facts { assurance, ..facts });
            assert_eq!(decided, expected, "{} {assurance:?}", facts.name);
        }
    }

    #[test]
    fn bound_account_needs_its_number_and_a_known_name() {
        let bound = |has_number| Some(Bound { names: ["张三", "ZHANG San"], has_number });
        let holder = Some(Holder { names: ["张三", "张三"], has_account: true });
        for same in ["张三", "张 三", "zhang  san"] {
            assert_table(Facts { bound: bound(true), holder, ..facts(same) }, [Admit; 2]);
        }
        let renamed = Facts { bound: bound(true), holder, ..facts("李四") };
        assert_table(renamed, [AdmitRenamed, Stop(AnotherName)]);
        for name in ["张三", "李四"] {
            for holder in [None, holder] {
                let moved = Facts { bound: bound(false), holder, ..facts(name) };
                assert_table(moved, [Stop(AnotherNumber); 2]);
            }
        }
    }

    #[test]
    fn unbound_account_with_a_known_number() {
        let holder = |has_account| Some(Holder { names: ["张三", "ZHANG SAN"], has_account });
        for (has_account, has_subject) in [(true, true), (true, false), (false, false)] {
            for same in ["张三", "Zhang San"] {
                let other = Facts { holder: holder(has_account), has_subject, ..facts(same) };
                assert_table(other, [BindAnother, Stop(AnotherAccount)]);
            }
        }
        let first = Facts { holder: holder(false), ..facts("张三") };
        assert_table(first, [Bind, Bind]);
        for (has_account, has_subject) in [(true, true), (true, false), (false, true), (false, false)] {
            let other = Facts { holder: holder(has_account), has_subject, ..facts("李四") };
            assert_table(other, [Stop(AnotherPerson); 2]);
        }
    }

    #[test]
    fn unknown_account_with_an_unknown_number() {
        assert_table(facts("张三"), [Enrol, Enrol]);
        let nameless = Facts { has_subject: false, ..facts("张三") };
        assert_table(nameless, [Enrol, Nameless]);
    }

    #[test]
    fn desk_opens_only_to_the_name_on_the_roster() {
        let table = [("何静", true), ("何 静", true), ("贺静", false), ("", false)];
        for (name, opens) in table {
            assert_eq!(opens_desk("何静", name), opens, "{name}");
        }
    }
}
