//! Shows the progress of an import: a bar on a terminal, otherwise a line every few seconds.

use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::imports::job::{Phase, Progress};

/// Length of the bar.
const STEPS: u64 = 10_000;

/// Interval of lines without a terminal.
const EVERY: Duration = Duration::from_secs(5);

/// Writes to standard error.
pub(super) struct Meter {
    bar: ProgressBar,
    phase: Phase,
    /// Start of the phase.
    began: Instant,
    /// Time of the last line.
    printed: Instant,
}

impl Meter {
    pub(super) fn new() -> Meter {
        let bar = ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{prefix} [{wide_bar}] {percent} % {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Meter { bar, phase: Phase::Loading, began: Instant::now(), printed: Instant::now() }
    }

    pub(super) fn show(&mut self, progress: Progress) {
        if progress.phase != self.phase {
            (self.phase, self.began) = (progress.phase, Instant::now());
        }
        let (name, told) = (self.name(), self.describe(progress));
        if !self.bar.is_hidden() {
            self.bar.set_prefix(name);
            self.bar.set_message(told);
            self.bar.set_position((progress.read * STEPS as f64) as u64);
        } else if self.printed.elapsed() >= EVERY {
            self.printed = Instant::now();
            eprintln!("{name} {:.0} %, {told}", progress.read * 100.0);
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn name(&self) -> &'static str {
        match self.phase {
            Phase::Checking => "checking",
            Phase::Loading => "loading ",
        }
    }

    /// `120500 rows, 24100 rows/s, 35 seconds left`
    fn describe(&self, progress: Progress) -> String {
        let seconds = self.began.elapsed().as_secs_f64().max(0.001);
        let rate = progress.rows as f64 / seconds;
        let left = seconds / progress.read.max(0.000_1) * (1.0 - progress.read).max(0.0);
        let left = HumanDuration(Duration::from_secs_f64(left));
        format!("{} rows, {rate:.0} rows/s, {left} left", progress.rows)
    }
}
