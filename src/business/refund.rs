//! 考试退费: finance refunds subjects of a paid registration after the approval (manual chapter 5).

use super::profile;
use crate::casework::answers::Answers;
use crate::casework::business::{
    About, Business, Closing, Context, Derived, EditRule, Icon, Material, Outset, Record, Since, Task,
    Transition, extra, need,
};
use crate::casework::lifecycle::{Action, Status};
use crate::casework::question::{AnswerRule, Choice, Choices, Problems, Section, ask, problem, read_only};
use crate::casework::{Refusal, format};
use crate::exams::refund_rule::{RefundReason, RefundRule, RefundRules};
use crate::exams::registration::{self, RegisteredSubject, Registration};
use crate::exams::yuan;
use crate::people::candidate::Candidate;
use crate::people::name;
use crate::people::staff::Role;
use crate::store::{Error, Tx};

pub static BUSINESS: Business = Business {
    slug: "refund",
    bulk_approval: true,
    prefix: "TF",
    label: "考试退费",
    icon: Icon::Refund,
    about: "已缴费但不能参加考试的，在这里申请退费。能否退费、截止时间和比例因考试和原因而不同，填写时会告诉您。",
    start_label: "申请考试退费",
    sections: &[&FEES, &REASON, &PAYOUT],
    materials: MATERIALS,
    account: Some("account"),
    edit: EditRule::UntilTaken,
    tasks: TASKS,
    outset,
    cited,
    prefill,
    choices,
    derive,
    closes,
    check,
    subject: &["registration"],
    describe,
    approved: "退费申请已通过审核，财务将按您选择的方式退款。",
    after,
    // A payment that was noted by mistake leaves the subjects with the refund.
    undo: |tx, refund| match refund.status {
        Status::Completed => Ok(()),
        _ => Ok(registration::release(tx, &refund.id)?),
    },
    ..Business::PLAIN
};

/// Finance pays, and reads sums and accounts.
const FINANCE: &[Role] = &[Role::Finance];

const ILLNESS: &str = RefundReason::Illness.label();
const OTHER: &str = RefundReason::Other.label();
const TO_ACCOUNT: &[&str] = &["银行账户"];

const FEES: Section = Section {
    heading: "退费项目",
    questions: &[
        ask("registration", "已缴费的报名", "", AnswerRule::Pick).read_by(FINANCE),
        ask("subjects", "退费科目", "已退费的科目不再列出", AnswerRule::PickSome).read_by(FINANCE),
        read_only("amount", "退费金额", AnswerRule::Money).read_by(FINANCE),
    ],
};

const REASON: Section = Section {
    heading: "退费原因",
    questions: &[
        ask("reason", "退费原因", "", AnswerRule::OneOf(&RefundReason::LABELS)),
        ask("explanation", "具体说明", "", AnswerRule::Area(5, 500)).when("reason", &[ILLNESS, OTHER]),
    ],
};

const PAYOUT: Section = Section {
    heading: "退款方式",
    questions: &[
        ask("refund_to", "退款方式", "", AnswerRule::OneOf(&["原支付渠道", "银行账户"])).read_by(FINANCE),
        ask("account_holder", "开户人姓名", "必须是您本人的账户", AnswerRule::Like(&format::NAME))
            .when("refund_to", TO_ACCOUNT)
            .read_by(FINANCE),
        ask("bank", "开户银行", "例如：中国工商银行", AnswerRule::Text(4, 40))
            .when("refund_to", TO_ACCOUNT)
            .read_by(FINANCE),
        ask("branch", "开户支行", "例如：示范市东湖支行", AnswerRule::Text(2, 60))
            .when("refund_to", TO_ACCOUNT)
            .read_by(FINANCE),
        ask("account", "银行账号", "12 到 19 位数字，请逐位核对", AnswerRule::Like(&format::ACCOUNT))
            .when("refund_to", TO_ACCOUNT)
            .read_by(FINANCE),
        profile::PHONE,
    ],
};

