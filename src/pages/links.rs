//! Links to the pages of an application, which depend on the origin of its business.

use crate::casework::business::{Application, Business, Origin};
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

/// The page on which candidates edit an application. A change of a posting begins with the notice.
pub fn edit(application: &Application) -> String {
    match application.business.origin {
        Origin::Certificate => paths::mailing_notice(&application.parent_id),
        _ => paths::edit(application.business.slug, application.shown_number()),
    }
}

/// The link to the posting of a certificate, or to its form if the certificate can be posted.
pub fn posting(certificate: &Certificate) -> Option<Link> {
    match (certificate.delivery, &certificate.mailing_id) {
        (_, Some(_)) => Some(Link::new("查看邮寄信息", paths::mailing(&certificate.id))),
        (Delivery::Ready, None) => Some(Link::new("申请邮寄", paths::mailing_notice(&certificate.id))),
        _ => None,
    }
}
