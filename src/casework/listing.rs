//! Pages of a candidate's applications, from columns and joins. No form is decrypted.
//!
//! Each page is one statement of a fixed type, run on the inner connection, where diesel finds the prepared statement
//! by its type. Filters that are not set are parameters of the same statement.

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDate};
use diesel::prelude::*;
use diesel::query_source::{Alias, AliasedField};
use diesel::sql_types::Bool;

use super::appeal::{AppealState, MadeAppeal, MadeRow};
use super::application::PAGE;
use super::business::{Business, Registry};
use super::lifecycle::Status;
use super::list_facts::ListFacts;
use super::number::ApplicationNumber;
use super::paging::Pages;
use crate::either;
use crate::exams::held::Delivery;
use crate::people::candidate::Candidate;
use crate::store::schema::{applications, certificates};
use crate::store::{CandidateId, Error, Timestamp, Tx};

/// An application as a list shows it.
#[derive(Clone)]
pub struct ListedApplication {
    /// Key of the row.
    pub id: String,
    pub business: &'static Business,
    /// Empty for a draft.
    pub number: ApplicationNumber,
    pub parent_id: String,
    pub subject: String,
    pub title: String,
    pub summary: String,
    pub status: Status,
    pub result: String,
    pub updated_at: Timestamp,
    pub submitted_at: Option<Timestamp>,
    pub decided_at: Option<Timestamp>,
    /// The last day on which its rejection can be appealed against.
    pub appeal_until: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    /// Names of the questions and slots to correct, if it was returned. An empty name is the whole application.
    pub marked: Vec<String>,
}

/// An application with what the card of it links to.
pub struct Listed {
    pub application: ListedApplication,
    pub appeal: AppealState,
    /// The certificate that resulted and is to be posted.
    pub certificate: Option<ToPost>,
}

pub struct ToPost {
    pub id: String,
    pub delivery: Delivery,
    /// The application for its posting.
    pub mailing_id: Option<String>,
}

/// Which of a candidate's applications to list. `None` lists all.
#[derive(Clone, Debug, Default)]
pub struct ApplicationFilter {
    /// Slug of the business.
    pub business: Option<String>,
    pub status: Option<Status>,
    pub number: Option<ApplicationNumber>,
    /// First submitted at this time or later.
    pub since: Option<Timestamp>,
    pub pages: Pages,
}

/// The list of one business.
pub struct BusinessList {
    /// The draft of a new application.
    pub draft: Option<ListedApplication>,
    /// One more than the pages have if there is a next page.
    pub listed: Vec<Listed>,
}

/// What the first page shows. Each has at most [`PAGE`] applications.
pub struct Overview {
    /// Returned applications, by their due day.
    pub waiting: Vec<ListedApplication>,
    /// The last changed first.
    pub drafts: Vec<ListedApplication>,
    /// The last submitted first.
    pub recent: Vec<ListedApplication>,
    /// Rejected applications that can be appealed against, with the last day for it. The first to end first.
    pub appealable: Vec<(ListedApplication, NaiveDate)>,
}

diesel::alias!(const APPEALS: Alias<Appeals> = applications as appeals);

#[derive(Queryable)]
struct Row {
    id: String,
    number: Option<ApplicationNumber>,
    kind: String,
    parent_id: String,
    subject: String,
    title: String,
    summary: String,
    status: String,
    result: String,
    version: i32,
    updated_at: Timestamp,
    submitted_at: Option<Timestamp>,
    decided_at: Option<Timestamp>,
    appeal_until: Option<NaiveDate>,
    due_on: Option<NaiveDate>,
    list_facts: Option<String>,
}

/// Key, delivery and application for the posting.
type CertificateRow = (String, String, Option<String>);

#[derive(Queryable)]
struct CardRow {
    row: Row,
    appeal: Option<MadeRow>,
    certificate: Option<CertificateRow>,
}

