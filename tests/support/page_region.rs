//! Finding the controls of a page, or of a region of it, by their visible names.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::path::Path;

use fantoccini::Locator;
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use serde_json::{Value, json};

use crate::browser::Browser;

const GROUP: &str = "self::fieldset or self::section or self::article or self::li or self::tr \
                     or self::dialog or self::dl or self::div[parent::dl] \
                     or self::div[@class='field']";
const PRESSABLE: &str = "self::button or self::summary or self::a[@href]";
const CONTROL: &str = "self::input or self::textarea or self::select";
const TICKABLE: &str = "self::input[@type='radio' or @type='checkbox']";
const FILE: &str = "self::input[@type='file']";

/// A page, or a group on it.
pub struct PageRegion<'a> {
    browser: &'a Browser,
    /// XPath of the group, empty for the page.
    root: String,
    /// For messages.
    place: String,
}

impl<'a> PageRegion<'a> {
    pub(crate) fn whole(browser: &'a Browser) -> Self {
        Self { browser, root: String::new(), place: String::new() }
    }

    pub(crate) fn around(browser: &'a Browser, text: &str) -> Self {
        let holds = format!("[{GROUP}][contains(normalize-space(.), {})]", quoted(text));
        let root = format!("//*{holds}[not(.//*{holds})]");
        Self { browser, root, place: format!(" within “{text}”") }
    }

    pub async fn press(&self, name: &str) {
        self.step(&format!("press “{name}”"), async || {
            let tests = matching(name, |test| format!("[{PRESSABLE}][{test} or @aria-label[{test}]]"));
            self.click(&usable(self.find(&tests).await?).await?).await
        })
        .await;
    }

    pub async fn fill(&self, label: &str, value: &str) {
        self.step(&format!("fill in “{label}”"), async || {
            let control = usable(self.find(&labelled(CONTROL, label)).await?).await?;
            match control.attr("type").await.map_err(words)?.as_deref() {
                Some("date" | "month") => self.set(control, value).await,
                _ => {
                    control.clear().await.map_err(words)?;
                    control.send_keys(value).await.map_err(words)
                }
            }
        })
        .await;
    }

    pub async fn value(&self, label: &str) -> String {
        self.step(&format!("read “{label}”"), async || {
            let control = shown(self.find(&labelled(CONTROL, label)).await?).await?;
            Ok(control.prop("value").await.map_err(words)?.unwrap_or_default())
        })
        .await
    }

    pub async fn choose(&self, label: &str) {
        self.step(&format!("choose “{label}”"), async || {
            if let Some(option) =
                self.find(&matching(label, |test| format!("[self::option][{test}]"))).await?.first()
            {
                return option.click().await.map_err(words);
            }
            let found = self.find(&labelled(TICKABLE, label)).await?;
            let control = found.first().ok_or("there is no such choice")?;
            if !control.is_selected().await.map_err(words)? {
                self.tick(control, label).await?;
            }
            control.is_selected().await.map_err(words)?.then_some(()).ok_or("it stays unchosen".into())
        })
        .await;
    }

    /// The input may be hidden behind a tile if it has a label.
    pub async fn attach(&self, label: &str, file: &Path) {
        let file = file.to_str().expect("a readable path");
        self.step(&format!("attach a file to “{label}”"), async || {
            let found = self.find(&labelled(FILE, label)).await?;
            found.first().ok_or("there is no such upload")?.send_keys(file).await.map_err(words)
        })
        .await;
    }

    async fn step<T>(&self, step: &str, attempt: impl AsyncFn() -> Result<T, String>) -> T {
        self.browser.until(&format!("{step}{}", self.place), attempt).await
    }

    /// The elements found by the first of `tests` that finds any.
    async fn find(&self, tests: &[String]) -> Result<Vec<Element>, String> {
        for test in tests {
            let path = format!("{}//*{test}", self.root);
            let found = self.browser.client().find_all(Locator::XPath(&path)).await.map_err(words)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// Presses the mouse button on an element, if nothing covers it. WebDriver's own click waits for a
    /// timer of the page, which never fires without JavaScript.
    async fn click(&self, element: &Element) -> Result<(), String> {
        let middle = "const [element] = arguments;
            element.scrollIntoView({ block: 'center', behavior: 'instant' });
            const box = element.getClientRects()[0];
            if (box === undefined) return null;
            const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
            return element.contains(document.elementFromPoint(x, y)) ? [x, y] : null";
        let place = self.script(middle, element, "").await?;
        let (Some(x), Some(y)) = (place[0].as_f64(), place[1].as_f64()) else {
            return Err("something covers it".into());
        };
        self.browser.press_at(x, y).await;
        Ok(())
    }

    /// A radio card hides its input, so the label is clicked.
    async fn tick(&self, control: &Element, label: &str) -> Result<(), String> {
        if self.click(control).await.is_ok() {
            return Ok(());
        }
        let label = self.find(&matching(label, |test| format!("[self::label][{test}]"))).await?;
        self.click(&usable(label).await?).await
    }

    /// Date pickers accept keys in the order of the locale, so the value is set by script.
    async fn set(&self, control: Element, value: &str) -> Result<(), String> {
        let script = "const [control, value] = arguments; control.value = value;
            for (const kind of ['input', 'change', 'blur']) control.dispatchEvent(new Event(kind, { bubbles: true }))";
        self.script(script, &control, value).await.map(drop)
    }

    async fn script(&self, script: &str, element: &Element, value: &str) -> Result<Value, String> {
        let element = serde_json::to_value(element).map_err(|error| error.to_string())?;
        self.browser.client().execute(script, vec![element, json!(value)]).await.map_err(words)
    }
}

/// XPath tests for `name`, strictest first: whole text, prefix, substring.
fn matching(name: &str, test: impl Fn(&str) -> String) -> Vec<String> {
    let name = quoted(name);
    let texts = [
        format!("normalize-space(.) = {name}"),
        format!("starts-with(normalize-space(.), {name})"),
        format!("contains(normalize-space(.), {name})"),
    ];
    texts.iter().map(|text| test(text)).collect()
}

/// XPath tests for a control of `kind` by its `<label>` or `aria-label`.
fn labelled(kind: &str, label: &str) -> Vec<String> {
    matching(label, |text| {
        format!("[{kind}][@id = //label[{text}]/@for or ancestor::label[{text}] or @aria-label[{text}]]")
    })
}

/// XPath has no escapes, so a text with one kind of quote is put in the other.
fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") }
}

async fn shown(found: Vec<Element>) -> Result<Element, String> {
    for element in found {
        if element.is_displayed().await.map_err(words)? {
            return Ok(element);
        }
    }
    Err("it is not on the page".into())
}

async fn usable(found: Vec<Element>) -> Result<Element, String> {
    let element = shown(found).await?;
    element.is_enabled().await.map_err(words)?.then_some(element).ok_or("it is disabled".into())
}

fn words(error: CmdError) -> String {
    error.to_string()
}
