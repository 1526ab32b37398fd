//! The mix of the day at growing rates, until the installation no longer keeps up.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

use super::meter::{Meter, Spent};
use super::profile::{Kind, Profile};
use super::scene::Scene;
use super::screen::sign_in;
use super::tally::{Counts, Tally};
use super::visit::visit;
use super::waiting::{Shown, WaitingScreens};
use crate::cli::Stop;

/// Rates of the steps, in percent of the day's average.
pub(super) const STEPS: [u32; 11] = [5, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200];

/// How often new people come.
const TICK: Duration = Duration::from_millis(5);

/// People who may still be busy when a step ends, and how long they get.
const LATE_PERCENT: u32 = 5;
const GRACE: Duration = Duration::from_secs(2);

/// Most people at once. Who comes beyond them counts as late.
const AT_ONCE: usize = 2000;

/// An installation that keeps up answers 99 of 100 lookups within so many milliseconds.
const SLOW: f64 = 1000.0;

/// Refused or failed requests of an installation that keeps up.
const LOST_PERCENT: u64 = 1;

/// One rate.
pub(super) struct Step {
    /// Of the day's average.
    pub(super) percent: u32,
    /// People who came, within `lasts`.
    pub(super) came: u32,
    pub(super) lasts: Duration,
    /// People who were not done [`GRACE`] later.
    pub(super) late: u32,
    /// From the first arrival until everybody was done or late.
    pub(super) lasted: Duration,
    /// Within `lasted`.
    pub(super) spent: Spent,
    pub(super) counts: Counts,
    /// Besides those that people signed in on.
    pub(super) screens: usize,
    pub(super) shown: Shown,
}

impl Step {
    /// People who came each second.
    pub(super) fn rate(&self) -> f64 {
        f64::from(self.came) / self.lasts.as_secs_f64()
    }

    /// Answers each second.
    pub(super) fn answers(&self) -> f64 {
        (self.counts.done() + self.shown.pictures) as f64 / self.lasted.as_secs_f64()
    }

    /// Processor seconds a second.
    pub(super) fn cores(&self) -> f64 {
        self.spent.cpu / self.lasted.as_secs_f64()
    }

    /// Processor seconds for each person who was served.
    pub(super) fn cpu_of_person(&self) -> f64 {
        self.spent.cpu / f64::from((self.came - self.late).max(1))
    }

    /// Requests that were refused or failed.
    fn lost(&self) -> u64 {
        self.counts.refused() + self.counts.failed() + self.shown.lost
    }

    /// Whether the installation kept up.
    pub(super) fn holds(&self) -> bool {
        let all = self.counts.done() + self.shown.pictures + self.lost();
        let is_fast = self.counts.of(Kind::Lookup).millis(99.0).is_some_and(|millis| millis <= SLOW);
        is_fast && self.late * 100 <= self.came * LATE_PERCENT && self.lost() * 100 <= all * LOST_PERCENT
    }
}

/// Runs the steps, each for so long, up to and with the first that the installation does not keep up with.
///
/// # Errors
/// If there are no metrics, or screens cannot be opened.
pub(super) async fn run(scene: &Arc<Scene>, meter: &Meter, lasts: Duration) -> Result<Vec<Step>, Stop> {
    let mut screens = WaitingScreens::default();
    let mut steps = Vec::new();
    for percent in STEPS {
        let wanted = scene.profile.waiting_screens() * f64::from(percent) / 100.0;
        screens.open(&scene.target, wanted.round() as usize).await?;
        let step = step(scene, meter, &screens, percent, lasts).await?;
        let is_last = !step.holds();
        steps.push(step);
        if is_last {
            break;
        }
    }
    Ok(steps)
}

async fn step(
    scene: &Arc<Scene>,
    meter: &Meter,
    screens: &WaitingScreens,
    percent: u32,
    lasts: Duration,
) -> Result<Step, Stop> {
    let (tally, shown) = (Arc::new(Tally::new()), screens.shown());
    let (before, began) = (meter.read().await?, Instant::now());
    let Arrivals { came, late } = arrive(scene, &tally, percent, lasts).await;
    let (lasted, spent) = (began.elapsed(), meter.read().await? - before);
    let (counts, shown) = (tally.counts(), screens.shown() - shown);
    Ok(Step { percent, came, lasts, late, lasted, spent, counts, screens: screens.count(), shown })
}

