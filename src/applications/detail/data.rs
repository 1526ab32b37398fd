//! What the page of an application shows.

use poem::{FromRequest, Request, RequestBody};

use crate::applications::address::{BusinessOf, Number};
use crate::casework::appeal::{self, AppealState};
use crate::casework::business::{Application, Business, Context, Record};
use crate::casework::history::{self, Event};
use crate::casework::lifecycle::{Action, Status};
use crate::casework::materials::{self, Attachment};
use crate::casework::number::ApplicationNumber;
use crate::exams::held::{self, Certificate};
use crate::pages::links;
use crate::pages::signed_in::as_candidate;
use crate::people::candidate::Candidate;
use crate::store::{Error, Tx};
use crate::ui::Link;
use crate::web::{Failure, Visitor};

pub struct Detail {
    pub candidate: Candidate,
    pub application: Application,
    pub events: Vec<Event>,
    pub files: Vec<Attachment>,
    pub standing: AppealState,
    pub parent: Option<Parent>,
    pub posting: Option<Link>,
    pub cited: Vec<Record>,
}

pub struct Parent {
    pub application: Application,
    pub events: Vec<Event>,
}

impl Detail {
    pub fn load(
        tx: &mut Tx,
        business: &'static Business,
        candidate: Candidate,
        number: &ApplicationNumber,
    ) -> Result<Detail, Failure> {
        let application = Application::own(tx, &candidate.id, business.slug, number)?;
        let parent = match Application::own_by_id(tx, &candidate.id, &application.parent_id)? {
            Some(parent) => Some(Parent { events: history::of(tx, &parent.id)?, application: parent }),
            None => None,
        };
        let certificate = to_post(tx, &candidate, &application)?;
        let answers = application.form.clone().unwrap_or_default();
        let rejected = parent.as_ref().map(|parent| &parent.application);
        let context = Context::of_submitted(&candidate, &application, rejected, &answers);
        let cited = (business.cited)(tx, &context)?;
        Ok(Detail {
            events: history::of(tx, &application.id)?,
            files: materials::of(tx, &application.id)?,
            standing: appeal::state(tx, &application)?,
            posting: certificate.as_ref().and_then(links::posting),
            cited,
            candidate,
            application,
            parent,
        })
    }

    pub fn note(&self, action: Action) -> &str {
        history::last(&self.events, action).map_or("", |event| event.content.note.as_str())
    }
}

/// The certificate that resulted from an application and is to be posted.
fn to_post(
    tx: &mut Tx,
    candidate: &Candidate,
    application: &Application,
) -> Result<Option<Certificate>, Error> {
    let by_post = application.business.by_post.zip(application.form.as_ref());
    match by_post {
        Some((by_post, form)) if application.status == Status::Completed && by_post(form) => {
            held::own(tx, &candidate.holder, &application.subject)
        }
        _ => Ok(None),
    }
}

/// An application of the signed-in candidate, by the business and the number in the address.
impl<'a> FromRequest<'a> for Detail {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let BusinessOf(business) = BusinessOf::from_request(req, body).await?;
        let Number(number) = Number::from_request(req, body).await?;
        let load = move |tx: &mut Tx, candidate| Detail::load(tx, business, candidate, &number);
        Ok(as_candidate(&Visitor::of_request(req)?, load).await?)
    }
}
