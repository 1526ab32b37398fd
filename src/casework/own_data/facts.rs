//! The data that is held about a candidate, as JSON with Chinese names.

use diesel::prelude::*;
use serde_json::{Value, json};

use crate::casework::answers::Answers;
use crate::casework::business::{Application, Business};
use crate::casework::{history, materials, messages};
use crate::exams::{copy, discipline, held, inquiry, registration};
use crate::people::audit::actions;
use crate::people::audit::search::FoundEntry;
use crate::people::candidate::{self, Candidate};
use crate::people::document::Gender;
use crate::people::{consent, person};
use crate::store::clock::{china, china_to_the_second};
use crate::store::schema::{account_notices, applications as a, known_devices};
use crate::store::{CandidateId, Error, Timestamp, Tx};

/// The file that explains the others.
pub(super) const ABOUT: &str = "\
这是考试机构保存的、关于您的信息。

个人信息.json   姓名、证件、联系方式、登录时间、登录过的设备
同意记录.json   您同意和撤回的事项，及其时间和规则的版本
考试记录.json   报名、证书、违纪记录、失信记录
消息.json       本网站告诉您的事项，以及短信发出的时间
申请/           每件申请一个文件夹：填写的内容、办理过程和您上传的材料
谁查看过.json   工作人员查看和办理的记录

工作人员的内部备注不在其中。文件含有您的全部信息，请妥善保管，不要转发。
";

/// A stored file of an application.
pub(super) struct Upload {
    pub storage_key: String,
    /// In the folder of the application. Never made from a name that people gave.
    pub path: String,
}

/// Certificates that are read at once.
const CERTIFICATES: i64 = 100;

/// Most inquiries about a certificate, the latest.
const INQUIRIES: i64 = 1000;

/// The number of records that are held about a candidate, by sort.
pub struct Held {
    /// With drafts.
    pub applications: i64,
    pub files: i64,
    pub registrations: i64,
    pub certificates: i64,
    /// Violations and integrity records.
    pub records: i64,
    pub devices: i64,
    pub messages: i64,
    /// Entries of the audit.
    pub views: i64,
}

impl Held {
    pub fn count(tx: &mut Tx, of: &Candidate) -> Result<Held, Error> {
        use crate::store::schema::{attachments as f, audit_entries as e, certificates as c};
        use crate::store::schema::{
            integrity_records as i, messages as m, registrations as r, violations as v,
        };
        let (id, holder) = (&of.id, &of.holder.stored(tx.vault));
        let person = person::candidates_of(tx, std::slice::from_ref(id))?;
        let violations: i64 = v::table.filter(v::holder_hash.eq(holder)).count().get_result(tx.conn)?;
        let integrity: i64 = i::table.filter(i::holder_hash.eq(holder)).count().get_result(tx.conn)?;
        let files = f::table.filter(f::candidate_id.eq(id)).filter(f::removed_at.is_null());
        Ok(Held {
            applications: a::table.filter(a::candidate_id.eq(id)).count().get_result(tx.conn)?,
            files: files.filter(f::withdrawn_at.is_null()).count().get_result(tx.conn)?,
            registrations: r::table.filter(r::holder_hash.eq(holder)).count().get_result(tx.conn)?,
            certificates: c::table.filter(c::holder_hash.eq(holder)).count().get_result(tx.conn)?,
            records: violations + integrity,
            devices: known_devices::table
                .filter(known_devices::candidate_id.eq(id))
                .count()
                .get_result(tx.conn)?,
            messages: m::table.filter(m::candidate_id.eq(id)).count().get_result(tx.conn)?,
            views: e::table.filter(e::candidate_id.eq_any(&person)).count().get_result(tx.conn)?,
        })
    }
}

