//! 票据申领: a receipt for the paid registrations of a sitting (manual chapter 7).

use super::profile;
use crate::casework::answers::Answers;
use crate::casework::business::{
    About, Business, Context, Derived, EditRule, Icon, Material, MaterialKind, Notice, Outset, Record, Since,
    Task, Transition, extra, need,
};
use crate::casework::lifecycle::{Action, Status};
use crate::casework::question::{AnswerRule, Choice, Choices, Section, ask, may_ask, read_only};
use crate::casework::{Refusal, format};
use crate::exams::registration::{self, Registration};
use crate::exams::yuan;
use crate::people::candidate::Candidate;
use crate::people::staff::Role;
use crate::store::{Error, Tx};

pub static BUSINESS: Business = Business {
    slug: "receipt",
    prefix: "PJ",
    label: "票据申领",
    icon: Icon::Receipt,
    about: "已缴费的报名，可以在这里申领财政电子票据。",
    start_label: "申请票据",
    sections: &[&FEES, &TITLE, &DELIVERY],
    materials: MATERIALS,
    notice: Some(NOTICE),
    edit: EditRule::UntilTaken,
    tasks: TASKS,
    outset,
    cited,
    choices,
    derive,
    prefill,
    subject: &["sitting"],
    describe,
    approved: "票据申请已通过审核，正在开具电子票据。",
    after,
    undo: |tx, receipt| match receipt.status {
        Status::Completed => Ok(()),
        _ => Ok(registration::release_receipt(tx, &receipt.id)?),
    },
    ..Business::PLAIN
};

const NOTICE: Notice = Notice {
    version: "2026-11",
    title: "票据申领须知",
    text: &[
        "票据为财政电子票据，与纸质票据具有同等效力，一次报名只开具一次。",
        "抬头开具后不能更改。开给单位的，请先向单位财务核对全称和统一社会信用代码。",
        "金额以实际缴纳的考试费为准，已退费的科目不计入。",
        "票据开具后在申请详情下载；您填写的邮箱或手机号供工作人员发送电子票据。",
    ],
};

/// Finance issues the receipt, and reads what is on it and where it goes.
const FINANCE: &[Role] = &[Role::Finance];

const ORGANISATION: &[&str] = &["单位"];
const MAIL: &str = "电子邮箱";
const SMS: &str = "手机短信";

const FEES: Section = Section {
    heading: "缴费项目",
    questions: &[
        ask("sitting", "考试", "一次申请只含同一次考试的报名", AnswerRule::Pick).read_by(FINANCE),
        ask("registrations", "已缴费的报名", "", AnswerRule::PickSome).read_by(FINANCE),
        read_only("amount", "票据金额", AnswerRule::Money).read_by(FINANCE),
    ],
};

const TITLE: Section = Section {
    heading: "票据抬头",
    questions: &[
        ask("title_type", "抬头类型", "", AnswerRule::OneOf(&["个人", "单位"])).read_by(FINANCE),
        ask("title", "抬头", "个人填姓名，单位填全称", AnswerRule::Text(2, 100)).read_by(FINANCE),
        ask(
            "credit_code",
            "统一社会信用代码",
            "18 位，见营业执照或法人证书",
            AnswerRule::Like(&format::CREDIT_CODE),
        )
        .when("title_type", ORGANISATION)
        .read_by(FINANCE),
    ],
};

const DELIVERY: Section = Section {
    heading: "接收方式",
    questions: &[
        ask("receive_by", "接收方式", "", AnswerRule::OneOf(&[MAIL, SMS])).read_by(FINANCE),
        ask("email", "电子邮箱", "", AnswerRule::Like(&format::EMAIL))
            .when("receive_by", &[MAIL])
            .read_by(FINANCE),
        profile::PHONE.when("receive_by", &[SMS]).read_by(FINANCE),
        may_ask("remark", "备注", "", AnswerRule::Area(0, 200)).read_by(FINANCE),
    ],
};

const MATERIALS: &[Material] = &[
    need("payment_proof", "缴费凭证", "支付记录截图或订单，能看清金额和时间"),
    extra("organisation_proof", "单位证明", 1).when("title_type", ORGANISATION),
];

