//! The kinds of application, one file each.

mod appeal;
mod qualification;

use crate::casework::business::Registry;

/// Every kind, in the order of the first page.
pub const ALL: Registry = Registry(&[&qualification::BUSINESS, &appeal::BUSINESS]);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn slugs_prefixes_and_names_are_unique() {
        let slugs: BTreeSet<_> = ALL.into_iter().map(|business| business.slug).collect();
        let prefixes: BTreeSet<_> = ALL.into_iter().map(|business| business.prefix).collect();
        assert_eq!((slugs.len(), prefixes.len()), (ALL.0.len(), ALL.0.len()));
        for business in ALL.into_iter() {
            let fields = business.fields.iter().map(|field| field.name);
            let names: Vec<_> = fields.chain(business.materials.iter().map(|m| m.slot)).collect();
            let distinct: BTreeSet<_> = names.iter().collect();
            assert_eq!(distinct.len(), names.len(), "{}", business.slug);
            assert!(business.prefix.len() == 2 && business.prefix.bytes().all(|b| b.is_ascii_uppercase()));
        }
    }

    #[test]
    fn every_appeal_is_registered() {
        for appeal in ALL.into_iter().filter_map(|business| business.appeal) {
            assert!(appeal.is_appeal && ALL.into_iter().any(|business| business.slug == appeal.slug));
        }
    }
}
