//! Numbers of the 港澳居民来往内地通行证.
//!
//! The first nine characters belong to one person for life: H or M and 8 digits, and since 10 July 2024 HA or MA
//! and 7 digits for holders who are not Chinese citizens. On the card two more digits count the renewals.

use super::is_digits;

/// Characters that stay when the permit is renewed.
const LIFELONG: usize = 9;

pub(super) fn is_valid(number: &str) -> bool {
    let Some(rest) = number.strip_prefix(['H', 'M']) else { return false };
    match rest.strip_prefix('A') {
        Some(digits) => is_digits(digits, &[7, 9]),
        None => is_digits(rest, &[8, 10]),
    }
}

/// The part of a number that identifies the holder.
pub fn lifelong(number: &str) -> &str {
    number.get(..LIFELONG).unwrap_or(number)
}

/// All numbers with a count of renewals that the holder of a lifelong number may have.
pub fn renewals(lifelong: &str) -> impl Iterator<Item = String> {
    (0..100).map(move |count| format!("{lifelong}{count:02}"))
}

/// All numbers that a [`mask`](crate::people::mask::number) of a number with a count of renewals may stand for: it
/// hides four digits. `None` for any other mask. Holders who are not Chinese citizens are left out.
pub fn behind_mask(mask: &str) -> Option<impl Iterator<Item = String>> {
    let (first, last) = mask.split_once("****")?;
    let begins = first.strip_prefix(['H', 'M']).is_some_and(|digits| is_digits(digits, &[2]));
    let holds = begins && is_digits(last, &[4]);
    holds.then(|| (0..10_000).map(move |hidden| format!("{first}{hidden:04}{last}")))
}

/// Whether a mask may be one of a permit's number, with or without a count of renewals.
pub fn is_mask(mask: &str) -> bool {
    mask.starts_with(['H', 'M']) && [LIFELONG, LIFELONG + 2].contains(&mask.len())
}
