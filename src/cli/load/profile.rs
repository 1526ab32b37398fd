//! Who comes on a release day and what each of them asks for, as `docs/scale.md` assumes; and what that takes.

use std::time::Duration;

/// A kind of request. Each is a row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A certificate that is found.
    Lookup,
    /// The list of exams, and the form.
    Page,
    /// A stylesheet, script, icon or manifest.
    File,
    /// From the login screen until it has its session, with the phone's sign-in at the portal.
    SignIn,
    /// The first page of a candidate.
    FirstPage,
    /// A waiting login screen's next picture.
    Picture,
}

impl Kind {
    pub(super) const ALL: [Kind; 6] =
        [Kind::Lookup, Kind::Page, Kind::File, Kind::SignIn, Kind::FirstPage, Kind::Picture];

    pub(super) fn title(self) -> &'static str {
        match self {
            Kind::Lookup => "lookup",
            Kind::Page => "list of exams, form",
            Kind::File => "a file",
            Kind::SignIn => "sign-in by scanning",
            Kind::FirstPage => "first page of a candidate",
            Kind::Picture => "picture of a waiting screen",
        }
    }
}

/// Who comes.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) name: &'static str,
    pub(super) people: u32,
    /// The time within which they come.
    pub(super) within: Duration,
    /// The busiest moment, as a multiple of the average.
    pub(super) peak: f64,
    pub(super) lookups: u32,
    pub(super) pages: u32,
    pub(super) files: u32,
    /// One person in so many signs in.
    pub(super) one_signs_in_of: u32,
    /// How long a login screen waits for a phone.
    pub(super) screen_waits: Duration,
    /// How long a screen shows a picture.
    pub(super) picture_lasts: Duration,
}

pub(super) static RELEASE_DAY: Profile = Profile {
    name: "release-day",
    people: 667_000,
    within: Duration::from_secs(600),
    peak: 2.0,
    lookups: 3,
    pages: 2,
    files: 5,
    one_signs_in_of: 20,
    screen_waits: Duration::from_secs(30),
    picture_lasts: Duration::from_secs(15),
};

impl Profile {
    /// People a second, on average.
    pub(super) fn people_each_second(&self) -> f64 {
        f64::from(self.people) / self.within.as_secs_f64()
    }

    /// Requests of a kind for each person.
    pub(super) fn per_person(&self, kind: Kind) -> f64 {
        let signs_in = 1.0 / f64::from(self.one_signs_in_of);
        match kind {
            Kind::Lookup => self.lookups.into(),
            Kind::Page => self.pages.into(),
            Kind::File => self.files.into(),
            Kind::SignIn | Kind::FirstPage => signs_in,
            Kind::Picture => signs_in * self.screen_waits.as_secs_f64() / self.picture_lasts.as_secs_f64(),
        }
    }

    /// Requests of a kind a second, on average.
    pub(super) fn each_second(&self, kind: Kind) -> f64 {
        self.per_person(kind) * self.people_each_second()
    }

    /// Login screens that wait at any moment, on average.
    pub(super) fn waiting_screens(&self) -> f64 {
        self.each_second(Kind::SignIn) * self.screen_waits.as_secs_f64()
    }

    /// Cores that are busy at the peak, if so many are on average.
    pub(super) fn at_peak(&self, average: f64) -> f64 {
        average * self.peak
    }

    /// Whether the person with this number, in the order in which they come, signs in.
    pub(super) fn signs_in(&self, number: u32) -> bool {
        number.is_multiple_of(self.one_signs_in_of)
    }
}

/// Cores of each process in [`processes`].
pub(super) const CORES: f64 = 2.0;

/// Processes with [`CORES`] each that carry so many busy cores, and one more, so that one may fail.
pub(super) fn processes(busy: f64) -> u32 {
    (busy / CORES).ceil().max(1.0) as u32 + 1
}

/// Megabits a second.
pub(super) fn megabits(bytes_a_second: f64) -> f64 {
    bytes_a_second * 8.0 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded(kind: Kind) -> i64 {
        RELEASE_DAY.each_second(kind).round() as i64
    }

    #[test]
    fn rates_are_those_of_the_document() {
        assert_eq!(RELEASE_DAY.people_each_second().round(), 1112.0);
        assert_eq!(Kind::ALL.map(rounded), [3335, 2223, 5558, 56, 56, 111]);
        assert_eq!(RELEASE_DAY.waiting_screens().round(), 1668.0);
    }

    #[test]
    fn requests_of_a_person_add_up() {
        let each: f64 = Kind::ALL.iter().map(|kind| RELEASE_DAY.per_person(*kind)).sum();
        assert!((each - 10.2).abs() < 1e-9, "{each}");
        let a_second: f64 = Kind::ALL.iter().map(|kind| RELEASE_DAY.each_second(*kind)).sum();
        assert!((a_second - each * RELEASE_DAY.people_each_second()).abs() < 1e-6);
    }

    #[test]
    fn one_person_in_twenty_signs_in() {
        assert_eq!((0..2000).filter(|number| RELEASE_DAY.signs_in(*number)).count(), 100);
    }

    #[test]
    fn one_process_more_than_carries_the_peak() {
        let table = [(0.0, 2), (0.5, 2), (2.0, 2), (2.1, 3), (4.0, 3), (9.0, 6)];
        for (busy, wanted) in table {
            assert_eq!(processes(busy), wanted, "{busy}");
        }
        assert_eq!(processes(RELEASE_DAY.at_peak(1.0)), 2);
    }

    #[test]
    fn a_megabyte_is_eight_megabits() {
        assert!((megabits(1e6) - 8.0).abs() < 1e-9);
    }
}
