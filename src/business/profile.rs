//! Questions and materials that several businesses share: exam, contact, education and work.

use chrono::{Datelike, NaiveDate};

use crate::casework::answers::Answers;
use crate::casework::business::{About, Application, Closing, Context, Material, Record, need};
use crate::casework::question::{
    AnswerRule, Choice, Choices, Problems, Question, Section, ask, may_ask, problem,
};
use crate::casework::{Refusal, format};
use crate::exams::held::{self, Certificate};
use crate::exams::registration::{RegisteredSubject, Registration};
use crate::exams::{self, Sitting, Subject, yuan};
use crate::people::candidate::Candidate;
use crate::people::document::Document;
use crate::store::{Error, Tx, clock};

/// The exam for which the candidate wants to register.
pub(super) const ENTRY: &[Question] = &[
    ask("sitting", "考试", "只列出目前可以申请的考试", AnswerRule::Pick),
    ask("level", "级别", "", AnswerRule::Pick),
    ask("specialty", "专业", "", AnswerRule::Pick),
    ask("subjects", "科目", "至少选一科", AnswerRule::PickSome),
];

pub(super) const PHONE: Question =
    ask("phone", "手机号", "审核员可能打这个电话向您核实", AnswerRule::Like(&format::PHONE));

pub(super) const EDUCATION_LEVELS: &[&str] = &["高中", "中专", "大专", "本科", "硕士", "博士"];

pub(super) const EDUCATION: Section = Section {
    heading: "学历",
    questions: &[
        ask("education", "学历", "", AnswerRule::OneOf(EDUCATION_LEVELS)),
        may_ask("degree", "学位", "例如：工学学士", AnswerRule::Text(2, 30)),
        ask("school", "毕业院校", "与毕业证书一致", AnswerRule::Text(2, 60)),
        ask("major", "所学专业", "与毕业证书一致", AnswerRule::Text(2, 60)),
        ask("graduated_on", "毕业时间", "毕业证书上的日期", AnswerRule::PastDay),
    ],
};

pub(super) const WORK: Section = Section {
    heading: "从业",
    questions: &[
        ask("employer", "工作单位", "营业执照或法人证书上的全称", AnswerRule::Text(2, 80)),
        ask("years", "从事专业工作年限", "按周年计算，满一年算一年", AnswerRule::Count(50, "年")),
        ask("began_work_on", "参加工作时间", "", AnswerRule::PastDay),
        may_ask(
            "other_qualification",
            "已取得的其他资格",
            "例如：二级建造师（建筑工程）",
            AnswerRule::Text(2, 60),
        ),
        may_ask("other_number", "其他资格的证书编号", "", AnswerRule::Text(4, 40)),
    ],
};

pub(super) const ID_FRONT: Material = need("id_front", "身份证件正面", "四角完整，文字清楚，不反光");
pub(super) const ID_BACK: Material = need("id_back", "身份证件反面", "四角完整，有效期清楚");
pub(super) const DIPLOMA: Material = need("diploma", "学历证书", "能看清证书编号；也可以上传学信网报告 PDF");
pub(super) const WORK_PROOF: Material = need("work_proof", "工作年限证明", "加盖单位公章，JPG、PNG 或 PDF");

/// A certificate as a record.
pub(super) fn certificate(title: &str, certificate: &Certificate) -> Record {
    let mut facts = vec![("考试", certificate.title()), ("级别专业", certificate.summary())];
    facts.extend(certificate.numbers().into_iter().map(|(kind, number)| (kind.label(), number.to_owned())));
    facts.extend([
        ("批准日期", certificate.approved_on.to_string()),
        ("签发日期", certificate.issued_on.to_string()),
        ("发证机关", certificate.issuing_body.clone()),
    ]);
    if let Some(annulment) = certificate.annulment() {
        facts.push(("状态", format!("已撤销（{}，{}）", annulment.on, annulment.decision)));
    }
    Record::plain(title, facts)
}