const TASKS: &[Task] = &[Task {
    action: Action::Fulfil,
    label: "登记已开具",
    waiting: "开具中",
    result: "已开具",
    role: Role::Finance,
    questions: &[
        ask("receipt_code", "票据代码", "8 位数字", AnswerRule::Like(&format::RECEIPT_CODE)),
        ask("receipt_number", "票据号码", "10 位数字", AnswerRule::Like(&format::RECEIPT_NUMBER)),
        ask("check_code", "校验码", "区分大小写", AnswerRule::Like(&format::CHECK_CODE)),
        ask("issued_on", "开票日期", "", AnswerRule::PastDay),
    ],
    file: Some(Material { kind: MaterialKind::Pdf, ..need("receipt_file", "电子票据", "PDF 文件") }),
    not_before: &[("issued_on", Since::Approval)],
    ..Task::PLAIN
}];

/// Paid registrations without a receipt.
fn without_receipt(tx: &mut Tx, candidate: &Candidate) -> Result<Vec<Registration>, Error> {
    let mut all = registration::of_holder(tx, &candidate.holder)?;
    all.retain(|row| row.paid_at.is_some() && row.receipt_id.is_none() && row.paid() > 0);
    Ok(all)
}

fn outset(tx: &mut Tx, candidate: &Candidate, _: &[&str]) -> Result<Outset, Error> {
    let nothing = without_receipt(tx, candidate)?.is_empty().then_some("您没有已缴费且尚未开具票据的报名。");
    Ok(Outset { nothing, ..Outset::default() })
}

fn cited(tx: &mut Tx, context: &Context) -> Result<Vec<Record>, Error> {
    let mut all = registration::of_holder(tx, &context.candidate.holder)?;
    all.retain(|row| context.answers.has("registrations", &row.id));
    Ok(all.iter().map(|row| profile::registration("开票的报名", row)).collect())
}

fn prefill(_: &mut Tx, candidate: &Candidate) -> Result<Answers, Error> {
    let mut answers = Answers::default();
    answers.set("title_type", "个人");
    answers.set("title", candidate.name.clone());
    answers.set("phone", candidate.phone.clone());
    Ok(answers)
}

fn choices(tx: &mut Tx, context: &Context) -> Result<Choices, Error> {
    let all = without_receipt(tx, context.candidate)?;
    let mut sittings: Vec<Choice> = Vec::new();
    for row in &all {
        if !sittings.iter().any(|choice| choice.value == row.sitting_id) {
            sittings.push(Choice { value: row.sitting_id.clone(), label: row.title(), hint: String::new() });
        }
    }
    let of_sitting = all.iter().filter(|row| row.sitting_id == context.answers.one("sitting"));
    let registration = |row: &Registration| Choice {
        value: row.id.clone(),
        label: format!("{} {}", row.summary(), yuan(row.paid().into())),
        hint: format!("订单号 {}", row.order_number),
    };
    Ok(Choices::from([("sitting", sittings), ("registrations", of_sitting.map(registration).collect())]))
}

fn derive(tx: &mut Tx, context: &Context) -> Result<Derived, Error> {
    let all = without_receipt(tx, context.candidate)?;
    let chosen = all.iter().filter(|row| context.answers.has("registrations", &row.id));
    let sum: i64 = chosen.map(|row| i64::from(row.paid())).sum();
    Ok(vec![("amount", if sum == 0 { String::new() } else { sum.to_string() })])
}

fn describe(tx: &mut Tx, context: &Context) -> Result<About, Refusal> {
    let all = without_receipt(tx, context.candidate)?;
    let first = all.into_iter().find(|row| context.answers.has("registrations", &row.id));
    let first = first.ok_or(Refusal::NotFound)?;
    Ok(About { title: first.title(), summary: first.summary(), subject: first.sitting_id })
}

/// Marks the registrations. Each has at most one receipt.
fn after(tx: &mut Tx, step: &Transition) -> Result<(), Refusal> {
    let application = step.application;
    if step.action != Action::Approve {
        return Ok(());
    }
    let chosen = application.form.as_ref().map(|form| form.all("registrations").to_vec()).unwrap_or_default();
    if registration::receipt(tx, &chosen, &application.id)? < chosen.len() {
        return Err(Refusal::ReceiptedAlready { number: application.shown_number().to_owned().into() });
    }
    Ok(())
}
