//! 批量通过: which applications can be approved at once, and approving them.

use super::apply::reason;
use super::request::BulkRequest;
use crate::casework::business::{Application, Business, Registry};
use crate::casework::decision::{self, Verdict};
use crate::casework::lifecycle::{Action, Status};
use crate::casework::materials::{self, Attachment};
use crate::casework::number::ApplicationNumber;
use crate::casework::rules::{self, Rule};
use crate::casework::stored::{self, Place};
use crate::casework::{Refusal, assignment};
use crate::pages::views;
use crate::people::candidate::Candidate;
use crate::people::person;
use crate::people::staff::{self as roster, StaffMember, View};
use crate::store::{Error, Tx};
use crate::ui::Desk;
use crate::web::Failure;

/// Most applications that are approved at once.
pub(super) const MOST: usize = 100;

/// The businesses of a role that the office approves in bulk. Those with several approvals are left out: a person has
/// to choose one.
pub(super) fn businesses(tx: &mut Tx, staff: &StaffMember) -> Result<Vec<&'static Business>, Error> {
    let mut allowed = Vec::new();
    for business in Registry::of(tx).iter() {
        let decides = business.is_decided_by(&staff.duty()) && business.verdicts.approve.len() == 1;
        if decides && rules::value(tx, Rule::BulkApproval, Some(business))? == 1 {
            allowed.push(business);
        }
    }
    Ok(allowed)
}

pub(super) fn is_open_to(tx: &mut Tx, staff: &StaffMember) -> Result<bool, Error> {
    Ok(!businesses(tx, staff)?.is_empty())
}

/// An application that was chosen, with the version that the staff member saw.
pub(super) type Chosen = (ApplicationNumber, i32);

/// A chosen application, and why it cannot be approved.
pub(super) struct Assessed {
    pub application: Application,
    pub candidate: Candidate,
    files: Vec<Attachment>,
    /// In Chinese; empty if it can be approved.
    pub excluded: String,
}

/// Reads the chosen applications and checks each, and its files.
pub(super) async fn assess(request: &BulkRequest, chosen: Vec<Chosen>) -> Result<Assessment, Failure> {
    let load = move |tx: &mut Tx, staff: &StaffMember| {
        let allowed = businesses(tx, staff)?;
        let one = |chosen: &Chosen| assess_one(tx, staff, &allowed, chosen);
        let found = chosen.iter().map(one).collect::<Result<Vec<_>, Refusal>>()?;
        let found: Vec<Assessed> = found.into_iter().flatten().collect();
        let view = |one: &Assessed| -> View { ("open", one.application.shown_number().to_owned()) };
        Ok((found.iter().map(view).collect(), (found, staff.clone())))
    };
    let ((mut found, staff), desk) = request.read(load).await?;
    for one in found.iter_mut().filter(|one| one.excluded.is_empty()) {
        if stored::check(&request.store, &request.files, &mut one.files).await == Place::Silent {
            one.excluded = "现在打不开材料，请稍后再办理".to_owned();
            continue;
        }
        let lost = one.files.iter().filter(|file| file.unreadable).count();
        if lost > 0 {
            one.excluded = format!("有 {lost} 份材料打不开，请单独办理");
        }
    }
    Ok(Assessment { found, staff, desk })
}

pub(super) struct Assessment {
    pub found: Vec<Assessed>,
    pub staff: StaffMember,
    pub desk: Desk,
}

/// `None` if it is not the work of the staff member at all: nothing of it is shown.
fn assess_one(
    tx: &mut Tx,
    staff: &StaffMember,
    allowed: &[&'static Business],
    (number, version): &Chosen,
) -> Result<Option<Assessed>, Refusal> {
    let application = match Application::by_number(tx, number) {
        Err(Refusal::NotFound) => return Ok(None),
        found => found?,
    };
    if !allowed.iter().any(|business| business.slug == application.business.slug) {
        return Ok(None);
    }
    let excluded = exclusion(tx, staff, &application, *version)?;
    let candidate = Candidate::load(tx, &application.candidate_id)?;
    let candidate = candidate.ok_or(Error::Corrupt("applications.candidate_id"))?;
    let submitted = application.form.as_ref().map(|form| form.all_files()).unwrap_or_default();
    let mut files = materials::of(tx, &application.id)?;
    files.retain(|file| submitted.contains(&file.id));
    Ok(Some(Assessed { application, candidate, files, excluded }))
}

fn exclusion(
    tx: &mut Tx,
    staff: &StaffMember,
    application: &Application,
    version: i32,
) -> Result<String, Refusal> {
    let mine = application.assignee_id.as_deref() == Some(&staff.id);
    let waits = match application.status {
        Status::Submitted => true,
        Status::InReview => mine,
        _ => false,
    };
    Ok(if person::is_same(tx, &staff.candidate, &application.candidate_id)? {
        "这是您本人的申请，请由其他工作人员办理".into()
    } else if !waits || application.version != version {
        format!("刚才有变动，现在是“{}”", views::word(application))
    } else if application.held_at.is_some() {
        "已暂缓".into()
    } else if assignment::decided_before(tx, application, staff)? {
        "您办理过被申诉的申请，请由其他工作人员办理".into()
    } else {
        String::new()
    })
}

/// Approves one application in a transaction of its own. Returns the word for its state, or why it was refused.
pub(super) async fn approve_one(
    request: &BulkRequest,
    staff: &StaffMember,
    one: &Assessed,
) -> Result<Result<String, String>, Failure> {
    let (staff, id, version) = (staff.clone(), one.application.id.clone(), one.application.version);
    let done = request.store.write(move |tx| take_and_approve(tx, &staff, &id, version)).await;
    match done {
        Ok(word) => Ok(Ok(word)),
        Err(failure) => Ok(Err(reason(failure)?)),
    }
}

fn take_and_approve(tx: &mut Tx, staff: &StaffMember, id: &str, version: i32) -> Result<String, Failure> {
    let mut application = Application::by_id(tx, id)?;
    let number = application.shown_number().to_owned();
    let mut seen = version;
    if application.status == Status::Submitted && application.version == version {
        assignment::take_with_others(tx, staff, &application)?;
        roster::audit(tx, &staff.id, Action::Take.code(), &number)?;
        application = Application::by_id(tx, id)?;
        seen = application.version;
    }
    decision::decide(tx, staff, &application, seen, Verdict::Approve(0, String::new()))?;
    roster::audit(tx, &staff.id, "approve_in_bulk", &number)?;
    let approved = Application::by_id(tx, id)?;
    // A share of the approvals is confirmed by a colleague.
    Ok(if approved.proposed_by.is_some() { "待复核" } else { views::word(&approved) }.to_owned())
}
