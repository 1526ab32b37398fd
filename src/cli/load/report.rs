//! The tables of a run, as `docs/scale.md` has them.

use std::fmt::Write;

use super::alone::Alone;
use super::profile::{CORES, Kind, Profile, megabits, processes};
use super::rising::Step;
use super::tally::Counts;

pub(super) struct Report<'a> {
    pub(super) profile: &'a Profile,
    /// One of each kind.
    pub(super) alone: &'a [Alone],
    /// At least one.
    pub(super) steps: &'a [Step],
}

impl Report<'_> {
    pub(super) fn text(&self) -> String {
        let sections =
            [self.requests(), self.notes(), self.rates(), self.outcome(), self.processes(), self.bandwidth()];
        let losses = self.losses();
        sections.into_iter().chain(losses).collect::<Vec<_>>().join("\n")
    }

    /// The highest rate with which the installation kept up; the lowest if there is none.
    fn best(&self) -> &Step {
        self.steps.iter().rev().find(|step| step.holds()).unwrap_or(&self.steps[0])
    }

    /// What each kind of request costs, and takes on the day.
    fn requests(&self) -> String {
        let head =
            ["request", "each", "reads, writes", "bytes", "p50, p99", "a second", "cores"].map(str::to_owned);
        let rows = self.alone.iter().map(|alone| self.row(alone));
        let average = self.cores();
        let together = [
            "**together**".to_owned(),
            String::new(),
            format!(
                "{}, {} /s",
                whole(self.a_second(|a| a.each.reads)),
                whole(self.a_second(|a| a.each.writes))
            ),
            String::new(),
            String::new(),
            whole(Kind::ALL.iter().map(|kind| self.profile.each_second(*kind)).sum()),
            format!("**{average:.2}**, at the peak **{:.2}**", self.profile.at_peak(average)),
        ];
        table(std::iter::once(head).chain(rows).chain([together]).collect())
    }

    fn row(&self, alone: &Alone) -> [String; 7] {
        let a_second = self.profile.each_second(alone.kind);
        [
            alone.kind.title().to_owned(),
            format!("{} ms", short(alone.each.cpu * 1000.0)),
            format!("{}, {}", short(alone.each.reads), short(alone.each.writes)),
            whole(alone.bytes),
            percentiles(&self.best().counts, alone.kind),
            whole(a_second),
            short(alone.each.cpu * a_second),
        ]
    }

    fn notes(&self) -> String {
        format!(
            "Each: the program's processor time, its transactions and the bytes of the answers, of one kind of request \
             by itself.\np50, p99: milliseconds in the mix at {} % of the day's average; a waiting screen is answered \
             when its picture is over.\nA second: on average over the {} minutes of the day.\nA sign-in is the requests \
             of the screen, of the phone and of the sandbox portal, with the pauses between them.\nNot measured: a \
             PostgreSQL server's processors, submissions, memory, storage.\n",
            self.best().percent,
            self.profile.within.as_secs() / 60,
        )
    }

    /// The mix at each rate.
    fn rates(&self) -> String {
        let head = [
            "of the day",
            "people a second",
            "answers a second",
            "lookup p50, p99",
            "waiting screens",
            "late",
            "refused",
            "failed",
            "cores",
            "kept up",
        ];
        let row = |step: &Step| {
            [
                format!("{} %", step.percent),
                whole(step.rate()),
                whole(step.answers()),
                percentiles(&step.counts, Kind::Lookup),
                step.screens.to_string(),
                step.late.to_string(),
                step.counts.refused().to_string(),
                (step.counts.failed() + step.shown.lost).to_string(),
                format!("{:.2}", step.cores()),
                if step.holds() { "yes" } else { "no" }.to_owned(),
            ]
        };
        table(std::iter::once(head.map(str::to_owned)).chain(self.steps.iter().map(row)).collect())
    }

    fn outcome(&self) -> String {
        let best = self.best();
        let kept = match best.holds() {
            true => format!(
                "It kept up with {} people a second, {} % of the day's average",
                whole(best.rate()),
                best.percent
            ),
            false => format!("It did not keep up with {} people a second", whole(best.rate())),
        };
        format!("{kept}. This command took its part of the same processors.")
    }

    fn processes(&self) -> String {
        let (rows, mix) = (self.cores(), self.best().cpu_of_person() * self.profile.people_each_second());
        let [rows_peak, mix_peak] = [rows, mix].map(|average| self.profile.at_peak(average));
        let wanted = processes(rows_peak.max(mix_peak));
        format!(
            "In the mix a person took {} ms of processor, which is {mix:.2} cores on average and {mix_peak:.2} at the \
             peak.\nProcesses with {CORES} cores each: {wanted}, of which one may fail at the peak.",
            short(self.best().cpu_of_person() * 1000.0),
        )
    }

    fn bandwidth(&self) -> String {
        let all = megabits(self.a_second(|alone| alone.bytes));
        let pages = megabits(self.a_second(|alone| if alone.kind == Kind::File { 0.0 } else { alone.bytes }));
        let [peak, pages_peak] = [all, pages].map(|average| self.profile.at_peak(average));
        format!(
            "Bandwidth: {} Mbit/s on average and {} at the peak; with the files in a cache {} and {}.",
            whole(all),
            whole(peak),
            whole(pages),
            whole(pages_peak),
        )
    }

    /// A line for each kind of which requests were lost while it was measured by itself, and why the first failed.
    fn losses(&self) -> Vec<String> {
        let of_kind = self.alone.iter().filter_map(|alone| {
            let counts = alone.counts.of(alone.kind);
            let (refused, failed) = (counts.refused, counts.failed);
            (refused + failed > 0)
                .then(|| format!("{}, by itself: {refused} refused, {failed} failed.", alone.kind.title()))
        });
        let counts =
            self.alone.iter().map(|alone| &alone.counts).chain(self.steps.iter().map(|step| &step.counts));
        let first = counts.filter_map(|counts| counts.first_failure.as_ref()).next();
        of_kind.chain(first.map(|first| format!("The first failure: {first}."))).collect()
    }

    /// Busy cores on average.
    fn cores(&self) -> f64 {
        self.a_second(|alone| alone.each.cpu)
    }

    /// The sum of a figure over the requests of an average second.
    fn a_second(&self, figure: impl Fn(&Alone) -> f64) -> f64 {
        self.alone.iter().map(|alone| figure(alone) * self.profile.each_second(alone.kind)).sum()
    }
}

fn percentiles(counts: &Counts, kind: Kind) -> String {
    let counts = counts.of(kind);
    match (counts.millis(50.0), counts.millis(99.0)) {
        (Some(p50), Some(p99)) => format!("{}, {} ms", short(p50), short(p99)),
        _ => String::new(),
    }
}

/// Two significant digits of a small number, and no fraction of a large one.
fn short(number: f64) -> String {
    match number {
        ..0.0005 => "0".to_owned(),
        ..0.1 => format!("{number:.3}"),
        ..1.0 => format!("{number:.2}"),
        ..10.0 => format!("{number:.1}"),
        _ => whole(number),
    }
}

/// A whole number with its thousands apart.
fn whole(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Markdown with columns of even width. The first row is the head.
fn table<const N: usize>(rows: Vec<[String; N]>) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(text, "| {cell:width$} ");
        }
        text += "|\n";
        if number == 0 {
            text += &"| --- ".repeat(N);
            text += "|\n";
        }
    }
    text
}

#[cfg(test)]
mod tests;