/// The columns of a [`Row`].
#[diesel::dsl::auto_type]
fn columns() -> _ {
    (
        applications::id,
        applications::number,
        applications::kind,
        applications::parent_id,
        applications::subject,
        applications::title,
        applications::summary,
        applications::status,
        applications::result,
        applications::version,
        applications::updated_at,
        applications::submitted_at,
        applications::decided_at,
        applications::appeal_until,
        applications::due_on,
        applications::list_facts,
    )
}

/// Whether a row of `appeals` is an appeal against a row of `applications`, and neither a draft nor withdrawn.
#[diesel::dsl::auto_type]
fn is_made_appeal() -> _ {
    let owner: AliasedField<Appeals, applications::candidate_id> = APPEALS.field(applications::candidate_id);
    let parent: AliasedField<Appeals, applications::parent_id> = APPEALS.field(applications::parent_id);
    let status: AliasedField<Appeals, applications::status> = APPEALS.field(applications::status);
    let draft: &'static str = Status::Draft.code();
    let withdrawn: &'static str = Status::Withdrawn.code();
    let is_made = status.ne(draft).and(status.ne(withdrawn));
    owner.eq(applications::candidate_id).and(parent.eq(applications::id)).and(is_made)
}

/// Rows of [`CardRow`]. A rejection has at most one appeal that is neither a draft nor withdrawn.
#[diesel::dsl::auto_type]
fn cards(holder: String) -> _ {
    let appeals: Alias<Appeals> = APPEALS;
    let status: AliasedField<Appeals, applications::status> = APPEALS.field(applications::status);
    let kind: AliasedField<Appeals, applications::kind> = APPEALS.field(applications::kind);
    let number: AliasedField<Appeals, applications::number> = APPEALS.field(applications::number);
    let completed: &'static str = Status::Completed.code();
    let is_subject = certificates::id.eq(applications::subject).and(certificates::holder_hash.eq(holder));
    applications::table
        .left_join(appeals.on(is_made_appeal()))
        .left_join(certificates::table.on(is_subject.and(applications::status.eq(completed))))
        .select((
            columns(),
            (kind, number, status).nullable(),
            (certificates::id, certificates::delivery, certificates::mailing_id).nullable(),
        ))
}

/// A candidate's submitted applications, the newest first. One more than the pages have if there is a next page.
pub fn page(tx: &mut Tx, candidate: &Candidate, filter: &ApplicationFilter) -> Result<Vec<Listed>, Error> {
    let business = filter.business.as_deref().unwrap_or_default();
    let status = filter.status.map_or("", Status::code);
    let number = filter.number.clone().unwrap_or_default();
    // Drafts have no time.
    let since = filter.since.unwrap_or(Timestamp::from_utc(DateTime::UNIX_EPOCH.naive_utc()));
    let query = cards(candidate.holder.stored(tx.vault))
        .filter(applications::candidate_id.eq(&candidate.id))
        .filter(applications::submitted_at.ge(since))
        .filter(filter.business.is_none().into_sql::<Bool>().or(applications::kind.eq(business)))
        .filter(filter.status.is_none().into_sql::<Bool>().or(applications::status.eq(status)))
        .filter(filter.number.is_none().into_sql::<Bool>().nullable().or(applications::number.eq(number)))
        .order((applications::submitted_at.desc(), applications::id.desc()))
        .offset(filter.pages.offset())
        .limit(filter.pages.rows());
    let rows: Vec<CardRow> = either!(tx.conn, conn => query.load(conn))?;
    rows.into_iter().map(|row| Listed::open(tx, &candidate.id, row)).collect()
}