const MATERIALS: &[Material] = &[
    need("payment_proof", "缴费凭证", "支付记录截图或订单，能看清金额和时间"),
    extra("proof", "证明材料", 3),
    need("bank_card", "银行卡照片", "正面，能看清卡号").when("refund_to", TO_ACCOUNT),
];

const TASKS: &[Task] = &[
    Task {
        action: Action::Fulfil,
        label: "登记已退款",
        waiting: "待退款",
        result: "已退款",
        role: Role::Finance,
        questions: &[
            ask("paid_on", "退款日期", "", AnswerRule::PastDay),
            ask("transaction", "交易流水号", "", AnswerRule::Like(&format::CODE)),
        ],
        not_before: &[("paid_on", Since::Approval)],
        ..Task::PLAIN
    },
    Task {
        action: Action::Fail,
        label: "登记退款失败",
        waiting: "",
        result: "退款失败",
        role: Role::Finance,
        questions: &[ask(
            "failure",
            "失败原因",
            "考生可以看到，并据此更正退款方式",
            AnswerRule::Area(4, 200),
        )],
        mends: &["account"],
        opens: &["account_holder", "bank", "branch", "account", "bank_card"],
        ..Task::PLAIN
    },
];

/// The registrations that can be refunded: paid, not yet refunded, and early enough before the sitting for one of the
/// reasons at least. A registration that the form already names stays in the list.
fn refundable(tx: &mut Tx, candidate: &Candidate, chosen: &str) -> Result<Vec<Registration>, Error> {
    let today = tx.today();
    let rules = RefundRules::load(tx)?;
    let is_open = |row: &Registration| {
        let allows = |reason| {
            let rule = rules.of(&row.exam_id, reason);
            rule.share > 0 && rule.last_day(row.held_on).is_none_or(|last| today <= last)
        };
        RefundReason::ALL.into_iter().any(allows)
    };
    let mut all = registration::of_holder(tx, &candidate.holder)?;
    all.retain_mut(|row| {
        row.subjects.retain(|entry| entry.refund_id.is_none());
        row.paid_at.is_some() && !row.subjects.is_empty() && (is_open(row) || row.id == chosen)
    });
    Ok(all)
}

/// A new form has the registration for the only exam that lies ahead.
fn prefill(tx: &mut Tx, candidate: &Candidate) -> Result<Answers, Error> {
    let today = tx.today();
    let mut ahead = refundable(tx, candidate, "")?;
    ahead.retain(|row| today < row.held_on);
    let mut answers = (Business::PLAIN.prefill)(tx, candidate)?;
    if let [only] = &*ahead {
        answers.set("registration", &only.id);
    }
    Ok(answers)
}

/// The rule for the chosen registration and reason, once both are answered.
fn rule(tx: &mut Tx, answers: &Answers, chosen: Option<&Registration>) -> Result<Option<RefundRule>, Error> {
    let (Some(row), Some(reason)) = (chosen, RefundReason::from_label(answers.one("reason"))) else {
        return Ok(None);
    };
    Ok(Some(RefundRules::load(tx)?.of(&row.exam_id, reason)))
}

const NOTHING_TO_REFUND: &str = "您没有可以退费的报名：只有已缴费、尚未退费、考试仍受理退费的报名可以申请。";

fn outset(tx: &mut Tx, candidate: &Candidate, _: &[&str]) -> Result<Outset, Error> {
    let nothing = refundable(tx, candidate, "")?.is_empty().then_some(NOTHING_TO_REFUND);
    Ok(Outset { nothing, ..Outset::default() })
}

fn cited(tx: &mut Tx, context: &Context) -> Result<Vec<Record>, Error> {
    let mut all = registration::of_holder(tx, &context.candidate.holder)?;
    all.retain(|row| row.id == context.answers.one("registration"));
    let rule = rule(tx, context.answers, all.first())?;
    let shown = |row: &Registration| {
        let mut record = profile::registration("退费的报名", row);
        record.facts.extend(rule.map(|rule| ("退费规则", rule.in_words())));
        record
    };
    Ok(all.iter().map(shown).collect())
}

fn offered(tx: &mut Tx, context: &Context) -> Result<Vec<Registration>, Error> {
    refundable(tx, context.candidate, context.answers.one("registration"))
}

