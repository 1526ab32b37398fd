//! Paths to the pages of an application and of a business.

use crate::casework::business::{Application, Business, Origin};
use crate::exams::held::{Certificate, Delivery};
use crate::paths;

/// The list of a candidate's applications of a business.
pub fn list(business: &Business) -> String {
    match business.origin {
        Origin::Certificate => paths::CERTIFICATES.to_owned(),
        Origin::Nothing | Origin::Rejection => paths::business(business.slug),
    }
}

/// Where its owner reads an application.
pub fn application(application: &Application) -> String {
    paths::application(application.business.slug, application.shown_number())
}

/// Where its owner changes an application: posting begins with its notice again.
pub fn edit(application: &Application) -> String {
    match application.business.origin {
        Origin::Certificate => paths::mailing_notice(&application.parent_id),
        _ => paths::edit(application.business.slug, application.shown_number()),
    }
}

/// What the holder of a certificate can do about its posting, as label and path.
pub fn posting(certificate: &Certificate) -> Option<(String, String)> {
    match (certificate.delivery, &certificate.mailing_id) {
        (_, Some(_)) => Some(("查看邮寄信息".to_owned(), paths::mailing(&certificate.id))),
        (Delivery::Ready, None) => Some(("申请邮寄".to_owned(), paths::mailing_notice(&certificate.id))),
        _ => None,
    }
}
