//! 报考资格在线核查 (manual chapter 3): whether a candidate may enter for a sitting.

use chrono::{Datelike, NaiveDate};

use super::appeal;
use crate::casework::answers::Answers;
use crate::casework::business::{About, Business, Context, Material};
use crate::casework::field::{Choices, Field, Problems, Rule};
use crate::casework::record::{Application, Filter};
use crate::exams::{self, Sitting, Subject};
use crate::people::candidate::Candidate;
use crate::people::document::Document;
use crate::store::{Error, Tx};
use crate::ui::{Choice, Icon};
use crate::web::Failure;

const SLUG: &str = "qualification";

/// The check of qualification; approval lets the candidate register, and changes nothing here.
pub static BUSINESS: Business = Business {
    slug: SLUG,
    prefix: "ZG",
    label: "报考资格在线核查",
    icon: Icon::Clipboard,
    about: "报考前需要核查资格的考试，在这里提交学历与从业年限等材料。",
    start_label: "申请报考资格在线核查",
    fields: FIELDS,
    materials: MATERIALS,
    review: true,
    choices,
    prefill,
    check,
    describe,
    appeal: Some(&appeal::BUSINESS),
    is_appeal: false,
    approved: "您已通过报考资格核查，请按考试公告的时间报名缴费。",
    on_approved: |_, _, _| Ok(()),
};

const PROMISE: &str = "我承诺所填信息和上传材料真实、准确、有效；如有虚假，愿意承担取消报考资格、\
                       考试成绩无效并记入诚信档案等后果。";

const fn ask(
    section: &'static str,
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    rule: Rule,
) -> Field {
    Field { name, label, section, hint, optional: false, rule }
}

const fn may_ask(
    section: &'static str,
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    rule: Rule,
) -> Field {
    Field { name, label, section, hint, optional: true, rule }
}

const EXAM: &str = "报考信息";
const PERSON: &str = "个人信息";
const EDUCATION: &str = "学历";
const WORK: &str = "从业";
const PLEDGE: &str = "承诺";

const FIELDS: &[Field] = &[
    ask(EXAM, "sitting", "考试", "只列出目前可以申请核查的考试", Rule::Pick),
    ask(EXAM, "level", "级别", "", Rule::Pick),
    ask(EXAM, "specialty", "专业", "", Rule::Pick),
    ask(EXAM, "subjects", "科目", "至少选一科", Rule::PickSome),
    ask(EXAM, "area", "考区", "", Rule::OneOf(&["市直考区", "东湖考区", "西山考区", "南港考区"])),
    ask(PERSON, "gender", "性别", "", Rule::OneOf(&["男", "女"])),
    ask(PERSON, "phone", "手机号", "审核员可能打这个电话向您核实", Rule::Phone),
    ask(EDUCATION, "education", "学历", "", Rule::OneOf(&["高中", "中专", "大专", "本科", "硕士", "博士"])),
    may_ask(EDUCATION, "degree", "学位", "例如：工学学士", Rule::Text(2, 30)),
    ask(EDUCATION, "school", "毕业院校", "与毕业证书一致", Rule::Text(2, 60)),
    ask(EDUCATION, "major", "所学专业", "与毕业证书一致", Rule::Text(2, 60)),
    ask(EDUCATION, "graduated_on", "毕业时间", "毕业证书上的日期", Rule::PastDay),
    ask(WORK, "employer", "工作单位", "营业执照或法人证书上的全称", Rule::Text(2, 80)),
    ask(WORK, "years", "从事专业工作年限", "按周年计算，满一年算一年", Rule::Count(50, "年")),
    ask(WORK, "began_work_on", "参加工作时间", "", Rule::PastDay),
    may_ask(
        WORK,
        "other_qualification",
        "已取得的其他资格",
        "例如：二级建造师（建筑工程）",
        Rule::Text(2, 60),
    ),
    may_ask(WORK, "other_number", "其他资格的证书编号", "", Rule::Text(4, 40)),
    ask(PLEDGE, "promise", "告知承诺", "", Rule::Promise(PROMISE)),
];

const DOCUMENT_HINT: &str = "JPG、PNG 或 PDF，不超过 10 MB";

const fn need(slot: &'static str, label: &'static str, hint: &'static str) -> Material {
    Material { slot, label, hint, optional: false, most: 1, portrait: false }
}

