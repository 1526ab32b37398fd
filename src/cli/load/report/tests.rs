use std::time::Duration;

use super::super::meter::Spent;
use super::super::profile::RELEASE_DAY;
use super::super::tally::Tally;
use super::super::waiting::Shown;
use super::*;

fn counts(kinds: &[Kind]) -> Counts {
    let tally = Tally::new();
    for kind in kinds {
        (0..100).for_each(|_| tally.done(*kind, Duration::from_millis(4), 2900));
    }
    tally.counts()
}

/// The figures of `docs/scale.md`: 0.16 ms for a page and 0.01 ms for a file; a kilobyte each.
fn alone(kind: Kind) -> Alone {
    let millis = match kind {
        Kind::Lookup | Kind::Page => 0.16,
        Kind::File => 0.01,
        Kind::SignIn => 5.0,
        Kind::FirstPage => 0.7,
        Kind::Picture => 0.05,
    };
    let each =
        Spent { cpu: millis / 1000.0, reads: 1.0, writes: if kind == Kind::SignIn { 4.0 } else { 0.0 } };
    Alone { kind, each, bytes: 1000.0, counts: counts(&[kind]) }
}

fn step(percent: u32, late: u32) -> Step {
    Step {
        percent,
        came: 1000,
        lasts: Duration::from_secs(10),
        late,
        lasted: Duration::from_secs(10),
        spent: Spent { cpu: 2.0, reads: 0.0, writes: 0.0 },
        counts: counts(&[Kind::Lookup, Kind::Page, Kind::File, Kind::SignIn, Kind::FirstPage]),
        screens: 83,
        shown: Shown::default(),
    }
}

fn text(steps: &[Step]) -> String {
    let alone = Kind::ALL.map(alone);
    Report { profile: &RELEASE_DAY, alone: &alone, steps }.text()
}

/// The cells of the row that begins with `title`.
fn row<'a>(text: &'a str, title: &str) -> Vec<&'a str> {
    let begins = format!("| {title} ");
    let line =
        text.lines().find(|line| line.starts_with(&begins)).unwrap_or_else(|| panic!("{title}: {text}"));
    line.trim_matches('|').split('|').map(str::trim).collect()
}

#[test]
fn row_has_what_a_request_costs_and_takes_on_the_day() {
    let text = text(&[step(5, 0)]);
    assert_eq!(
        row(&text, "lookup"),
        ["lookup", "0.16 ms", "1.0, 0", "1,000", "4.0, 4.0 ms", "3,335", "0.53"]
    );
    let sign_in = ["sign-in by scanning", "5.0 ms", "1.0, 4.0", "1,000", "4.0, 4.0 ms", "56", "0.28"];
    assert_eq!(row(&text, "sign-in by scanning"), sign_in);
    assert_eq!(row(&text, "picture of a waiting screen")[4], "", "a parked request has no time of its own");
}

#[test]
fn cores_of_the_rows_add_up_and_give_the_processes() {
    let text = text(&[step(5, 0)]);
    // 3335 × 0.16 + 2223 × 0.16 + 5558 × 0.01 + 56 × 5 + 56 × 0.7 + 111 × 0.05 ms
    assert_eq!(row(&text, "**together**")[6], "**1.27**, at the peak **2.53**");
    assert!(
        text.contains(
            "a person took 2.0 ms of processor, which is 2.22 cores on average and 4.45 at the\u{20}peak"
        ),
        "{text}"
    );
    assert!(text.contains("Processes with 2 cores each: 4, of which one may fail"), "{text}");
}

#[test]
fn bandwidth_is_that_of_all_answers_and_without_files() {
    // 11,339 answers a second with a kilobyte each, 5,558 of them files.
    assert!(text(&[step(5, 0)]).contains(
        "Bandwidth: 91 Mbit/s on average and 181 at the peak; with the files in a cache 46 and 92."
    ));
}

#[test]
fn outcome_is_the_highest_rate_that_was_kept_up_with() {
    let some = text(&[step(5, 0), step(10, 0), step(15, 900)]);
    assert!(some.contains("It kept up with 100 people a second, 10 % of the day's average."), "{some}");
    assert_eq!(row(&some, "15 %").last(), Some(&"no"));
    let none = text(&[step(5, 900)]);
    assert!(none.contains("It did not keep up with 100 people a second."), "{none}");
}

#[test]
fn numbers_are_short() {
    let table =
        [(0.0002, "0"), (0.0123, "0.012"), (0.163, "0.16"), (4.04, "4.0"), (12.3, "12"), (5558.3, "5,558")];
    for (number, wanted) in table {
        assert_eq!(short(number), wanted);
    }
    assert_eq!((whole(999.0), whole(1_234_567.0)), ("999".to_owned(), "1,234,567".to_owned()));
}
