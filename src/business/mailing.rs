//! 证书邮寄: posts a certificate or a reissued one (manual 4.1–4.3, 6.3–6.5).
//!
//! A posting has no verdicts: the staff member who takes it packs and posts the certificate.

use super::profile;
use crate::casework::answers::Answers;
use crate::casework::business::{
    About, Application, Business, Context, EditRule, Icon, Next, Notice, Origin, Record, Since, Task,
    Transition, Verdicts,
};
use crate::casework::lifecycle::{Action, Status};
use crate::casework::question::{AnswerRule, Choice, Choices, Question, Section, ask, may_ask};
use crate::casework::{Refusal, format};
use crate::exams::held::{self, Delivery};
use crate::people::candidate::Candidate;
use crate::people::region;
use crate::people::staff::Role;
use crate::store::{Error, Tx};

const SLUG: &str = "mailing";

pub static BUSINESS: Business = Business {
    slug: SLUG,
    prefix: "YJ",
    label: "证书邮寄",
    icon: Icon::Mail,
    about: "申请把证书寄给您。寄出前可以修改或撤销。",
    start_label: "申请邮寄",
    origin: Origin::Certificate,
    sections: &[&RECIPIENT, &ADDRESS, &CARRIER],
    notice: Some(NOTICE),
    edit: EditRule::UntilTaken,
    review: false,
    next: Next {
        work: "工作人员打包寄出证书", look: "在证书管理查看快递单号", hint: "打包前可以修改或撤销"
    },
    submit_label: "保存",
    reviewed_by: Role::Dispatcher,
    bulk_approval: true,
    taken: "邮寄员已开始打包",
    verdicts: Verdicts { approve: &[], ..Business::PLAIN.verdicts },
    tasks: TASKS,
    words: &[
        (Status::Submitted, "待邮寄"),
        (Status::InReview, "打包中"),
        (Status::Approved, "已寄出"),
        (Status::Completed, "已签收"),
    ],
    cited,
    choices,
    prefill,
    describe,
    approved: "证书已寄出，请留意查收，运费到付。",
    after,
    undo,
    ..Business::PLAIN
};

const NOTICE: Notice = Notice {
    version: "2026-11",
    title: "证书邮寄须知",
    text: &[
        "证书由快递寄送，运费由收件人到付。",
        "请填写本人或可靠代收人的姓名、手机号和详细地址；因地址有误退回的，需要重新申请。",
        "申请后、工作人员打包前，可以修改或撤销；开始打包后不能再改。",
        "收到后请当面拆封核对。证书遗失需要申请补发，原印制号随之作废。",
    ],
};

const CARRIERS: &[&str] = &["EMS 到付", "顺丰到付"];

const RECIPIENT: Section = Section {
    heading: "收件人",
    questions: &[
        ask("recipient", "收件人", "与有效证件一致，快递员可能核对", AnswerRule::Like(&format::NAME)),
        Question { hint: "快递员会打这个电话", ..profile::PHONE },
    ],
};

const ADDRESS: Section = Section {
    heading: "收件地址",
    questions: &[
        ask("province", "省级", "", AnswerRule::Pick),
        ask("city", "市级", "", AnswerRule::Pick),
        ask("district", "区县", "", AnswerRule::Pick),
        ask("street", "详细地址", "街道、门牌号、小区、楼层、房号", AnswerRule::Like(&format::STREET)),
        may_ask("postcode", "邮政编码", "", AnswerRule::Like(&format::POSTCODE)),
    ],
};

const CARRIER: Section = Section {
    heading: "快递",
    questions: &[
        ask("carrier", "快递公司", "运费到付", AnswerRule::OneOf(CARRIERS)),
        may_ask("remark", "备注", "例如：工作日送达", AnswerRule::Area(0, 200)),
    ],
};

