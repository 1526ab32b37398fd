//! Pages of a list. A list is extended page by page, and its address says which pages it shows.

use std::ops::RangeInclusive;

use super::application::PAGE;

/// Maximum number of pages that one answer shows.
const MOST: i64 = 25;

/// Consecutive pages of a list, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    first: i64,
    last: i64,
}

impl Pages {
    /// The pages from `first` to `last`, of too many the last ones. Numbers of a query string may be anything.
    pub fn new(first: i64, last: i64) -> Pages {
        let last = last.clamp(0, 10_000);
        Pages { first: first.clamp((last - MOST + 1).max(0), last), last }
    }

    /// The pages of a list from its beginning to `last`.
    pub fn up_to(last: i64) -> Pages {
        Pages::new(0, last.min(MOST - 1))
    }

    pub fn starts_list(self) -> bool {
        self.first == 0
    }

    /// Rows to skip.
    pub fn offset(self) -> i64 {
        self.first * PAGE
    }

    /// Rows to read: one more than are shown, which tells whether there is a next page.
    pub fn rows(self) -> i64 {
        (self.last - self.first + 1) * PAGE + 1
    }

    /// The page after these.
    pub fn next(self) -> i64 {
        self.last + 1
    }

    /// Whether an answer can show all pages up to the next one.
    pub fn can_grow(self) -> bool {
        self.next() < MOST
    }

    /// The items of each page with its number, and whether there is a next page.
    pub fn split<T>(self, items: &[T]) -> (impl Iterator<Item = (i64, &[T])>, bool) {
        let numbers: RangeInclusive<i64> = self.first..=self.last;
        let size = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let has_next = i64::try_from(items.len()).is_ok_and(|count| count >= self.rows());
        (numbers.zip(items.chunks(size)), has_next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_within_bounds() {
        let of = |first, last| (Pages::new(first, last).first, Pages::new(first, last).last);
        assert_eq!(of(0, 3), (0, 3));
        assert_eq!(of(3, 3), (3, 3));
        assert_eq!(of(9, 3), (3, 3));
        assert_eq!(of(-1, -1), (0, 0));
        assert_eq!(of(0, 30), (6, 30), "of too many the last ones");
        assert_eq!(Pages::up_to(30), Pages::new(0, MOST - 1));
        assert_eq!(of(i64::MIN, i64::MAX), (10_000 - MOST + 1, 10_000));
    }

    #[test]
    fn items_are_split_into_numbered_pages() {
        let split = |count: usize, pages: Pages| {
            let items = vec![(); count];
            let (pages, has_next) = pages.split(&items);
            (pages.map(|(number, items)| (number, items.len())).collect::<Vec<_>>(), has_next)
        };
        assert_eq!(split(0, Pages::new(0, 0)), (vec![], false));
        assert_eq!(split(20, Pages::new(0, 0)), (vec![(0, 20)], false));
        assert_eq!(split(21, Pages::new(0, 0)), (vec![(0, 20)], true));
        assert_eq!(split(41, Pages::new(1, 2)), (vec![(1, 20), (2, 20)], true));
        assert_eq!(split(25, Pages::new(0, 2)), (vec![(0, 20), (1, 5)], false));
    }
}