struct Arrivals {
    came: u32,
    late: u32,
}

/// Lets people come at an even rate, whether the earlier ones are done or not.
async fn arrive(scene: &Arc<Scene>, tally: &Arc<Tally>, percent: u32, lasts: Duration) -> Arrivals {
    let (mut people, began) = (JoinSet::new(), Instant::now());
    let (mut came, mut turned_away) = (0, 0);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while began.elapsed() < lasts {
        ticks.tick().await;
        while people.try_join_next().is_some() {}
        let due = arrived(scene.profile, percent, began.elapsed().min(lasts));
        for number in came..due {
            match people.len() < AT_ONCE {
                true => drop(people.spawn(person(scene.clone(), tally.clone(), number))),
                false => turned_away += 1,
            }
        }
        came = due;
    }
    let end = began + lasts + GRACE;
    while let Ok(Some(_)) = timeout_at(end, people.join_next()).await {}
    let late = u32::try_from(people.len()).unwrap_or(u32::MAX) + turned_away;
    people.shutdown().await;
    Arrivals { came, late }
}

/// Looks up certificates. Some people sign in afterwards.
async fn person(scene: Arc<Scene>, tally: Arc<Tally>, number: u32) {
    if visit(&scene, &tally).await && scene.profile.signs_in(number) {
        let account = scene.account(number / scene.profile.one_signs_in_of);
        match sign_in(&scene.target, account).await {
            Ok(mut signed_in) => {
                tally.done(Kind::SignIn, signed_in.took, signed_in.bytes);
                tally.answered(Kind::FirstPage, signed_in.screen.go(&signed_in.page).await);
            }
            Err(fault) => tally.failed(Kind::SignIn, &fault),
        }
    }
}

/// How many people have come, at a percentage of the average rate.
fn arrived(profile: &Profile, percent: u32, after: Duration) -> u32 {
    (profile.people_each_second() * f64::from(percent) / 100.0 * after.as_secs_f64()) as u32
}

#[cfg(test)]
mod tests {
    use super::super::browser::Fault;
    use super::super::profile::RELEASE_DAY;
    use super::*;

    /// A step with 1000 people, of whom so many are late, and lookups of so many milliseconds.
    fn step(late: u32, millis: u64, refused: u32) -> Step {
        let tally = Tally::new();
        for _ in 0..3000 {
            tally.done(Kind::Lookup, Duration::from_millis(millis), 2900);
        }
        let status = hyper::StatusCode::TOO_MANY_REQUESTS;
        for _ in 0..refused {
            tally.failed(Kind::Lookup, &Fault::Status { path: "/lookup/01".into(), status });
        }
        Step {
            percent: 10,
            came: 1000,
            lasts: Duration::from_secs(10),
            late,
            lasted: Duration::from_secs(12),
            spent: Spent { cpu: 3.0, reads: 0.0, writes: 0.0 },
            counts: tally.counts(),
            screens: 0,
            shown: Shown::default(),
        }
    }

    #[test]
    fn installation_keeps_up_while_people_are_served_in_time() {
        assert!(step(0, 20, 0).holds());
        assert!(step(50, 900, 30).holds(), "some are late and some are refused");
        assert!(!step(51, 20, 0).holds(), "too many are late");
        assert!(!step(0, 1100, 0).holds(), "lookups are slow");
        assert!(!step(0, 20, 40).holds(), "too many are refused");
    }

    #[test]
    fn figures_of_a_step_are_by_second_and_person() {
        let step = step(200, 20, 0);
        assert_eq!((step.rate(), step.cores(), step.answers()), (100.0, 0.25, 250.0));
        assert!((step.cpu_of_person() - 3.0 / 800.0).abs() < 1e-12);
    }

    #[test]
    fn people_arrive_at_a_part_of_the_average_rate() {
        assert_eq!(arrived(&RELEASE_DAY, 100, Duration::from_secs(600)), 667_000);
        assert_eq!(arrived(&RELEASE_DAY, 10, Duration::from_secs(6)), 667);
        assert_eq!(arrived(&RELEASE_DAY, 10, Duration::ZERO), 0);
    }
}
