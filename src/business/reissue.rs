//! 证书补发: a new paper for a lost, damaged or wrong one. It voids the old print number (manual chapter 6).

use super::profile;
use crate::casework::answers::Answers;
use crate::casework::business::{
    About, Business, Context, Icon, Material, Outset, Record, Since, Task, Transition, extra, need, portrait,
};
use crate::casework::lifecycle::Action;
use crate::casework::question::{AnswerRule, Choice, Choices, Problems, Section, ask, problem};
use crate::casework::{Refusal, format};
use crate::exams::held::{self, Certificate};
use crate::people::candidate::Candidate;
use crate::people::staff::Role;
use crate::store::{Error, Tx};

pub static BUSINESS: Business = Business {
    slug: "reissue",
    prefix: "BF",
    label: "证书补发",
    icon: Icon::Reissue,
    about: "证书遗失、损毁、信息有误或没有收到的，在这里申请补发。补发后原印制号作废。",
    start_label: "申请证书补发",
    sections: &[&REISSUE, &COLLECT],
    materials: MATERIALS,
    tasks: TASKS,
    outset,
    cited,
    choices,
    subject: &["certificate"],
    describe,
    approved: "补发申请已通过审核，新证书正在制作。",
    after,
    by_post: Some(|form| form.one("collect_by") == BY_POST),
    ..Business::PLAIN
};

const LOST: &str = "遗失";
const DAMAGED: &str = "损毁";
const MISSING: &str = "未收到";
const BY_POST: &str = "邮寄";

/// Maximum number of certificates in the list of choices.
const MAX_CHOICES: i64 = 100;

/// Says what holds in place of a reissue (人社厅发〔2021〕97号).
const ELECTRONIC: &str = "您名下的证书是电子证书，没有纸质证书，不需要补发。电子证书与纸质证书具有同等效力，\
                          不会遗失；可以在证书管理随时打印，或生成核验链接给用人单位核验。";

const REISSUE: Section = Section {
    heading: "补发信息",
    questions: &[
        ask("certificate", "证书", "", AnswerRule::Pick),
        ask("reason", "补发原因", "", AnswerRule::OneOf(&[LOST, DAMAGED, "信息有误", MISSING])),
        ask("explanation", "情况说明", "何时何地、经过如何", AnswerRule::Area(5, 500)),
    ],
};

const COLLECT: Section = Section {
    heading: "领取",
    questions: &[
        ask("collect_by", "领取方式", "补发完成后可以申请邮寄", AnswerRule::OneOf(&[BY_POST, "现场领取"])),
        profile::PHONE,
    ],
};

const MATERIALS: &[Material] = &[
    need("id_document", "身份证件", "正反面可以拍在一张上，四角完整"),
    portrait("portrait", "近期白底证件照", "宽高 5:7，至少 295×413 像素，印在新证书上"),
    need("loss_statement", "遗失声明", "本人签名，写明证书管理号").when("reason", &[LOST, MISSING]),
    need("damaged_certificate", "损毁证书照片", "能看清损毁处和证书编号").when("reason", &[DAMAGED]),
    extra("other", "其他材料", 3),
];

const TASKS: &[Task] = &[Task {
    action: Action::Fulfil,
    label: "登记新证书",
    waiting: "制证中",
    result: "已补发",
    role: Role::Reviewer,
    questions: &[
        ask("print_number", "新证书印制号", "原印制号随即作废", AnswerRule::Like(&format::CODE)),
        ask("issued_on", "签发日期", "", AnswerRule::PastDay),
    ],
    not_before: &[("issued_on", Since::Approval)],
    check: unused_number,
    ..Task::PLAIN
}];

/// The print number of the new paper was never used.
fn unused_number(tx: &mut Tx, noted: &Answers) -> Result<Problems, Error> {
    let number = noted.one("print_number");
    if held::is_unused(tx, number)? {
        return Ok(Problems::new());
    }
    let text = format!("印制号 {number} 已用于其他证书或已作废，请与新证书核对");
    Ok(vec![problem("print_number", text)])
}

/// The certificates on paper that are valid.
fn own(tx: &mut Tx, candidate: &Candidate) -> Result<Vec<Certificate>, Error> {
    let mut held = held::of_holder(tx, &candidate.holder, 0, MAX_CHOICES)?;
    held.retain(|one| why_not(one).is_none());
    Ok(held)
}

/// Why a certificate cannot be reissued.
fn why_not(certificate: &Certificate) -> Option<&'static str> {
    if certificate.annulment().is_some() {
        return Some("这本证书已撤销，不能补发");
    }
    certificate.is_electronic().then_some("电子证书没有纸质证书，不需要补发")
}

fn outset(tx: &mut Tx, candidate: &Candidate, _: &[&str]) -> Result<Outset, Error> {
    let held = held::of_holder(tx, &candidate.holder, 0, MAX_CHOICES)?;
    let nothing = match held.as_slice() {
        [] => Some("您名下还没有证书，没有可以补发的。"),
        held if held.iter().any(|one| why_not(one).is_none()) => None,
        held if held.iter().any(|one| one.annulment().is_none()) => Some(ELECTRONIC),
        _ => Some("您名下的证书已撤销，没有可以补发的。"),
    };
    Ok(Outset { nothing, ..Outset::default() })
}

fn cited(tx: &mut Tx, context: &Context) -> Result<Vec<Record>, Error> {
    let found = held::own(tx, &context.candidate.holder, context.answers.one("certificate"))?;
    Ok(found.iter().map(|certificate| profile::certificate("补发的证书", certificate)).collect())
}

fn choices(tx: &mut Tx, context: &Context) -> Result<Choices, Error> {
    let choice = |one: Certificate| Choice {
        label: format!("{} · {}", one.title(), one.summary()),
        hint: one.numbers_in_words(),
        value: one.id,
    };
    Ok(Choices::from([("certificate", own(tx, context.candidate)?.into_iter().map(choice).collect())]))
}

fn describe(tx: &mut Tx, context: &Context) -> Result<About, Refusal> {
    let key = context.answers.one("certificate");
    let chosen = held::own(tx, &context.candidate.holder, key)?.ok_or(Refusal::NotFound)?;
    if let Some(reason) = why_not(&chosen) {
        return Err(Refusal::Invalid(reason));
    }
    Ok(About { title: chosen.title(), summary: chosen.summary(), subject: chosen.id })
}

/// An amended number was never on a paper, so it does not become void.
fn after(tx: &mut Tx, step: &Transition) -> Result<(), Refusal> {
    if matches!(step.action, Action::Approve | Action::Fulfil) {
        profile::refuse_annulled(tx, &step.application.subject)?;
    }
    let Some(noted) = &step.content.outcome else { return Ok(()) };
    let certificate = &step.application.subject;
    let issued_on = noted.one("issued_on").parse().map_err(|_| Refusal::Invalid("请填写签发日期"))?;
    let number = noted.one("print_number");
    match (step.action, &step.content.replaced) {
        (Action::Fulfil, _) => Ok(held::reissue(tx, certificate, number, issued_on)?),
        (Action::Amend, Some(before)) => {
            match held::amend_print(tx, certificate, before.one("print_number"), (number, issued_on))? {
                true => Ok(()),
                false => Err(Refusal::Invalid("这本证书之后又换过印制号，不能再更正这一次登记")),
            }
        }
        _ => Ok(()),
    }
}
