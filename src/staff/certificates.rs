//! 证书: administrators find a certificate by its number, and annul it by a decision.

mod view;

use chrono::NaiveDate;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::header::Header;
use super::require_administrator;
use crate::casework::annulment;
use crate::exams::certificate::Annulment;
use crate::exams::held::{self, Certificate};
use crate::pages::signed_in::as_staff;
use crate::paths;
use crate::people::staff::{self as roster, StaffMember, Unaudited};
use crate::people::{day, document};
use crate::store::{Store, Tx};
use crate::web::{Failure, Frame, Submission, Visitor, see_other};

/// What the audit notes when a certificate is shown, annulled, and when an annulment is taken back.
const VIEWED: &str = "certificate";
const ANNULLED: &str = "annul";
const RESTORED: &str = "restore";

/// Longest number of a decision, as in an import.
const DECISION_LENGTH: usize = 60;

/// What was typed into the form of an annulment.
#[derive(Clone, Default)]
struct Typed {
    decision: String,
    on: String,
    checked: bool,
}

/// Problems by field.
type Problems = Vec<(&'static str, String)>;

/// Tells anybody else who works here.
const ADMINISTRATORS: &str = "证书的撤销由管理员办理。";

/// `GET /staff/certificates`: an empty search.
#[handler]
pub async fn search(frame: Frame, visitor: Visitor) -> Result<Response, Failure> {
    let page = |tx: &mut Tx, staff: StaffMember| {
        require_administrator(&staff, ADMINISTRATORS)?;
        Ok(view::search("", None).desk(Header::load(tx, &staff)?.desk))
    };
    Ok(frame.page(as_staff(&visitor, page).await?))
}

/// `POST /staff/certificates`. A POST, so that the number appears in no address and no log.
#[handler]
pub async fn find(
    frame: Frame,
    Data(store): Data<&Store>,
    visitor: Visitor,
    sent: Submission,
) -> Result<Response, Failure> {
    let load = move |tx: &mut Tx, staff: StaffMember| {
        require_administrator(&staff, ADMINISTRATORS)?;
        let typed = sent.one("number");
        let found = held::with_number(tx, &document::normalise(typed))?;
        let page = view::search(typed, Some(&found)).desk(Header::load(tx, &staff)?.desk);
        let views = found.iter().map(|one| (VIEWED, one.number.clone())).collect();
        Ok(Unaudited::new(tx, &staff.id, views, page)?)
    };
    Ok(frame.page(as_staff(&visitor, load).await?.disclose(store).await?))
}

/// `GET /staff/certificates/{id}`
#[handler]
pub async fn show(
    frame: Frame,
    Data(store): Data<&Store>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let load = move |tx: &mut Tx, staff: StaffMember| {
        require_administrator(&staff, ADMINISTRATORS)?;
        let certificate = held::by_id(tx, &id)?.ok_or(Failure::NotFound)?;
        let page = view::certificate(&certificate, &Typed::default(), &Problems::new());
        let page = page.desk(Header::load(tx, &staff)?.desk);
        Ok(Unaudited::new(tx, &staff.id, vec![(VIEWED, certificate.number)], page)?)
    };
    Ok(frame.page(as_staff(&visitor, load).await?.disclose(store).await?))
}

/// `POST /staff/certificates/{id}`: annuls a certificate, or takes its annulment back.
#[handler]
pub async fn decide(
    frame: Frame,
    Data(store): Data<&Store>,
    staff: StaffMember,
    Path(id): Path<String>,
    sent: Submission,
) -> Result<Response, Failure> {
    require_administrator(&staff, ADMINISTRATORS)?;
    let path = paths::staff_certificate(&id);
    let decided = move |tx: &mut Tx| {
        let certificate = held::by_id(tx, &id)?.ok_or(Failure::NotFound)?;
        roster::viewed(tx, &staff.id, VIEWED, &certificate.number)?;
        let typed = Typed::of(&sent);
        let problems = match sent.one("action") {
            "annul" => annul(tx, &staff, &certificate, &typed)?,
            "restore" => restore(tx, &staff, &certificate, &typed)?,
            _ => return Err(Failure::BadRequest("请选择要办理的事项")),
        };
        if problems.is_empty() {
            return Ok(None);
        }
        let page = view::certificate(&certificate, &typed, &problems);
        Ok(Some(page.desk(Header::load(tx, &staff)?.desk)))
    };
    Ok(match store.write(decided).await? {
        Some(page) => frame.page_with(StatusCode::UNPROCESSABLE_ENTITY, page),
        None => see_other(&path),
    })
}

impl Typed {
    fn of(sent: &Submission) -> Typed {
        Typed {
            decision: sent.one("decision").trim().to_owned(),
            on: sent.one("on").to_owned(),
            checked: sent.one("checked") == "yes",
        }
    }

    fn unchecked(&self) -> Problems {
        let problem = || ("checked", "请先核对，再勾选".to_owned());
        (!self.checked).then(problem).into_iter().collect()
    }
}

fn annul(
    tx: &mut Tx,
    staff: &StaffMember,
    certificate: &Certificate,
    typed: &Typed,
) -> Result<Problems, Failure> {
    refuse_changed(certificate, certificate.annulment().is_some())?;
    let mut problems = typed.unchecked();
    match typed.decision.chars().count() {
        0 => problems.push(("decision", "请填写决定书文号".to_owned())),
        1..=DECISION_LENGTH => {}
        _ => problems.push(("decision", format!("决定书文号不超过 {DECISION_LENGTH} 个字"))),
    }
    let on = day::parse(&typed.on);
    problems.extend(problem_of_day(on, certificate, tx.today()).map(|problem| ("on", problem)));
    let Some(on) = on.filter(|_| problems.is_empty()) else { return Ok(problems) };
    annulment::annul(tx, certificate, Some(Annulment { on, decision: &typed.decision }))?;
    roster::audit(tx, &staff.id, ANNULLED, &certificate.number)?;
    Ok(problems)
}

fn problem_of_day(on: Option<NaiveDate>, certificate: &Certificate, today: NaiveDate) -> Option<String> {
    match on {
        None => Some("请填写决定日期，例如 2026-03-01".to_owned()),
        Some(on) if on > today => Some("决定日期不能晚于今天".to_owned()),
        Some(on) if on < certificate.approved_on => {
            Some(format!("决定日期不能早于批准日期 {}", certificate.approved_on))
        }
        Some(_) => None,
    }
}

fn restore(
    tx: &mut Tx,
    staff: &StaffMember,
    certificate: &Certificate,
    typed: &Typed,
) -> Result<Problems, Failure> {
    refuse_changed(certificate, certificate.annulment().is_none())?;
    let problems = typed.unchecked();
    if problems.is_empty() {
        annulment::annul(tx, certificate, None)?;
        roster::audit(tx, &staff.id, RESTORED, &certificate.number)?;
    }
    Ok(problems)
}

/// Refuses a step that another administrator has taken meanwhile.
fn refuse_changed(certificate: &Certificate, is_changed: bool) -> Result<(), Failure> {
    if !is_changed {
        return Ok(());
    }
    Err(Failure::Conflict {
        message: "这本证书的状态已由其他管理员更改".to_owned(),
        action: ("查看证书", paths::staff_certificate(&certificate.id)),
    })
}