/// The list of a business, with the draft on the first page.
pub fn of_business(
    tx: &mut Tx,
    candidate: &Candidate,
    business: &Business,
    pages: Pages,
) -> Result<BusinessList, Error> {
    let own = || {
        cards(candidate.holder.stored(tx.vault))
            .filter(applications::candidate_id.eq(&candidate.id))
            .filter(applications::kind.eq(business.slug))
    };
    let draft = own()
        .filter(applications::parent_id.eq(""))
        .filter(applications::status.eq(Status::Draft.code()))
        .limit(1);
    let submitted = own()
        .filter(applications::submitted_at.is_not_null())
        .order((applications::submitted_at.desc(), applications::id.desc()))
        .offset(pages.offset())
        .limit(pages.rows());
    let both = draft.union_all(submitted);
    let rows: Vec<CardRow> = either!(tx.conn, conn => both.load(conn))?;
    let all = rows.into_iter().map(|row| Listed::open(tx, &candidate.id, row));
    let all = all.collect::<Result<Vec<_>, _>>()?;
    let (mut drafts, mut listed): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|one| one.application.status == Status::Draft);
    // A union has no order.
    listed.sort_by(|one, other| other.application.place().cmp(&one.application.place()));
    let draft = drafts.pop().map(|one| one.application).filter(|_| pages.starts_list());
    Ok(BusinessList { draft, listed })
}

/// A candidate's returned applications, drafts, the last `recent` submitted ones, and what can be appealed against.
pub fn overview(tx: &mut Tx, candidate: &CandidateId, recent: usize) -> Result<Overview, Error> {
    let own = |is_appealable: bool| {
        applications::table
            .filter(applications::candidate_id.eq(candidate))
            .select((columns(), is_appealable.into_sql::<Bool>()))
    };
    let waiting = own(false)
        .filter(applications::status.eq(Status::Returned.code()))
        .order((applications::due_on, applications::id))
        .limit(PAGE);
    let drafts = own(false)
        .filter(applications::status.eq(Status::Draft.code()))
        .order(applications::updated_at.desc())
        .limit(PAGE);
    let submitted = own(false)
        .filter(applications::submitted_at.is_not_null())
        .order((applications::submitted_at.desc(), applications::id.desc()))
        .limit(i64::try_from(recent).unwrap_or(PAGE));
    let appeals: Alias<Appeals> = APPEALS;
    let rejected = applications::table
        .left_join(appeals.on(is_made_appeal()))
        .filter(applications::candidate_id.eq(candidate))
        .filter(applications::status.eq(Status::Rejected.code()))
        .filter(applications::appeal_until.ge(tx.today()))
        .filter(APPEALS.field(applications::id).nullable().is_null())
        .select((columns(), true.into_sql::<Bool>()))
        .order((applications::appeal_until, applications::id))
        .limit(PAGE);
    let all = waiting.union(drafts).union(submitted).union(rejected);
    let rows: Vec<(Row, bool)> = either!(tx.conn, conn => all.load(conn))?;
    let open = |(row, is_appealable)| Ok((open(tx, candidate, row)?.0, is_appealable));
    let all = rows.into_iter().map(open).collect::<Result<Vec<_>, Error>>()?;
    let (appealable, listed): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(_, is_appealable)| *is_appealable);
    let listed: Vec<_> = listed.into_iter().map(|(application, _)| application).collect();
    let rejected = appealable.into_iter().map(|(application, _)| application);
    Ok(Overview { appealable: by_last_day(rejected, tx.today()), ..Overview::of(&listed, recent) })
}

/// The rejections whose period for an appeal runs, the first to end first.
fn by_last_day(
    rejected: impl Iterator<Item = ListedApplication>,
    today: NaiveDate,
) -> Vec<(ListedApplication, NaiveDate)> {
    let last_day = |application: ListedApplication| {
        application.business.appeal.as_ref()?;
        match AppealState::of(application.status, application.appeal_until, None, today) {
            AppealState::Until(last_day) => Some((application, last_day)),
            _ => None,
        }
    };
    let mut appealable: Vec<_> = rejected.filter_map(last_day).collect();
    appealable
        .sort_by(|(one, _), (other, _)| (one.appeal_until, &one.id).cmp(&(other.appeal_until, &other.id)));
    appealable
}

