//! A person at a browser, who acts on and sees only what is visible.
//!
//! Every step is retried until it succeeds or `PATIENCE` is over. Then it panics with the page's text
//! and saves a picture in `target/shots/`.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fantoccini::{Client, Locator};
use serde_json::json;

use crate::driver::Driver;
use crate::page_region::PageRegion;

/// How long a step is retried, and the interval.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone, Copy)]
pub enum Screen {
    /// 1280×800 with a mouse.
    Desktop,
    /// 390×844 with touch.
    Phone,
}

#[derive(Clone, Copy, Debug)]
pub enum Scheme {
    Light,
    Dark,
}

pub struct Browser {
    driver: Driver,
    javascript: bool,
}

impl Browser {
    pub async fn desktop() -> Self {
        Self::start(Screen::Desktop, true).await
    }

    pub async fn phone() -> Self {
        Self::start(Screen::Phone, true).await
    }

    pub async fn without_javascript(screen: Screen) -> Self {
        Self::start(screen, false).await
    }

    async fn start(screen: Screen, javascript: bool) -> Self {
        let mut options = json!({});
        if let Screen::Phone = screen {
            let metrics =
                json!({ "width": 390, "height": 844, "pixelRatio": 2, "touch": true, "mobile": true });
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics, "userAgent": PHONE });
        }
        if !javascript {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        Self { driver: Driver::start(options).await, javascript }
    }

    /// Whether the page may run scripts. Checkers need them too.
    pub fn runs_scripts(&self) -> bool {
        self.javascript
    }

    /// Sets the preferred colour scheme. Motion stays reduced, so that no colour is caught in a
    /// transition.
    pub async fn prefer(&self, scheme: Scheme) {
        let scheme = format!("{scheme:?}").to_lowercase();
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.driver.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Sets the forced colours of a light or a dark contrast theme.
    pub async fn force_colors(&self, scheme: Scheme) {
        let scheme = format!("{scheme:?}").to_lowercase();
        let features = json!([
            { "name": "forced-colors", "value": "active" },
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.driver.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Sets a width of 360 pixels, the smallest phone in use.
    pub async fn narrow(&self) {
        let size = json!({ "width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": true });
        self.driver.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Copies a cookie of another browser, as a second window of it would have.
    pub async fn take_cookie_of(&self, other: &Browser, name: &str) {
        let cookie = other.client().get_named_cookie(name).await.expect("a cookie");
        self.client().add_cookie(cookie).await.expect("a cookie to keep");
    }

    /// Runs a script and returns its result.
    pub async fn run(&self, script: &str) -> serde_json::Value {
        self.client().execute(script, vec![]).await.expect("a script that runs")
    }

    pub async fn open(&self, url: &str) {
        self.client().goto(url).await.unwrap_or_else(|error| panic!("open {url}: {error}"));
    }

    /// Waits until the visible text contains `text`. Runs of white space count as one space. Control
    /// values (see `value`) and `<noscript>` are not text.
    pub async fn see(&self, text: &str) {
        self.see_within(PATIENCE, text).await;
    }

    /// [`Browser::see`] with a patience of its own.
    pub async fn see_within(&self, patience: Duration, text: &str) {
        self.until_within(patience, &format!("see “{text}”"), async || {
            self.visible().await?.contains(&squeezed(text)).then_some(()).ok_or("it is not there".into())
        })
        .await;
    }

    /// Waits until the visible text does not contain `text`.
    pub async fn see_no(&self, text: &str) {
        self.until(&format!("see no “{text}”"), async || {
            (!self.visible().await?.contains(&squeezed(text))).then_some(()).ok_or("it is there".into())
        })
        .await;
    }

    /// The visible text with collapsed white space.
    pub async fn text(&self) -> String {
        self.until("read the page", async || self.visible().await).await
    }

    pub async fn url(&self) -> String {
        self.client().current_url().await.expect("an address").into()
    }

    /// The smallest group, card, row or section that contains `text`; steps act inside it.
    pub fn within(&self, text: &str) -> PageRegion<'_> {
        PageRegion::around(self, text)
    }

    fn page(&self) -> PageRegion<'_> {
        PageRegion::whole(self)
    }

    /// Presses the button, link or tab named `name`.
    pub async fn press(&self, name: &str) {
        self.page().press(name).await;
    }

    /// Fills in the control labelled `label`. Dates are `2026-04-01`, months `2026-04`.
    pub async fn fill(&self, label: &str, value: &str) {
        self.page().fill(label, value).await;
    }

    /// The value of the control labelled `label`.
    pub async fn value(&self, label: &str) -> String {
        self.page().value(label).await
    }

    /// Chooses the radio button, checkbox or option labelled `label`.
    pub async fn choose(&self, label: &str) {
        self.page().choose(label).await;
    }

    /// Attaches a file to the upload labelled `label`.
    pub async fn attach(&self, label: &str, file: &Path) {
        self.page().attach(label, file).await;
    }

    /// Switches to 长者模式.
    pub async fn enlarge(&self) {
        self.press("长者模式").await;
        self.until("see large type", async || {
            let large = self.client().find(Locator::Css("html[data-senior]")).await;
            large.map(drop).map_err(|error| error.to_string())
        })
        .await;
    }

    /// Waits until no htmx request is in flight. A login screen's polling does not count.
    pub async fn settled(&self) {
        let waiting = "return document.querySelector(':is(.htmx-request, .htmx-swapping, .htmx-settling):not(#handshake)') === null";
        self.until("see the page at rest", async || {
            let rest = self.client().execute(waiting, vec![]).await.map_err(|error| error.to_string())?;
            rest.as_bool().filter(|rest| *rest).map(drop).ok_or("something is on its way".into())
        })
        .await;
    }

    /// Saves a picture of the window as `target/shots/NAME.png`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("shots");
        let file = folder.join(name).with_extension("png");
        let picture = self.client().screenshot().await.expect("a screenshot");
        std::fs::create_dir_all(&folder).expect("a folder for screenshots");
        std::fs::write(&file, picture).expect("a file for the screenshot");
        file
    }

    /// Presses the left mouse button at a point of the window.
    pub(crate) async fn press_at(&self, x: f64, y: f64) {
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.driver.devtools("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Presses a key such as `a` or `Enter` on the focused element.
    pub async fn key(&self, key: &str) {
        let text = match key {
            "Enter" => Some("\r"),
            letter if letter.chars().count() == 1 => Some(letter),
            _ => None,
        };
        let down = match text {
            Some(text) => {
                json!({ "type": "keyDown", "key": key, "text": text, "windowsVirtualKeyCode": code(key) })
            }
            None => json!({ "type": "keyDown", "key": key, "windowsVirtualKeyCode": code(key) }),
        };
        self.driver.devtools("Input.dispatchKeyEvent", down).await;
        let up = json!({ "type": "keyUp", "key": key, "windowsVirtualKeyCode": code(key) });
        self.driver.devtools("Input.dispatchKeyEvent", up).await;
    }

    pub(crate) fn client(&self) -> &Client {
        self.driver.client()
    }

    async fn visible(&self) -> Result<String, String> {
        let body = self.client().find(Locator::Css("body")).await.map_err(|error| error.to_string())?;
        Ok(squeezed(&body.text().await.map_err(|error| error.to_string())?))
    }

    /// Retries a step, because the page may still be loading.
    pub(crate) async fn until<T>(&self, step: &str, attempt: impl AsyncFn() -> Result<T, String>) -> T {
        self.until_within(PATIENCE, step, attempt).await
    }

    async fn until_within<T>(
        &self,
        patience: Duration,
        step: &str,
        attempt: impl AsyncFn() -> Result<T, String>,
    ) -> T {
        let deadline = Instant::now() + patience;
        loop {
            match attempt().await {
                Ok(done) => return done,
                Err(why) if Instant::now() > deadline => self.fail(step, &why).await,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    async fn fail(&self, step: &str, why: &str) -> ! {
        let test = std::thread::current().name().unwrap_or("test").replace("::", "-");
        let shot = self.screenshot(&format!("{test}-failed")).await;
        let text = self.visible().await.unwrap_or_else(|error| error);
        panic!(
            "could not {step}: {why}\n  at {}\n  picture {}\n  page: {text}",
            self.url().await,
            shot.display()
        );
    }
}

/// An Android phone's User-Agent.
const PHONE: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) \
                     Chrome/130.0.0.0 Mobile Safari/537.36";

/// Key codes of keys without a letter.
fn code(key: &str) -> u32 {
    match key {
        "Enter" => 13,
        "Escape" => 27,
        letter => letter.to_uppercase().chars().next().map_or(0, u32::from),
    }
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
