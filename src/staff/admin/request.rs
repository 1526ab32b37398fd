//! A request to a room of administrators: who asks is checked, and what was typed survives a refusal.

use maud::{Markup, html};
use poem::http::StatusCode;
use poem::web::Data;
use poem::{FromRequest, Request, RequestBody, Response};

use crate::casework::question::Problems;
use crate::pages::signed_in::{as_staff, recent_sign_in};
use crate::people::audit::Unaudited;
use crate::people::staff::StaffMember;
use crate::staff::header::Header;
use crate::staff::require_administrator;
use crate::store::{Store, Tx};
use crate::ui::{self, Page, Tone};
use crate::web::{Failure, Frame, Visitor, see_other};

pub struct AdminRequest {
    pub frame: Frame,
    pub store: Store,
    visitor: Visitor,
    /// Whether a form was saved before.
    saved: bool,
}

impl<'a> FromRequest<'a> for AdminRequest {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let Data(store) = Data::<&Store>::from_request(req, body).await?;
        let saved = req.original_uri().query() == Some(SAVED);
        Ok(AdminRequest {
            frame: Frame::of(req),
            store: store.clone(),
            visitor: Visitor::of_request(req)?,
            saved,
        })
    }
}

/// The query of an address to which a saved form leads.
const SAVED: &str = "saved=1";

/// `path` with a sentence that the form was saved.
pub(super) fn saved(path: &str) -> String {
    format!("{path}?{SAVED}")
}

/// Why a form had no effect.
#[derive(Clone, Default)]
pub(super) struct Trouble {
    /// A rule or another administrator's change.
    stopped: Option<String>,
    problems: Problems,
}

impl Trouble {
    /// A rule or another administrator's change.
    pub fn stopped(why: String) -> Trouble {
        Trouble { stopped: Some(why), ..Trouble::default() }
    }

    pub fn of_problems(problems: Problems) -> Trouble {
        Trouble { problems, ..Trouble::default() }
    }

    pub fn of(&self, control: &str) -> Option<&str> {
        self.problems.iter().find(|(name, _)| name == control).map(|(_, text)| text.as_str())
    }

    pub fn show(&self) -> Markup {
        let anchored: Problems =
            self.problems.iter().map(|(name, text)| (format!("f-{name}"), text.clone())).collect();
        html! {
            @if let Some(stopped) = &self.stopped {
                (ui::banner(Tone::Warn, stopped, html! { p { "这次没有保存，您填写的内容还在。" } }))
            }
            (ui::summary_errors(&anchored))
        }
    }
}

/// Where a saved form leads, or the problems of one that was not saved.
pub(super) type Saved = Result<String, Problems>;

impl AdminRequest {
    /// Shows a page that `page` reads in one transaction.
    pub(super) async fn show<F>(&self, page: F) -> Result<Response, Failure>
    where
        F: FnOnce(&mut Tx, &StaffMember) -> Result<Page, Failure> + Clone + Send + 'static,
    {
        let saved = self.saved;
        let page = self.read(page).await?;
        let main = html! {
            @if saved { (ui::banner(Tone::Good, "已保存", html! {})) }
            (page.main)
        };
        Ok(self.frame.page(Page { main, ..page }))
    }

    /// Writes the audit entries of a page about a person, before it is shown.
    pub(super) async fn read_unaudited<F>(&self, load: F) -> Result<(), Failure>
    where
        F: FnOnce(&mut Tx, &StaffMember) -> Result<Unaudited<()>, Failure> + Clone + Send + 'static,
    {
        let load = move |tx: &mut Tx, staff: StaffMember| load(tx, &require(staff)?);
        Ok(as_staff(&self.visitor, load).await?.disclose(&self.store).await?)
    }

    /// Shows a page with a status.
    pub(super) async fn show_with<F>(&self, status: StatusCode, page: F) -> Result<Response, Failure>
    where
        F: FnOnce(&mut Tx, &StaffMember) -> Result<Page, Failure> + Clone + Send + 'static,
    {
        Ok(self.frame.page_with(status, self.read(page).await?))
    }

    /// Runs `work` in one transaction. What it refuses is shown by `again`, which gets the reason.
    pub(super) async fn settle<W, A>(&self, work: W, again: A) -> Result<Response, Failure>
    where
        W: FnOnce(&mut Tx, &StaffMember) -> Result<Saved, Failure> + Clone + Send + 'static,
        A: FnOnce(&mut Tx, &StaffMember, &Trouble) -> Result<Page, Failure> + Clone + Send + 'static,
    {
        let staff = self.administrator().await?;
        let (status, trouble) = match self.store.write(move |tx| work(tx, &staff)).await {
            Ok(Ok(path)) => return Ok(see_other(&path)),
            Ok(Err(problems)) => (StatusCode::UNPROCESSABLE_ENTITY, Trouble::of_problems(problems)),
            Err(Failure::Conflict { message, .. }) => (StatusCode::CONFLICT, Trouble::stopped(message)),
            Err(failure) => return Err(failure),
        };
        let page = self.read(move |tx, staff| again(tx, staff, &trouble)).await?;
        Ok(self.frame.page_with(status, page))
    }

    /// Asks for a second sign-in before personal data leaves the site. Afterwards the person is at `page`.
    pub(super) async fn recent_sign_in(&self, page: &str) -> Result<(), Failure> {
        recent_sign_in(&self.visitor, page).await
    }

    pub(super) async fn administrator(&self) -> Result<StaffMember, Failure> {
        as_staff(&self.visitor, |_, staff| require(staff)).await
    }

    async fn read<F>(&self, page: F) -> Result<Page, Failure>
    where
        F: FnOnce(&mut Tx, &StaffMember) -> Result<Page, Failure> + Clone + Send + 'static,
    {
        let load = move |tx: &mut Tx, staff: StaffMember| {
            let staff = require(staff)?;
            let page = page(tx, &staff)?;
            Ok(page.desk(Header::load(tx, &staff)?.desk))
        };
        as_staff(&self.visitor, load).await
    }
}

fn require(staff: StaffMember) -> Result<StaffMember, Failure> {
    require_administrator(&staff, "这里由管理员使用。")?;
    Ok(staff)
}
