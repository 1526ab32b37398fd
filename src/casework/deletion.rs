//! Requests of candidates to delete their data (个人信息保护法 art. 47), and what an approval removes.

use diesel::prelude::*;

use super::appeal::{self, AppealState};
use super::business::Application;
use super::lifecycle::Status;
use super::messages::topic::Topic;
use super::messages::{self, News};
use super::refusal::Refusal;
use super::{materials, retention, sweep};
use crate::exams::{certificate_link, copy};
use crate::people::audit::audit;
use crate::people::candidate::{self, Candidate};
use crate::people::consent::{self, Purpose};
use crate::people::identity::{account, notice};
use crate::people::staff::StaffMember;
use crate::store::schema::{applications as a, deletion_requests as d, sessions};
use crate::store::{CandidateId, Error, Timestamp, Tx, codes};

codes! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Standing {
        Waiting = "waiting", "待处理";
        Approved = "approved", "已同意";
        Refused = "refused", "未同意";
        /// The candidate took it back.
        Withdrawn = "withdrawn", "已撤回";
    }
}

/// The data that an approval removes at once, in words for candidates and administrators.
pub const REMOVED: &[&str] = &[
    "草稿，和没有提交的文件",
    "已撤销、已办结的申请的材料（照片、扫描件、录音录像）",
    "手机号、学历、性别、出生日期和证件照",
    "登录过的设备、账号提示，并退出所有设备",
    "站内消息，和还没有发出的短信",
    "证书的核验链接和电子证书（已下载的不再有效）",
    "您的各项同意",
];

/// The data that an approval does not remove, each with the reason.
pub const KEPT: &[&str] = &[
    "姓名、证件号码、报名、成绩和证书：证书终身有效，须供查验和补发",
    "已受理的申请的填写内容、办理过程和结果，退费和票据：按档案和会计管理的规定保存",
    "违纪和失信记录：按《专业技术人员职业资格考试违纪违规行为处理规定》保存",
    "谁查看过您的信息的记录：到保存期限为止",
    "政务服务平台账号的绑定：防止他人冒用您的身份登录",
];

/// Most characters of a reason and of an answer.
pub const LONGEST: usize = 500;

/// Column name under which a reason is sealed.
const SEALED_AS: &str = "deletion_requests.reason";

pub struct DeletionRequest {
    pub id: String,
    pub candidate_id: CandidateId,
    pub reason: String,
    pub requested_at: Timestamp,
    pub standing: Standing,
    pub decided_at: Option<Timestamp>,
    /// The administrator's answer, which the candidate reads.
    pub answer: String,
}

type Row = (String, CandidateId, String, Timestamp, String, Option<Timestamp>, String);

#[diesel::dsl::auto_type]
fn columns() -> _ {
    (d::id, d::candidate_id, d::reason, d::requested_at, d::status, d::decided_at, d::answer)
}

fn request(tx: &Tx, row: Row) -> Result<DeletionRequest, Error> {
    let (id, candidate_id, reason, requested_at, status, decided_at, answer) = row;
    let standing = Standing::from_code(&status).ok_or(Error::Corrupt("deletion_requests.status"))?;
    let reason = tx.vault.open(SEALED_AS, &reason)?;
    Ok(DeletionRequest { id, candidate_id, reason, requested_at, standing, decided_at, answer })
}

/// The newest request of a candidate.
pub fn newest(tx: &mut Tx, candidate: &CandidateId) -> Result<Option<DeletionRequest>, Error> {
    let own = d::table.filter(d::candidate_id.eq(candidate)).order((d::requested_at.desc(), d::id.desc()));
    let row: Option<Row> = own.select(columns()).first(tx.conn).optional()?;
    row.map(|row| request(tx, row)).transpose()
}

/// The waiting requests, the oldest first, and then the last decided ones.
pub fn list(tx: &mut Tx, most: i64) -> Result<Vec<DeletionRequest>, Error> {
    let waiting = d::table.filter(d::status.eq(Standing::Waiting.code())).order((d::requested_at, d::id));
    let mut rows: Vec<Row> = waiting.limit(most).select(columns()).load(tx.conn)?;
    let decided = d::table.filter(d::decided_by.is_not_null()).order((d::decided_at.desc(), d::id));
    rows.extend(decided.limit(most).select(columns()).load::<Row>(tx.conn)?);
    rows.into_iter().map(|row| request(tx, row)).collect()
}

/// A request, for an administrator. The caller notes it in the audit.
pub fn load(tx: &mut Tx, id: &str) -> Result<DeletionRequest, Refusal> {
    let row: Option<Row> = d::table.find(id).select(columns()).first(tx.conn).optional()?;
    Ok(request(tx, row.ok_or(Refusal::NotFound)?)?)
}

/// The submitted applications that must be ended first: those that are not decided or not carried out, and those that can
/// still be appealed against.
pub fn blocking(tx: &mut Tx, candidate: &CandidateId) -> Result<Vec<Application>, Error> {
    let ids: Vec<String> = a::table
        .filter(a::candidate_id.eq(candidate))
        .filter(a::status.ne_all([Status::Draft.code(), Status::Withdrawn.code()]))
        .order(a::id)
        .select(a::id)
        .load(tx.conn)?;
    let mut blocking = Vec::new();
    for id in ids {
        let Some(application) = Application::own_by_id(tx, candidate, &id)? else { continue };
        let open = application.business.open_states().contains(&application.status.code());
        if open || matches!(appeal::state(tx, &application)?, AppealState::Until(_)) {
            blocking.push(application);
        }
    }
    Ok(blocking)
}

