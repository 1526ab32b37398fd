//! Signing in by scanning: a login screen, and a phone that signs in at the sandbox portal.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{GrayImage, ImageFormat};

use super::browser::{Answer, Browser, DESKTOP, Fault, Fields, PHONE};
use super::html::{between, hidden_fields, part};
use super::target::Target;
use crate::paths;
use crate::paths::sandbox::standard::AUTHORIZE;

/// The pause of the page before its next request.
const PAUSE: Duration = Duration::from_millis(100);

/// Pixels for each pixel of a picture, in which a module is one pixel. The reader needs more.
const ENLARGED: usize = 4;

/// A login screen on a desktop.
pub(super) struct Screen {
    browser: Browser,
    handshake: String,
    /// What the screen shows, as its next request says.
    seen: String,
    card: String,
}

/// What an answer brings to a waiting screen.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Update {
    Picture,
    /// The number that the phone asks for.
    Number(String),
    /// The page to which the signed-in browser goes.
    SignedIn(String),
    /// The code has expired.
    Ended,
}

impl Screen {
    pub(super) async fn open(target: &Target) -> Result<Screen, Fault> {
        let mut browser = Browser::new(target, DESKTOP);
        let page = browser.get(paths::LOGIN).await?.page()?;
        let poll = format!("hx-get=\"{}", paths::prefix(paths::WAIT));
        let handshake = part(&page, &poll, "?", "a login screen without a code")?;
        Ok(Screen { browser, handshake, seen: seen(&page)?, card: page.text()? })
    }

    /// Asks for what is new, and waits until something is.
    pub(super) async fn wait(&mut self) -> Result<(Update, Answer), Fault> {
        tokio::time::sleep(PAUSE).await;
        let seen = self.seen.clone();
        self.ask(&seen).await
    }

    /// Asks as a screen whose picture is old, which is answered at once.
    pub(super) async fn ask_late(&mut self) -> Result<(Update, Answer), Fault> {
        self.ask("waiting").await
    }

    async fn ask(&mut self, seen: &str) -> Result<(Update, Answer), Fault> {
        let path = format!("{}?seen={seen}", paths::wait(&self.handshake));
        let answer = self.browser.fetch(&path).await?.page()?;
        if let Some(page) = self.browser.redirect(&answer)? {
            return Ok((Update::SignedIn(page), answer));
        }
        self.card = answer.text()?;
        let update = match between(&self.card, "<p class=\"code\">", "</p>") {
            Some(number) => Update::Number(number.to_owned()),
            None if self.card.contains("data:image/png") => Update::Picture,
            None => return Ok((Update::Ended, answer)),
        };
        self.seen = self::seen(&answer)?;
        Ok((update, answer))
    }

    /// Waits through pictures until there is something else.
    async fn wait_for_phone(&mut self) -> Result<Update, Fault> {
        loop {
            match self.wait().await?.0 {
                Update::Picture => {}
                update => return Ok(update),
            }
        }
    }

    /// The path that the code on the screen names. Only the path is taken, so that a code leads nowhere else.
    fn code(&self) -> Option<String> {
        let picture = between(&self.card, "data:image/png;base64,", "\"")?;
        let url = read_code(&STANDARD.decode(picture).ok()?)?;
        url::Url::parse(&url).ok().map(|url| url.path().to_owned())
    }

    fn unexpected(&self, what: &'static str) -> Fault {
        Fault::Unexpected { path: paths::wait(&self.handshake), what }
    }

    /// The page of the signed-in browser.
    pub(super) async fn go(&mut self, page: &str) -> Result<Answer, Fault> {
        self.browser.get(page).await
    }
}

fn seen(answer: &Answer) -> Result<String, Fault> {
    part(answer, "?seen=", "\"", "a card that does not wait")
}

/// The text of a QR code.
fn read_code(png: &[u8]) -> Option<String> {
    let picture = image::load_from_memory_with_format(png, ImageFormat::Png).ok()?.into_luma8();
    let (width, height) = (picture.width() as usize * ENLARGED, picture.height() as usize * ENLARGED);
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| light(&picture, x, y));
    prepared.detect_grids().first()?.decode().ok().map(|(_, text)| text)
}