/// Refuses to go on with an application about a certificate that was annulled meanwhile.
pub(super) fn refuse_annulled(tx: &mut Tx, certificate: &str) -> Result<(), Refusal> {
    match held::by_id(tx, certificate)? {
        Some(found) if found.annulment().is_some() => {
            Err(Refusal::Invalid("这本证书已撤销，不能补发或邮寄，请不予通过"))
        }
        _ => Ok(()),
    }
}

/// A registration as a record, with its subjects and the sum that was paid.
pub(super) fn registration(title: &str, registration: &Registration) -> Record {
    let subject = |entry: &RegisteredSubject| {
        let refunded = if entry.refund_id.is_some() { "（已批准退费）" } else { "" };
        format!("{} {}{refunded}", entry.subject, yuan(entry.fee.into()))
    };
    let subjects: Vec<String> = registration.subjects.iter().map(subject).collect();
    let sum: i64 = registration.subjects.iter().map(|entry| i64::from(entry.fee)).sum();
    let paid = match registration.paid_at {
        Some(at) => format!("{}，{} 缴费", yuan(sum), clock::china(at)),
        None => "未缴费".to_owned(),
    };
    let facts = vec![
        ("考试", registration.title()),
        ("开考日期", registration.held_on.to_string()),
        ("级别专业", registration.summary()),
        ("科目", subjects.join("、")),
        ("实缴金额", paid),
        ("订单号", registration.order_number.clone()),
        ("准考证号", registration.ticket_number.clone()),
    ];
    Record::plain(title, facts)
}

/// Questions whose answers are copied from the last application.
const COPIED: &[&str] = &[
    "gender",
    "area",
    "education",
    "degree",
    "school",
    "major",
    "graduated_on",
    "employer",
    "began_work_on",
    "other_qualification",
    "other_number",
];

/// The answers to sitting, level and specialty decide the choices of the next question.
pub(super) fn choices(tx: &mut Tx, context: &Context) -> Result<Choices, Error> {
    let answers = context.answers;
    let sittings = sittings(tx, context)?;
    let chosen = sittings.iter().find(|sitting| sitting.id == answers.one("sitting"));
    let offered = match chosen {
        Some(sitting) => exams::subjects(tx, &sitting.exam_id)?,
        None => Vec::new(),
    };
    let at_level = |row: &&Subject| row.level == answers.one("level");
    let in_specialty = |row: &&Subject| at_level(row) && row.specialty == answers.one("specialty");
    Ok(Choices::from([
        ("sitting", sittings.iter().map(sitting_choice).collect()),
        ("level", distinct(offered.iter().map(|row| &row.level))),
        ("specialty", distinct(offered.iter().filter(at_level).map(|row| &row.specialty))),
        ("subjects", distinct(offered.iter().filter(in_specialty).map(|row| &row.subject))),
    ]))
}

/// The sittings open for a check. The chosen one stays in the list after it closed, so that the form does not
/// silently select another, and a returned application keeps its own.
fn sittings(tx: &mut Tx, context: &Context) -> Result<Vec<Sitting>, Error> {
    let today = tx.today();
    let mut sittings = Sitting::open_for_check(tx, today)?;
    let (own, chosen) = (submitted_for(context), context.answers.one("sitting"));
    for id in [own, chosen] {
        if !id.is_empty() && !sittings.iter().any(|sitting| sitting.id == id) {
            let found = Sitting::find(tx, id)?;
            sittings.extend(found.filter(|sitting| id == own || sitting.check_closes_on < today));
        }
    }
    Ok(sittings)
}

/// Id of the sitting in the last submission, or an empty text.
fn submitted_for<'a>(context: &Context<'a>) -> &'a str {
    let form = context.submitted.and_then(|application| application.form.as_ref());
    form.map_or("", |form| form.one("sitting"))
}