fn chosen(tx: &mut Tx, context: &Context) -> Result<Option<Registration>, Error> {
    Ok(offered(tx, context)?.into_iter().find(|row| row.id == context.answers.one("registration")))
}

fn closes(tx: &mut Tx, context: &Context) -> Result<Option<Closing>, Error> {
    let Some(row) = chosen(tx, context)? else { return Ok(None) };
    let rule = rule(tx, context.answers, Some(&row))?;
    let closing = |last_day| Closing {
        question: "reason",
        what: "这次考试因这个原因的退费受理",
        last_day,
        was_in_time: context.submitted.is_some_and(|refund| refund.subject == row.id),
    };
    Ok(rule.and_then(|rule| rule.last_day(row.held_on)).map(closing))
}

fn choices(tx: &mut Tx, context: &Context) -> Result<Choices, Error> {
    let all = offered(tx, context)?;
    let chosen = all.iter().find(|row| row.id == context.answers.one("registration"));
    let registration = |row: &Registration| Choice {
        value: row.id.clone(),
        label: format!("{} · {}", row.title(), row.summary()),
        hint: format!("准考证号 {}，{} 考试", row.ticket_number, row.held_on),
    };
    let subject = |entry: &RegisteredSubject| Choice {
        value: entry.id.clone(),
        label: format!("{} {}", entry.subject, yuan(entry.fee.into())),
        hint: String::new(),
    };
    Ok(Choices::from([
        ("registration", all.iter().map(registration).collect()),
        ("subjects", chosen.map(|row| row.subjects.iter().map(subject).collect()).unwrap_or_default()),
    ]))
}

fn derive(tx: &mut Tx, context: &Context) -> Result<Derived, Error> {
    let chosen = chosen(tx, context)?;
    let entries = chosen.iter().flat_map(|row| &row.subjects);
    let entries = entries.filter(|entry| context.answers.has("subjects", &entry.id));
    let paid: i64 = entries.map(|entry| i64::from(entry.fee)).sum();
    let rule = rule(tx, context.answers, chosen.as_ref())?;
    let sum = rule.map_or(paid, |rule| rule.refunded(paid));
    Ok(vec![("amount", if sum == 0 { String::new() } else { sum.to_string() })])
}

/// The exam refunds something for the reason, and the account belongs to the candidate.
fn check(tx: &mut Tx, context: &Context) -> Result<Problems, Error> {
    let answers = context.answers;
    let chosen = chosen(tx, context)?;
    if rule(tx, answers, chosen.as_ref())?.is_some_and(|rule| rule.share == 0) {
        let text = format!("这项考试因{}不退费，请选择其他原因或联系考试机构", answers.one("reason"));
        return Ok(vec![problem("reason", text)]);
    }
    let holder = answers.one("account_holder");
    let is_foreign =
        answers.one("refund_to") == TO_ACCOUNT[0] && !name::same(holder, &context.candidate.name);
    Ok(if is_foreign {
        vec![problem("account_holder", "开户人必须是您本人，请填写与证件一致的姓名")]
    } else {
        Vec::new()
    })
}

fn describe(tx: &mut Tx, context: &Context) -> Result<About, Refusal> {
    let chosen = chosen(tx, context)?.ok_or(Refusal::NotFound)?;
    Ok(About { title: chosen.title(), summary: chosen.summary(), subject: chosen.id })
}

/// An approval marks the subjects as refunded. A failed payment releases them.
fn after(tx: &mut Tx, step: &Transition) -> Result<(), Refusal> {
    let application = step.application;
    match step.action {
        Action::Approve => {
            let entries =
                application.form.as_ref().map(|form| form.all("subjects").to_vec()).unwrap_or_default();
            if registration::refund(tx, &entries, &application.id)? < entries.len() {
                return Err(Refusal::RefundedAlready {
                    number: application.shown_number().to_owned().into(),
                });
            }
            Ok(())
        }
        Action::Fail => Ok(registration::release(tx, &application.id)?),
        _ => Ok(()),
    }
}
