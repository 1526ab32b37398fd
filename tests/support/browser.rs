//! A person at a browser: does and sees only what is on the page.
//!
//! Every step waits until it can be done or `PATIENCE` is over; then it panics with what the page
//! shows, and leaves a picture of it in `target/shots/`.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fantoccini::{Client, Locator};
use serde_json::json;

use crate::driver::Driver;
use crate::part::Part;

/// How long a step waits for the page, and how often it looks.
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

    /// Whether pages may run scripts, and so checkers too.
    pub fn runs_scripts(&self) -> bool {
        self.javascript
    }

    /// What the system prefers from now on. Motion stays reduced, so that no colour is caught halfway.
    pub async fn prefer(&self, scheme: Scheme) {
        let scheme = format!("{scheme:?}").to_lowercase();
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.driver.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// The smallest phone that people still use, 360 pixels across.
    pub async fn narrow(&self) {
        let size = json!({ "width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": true });
        self.driver.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Goes on with another browser's cookie, as a second window of the same browser would.
    pub async fn take_cookie_of(&self, other: &Browser, name: &str) {
        let cookie = other.client().get_named_cookie(name).await.expect("a cookie");
        self.client().add_cookie(cookie).await.expect("a cookie to keep");
    }

    /// What a script answers.
    pub async fn run(&self, script: &str) -> serde_json::Value {
        self.client().execute(script, vec![]).await.expect("a script that runs")
    }

    pub async fn open(&self, url: &str) {
        self.client().goto(url).await.unwrap_or_else(|error| panic!("open {url}: {error}"));
    }

    /// Waits until the visible text contains `text`; runs of white space count as one space.
    /// What is typed into controls is not text (see `value`), nor is what a `<noscript>` holds.
    pub async fn see(&self, text: &str) {
        self.see_within(PATIENCE, text).await;
    }

    /// [`Browser::see`] for what takes its time.
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

    /// The whole visible text, with white space squeezed.
    pub async fn text(&self) -> String {
        self.until("read the page", async || self.visible().await).await
    }

    pub async fn url(&self) -> String {
        self.client().current_url().await.expect("an address").into()
    }

    /// The smallest group, card, row or section that contains `text`, to act inside of it.
    pub fn within(&self, text: &str) -> Part<'_> {
        Part::around(self, text)
    }

    fn page(&self) -> Part<'_> {
        Part::whole(self)
    }

    /// Presses the button, link or tab that says `name`.
    pub async fn press(&self, name: &str) {
        self.page().press(name).await;
    }

    /// Fills in the control labelled `label`. Dates are `2026-04-01`, months `2026-04`.
    pub async fn fill(&self, label: &str, value: &str) {
        self.page().fill(label, value).await;
    }

    /// What the control labelled `label` holds.
    pub async fn value(&self, label: &str) -> String {
        self.page().value(label).await
    }

    /// Picks the radio button, box or option of a list labelled `label`.
    pub async fn choose(&self, label: &str) {
        self.page().choose(label).await;
    }

    /// Gives a file to the upload labelled `label`.
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

    /// Waits until nothing is on its way from the server into the page, but for the login screen, which always waits.
    pub async fn settled(&self) {
        let waiting = "return document.querySelector(':is(.htmx-request, .htmx-swapping, .htmx-settling):not(#handshake)') === null";
        self.until("see the page at rest", async || {
            let rest = self.client().execute(waiting, vec![]).await.map_err(|error| error.to_string())?;
            rest.as_bool().filter(|rest| *rest).map(drop).ok_or("something is on its way".into())
        })
        .await;
    }

    /// A picture of the window, as `target/shots/NAME.png`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("shots");
        let file = folder.join(name).with_extension("png");
        let picture = self.client().screenshot().await.expect("a screenshot");
        std::fs::create_dir_all(&folder).expect("a folder for screenshots");
        std::fs::write(&file, picture).expect("a file for the screenshot");
        file
    }

    /// Presses the left mouse button at a place in the window.
    pub(crate) async fn press_at(&self, x: f64, y: f64) {
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.driver.devtools("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Presses a key of a letter, such as `a`, or one with a name, such as `Enter`, where the focus is.
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

    /// Tries again and again; the page may be on its way.
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

/// An Android phone, so that pages and the list of devices see one.
const PHONE: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) \
                     Chrome/130.0.0.0 Mobile Safari/537.36";

/// What Chromium calls the keys that have no letter.
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