pub(super) fn closes(tx: &mut Tx, context: &Context) -> Result<Option<Closing>, Error> {
    let closing = |sitting: Sitting| Closing {
        question: "sitting",
        what: "这次考试的核查",
        last_day: sitting.check_closes_on,
        was_in_time: submitted_for(context) == sitting.id,
    };
    Ok(Sitting::find(tx, context.answers.one("sitting"))?.map(closing))
}

fn sitting_choice(sitting: &Sitting) -> Choice {
    Choice {
        value: sitting.id.clone(),
        label: sitting.title(),
        hint: format!("{} 开考，{} 截止核查", sitting.held_on, sitting.check_closes_on),
    }
}

fn distinct<'a>(texts: impl Iterator<Item = &'a String>) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    for text in texts {
        if !choices.iter().any(|choice| choice.value == *text) {
            choices.push(Choice::new(text, text));
        }
    }
    choices
}

/// Answers from the portal, the identity document and the last application of the business.
pub(super) fn prefill(tx: &mut Tx, candidate: &Candidate, slug: &str) -> Result<Answers, Error> {
    let mut answers = Answers::default();
    answers.set("phone", candidate.phone.clone());
    let document = Document::parse(candidate.document_type, &candidate.document_number, tx.today());
    if let Some(gender) = document.ok().and_then(|document| document.gender()) {
        answers.set("gender", gender.label());
    }
    let last = Application::last_form(tx, &candidate.id, slug)?;
    for name in COPIED {
        if let Some(values) = last.as_ref().map(|form| form.all(name)).filter(|values| !values.is_empty()) {
            answers.fields.insert((*name).to_owned(), values.to_vec());
        }
    }
    Ok(answers)
}

/// The years in the profession do not exceed the years of work, and another qualification has a number.
pub(super) fn check(answers: &Answers, today: NaiveDate) -> Problems {
    let mut problems = Problems::new();
    let began: Option<NaiveDate> = answers.one("began_work_on").parse().ok();
    let years: Option<u32> = answers.one("years").parse().ok();
    if let (Some(began), Some(years)) = (began, years)
        && let Some(since) = today.years_since(began)
        && years > since
    {
        let text = format!("您 {} 年参加工作，至今 {since} 年，请核对年限", began.year());
        problems.push(problem("years", text));
    }
    let named = !answers.one("other_qualification").is_empty();
    if named == answers.one("other_number").is_empty() {
        let missing = if named { "other_number" } else { "other_qualification" };
        problems.push(problem(missing, "已取得的其他资格和证书编号请一起填写"));
    }
    problems
}

pub(super) fn describe(tx: &mut Tx, context: &Context) -> Result<About, Refusal> {
    let answers = context.answers;
    let sitting = Sitting::find(tx, answers.one("sitting"))?.ok_or(Refusal::NotFound)?;
    Ok(About {
        title: sitting.title(),
        summary: format!("{} · {}", answers.one("level"), answers.one("specialty")),
        subject: sitting.id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(pairs: &[(&str, &str)]) -> Answers {
        let mut answers = Answers::default();
        for (name, value) in pairs {
            answers.set(name, *value);
        }
        answers
    }

    #[test]
    fn years_in_the_profession_cannot_exceed_years_of_work() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let problem = |years| check(&answers(&[("began_work_on", "2016-11-24"), ("years", years)]), today);
        assert!(problem("9").is_empty());
        assert_eq!(problem("10")[0].0, "years"); // ten years are full tomorrow
    }

    #[test]
    fn another_qualification_requires_its_number() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        assert_eq!(check(&answers(&[("other_qualification", "二级建造师")]), today)[0].0, "other_number");
        assert_eq!(check(&answers(&[("other_number", "JZ001")]), today)[0].0, "other_qualification");
        let both = answers(&[("other_qualification", "二级建造师"), ("other_number", "JZ001")]);
        assert!(check(&both, today).is_empty());
    }
}
