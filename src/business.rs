//! The businesses, one file each. [`profile`] has the questions that several of them ask.

mod appeal;
pub mod correction;
mod integrity;
pub mod mailing;
mod profile;
mod qualification;
mod receipt;
mod refund;
pub mod reissue;
pub mod violation;

use crate::casework::business::Registry;

/// In the order of the first page.
pub static ALL: Registry = Registry(&[
    &qualification::BUSINESS,
    &refund::BUSINESS,
    &reissue::BUSINESS,
    &receipt::BUSINESS,
    &integrity::BUSINESS,
    &violation::BUSINESS,
    &correction::BUSINESS,
    &appeal::BUSINESS,
    &mailing::BUSINESS,
]);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::casework::business::Business;
    use crate::casework::lifecycle::Action;
    use crate::casework::question::AnswerRule::{OneOf, SomeOf};
    use crate::casework::question::When;

    #[test]
    fn slugs_prefixes_and_names_are_unique() {
        let slugs: BTreeSet<_> = ALL.iter().map(|business| business.slug).collect();
        let prefixes: BTreeSet<_> = ALL.iter().map(|business| business.prefix).collect();
        assert_eq!((slugs.len(), prefixes.len()), (ALL.0.len(), ALL.0.len()));
        for business in ALL.iter() {
            let fields = business.questions().map(|field| field.name);
            let names: Vec<_> = fields.chain(business.materials.iter().map(|m| m.slot)).collect();
            let distinct: BTreeSet<_> = names.iter().collect();
            assert_eq!(distinct.len(), names.len(), "{}", business.slug);
            assert!(business.prefix.len() == 2 && business.prefix.bytes().all(|b| b.is_ascii_uppercase()));
        }
    }

    #[test]
    fn every_appeal_is_registered() {
        for appeal in ALL.iter().filter_map(|business| business.appeal) {
            assert!(appeal.is_appeal() && ALL.iter().any(|business| business.slug == appeal.slug));
        }
    }

    #[test]
    fn every_condition_names_offered_answers() {
        for business in ALL.iter() {
            let fields = business.questions().filter_map(|field| field.when);
            for when in fields.chain(business.materials.iter().filter_map(|material| material.when)) {
                let When { question: field, any_of } = when;
                let question =
                    business.question(field).unwrap_or_else(|| panic!("{}: {field}", business.slug));
                let (OneOf(offered) | SomeOf(offered)) = question.rule else {
                    panic!("{field} has no fixed answers")
                };
                assert!(any_of.iter().all(|answer| offered.contains(answer)), "{}: {field}", business.slug);
            }
        }
    }

    #[test]
    fn index_of_open_applications_names_every_business_with_a_fulfilment() {
        let up = include_str!("../migrations/sqlite/2026-11-24-000003_businesses/up.sql");
        let index =
            up.rsplit("kind IN (").next().and_then(|rest| rest.split(')').next()).expect("a list of slugs");
        let is_fulfilled =
            |business: &&Business| business.tasks.iter().any(|task| task.action == Action::Fulfil);
        let slugs: Vec<_> = ALL.iter().filter(is_fulfilled).map(|b| format!("'{}'", b.slug)).collect();
        assert_eq!(index, slugs.join(", "));
    }

    #[test]
    fn every_failed_task_returns_a_question_of_the_form() {
        for business in ALL.iter() {
            for name in business.tasks.iter().flat_map(|task| task.mends) {
                assert!(business.question(name).is_some(), "{}: {name}", business.slug);
            }
            for name in business.tasks.iter().flat_map(|task| task.opens) {
                let is_known = business.question(name).is_some() || business.material(name).is_some();
                assert!(is_known, "{}: {name}", business.slug);
            }
        }
    }
}