/// Number of a candidate's returned applications, at most [`PAGE`].
pub fn count_waiting(tx: &mut Tx, candidate: &CandidateId) -> Result<usize, Error> {
    let returned = applications::table
        .filter(applications::candidate_id.eq(candidate))
        .filter(applications::status.eq(Status::Returned.code()))
        .count();
    let count: i64 = either!(tx.conn, conn => returned.get_result(conn))?;
    Ok(usize::try_from(count.min(PAGE)).unwrap_or_default())
}

impl BusinessList {
    /// Subjects of the pending applications.
    pub fn pending(&self) -> Vec<&str> {
        let listed = self.listed.iter().map(|one| &one.application);
        listed.filter(|one| one.status.is_pending()).map(|one| one.subject.as_str()).collect()
    }
}

impl Overview {
    /// Separates the union of the parts without appeals. It has the first applications of each, so sorting by the order of a part
    /// puts them first again.
    fn of(all: &[ListedApplication], recent: usize) -> Overview {
        let with = |is_part: fn(&ListedApplication) -> bool| {
            all.iter().filter(|one| is_part(one)).cloned().collect::<Vec<_>>()
        };
        let mut waiting = with(|one| one.status == Status::Returned);
        waiting.sort_by(|one, other| (one.due_on, &one.id).cmp(&(other.due_on, &other.id)));
        waiting.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
        let mut drafts = with(|one| one.status == Status::Draft);
        drafts.sort_by_key(|draft| Reverse(draft.updated_at));
        let mut submitted = with(|one| one.status != Status::Draft);
        submitted.sort_by(|one, other| other.place().cmp(&one.place()));
        submitted.truncate(recent);
        Overview { waiting, drafts, recent: submitted, appealable: Vec::new() }
    }
}

impl Listed {
    fn open(tx: &mut Tx, candidate: &CandidateId, card: CardRow) -> Result<Listed, Error> {
        let registry = Registry::of(tx);
        let (application, by_post) = open(tx, candidate, card.row)?;
        let made = card.appeal.map(|row| MadeAppeal::open(registry, row)).transpose()?;
        let appeal = match application.status {
            Status::Rejected | Status::Approved if application.business.appeal.is_some() => {
                AppealState::of(application.status, application.appeal_until, made, tx.today())
            }
            _ => AppealState::None,
        };
        let certificate = card.certificate.filter(|_| by_post).map(ToPost::open).transpose()?;
        Ok(Listed { application, appeal, certificate })
    }
}

impl ToPost {
    fn open((id, delivery, mailing_id): CertificateRow) -> Result<ToPost, Error> {
        Ok(ToPost { id, delivery: delivery.try_into()?, mailing_id })
    }
}

impl ListedApplication {
    /// Where it stands in the order of a list.
    fn place(&self) -> (Option<Timestamp>, &str) {
        (self.submitted_at, &self.id)
    }
}

/// The application of a row, and whether its certificate is to be posted.
fn open(tx: &mut Tx, candidate: &CandidateId, row: Row) -> Result<(ListedApplication, bool), Error> {
    let business = Registry::of(tx).find(&row.kind).ok_or(Error::Corrupt("applications.kind"))?;
    let status = Status::from_code(&row.status).ok_or(Error::Corrupt("applications.status"))?;
    let (id, stored) = ((row.id.as_str(), row.version), row.list_facts.as_deref());
    let facts = ListFacts::read(tx, candidate, id, (business, status), stored)?;
    let application = ListedApplication {
        id: row.id,
        business,
        number: row.number.unwrap_or_default(),
        parent_id: row.parent_id,
        subject: row.subject,
        title: row.title,
        summary: row.summary,
        status,
        result: row.result,
        updated_at: row.updated_at,
        submitted_at: row.submitted_at,
        decided_at: row.decided_at,
        appeal_until: row.appeal_until,
        due_on: row.due_on,
        marked: facts.marked,
    };
    Ok((application, facts.by_post))
}
