//! What tells one kind of application from another.
//!
//! A struct of data and plain functions rather than a trait: the desk and 业务查询
//! go from a stored slug to its business at run time, and a table of values reads
//! better than one type for each.

use chrono::NaiveDate;

use super::answers::Answers;
use super::field::{Choices, Field, Problems};
use super::record::Application;
use crate::people::candidate::Candidate;
use crate::store::{Error, Tx};
use crate::ui::Icon;
use crate::web::Failure;

/// A kind of application.
pub struct Business {
    /// Its place in URLs, and its name in the database.
    pub slug: &'static str,
    /// First two letters of its 受理号.
    pub prefix: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// Its picture on the first page.
    pub icon: Icon,
    /// What it is for, in a sentence or two.
    pub about: &'static str,
    /// The button that begins one.
    pub start_label: &'static str,
    /// What is asked, in order.
    pub fields: &'static [Field],
    /// What must be uploaded, in order.
    pub materials: &'static [Material],
    /// Whether 核对信息 comes before the first submission; short forms go without.
    pub review: bool,
    /// Answers to pick from, given what is answered so far.
    pub choices: fn(&mut Tx, &Context) -> Result<Choices, Error>,
    /// What a new form begins with.
    pub prefill: fn(&mut Tx, &Candidate) -> Result<Answers, Error>,
    /// Rules between several answers; the day is today's in China.
    pub check: fn(&Answers, NaiveDate) -> Problems,
    /// What a filled-in form is about.
    pub describe: fn(&mut Tx, &Context) -> Result<About, Failure>,
    /// The business by which its rejection is appealed against.
    pub appeal: Option<&'static Business>,
    /// Whether it is such an appeal, and so needs a rejected application to be about.
    pub is_appeal: bool,
    /// What its approval means for the candidate, in a sentence.
    pub approved: &'static str,
    /// What approval changes, in the transaction of the decision; the text is the
    /// reviewer's id.
    pub on_approved: fn(&mut Tx, &Application, &str) -> Result<(), Failure>,
}

/// One slot for uploads.
pub struct Material {
    /// Name in the form and in the stored answers.
    pub slot: &'static str,
    /// What is wanted.
    pub label: &'static str,
    /// What must be readable on it, or empty.
    pub hint: &'static str,
    /// May be left out.
    pub optional: bool,
    /// Most files.
    pub most: usize,
    /// 证件照: a picture of fixed proportions.
    pub portrait: bool,
}

/// What a business may look at.
pub struct Context<'a> {
    /// Who applies.
    pub candidate: &'a Candidate,
    /// The application being edited, if it was submitted before.
    pub submitted: Option<&'a Application>,
    /// What an appeal is about.
    pub parent: Option<&'a Application>,
    /// What is answered so far.
    pub answers: &'a Answers,
}

/// What an application is about.
pub struct About {
    /// Key of the subject: one open application of a kind for each.
    pub subject: String,
    /// Exam and sitting.
    pub title: String,
    /// Level and specialty.
    pub summary: String,
}

/// Every business there is, in the order of the first page; `site` puts it on each request.
#[derive(Clone, Copy)]
pub struct Registry(pub &'static [&'static Business]);

impl IntoIterator for Registry {
    type Item = &'static Business;
    type IntoIter = std::iter::Copied<std::slice::Iter<'static, &'static Business>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().copied()
    }
}

/// The business of a slug.
pub fn find(registry: Registry, slug: &str) -> Option<&'static Business> {
    registry.into_iter().find(|business| business.slug == slug)
}

impl Business {
    /// What people read for a field or slot name.
    pub fn label_of(&self, name: &str) -> &'static str {
        let field = self.fields.iter().find(|field| field.name == name).map(|field| field.label);
        let material = || self.materials.iter().find(|m| m.slot == name).map(|m| m.label);
        field.or_else(material).unwrap_or("整体")
    }

    /// Its list of applications.
    pub fn path(&self) -> String {
        format!("/services/{}", self.slug)
    }
}