const TASKS: &[Task] = &[
    Task {
        action: Action::Approve,
        label: "登记寄出",
        waiting: "",
        result: "已寄出",
        role: Role::Dispatcher,
        questions: &[
            ask("posted_by", "承运快递", "", AnswerRule::OneOf(CARRIERS)),
            ask("tracking_number", "快递单号", "", AnswerRule::Like(&format::CODE)),
            ask("posted_on", "寄出日期", "", AnswerRule::PastDay),
        ],
        not_before: &[("posted_on", Since::Submission)],
        ..Task::PLAIN
    },
    Task {
        action: Action::Fulfil,
        label: "登记签收",
        waiting: "待签收",
        result: "已签收",
        role: Role::Dispatcher,
        questions: &[ask("signed_on", "签收日期", "", AnswerRule::PastDay)],
        not_before: &[("signed_on", Since::Noted("posted_on", "寄出日期"))],
        ..Task::PLAIN
    },
    Task {
        action: Action::ComeBack,
        label: "登记快递退回",
        result: "快递退回",
        role: Role::Dispatcher,
        questions: &[
            ask("came_back_because", "退回原因", "考生可以看到", AnswerRule::Area(2, 200)),
            ask("came_back_on", "退回日期", "", AnswerRule::PastDay),
        ],
        not_before: &[("came_back_on", Since::Noted("posted_on", "寄出日期"))],
        told: "证书被快递退回。您可以重新申请邮寄，或者带有效身份证件到现场领取。",
        ..Task::PLAIN
    },
    Task {
        action: Action::Collect,
        label: "登记现场领取",
        result: "已现场领取",
        role: Role::Dispatcher,
        questions: &[
            ask(
                "collected_by",
                "领取人",
                "核对有效身份证件；代领的写代领人姓名",
                AnswerRule::Like(&format::NAME),
            ),
            ask("collected_on", "领取日期", "", AnswerRule::PastDay),
        ],
        not_before: &[("collected_on", Since::Submission)],
        told: "证书已在现场领取。",
        ..Task::PLAIN
    },
];

/// The answer to each level of the address decides the choices of the next.
fn choices(_: &mut Tx, context: &Context) -> Result<Choices, Error> {
    let (province, city) = (context.answers.one("province"), context.answers.one("city"));
    let choice = |name: &str| Choice::new(name, name);
    let below = |path: &[&str]| region::below(path).into_iter().map(choice).collect();
    let unless = |is_open: bool, path: &[&str]| if is_open { Vec::new() } else { below(path) };
    Ok(Choices::from([
        ("province", below(&[])),
        ("city", unless(province.is_empty(), &[province])),
        ("district", unless(city.is_empty(), &[province, city])),
    ]))
}

fn cited(tx: &mut Tx, context: &Context) -> Result<Vec<Record>, Error> {
    let found = held::own(tx, &context.candidate.holder, context.origin)?;
    Ok(found.iter().map(|certificate| profile::certificate("邮寄的证书", certificate)).collect())
}

/// The answers of the last posting, else the name and phone of the candidate.
fn prefill(tx: &mut Tx, candidate: &Candidate) -> Result<Answers, Error> {
    if let Some(last) = Application::last_form(tx, &candidate.id, SLUG)? {
        return Ok(last);
    }
    let mut answers = Answers::default();
    answers.set("recipient", candidate.name.clone());
    answers.set("phone", candidate.phone.clone());
    Ok(answers)
}

fn describe(tx: &mut Tx, context: &Context) -> Result<About, Refusal> {
    let found = held::own(tx, &context.candidate.holder, context.origin)?.ok_or(Refusal::NotFound)?;
    if let Some(state) = found.why_not_posted().filter(|_| context.submitted.is_none()) {
        let title = found.title();
        return Err(Refusal::NotReady { certificate: found.id, title, state });
    }
    Ok(About { title: found.title(), summary: found.summary(), subject: found.id })
}

/// Updates the delivery state of the certificate.
fn after(tx: &mut Tx, step: &Transition) -> Result<(), Refusal> {
    let application = step.application;
    if step.action == Action::Approve {
        profile::refuse_annulled(tx, &application.subject)?;
    }
    let (delivery, mailing) = match step.action {
        Action::Submit | Action::Revise => (Delivery::Requested, Some(application.id.as_str())),
        Action::Withdraw | Action::ComeBack => (Delivery::Ready, None),
        Action::Collect => (Delivery::Collected, Some(application.id.as_str())),
        Action::Approve => (Delivery::Posted, Some(application.id.as_str())),
        Action::Fulfil => (Delivery::Delivered, Some(application.id.as_str())),
        _ => return Ok(()),
    };
    Ok(held::set_delivery(tx, &application.subject, delivery, mailing)?)
}

/// A delivery that was noted by mistake is posted again. Paper that left the office does not come back by itself.
fn undo(tx: &mut Tx, mailing: &Application) -> Result<(), Refusal> {
    match mailing.status {
        Status::Completed => {
            Ok(held::set_delivery(tx, &mailing.subject, Delivery::Posted, Some(mailing.id.as_str()))?)
        }
        _ => Err(mailing.not_reopened("证书已寄出；被快递退回的，请登记“快递退回”")),
    }
}
