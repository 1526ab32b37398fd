//! Links to the pages of an application, which depend on the origin of its business.

use crate::casework::appeal::MadeAppeal;
use crate::casework::business::{Application, Business, Origin};
use crate::casework::listing::{ListedApplication, ToPost};
use crate::exams::held::{Certificate, Delivery};
use crate::paths;
use crate::ui::Link;

pub fn list(business: &Business) -> String {
    match business.origin {
        Origin::Certificate => paths::CERTIFICATES.to_owned(),
        Origin::Nothing | Origin::Rejection => paths::business(business.slug),
    }
}

/// The page on which candidates read an application.
pub fn application(application: &Application) -> String {
    paths::application(application.business.slug, application.shown_number())
}

/// The document of a decision.
pub fn decision(application: &Application) -> String {
    paths::decision(application.business.slug, application.shown_number())
}

/// [`application`] for an appeal.
pub fn appeal(appeal: &MadeAppeal) -> String {
    paths::application(appeal.business.slug, &appeal.number)
}

/// [`application`] for an application in a list.
pub fn listed(application: &ListedApplication) -> String {
    paths::application(application.business.slug, &application.number)
}

/// The page on which candidates edit an application. A change of a posting begins with the notice.
pub fn edit(application: &Application) -> String {
    edit_form(application.business, application.shown_number(), &application.parent_id)
}

/// [`edit`] for an application in a list.
pub fn edit_listed(application: &ListedApplication) -> String {
    edit_form(application.business, &application.number, &application.parent_id)
}

fn edit_form(business: &Business, number: &str, parent: &str) -> String {
    match business.origin {
        Origin::Certificate => paths::mailing_notice(parent),
        _ => paths::edit(business.slug, number),
    }
}

/// The link to the posting of a certificate, or to its form if the certificate can be posted.
pub fn posting(certificate: &Certificate) -> Option<Link> {
    let is_applied_for = certificate.mailing_id.is_some();
    if !is_applied_for && certificate.why_not_posted().is_some() {
        return None;
    }
    posting_of(&certificate.id, certificate.delivery, is_applied_for)
}

/// [`posting`] for a certificate in a list of applications.
pub fn posting_listed(certificate: &ToPost) -> Option<Link> {
    posting_of(&certificate.id, certificate.delivery, certificate.mailing_id.is_some())
}

fn posting_of(certificate: &str, delivery: Delivery, is_applied_for: bool) -> Option<Link> {
    match delivery {
        _ if is_applied_for => Some(Link::new("查看邮寄信息", paths::mailing(certificate))),
        Delivery::Ready => Some(Link::new("申请邮寄", paths::mailing_notice(certificate))),
        _ => None,
    }
}
