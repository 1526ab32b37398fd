//! The cost of each kind of request by itself: as many as the installation answers, on kept connections.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tokio::task::JoinSet;

use super::browser::{Browser, Fault, PHONE};
use super::meter::{Meter, Spent};
use super::profile::Kind;
use super::scene::Scene;
use super::screen::{Screen, Update, phone_of, sign_in};
use super::tally::{Counts, Tally};
use super::visit::look_up;
use crate::cli::Stop;
use crate::paths;

/// Visitors at once. A sign-in is several requests, and most of its time is waiting.
const VISITORS: u32 = 64;

/// Requests of a visitor from one network. One network may look up 120 certificates a minute.
const FROM_ONE_NETWORK: u32 = 60;

/// What one kind of request costs.
pub(super) struct Alone {
    pub(super) kind: Kind,
    /// For each success.
    pub(super) each: Spent,
    /// For each success.
    pub(super) bytes: f64,
    pub(super) counts: Counts,
}

/// Measures a kind for so long.
///
/// # Errors
/// If the visitors cannot begin, if nothing is answered, or if there are no metrics.
pub(super) async fn measure(
    scene: &Arc<Scene>,
    meter: &Meter,
    kind: Kind,
    lasts: Duration,
) -> Result<Alone, Stop> {
    let visitors = try_join_all((0..VISITORS).map(|number| Visitor::begin(scene, kind, number))).await?;
    let tally = Arc::new(Tally::new());
    let (before, began) = (meter.read().await?, Instant::now());
    let mut running = JoinSet::new();
    for visitor in visitors {
        running.spawn(visitor.repeat(scene.clone(), tally.clone(), began + lasts));
    }
    running.join_all().await;
    let (spent, counts) = (meter.read().await? - before, tally.counts());
    let done = counts.of(kind).done() as f64;
    if done == 0.0 {
        let reason = counts.first_failure.as_deref().unwrap_or("every request was refused");
        return Err(format!("{}: {reason}", kind.title()).into());
    }
    let bytes = counts.of(kind).bytes as f64 / done;
    Ok(Alone { kind, each: spent / done, bytes, counts })
}

/// Sends requests of one kind, one after the other.
struct Visitor {
    kind: Kind,
    number: u32,
    browser: Browser,
    /// The login screen that waits, for pictures.
    screen: Option<Screen>,
}

impl Visitor {
    async fn begin(scene: &Scene, kind: Kind, number: u32) -> Result<Visitor, Fault> {
        let browser = match kind {
            Kind::FirstPage => phone_of(&scene.target, scene.account(number)).await?,
            _ => Browser::new(&scene.target, PHONE),
        };
        let screen = match kind {
            Kind::Picture => Some(Screen::open(&scene.target).await?),
            _ => None,
        };
        Ok(Visitor { kind, number, browser, screen })
    }

    async fn repeat(mut self, scene: Arc<Scene>, tally: Arc<Tally>, until: Instant) {
        for turn in 1_u32.. {
            if Instant::now() >= until {
                return;
            }
            self.once(&scene, &tally, turn).await;
            if turn.is_multiple_of(FROM_ONE_NETWORK) {
                self.browser.move_on();
            }
        }
    }

    async fn once(&mut self, scene: &Scene, tally: &Tally, turn: u32) {
        match self.kind {
            Kind::Lookup => drop(look_up(scene, tally, &mut self.browser).await),
            Kind::Page => {
                let form = paths::lookup_form(&scene.certificates.next().exam);
                let path = if turn.is_multiple_of(2) { paths::LOOKUP } else { &form };
                tally.answered(Kind::Page, self.browser.get(path).await);
            }
            Kind::File => {
                let file = &scene.files[turn as usize % scene.files.len()];
                tally.answered(Kind::File, self.browser.get(file).await);
            }
            Kind::FirstPage => drop(tally.answered(Kind::FirstPage, self.browser.get(paths::HOME).await)),
            Kind::SignIn => match sign_in(&scene.target, scene.account(self.number)).await {
                Ok(signed_in) => tally.done(Kind::SignIn, signed_in.took, signed_in.bytes),
                Err(fault) => tally.failed(Kind::SignIn, &fault),
            },
            Kind::Picture => self.ask_for_picture(scene, tally).await,
        }
    }

    /// As a screen whose picture is over. An expired screen is opened anew.
    async fn ask_for_picture(&mut self, scene: &Scene, tally: &Tally) {
        let Some(screen) = &mut self.screen else { return };
        match screen.ask_late().await {
            Ok((Update::Picture, answer)) => tally.done(Kind::Picture, answer.took, answer.bytes()),
            Ok(_) => match Screen::open(&scene.target).await {
                Ok(opened) => self.screen = Some(opened),
                Err(fault) => tally.failed(Kind::Picture, &fault),
            },
            Err(fault) => tally.failed(Kind::Picture, &fault),
        }
    }
}
