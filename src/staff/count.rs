//! Numbers that are counted up to a bound.

use std::fmt;

/// A number; every one above its bound is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    number: i64,
    most: i64,
}

impl Count {
    /// `number` was counted up to `most` and one more.
    pub fn up_to(most: i64, number: i64) -> Count {
        Count { number, most }
    }

    pub fn is_none(self) -> bool {
        self.number == 0
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.number > self.most { write!(f, "{}+", self.most) } else { self.number.fmt(f) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_ends_at_the_bound() {
        assert_eq!([0, 999, 1000].map(|number| Count::up_to(999, number).to_string()), ["0", "999", "999+"]);
    }
}
