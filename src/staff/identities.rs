//! 身份核对: sign-ins that were stopped, which administrators decide.

mod view;

use maud::Markup;
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::desk;
use crate::exams::correction;
use crate::paths;
use crate::people::candidate::{self, Candidate};
use crate::people::identity::case::{self, Case, CaseRefusal, Verdict};
use crate::people::staff::{self as roster, Role, StaffMember};
use crate::store::{Error, Store, Tx};
use crate::ui::{self, ListRow, Page};
use crate::web::{Failure, Frame, Submission, see_other};

/// How many open and how many decided cases the list shows.
const MOST: i64 = 100;

/// Shortest and longest reason of a decision, in characters.
const REASON: (usize, usize) = (5, 500);

/// A case and what is known of both sides.
struct Sides {
    case: Case,
    candidate: Candidate,
    seen: candidate::Seen,
    /// The name of another candidate who has the number that the portal told.
    owner: Option<String>,
    /// Whether the reader is one of the sides.
    own: bool,
}

impl Sides {
    fn load(tx: &mut Tx, staff: &StaffMember, id: &str) -> Result<Sides, Failure> {
        let case = case::load(tx, id)?.ok_or(Failure::NotFound)?;
        let candidate = Candidate::load(tx, &case.candidate)?.ok_or(Failure::NotFound)?;
        let seen = candidate::seen(tx, &case.candidate)?;
        let owner = Candidate::with_holder(tx, &case.holder)?;
        let owner = owner.filter(|owner| owner.id != candidate.id).map(|owner| owner.name);
        let own = case.is_about(tx, staff)?;
        roster::audit(tx, &staff.id, "identity", id)?;
        Ok(Sides { case, candidate, seen, owner, own })
    }
}

/// How many cases wait for a member of staff; nothing for those who do not decide them.
pub(super) fn waiting(tx: &mut Tx, staff: &StaffMember) -> Result<Option<i64>, Error> {
    if staff.role == Role::Administrator { case::count_open(tx).map(Some) } else { Ok(None) }
}

/// The link to the cases on the desk's home.
pub(super) fn door(waiting: i64) -> Markup {
    let tag = if waiting > 0 {
        ("due", format!("{waiting} 件待核对"))
    } else {
        ("", "没有待核对".to_owned())
    };
    ui::rows(&[ListRow {
        title: "身份核对".to_owned(),
        detail: "被暂停的登录，由管理员核对是否同一人".to_owned(),
        href: paths::IDENTITIES.to_owned(),
        trailing: ui::tag(tag.0, &tag.1),
    }])
}

fn administrator(staff: &StaffMember) -> Result<(), Failure> {
    match staff.role {
        Role::Administrator => Ok(()),
        _ => Err(Failure::Forbidden("身份核对由管理员办理。")),
    }
}

/// `GET /staff/identities`
#[handler]
pub async fn list(frame: Frame, Data(store): Data<&Store>, staff: StaffMember) -> Result<Response, Failure> {
    administrator(&staff)?;
    let page = move |tx: &mut Tx| {
        let lines = case::list(tx, MOST)?;
        let desk = desk(tx, &staff)?;
        Ok::<_, Error>(Page::new("身份核对", view::list(&lines)).own_heading().desk(desk))
    };
    Ok(frame.page(store.read(page).await?))
}

/// `GET /staff/identities/{id}`; every opening is noted in the audit.
#[handler]
pub async fn show(
    frame: Frame,
    Data(store): Data<&Store>,
    staff: StaffMember,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    administrator(&staff)?;
    let page = move |tx: &mut Tx| {
        let sides = Sides::load(tx, &staff, &id)?;
        Ok::<_, Failure>(view::case(&sides, "", None).desk(desk(tx, &staff)?))
    };
    Ok(frame.page(store.write(page).await?))
}

/// `POST /staff/identities/{id}`
#[handler]
pub async fn decide(
    frame: Frame,
    Data(store): Data<&Store>,
    staff: StaffMember,
    Path(id): Path<String>,
    sent: Submission,
) -> Result<Response, Failure> {
    administrator(&staff)?;
    let verdict = match sent.one("decision") {
        "join" => Verdict::Join,
        "separate" => Verdict::Separate,
        _ => return Err(Failure::BadRequest("请选择是否同一人")),
    };
    let (reason, path) = (sent.one("reason").trim().to_owned(), paths::identity(&id));
    let problem = problem(&reason);
    let decided = move |tx: &mut Tx| {
        let sides = Sides::load(tx, &staff, &id)?;
        if problem.is_some() {
            let page = view::case(&sides, &reason, problem).desk(desk(tx, &staff)?);
            return Ok(Some(page));
        }
        carry_out(tx, &sides.case, verdict, &staff, &reason)?;
        Ok::<_, Failure>(None)
    };
    Ok(match store.write(decided).await? {
        Some(page) => frame.page_with(poem::http::StatusCode::UNPROCESSABLE_ENTITY, page),
        None => see_other(&path),
    })
}

fn problem(reason: &str) -> Option<&'static str> {
    let fits = (REASON.0..=REASON.1).contains(&reason.chars().count());
    (!fits).then_some("请写明理由，5 到 500 个字")
}

/// Records follow a document that changes, in the transaction of the decision.
fn carry_out(
    tx: &mut Tx,
    case: &Case,
    verdict: Verdict,
    staff: &StaffMember,
    reason: &str,
) -> Result<(), Failure> {
    match case::decide(tx, case, verdict, staff, reason)? {
        Ok(Some((before, after))) => correction::move_records(tx, &before.holder, &after.holder)?,
        Ok(None) => {}
        Err(refusal) => return Err(refused(case, refusal)),
    }
    Ok(roster::audit(tx, &staff.id, verdict.code(), &case.id)?)
}

fn refused(case: &Case, refusal: CaseRefusal) -> Failure {
    let message = match refusal {
        CaseRefusal::Decided => "这件身份核对已由其他管理员办理",
        CaseRefusal::Own => "这件身份核对涉及您本人，请由其他管理员办理",
        CaseRefusal::NoSubject => "政务服务平台没有提供账号标识，不能并入",
        CaseRefusal::NumberTaken => "这个证件号码已登记在另一位考生名下，不能改为这个号码",
        CaseRefusal::BoundElsewhere => "这个账号后来已登录为另一位考生，不能再办理",
    };
    Failure::Conflict {
        message: message.to_owned(), action: ("返回身份核对", paths::identity(&case.id))
    }
}
