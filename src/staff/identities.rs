//! 身份核对: stopped sign-ins, which administrators decide.

mod view;

use maud::{Markup, html};
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::count::Count;
use super::header::Header;
use super::require_administrator;
use super::typed::REASON_LENGTH;
use crate::exams::correction;
use crate::pages::signed_in::as_staff;
use crate::paths;
use crate::people::candidate::{self, Candidate};
use crate::people::identity::case::{self, CaseRefusal, IdentityCase, IdentityVerdict};
use crate::people::mask;
use crate::people::staff::{self as roster, StaffMember, Unaudited};
use crate::store::{Store, Tx};
use crate::ui::{self, ListRow, Page};
use crate::web::{Failure, Frame, Submission, Visitor, see_other};

/// The list shows at most so many open and so many decided cases.
const MOST: i64 = 100;

/// What the audit notes when a case is opened, and when its numbers are shown in full.
const VIEWED: &str = "identity";
const UNCOVERED: &str = "uncover";

/// A case with the candidate and the reader's relation to it.
struct CaseDetails {
    case: IdentityCase,
    candidate: Candidate,
    sign_ins: candidate::SignInTimes,
    /// The name of another candidate who has the portal's document number.
    owner: Option<String>,
    /// Whether the case concerns the reader.
    own: bool,
    /// Whether the numbers of both documents are shown in full.
    uncovered: bool,
}

impl CaseDetails {
    fn load(tx: &mut Tx, staff: &StaffMember, id: &str) -> Result<CaseDetails, Failure> {
        let case = case::load(tx, id)?.ok_or(Failure::NotFound)?;
        let candidate = Candidate::load(tx, &case.candidate)?.ok_or(Failure::NotFound)?;
        let sign_ins = candidate::sign_in_times(tx, &case.candidate)?;
        let owner = Candidate::with_holder(tx, &case.holder)?;
        let owner = owner.filter(|owner| owner.id != candidate.id).map(|owner| owner.name);
        let own = case.is_about(tx, staff)?;
        Ok(CaseDetails { case, candidate, sign_ins, owner, own, uncovered: false })
    }

    /// Whether the reader may uncover the numbers: of an open case that is not about themselves.
    fn may_uncover(&self) -> bool {
        self.case.verdict.is_none() && !self.own
    }

    /// A number of a document: masked, or in full after the press.
    fn shown(&self, number: &str) -> String {
        if self.uncovered { number.to_owned() } else { mask::number(number) }
    }
}

pub(super) fn home_link(waiting: Count) -> Markup {
    let tag = if waiting.is_none() {
        ("", "没有待核对".to_owned())
    } else {
        ("due", format!("{waiting} 件待核对"))
    };
    ui::rows(&[ListRow {
        title: html! { "身份核对" },
        detail: "被暂停的登录，由管理员核对是否同一人".to_owned(),
        href: paths::IDENTITIES.to_owned(),
        trailing: ui::tag(tag.0, &tag.1),
    }])
}

/// Tells anybody else who works here.
const ADMINISTRATORS: &str = "身份核对由管理员办理。";

#[handler]
pub async fn list(frame: Frame, visitor: Visitor) -> Result<Response, Failure> {
    let page = |tx: &mut Tx, staff: StaffMember| {
        require_administrator(&staff, ADMINISTRATORS)?;
        let cases = case::list(tx, MOST)?;
        let Header { desk, .. } = Header::load(tx, &staff)?;
        Ok(Page::new("身份核对", view::list(&cases)).own_heading().desk(desk))
    };
    Ok(frame.page(as_staff(&visitor, page).await?))
}

/// `GET /staff/identities/{id}`; the audit notes every opening.
#[handler]
pub async fn show(
    frame: Frame,
    Data(store): Data<&Store>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let load = move |tx: &mut Tx, staff: StaffMember| {
        require_administrator(&staff, ADMINISTRATORS)?;
        let details = CaseDetails::load(tx, &staff, &id)?;
        let page = view::case(&details, "", None).desk(Header::load(tx, &staff)?.desk);
        Ok(Unaudited::new(tx, &staff.id, vec![(VIEWED, id)], page)?)
    };
    Ok(frame.page(as_staff(&visitor, load).await?.disclose(store).await?))
}

#[handler]
pub async fn decide(
    frame: Frame,
    Data(store): Data<&Store>,
    staff: StaffMember,
    Path(id): Path<String>,
    sent: Submission,
) -> Result<Response, Failure> {
    require_administrator(&staff, ADMINISTRATORS)?;
    let verdict = match sent.one("decision") {
        "join" => IdentityVerdict::Join,
        "separate" => IdentityVerdict::Separate,
        "uncover" => return uncover(&frame, store, staff, id, sent.one("reason").to_owned()).await,
        _ => return Err(Failure::BadRequest("请选择是否同一人")),
    };
    let (reason, path) = (sent.one("reason").trim().to_owned(), paths::identity(&id));
    let problem = problem(&reason);
    let decided = move |tx: &mut Tx| {
        let details = CaseDetails::load(tx, &staff, &id)?;
        roster::viewed(tx, &staff.id, VIEWED, &id)?;
        if problem.is_some() {
            let page = view::case(&details, &reason, problem.as_deref());
            let page = page.desk(Header::load(tx, &staff)?.desk);
            return Ok(Some(page));
        }
        carry_out(tx, &details.case, verdict, &staff, &reason)?;
        Ok::<_, Failure>(None)
    };
    Ok(match store.write(decided).await? {
        Some(page) => frame.page_with(poem::http::StatusCode::UNPROCESSABLE_ENTITY, page),
        None => see_other(&path),
    })
}

/// The page of a case, this once with both numbers in full if the reader may uncover them.
async fn uncover(
    frame: &Frame,
    store: &Store,
    staff: StaffMember,
    id: String,
    typed: String,
) -> Result<Response, Failure> {
    let page = move |tx: &mut Tx| {
        let details = CaseDetails::load(tx, &staff, &id)?;
        let uncovered = details.may_uncover();
        roster::viewed(tx, &staff.id, if uncovered { UNCOVERED } else { VIEWED }, &id)?;
        let page = view::case(&CaseDetails { uncovered, ..details }, &typed, None);
        Ok::<_, Failure>(page.desk(Header::load(tx, &staff)?.desk))
    };
    Ok(frame.page(store.write(page).await?))
}

fn problem(reason: &str) -> Option<String> {
    let (least, most) = REASON_LENGTH.into_inner();
    let fits = REASON_LENGTH.contains(&reason.chars().count());
    (!fits).then(|| format!("请写明理由，{least} 到 {most} 个字"))
}

/// Decides a case, and moves the records of a document that changes with it.
fn carry_out(
    tx: &mut Tx,
    case: &IdentityCase,
    verdict: IdentityVerdict,
    staff: &StaffMember,
    reason: &str,
) -> Result<(), Failure> {
    match case::decide(tx, case, verdict, staff, reason)? {
        Ok(Some(change)) => {
            let [from, to] = [change.before, change.after].map(|person| person.holder.stored(tx.vault));
            correction::move_records(tx, &from, &to)?;
        }
        Ok(None) => {}
        Err(refusal) => return Err(refused(case, refusal)),
    }
    Ok(roster::audit(tx, &staff.id, verdict.code(), &case.id)?)
}

fn refused(case: &IdentityCase, refusal: CaseRefusal) -> Failure {
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