fn light(picture: &GrayImage, x: usize, y: usize) -> u8 {
    picture.get_pixel((x / ENLARGED) as u32, (y / ENLARGED) as u32).0[0]
}

/// A screen that was signed in.
pub(super) struct SignedIn {
    pub(super) screen: Screen,
    /// Where the screen goes now.
    pub(super) page: String,
    /// From the screen's first request to its session.
    pub(super) took: Duration,
    /// Bytes of all answers, to the screen and to the phone.
    pub(super) bytes: u64,
}

/// Opens a screen, scans its code with a phone in the same network, signs the phone in as `account`, and types the
/// number.
pub(super) async fn sign_in(target: &Target, account: &str) -> Result<SignedIn, Fault> {
    let began = Instant::now();
    let mut screen = Screen::open(target).await?;
    let code = screen.code().ok_or_else(|| screen.unexpected("the code cannot be read"))?;
    let mut phone = screen.browser.beside(PHONE);
    let (shown, scanned) = tokio::join!(screen.wait_for_phone(), scan(&mut phone, &code, account));
    scanned?;
    let Update::Number(number) = shown? else { return Err(screen.unexpected("no number after the scan")) };
    let typed = vec![("number".to_owned(), number)];
    let confirm = async {
        let answer = phone.post(&paths::type_number(&screen.handshake), &typed).await?;
        phone.follow(answer).await
    };
    confirm.await?;
    match screen.wait_for_phone().await? {
        Update::SignedIn(page) => {
            let bytes = screen.browser.received + phone.received;
            Ok(SignedIn { screen, page, took: began.elapsed(), bytes })
        }
        _ => Err(screen.unexpected("no session after the number")),
    }
}

/// Opens a scanned code and signs in, until the phone asks for the number.
async fn scan(phone: &mut Browser, code: &str, account: &str) -> Result<(), Fault> {
    let answer = phone.get(code).await?;
    let chooser = phone.follow(answer).await?;
    let asked = choose(phone, &chooser, account).await?;
    part(&asked, "name=\"number\"", ">", "no field for the number").map(drop)
}

/// Chooses a person at the sandbox portal. Returns the page of the site to which it leads.
async fn choose(phone: &mut Browser, chooser: &Answer, account: &str) -> Result<Answer, Fault> {
    let fields = hidden_fields(&chooser.text()?, AUTHORIZE);
    let mut fields: Fields =
        fields.ok_or_else(|| chooser.unexpected("not the page of the sandbox portal"))?;
    fields.push(("person".to_owned(), account.to_owned()));
    let answer = phone.post(AUTHORIZE, &fields).await?;
    phone.follow(answer).await
}

/// A phone that has signed in by redirect, and agreed to the privacy notice if it was asked.
pub(super) async fn phone_of(target: &Target, account: &str) -> Result<Browser, Fault> {
    let mut phone = Browser::new(target, PHONE);
    let answer = phone.get(paths::LOGIN_PORTAL).await?;
    let chooser = phone.follow(answer).await?;
    let page = choose(&mut phone, &chooser, account).await?;
    if let Some(mut fields) = hidden_fields(&page.text()?, paths::CONSENT) {
        fields.push(("general".to_owned(), "yes".to_owned()));
        let answer = phone.post(paths::CONSENT, &fields).await?;
        phone.follow(answer).await?;
    }
    Ok(phone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{self, Medium};

    #[test]
    fn code_of_a_login_screen_is_read() {
        let address = "http://127.0.0.1:8080/s/01KB7N8Q2Y5Z6X7W8V9T0S1R2Q.AbCdEfGhIjK";
        let shown = ui::qr(address, "登录二维码", Medium::Screen).into_string();
        let picture = between(&shown, "data:image/png;base64,", "\"").unwrap();
        assert_eq!(read_code(&STANDARD.decode(picture).unwrap()).as_deref(), Some(address));
        assert_eq!(read_code(b"no picture"), None);
    }
}