/// Asks for the deletion.
///
/// # Errors
/// [`Refusal::Breaks`] while an application is running, or a request waits.
pub fn ask(tx: &mut Tx, candidate: &Candidate, reason: &str) -> Result<(), Refusal> {
    candidate.lock(tx)?;
    refuse_running(tx, &candidate.id)?;
    if newest(tx, &candidate.id)?.is_some_and(|one| one.standing == Standing::Waiting) {
        return Err(Refusal::Breaks("您已经提出过申请，正在等待处理".to_owned()));
    }
    let row = (
        d::id.eq(tx.id()),
        d::candidate_id.eq(&candidate.id),
        d::reason.eq(tx.vault.seal(SEALED_AS, reason)),
        d::requested_at.eq(tx.now),
        d::status.eq(Standing::Waiting.code()),
        d::answer.eq(""),
    );
    diesel::insert_into(d::table).values(row).execute(tx.conn)?;
    Ok(())
}

fn refuse_running(tx: &mut Tx, candidate: &CandidateId) -> Result<(), Refusal> {
    match blocking(tx, candidate)?.len() {
        0 => Ok(()),
        count => Err(Refusal::Breaks(format!("还有 {count} 件申请没有办完或可以申诉，办完以后才能删除"))),
    }
}

/// Takes a waiting request back.
pub fn take_back(tx: &mut Tx, candidate: &CandidateId) -> Result<(), Error> {
    let waiting =
        d::table.filter(d::candidate_id.eq(candidate)).filter(d::status.eq(Standing::Waiting.code()));
    diesel::update(waiting).set(d::status.eq(Standing::Withdrawn.code())).execute(tx.conn)?;
    Ok(())
}

/// Decides a request, and carries an approval out.
///
/// # Errors
/// [`Refusal::ChangedMeanwhile`] if it does not wait any more, [`Refusal::Breaks`] while an application is running,
/// [`Refusal::OwnApplication`] for the administrator's own.
pub fn decide(
    tx: &mut Tx,
    staff: &StaffMember,
    id: &str,
    approve: bool,
    answer: &str,
) -> Result<(), Refusal> {
    let asked = load(tx, id)?;
    if asked.candidate_id == staff.candidate {
        return Err(Refusal::OwnApplication);
    }
    let standing = if approve { Standing::Approved } else { Standing::Refused };
    let decision = (
        d::status.eq(standing.code()),
        d::decided_at.eq(Some(tx.now)),
        d::decided_by.eq(Some(&staff.id)),
        d::answer.eq(answer),
    );
    let waiting = d::table.find(id).filter(d::status.eq(Standing::Waiting.code()));
    if diesel::update(waiting).set(decision).execute(tx.conn)? == 0 {
        return Err(Refusal::ChangedMeanwhile);
    }
    if approve {
        refuse_running(tx, &asked.candidate_id)?;
        erase(tx, &asked.candidate_id)?;
    }
    let topic = if approve { Topic::DeletionApproved } else { Topic::DeletionRefused };
    let news = News { topic, business: None, subject: String::new(), facts: Vec::new(), once: None };
    messages::tell(tx, &asked.candidate_id, &news)?;
    let action = if approve { "erase" } else { "refuse_deletion" };
    Ok(audit(tx, &staff.id, action, id)?)
}

/// Removes what is in [`REMOVED`].
fn erase(tx: &mut Tx, id: &CandidateId) -> Result<(), Refusal> {
    let before = Candidate::load(tx, id)?.ok_or(Refusal::NotFound)?;
    before.lock(tx)?;
    candidate::clear_profile(tx, id)?;
    consent::withdraw(tx, (id, &before.consents), Purpose::General)?;
    notice::forget(tx, id)?;
    account::clear_phone(tx, id)?;
    messages::forget(tx, id)?;
    diesel::delete(sessions::table.filter(sessions::candidate_id.eq(id))).execute(tx.conn)?;
    certificate_link::revoke_all(tx, &before.holder)?;
    copy::revoke_all(tx, &before.holder)?;
    let rows = a::table.filter(a::candidate_id.eq(id)).select((a::id, a::status));
    let rows: Vec<(String, String)> = rows.load(tx.conn)?;
    let is_draft = |status: &str| status == Status::Draft.code();
    let of = |draft: bool| {
        let some = rows.iter().filter(move |(_, status)| is_draft(status) == draft);
        some.map(|(id, _)| id.clone()).collect::<Vec<_>>()
    };
    sweep::discard(tx, &of(true))?;
    materials::forget_unused(tx, id)?;
    let free = retention::without_needed(tx, of(false))?;
    retention::remove_files(tx, &free)?;
    Ok(())
}

/// A blocking application in words, such as `考试退费（审核中）`.
pub fn described(application: &Application) -> String {
    let business = application.business;
    format!("{}（{}）", business.label, business.word(application.status))
}