const fn extra(slot: &'static str, label: &'static str, most: usize) -> Material {
    Material { slot, label, hint: DOCUMENT_HINT, optional: true, most, portrait: false }
}

const MATERIALS: &[Material] = &[
    need("id_front", "身份证件正面", "四角完整，文字清楚，不反光"),
    need("id_back", "身份证件反面", "四角完整，有效期清楚"),
    need("diploma", "学历证书", "能看清证书编号；也可以上传学信网报告 PDF"),
    extra("degree_certificate", "学位证书", 1),
    need("work_proof", "工作年限证明", "加盖单位公章，JPG、PNG 或 PDF"),
    extra("social_insurance", "社保缴纳记录", 3),
    extra("other_certificate", "其他资格证书", 3),
    Material {
        slot: "portrait",
        label: "证件照",
        hint: "近期正面免冠照片，宽高 5:7，至少 295×413 像素",
        optional: false,
        most: 1,
        portrait: true,
    },
];

/// What stays the same from one application to the next.
const LASTING: &[&str] = &[
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

/// Sitting, then level, then specialty, then subjects: each offers what the one before leaves.
fn choices(tx: &mut Tx, context: &Context) -> Result<Choices, Error> {
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

/// The sittings open for check; an application that was returned keeps its own.
fn sittings(tx: &mut Tx, context: &Context) -> Result<Vec<Sitting>, Error> {
    let mut sittings = Sitting::open_for_check(tx, tx.today())?;
    if let Some(application) = context.submitted
        && !sittings.iter().any(|sitting| sitting.id == application.subject)
    {
        sittings.extend(Sitting::find(tx, &application.subject)?);
    }
    Ok(sittings)
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
            choices.push(Choice { value: text.clone(), label: text.clone(), hint: String::new() });
        }
    }
    choices
}

/// From the portal, the document and the last application.
fn prefill(tx: &mut Tx, candidate: &Candidate) -> Result<Answers, Error> {
    let mut answers = Answers::default();
    answers.set("phone", candidate.phone.clone());
    let document = Document::parse(candidate.document_type, &candidate.document_number, tx.today());
    if let Some(gender) = document.ok().and_then(|document| document.gender()) {
        answers.set("gender", gender.label());
    }
    let filter = Filter { kind: Some(SLUG.to_owned()), ..Filter::default() };
    let last = Application::list(tx, &candidate.id, &filter)?.into_iter().find_map(|last| last.form);
    for name in LASTING {
        if let Some(values) = last.as_ref().map(|form| form.all(name)).filter(|values| !values.is_empty()) {
            answers.fields.insert((*name).to_owned(), values.to_vec());
        }
    }
    Ok(answers)
}

/// Nobody has worked longer in a profession than they have worked.
fn check(answers: &Answers, today: NaiveDate) -> Problems {
    let mut problems = Problems::new();
    let began: Option<NaiveDate> = answers.one("began_work_on").parse().ok();
    let years: Option<u32> = answers.one("years").parse().ok();
    if let (Some(began), Some(years)) = (began, years)
        && let Some(since) = today.years_since(began)
        && years > since
    {
        let text = format!("您 {} 年参加工作，至今 {since} 年，请核对年限", began.year());
        problems.push(("years".into(), text));
    }
    let named = !answers.one("other_qualification").is_empty();
    if named == answers.one("other_number").is_empty() {
        let missing = if named { "other_number" } else { "other_qualification" };
        problems.push((missing.into(), "已取得的其他资格和证书编号请一起填写".into()));
    }
    problems
}

fn describe(tx: &mut Tx, context: &Context) -> Result<About, Failure> {
    let answers = context.answers;
    let sitting = Sitting::find(tx, answers.one("sitting"))?.ok_or(Failure::NotFound)?;
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
    fn years_in_the_profession_fit_into_the_years_of_work() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let problem = |years| check(&answers(&[("began_work_on", "2016-11-24"), ("years", years)]), today);
        assert!(problem("9").is_empty());
        assert_eq!(problem("10")[0].0, "years"); // ten years are full tomorrow
    }

    #[test]
    fn another_qualification_comes_with_its_number() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        assert_eq!(check(&answers(&[("other_qualification", "二级建造师")]), today)[0].0, "other_number");
        assert_eq!(check(&answers(&[("other_number", "JZ001")]), today)[0].0, "other_qualification");
        let both = answers(&[("other_qualification", "二级建造师"), ("other_number", "JZ001")]);
        assert!(check(&both, today).is_empty());
    }
}