/// The files about the person, by name.
pub(super) fn of_person(tx: &mut Tx, of: &Candidate) -> Result<Vec<(String, Value)>, Error> {
    let times = candidate::sign_in_times(tx, &of.id)?;
    let devices = known_devices::table.filter(known_devices::candidate_id.eq(&of.id));
    let devices: Vec<(String, Timestamp)> =
        devices.select((known_devices::device, known_devices::seen_at)).load(tx.conn)?;
    let notices = account_notices::table.filter(account_notices::candidate_id.eq(&of.id));
    let notices: Vec<(String, String, Timestamp)> = notices
        .select((account_notices::kind, account_notices::detail, account_notices::at))
        .load(tx.conn)?;
    let device = |(name, at): (String, Timestamp)| json!({ "设备": name, "最近使用": china(at) });
    let notice = |(kind, detail, at): (String, String, Timestamp)| json!({ "提示": kind, "内容": detail, "时间": china(at) });
    let person = json!({
        "姓名": of.name,
        "证件类型": of.document_type.label(),
        "证件号码": of.document_number,
        "手机号": of.phone,
        "性别": of.profile.gender.map_or("", Gender::label),
        "出生日期": of.profile.born_on,
        "学历": of.profile.education,
        "首次登录": china(times.first),
        "最近登录": china(times.last),
        "登录过的设备": devices.into_iter().map(device).collect::<Vec<_>>(),
        "账号提示": notices.into_iter().map(notice).collect::<Vec<_>>(),
    });
    let steps = consent::steps(tx, &of.id)?.into_iter().map(|step| {
        let what = if step.given { "同意" } else { "撤回" };
        json!({ "事项": step.purpose.label(), "操作": what, "规则版本": step.version + 1, "时间": china(step.at) })
    });
    let steps: Vec<Value> = steps.collect();
    Ok(vec![
        ("个人信息.json".to_owned(), person),
        ("同意记录.json".to_owned(), Value::Array(steps)),
        ("考试记录.json".to_owned(), records(tx, of)?),
        ("消息.json".to_owned(), told(tx, &of.id)?),
    ])
}

/// The messages to the candidate, the newest first.
fn told(tx: &mut Tx, of: &CandidateId) -> Result<Value, Error> {
    let (mut told, mut after): (Vec<Value>, Option<(Timestamp, String)>) = (Vec::new(), None);
    loop {
        let some = messages::list(tx, of, after.as_ref(), messages::PAGE)?;
        let Some(last) = some.last() else { break };
        after = Some((last.created_at, last.id.clone()));
        told.extend(some.iter().map(|message| {
            json!({
                "事项": message.topic.label(), "内容": message.body, "时间": china(message.created_at),
                "阅读时间": message.read_at.map(china), "短信发出时间": message.texted_at.map(china),
            })
        }));
    }
    let wants_sms = messages::wants_sms(tx, of)?;
    Ok(json!({ "接收全部短信": wants_sms, "消息": told }))
}

fn records(tx: &mut Tx, of: &Candidate) -> Result<Value, Error> {
    let registrations = registration::of_holder(tx, &of.holder)?.into_iter().map(|one| {
        let subjects: Vec<&str> = one.subjects.iter().map(|entry| entry.subject.as_str()).collect();
        json!({
            "考试": one.title(), "级别专业": one.summary(), "准考证号": one.ticket_number, "订单号": one.order_number,
            "科目": subjects, "缴费时间": one.paid_at.map(china), "考试日期": one.held_on,
        })
    });
    let registrations: Vec<Value> = registrations.collect();
    let mut certificates = Vec::new();
    loop {
        let from = i64::try_from(certificates.len()).unwrap_or(i64::MAX);
        let some = held::of_holder(tx, &of.holder, from, CERTIFICATES)?;
        if some.is_empty() {
            break;
        }
        for one in some {
            let copies = copy::of(tx, &of.holder, &one.id)?;
            let copies = copies.iter().map(|copy| {
                json!({
                    "用途": copy.purpose, "生成时间": china(copy.created_at), "失效时间": china(copy.expires_at),
                    "撤销时间": copy.revoked_at.map(china),
                })
            });
            let inquiries = inquiry::of(tx, &of.holder, &one.id, INQUIRIES)?;
            let inquiries = inquiries.iter().map(|(inquiry, asked)| {
                json!({
                    "方式": inquiry.way.label(), "首次": china(asked.first_at), "最近": china(asked.last_at),
                    "次数": asked.count,
                })
            });
            let (copies, inquiries): (Vec<Value>, Vec<Value>) = (copies.collect(), inquiries.collect());
            certificates.push(json!({
                "姓名": one.holder_name, "考试": one.title(), "级别专业": one.summary(), "编号": one.numbers_in_words(),
                "批准日期": one.approved_on, "签发日期": one.issued_on, "签发机构": one.issuing_body,
                "电子证书": copies, "查询记录": inquiries,
            }));
        }
    }
    let violations = discipline::violations_of(tx, &of.holder)?.into_iter().map(|one| {
        json!({
            "考试": one.title(), "事实": one.fact, "条款": one.clause, "拟处理": one.proposed_decision,
            "告知日期": one.served_on, "申诉结果": one.outcome,
        })
    });
    let violations: Vec<Value> = violations.collect();
    let integrity = discipline::integrity_of(tx, &of.holder)?.into_iter().map(|one| {
        json!({
            "类别": one.category, "事实": one.fact, "决定文号": one.decision_number, "期限": one.period(),
        })
    });
    let integrity: Vec<Value> = integrity.collect();
    Ok(json!({ "报名": registrations, "证书": certificates, "违纪记录": violations, "失信记录": integrity }))
}

/// The keys of the candidate's applications and drafts.
pub(super) fn applications(tx: &mut Tx, of: &CandidateId) -> Result<Vec<String>, Error> {
    Ok(a::table.filter(a::candidate_id.eq(of)).order(a::id).select(a::id).load(tx.conn)?)
}

/// The folder of an application, the application, and its files. `None` if it was deleted meanwhile.
pub(super) fn of_application(
    tx: &mut Tx,
    of: &CandidateId,
    id: &str,
) -> Result<Option<(String, Value, Vec<Upload>)>, Error> {
    let Some(application) = Application::own_by_id(tx, of, id)? else { return Ok(None) };
    let business = application.business;
    let folder = match &application.number {
        Some(number) => format!("申请/{number}"),
        None => format!("申请/草稿-{}-{id}", business.slug),
    };
    let mut steps = Vec::new();
    for event in history::of(tx, id)?.iter().filter(|event| !event.action.is_internal()) {
        let content = &event.content;
        let marks = content
            .marks
            .iter()
            .map(|mark| json!({ "处": business.label_of(&mark.name), "原因": mark.reason }));
        steps.push(json!({
            "时间": china_to_the_second(event.at), "步骤": event.action.label(), "工作人员": event.staff,
            "结果": content.result, "意见": content.note, "标注": marks.collect::<Vec<_>>(),
            "填写的内容": content.answers.as_ref().map(|answers| filled_in(business, answers)),
        }));
    }
    let (mut uploads, mut listed) = (Vec::new(), Vec::new());
    for (at, file) in materials::of_owner(tx, id)?.into_iter().enumerate() {
        let label = business.material(&file.slot).map_or("办理结果", |material| material.label);
        let path = format!("材料/{:02}-{}.{}", at + 1, file.slot, extension(&file.mime));
        let stored = if file.removed { "已按保存期限删除" } else { path.as_str() };
        listed.push(json!({ "材料": label, "文件名": file.name, "大小": file.size, "文件": stored }));
        if !file.removed {
            uploads.push(Upload { storage_key: file.storage_key, path });
        }
    }
    let value = json!({
        "业务": business.label, "受理号": application.number.as_ref().map(ToString::to_string),
        "事项": application.title, "状态": business.word(application.status), "办理结果": application.result,
        "提交时间": application.submitted_at.map(china), "办结时间": application.decided_at.map(china),
        "同意的须知": application.notice_version, "同意须知的时间": application.agreed_at.map(china),
        "填写的内容": application.form.as_ref().map(|answers| filled_in(business, answers)),
        "尚未提交的内容": application.working.as_ref().map(|answers| filled_in(business, answers)),
        "办理过程": steps, "材料": listed,
    });
    Ok(Some((folder, value, uploads)))
}

/// Questions with their answers, in the order of the form.
fn filled_in(business: &Business, answers: &Answers) -> Value {
    let asked = business.asked(answers).map(|question| {
        let values: Vec<&str> = answers.all(question.name).iter().map(|value| answers.label(value)).collect();
        json!({ "问题": question.label, "答案": values.join("、") })
    });
    asked.collect()
}

/// The usual ending of a file's name. Uploads are of these types.
fn extension(mime: &str) -> &'static str {
    match mime {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "application/pdf" => "pdf",
        "audio/mpeg" => "mp3",
        "audio/mp4" => "m4a",
        "video/mp4" => "mp4",
        "video/quicktime" => "mov",
        mime if mime.starts_with("audio/amr") => "amr",
        mime if mime.ends_with("/3gpp") => "3gp",
        mime if mime.contains("wav") => "wav",
        _ => "bin",
    }
}

/// An entry of the audit, as a line.
pub(super) fn entry(entry: &FoundEntry) -> Value {
    json!({
        "时间": china_to_the_second(entry.at), "操作": actions::label(&entry.action), "对象": entry.target,
        "工作人员": entry.who.as_ref().map(|(name, _)| name),
    })
}
