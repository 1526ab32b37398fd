//! 信息修改: corrects the personal data of a candidate and, in the chosen scope, of records (manual chapter 10).

use chrono::NaiveDate;
use diesel::prelude::*;

use super::profile;
use crate::casework::answers::Answers;
use crate::casework::business::{
    About, Business, Context, Derived, EditRule, Icon, Material, Notice, Transition, extra, need, portrait,
};
use crate::casework::lifecycle::{Action, Status};
use crate::casework::question::{AnswerRule, Problems, Section, ask, problem, read_only};
use crate::casework::{Refusal, format};
use crate::exams::correction::{self, Holder, Scope};
use crate::people::candidate::{self, Candidate, Profile};
use crate::people::document::{Document, DocumentType, Gender};
use crate::people::holder_hash::HolderHash;
use crate::people::mask;
use crate::store::schema::applications::dsl as a;
use crate::store::{CandidateId, Error, Tx};

pub static BUSINESS: Business = Business {
    slug: "correction",
    prefix: "XG",
    label: "信息修改",
    icon: Icon::Pencil,
    about: "姓名、证件、学历等登记信息有误或有变更的，在这里申请修改。",
    start_label: "申请信息修改",
    summary_label: "修改项目",
    sections: &[&WHAT, &CHANGES, &WHY],
    materials: MATERIALS,
    notice: Some(NOTICE),
    edit: EditRule::UntilTaken,
    derive,
    prefill: |_, _| Ok(Answers::default()),
    check,
    describe,
    approved: "您的信息已按申请修改。",
    after: |tx, step| match step.action {
        Action::Approve => apply(tx, step),
        _ => Ok(()),
    },
    undo: |_, correction| match correction.status {
        Status::Approved => Err(correction.not_reopened(APPLIED)),
        _ => Ok(()),
    },
    ..Business::PLAIN
};

/// The records may have changed again since, so the old values are not put back.
const APPLIED: &str = "信息已按申请修改，不能自动改回；如需改回，请考生另行申请信息修改";

const NOTICE: Notice = Notice {
    version: "2026-11",
    title: "信息修改须知",
    text: &[
        "请先在政务服务平台和公安机关完成变更，再在这里申请；两处信息应当一致。",
        "修改姓名或证件号码的，须上传户口簿或公安机关出具的证明。",
        "修改证件号码后，您的报名、证书和申请记录会转到新号码下，新旧证件都可以登录。",
        "选择“已发证书”的，证书查询将按新信息显示；纸质证书需要另行申请补发。",
        "提供虚假材料的，记入诚信档案。",
    ],
};

const NAME: &str = "姓名";
const TYPE: &str = "证件类型";
const NUMBER: &str = "证件号码";
const GENDER: &str = "性别";
const BIRTH: &str = "出生日期";
const PHONE: &str = "手机号";
const EDUCATION: &str = "学历";
const PORTRAIT: &str = "证件照";

const THIS_EXAM: &str = "仅本次考试";
const LATER_EXAMS: &str = "今后考试";
const CERTIFICATES: &str = "已发证书";

const WHAT: Section = Section {
    heading: "修改项目",
    questions: &[ask(
        "what",
        "要修改的信息",
        "可以选几项",
        AnswerRule::SomeOf(&[NAME, TYPE, NUMBER, GENDER, BIRTH, PHONE, EDUCATION, PORTRAIT]),
    )],
};

/// Without 其他证件: almost any number is valid there, so a mistyped one would pass. Such documents come from the portal
/// and from the authority's files.
const DOCUMENT_TYPES: &[&str] = &[
    DocumentType::Resident.label(),
    DocumentType::HkMacaoPermit.label(),
    DocumentType::TaiwanPermit.label(),
    DocumentType::HmtResidence.label(),
    DocumentType::ForeignPermanent.label(),
    DocumentType::Passport.label(),
];

const PLAIN: AnswerRule = AnswerRule::ReadOnly(str::to_owned);

/// For each item, the recorded value and the new one.
const CHANGES: Section = Section {
    heading: "修改内容",
    questions: &[
        read_only("old_name", "现登记姓名", AnswerRule::ReadOnly(mask::name)).when("what", &[NAME]),
        ask("new_name", "新姓名", "与证件一致", AnswerRule::Like(&format::NAME)).when("what", &[NAME]),
        read_only("old_type", "现登记证件类型", PLAIN).when("what", &[TYPE]),
        ask("new_type", "新证件类型", "", AnswerRule::OneOf(DOCUMENT_TYPES)).when("what", &[TYPE]),
        read_only("old_number", "现登记证件号码", AnswerRule::ReadOnly(mask::number)).when("what", &[NUMBER]),
        ask("new_number", "新证件号码", "请逐位核对", AnswerRule::Like(&format::DOCUMENT))
            .when("what", &[NUMBER]),
        read_only("old_gender", "现登记性别", PLAIN).when("what", &[GENDER]),
        ask("new_gender", "新性别", "", AnswerRule::OneOf(&["男", "女"])).when("what", &[GENDER]),
        read_only("old_birth", "现登记出生日期", PLAIN).when("what", &[BIRTH]),
        ask("new_birth", "新出生日期", "", AnswerRule::PastDay).when("what", &[BIRTH]),
        read_only("old_phone", "现登记手机号", AnswerRule::ReadOnly(mask::phone)).when("what", &[PHONE]),
        ask("new_phone", "新手机号", "", AnswerRule::Like(&format::PHONE)).when("what", &[PHONE]),
        read_only("old_education", "现登记学历", PLAIN).when("what", &[EDUCATION]),
        ask("new_education", "新学历", "", AnswerRule::OneOf(profile::EDUCATION_LEVELS))
            .when("what", &[EDUCATION]),
    ],
};

const WHY: Section = Section {
    heading: "原因与范围",
    questions: &[
        ask("reason", "修改原因", "", AnswerRule::Area(5, 500)),
        ask(
            "scope",
            "修改范围",
            "除您的登记信息外，还修改哪里",
            AnswerRule::SomeOf(&[THIS_EXAM, LATER_EXAMS, CERTIFICATES]),
        ),
    ],
};

const MATERIALS: &[Material] = &[
    profile::ID_FRONT,
    profile::ID_BACK,
    need("proof", "户口簿或公安机关证明", "能看清变更前后的信息").when("what", &[NAME, NUMBER]),
    portrait("new_portrait", "新证件照", "近期正面免冠照片，宽高 5:7，至少 295×413 像素")
        .when("what", &[PORTRAIT]),
    extra("other", "其他材料", 3),
];

/// The recorded values. A submission fixes them.
fn derive(tx: &mut Tx, context: &Context) -> Result<Derived, Error> {
    let person = context.candidate;
    let profile = &person.profile;
    let document = Document::parse(person.document_type, &person.document_number, tx.today()).ok();
    let gender = profile.gender.or_else(|| document.as_ref().and_then(Document::gender));
    let birth = document.as_ref().and_then(Document::birth_date);
    let born_on = profile.born_on.or(birth).map(|day| day.to_string());
    let or_none = |text: &str| if text.is_empty() { "未登记".to_owned() } else { text.to_owned() };
    Ok(vec![
        ("old_name", person.name.clone()),
        ("old_type", person.document_type.label().to_owned()),
        ("old_number", person.document_number.clone()),
        ("old_gender", or_none(gender.map_or("", Gender::label))),
        ("old_birth", born_on.unwrap_or_else(|| or_none(""))),
        ("old_phone", or_none(&person.phone)),
        ("old_education", or_none(&profile.education)),
    ])
}

/// A new value differs from the recorded one, and type and number of the document match.
fn check(tx: &mut Tx, context: &Context) -> Result<Problems, Error> {
    let answers = context.answers;
    let mut problems = Problems::new();
    for Item { label, old, new } in ITEMS {
        let same = answers.one(old) == answers.one(new);
        if same && answers.has("what", label) && !answers.one(new).is_empty() {
            problems.push(problem(new, format!("与现登记的{label}相同，请核对")));
        }
    }
    if answers.has("what", TYPE) || answers.has("what", NUMBER) {
        let field = if answers.has("what", NUMBER) { "new_number" } else { "new_type" };
        if let Err(what_to_do) = new_document(answers, context.candidate, tx.today()) {
            problems.push(problem(field, what_to_do));
        }
    }
    if answers.has("scope", THIS_EXAM) && answers.all("scope").len() > 1 {
        problems.push(problem("scope", "选择“仅本次考试”时，不能同时选择其他范围"));
    }
    Ok(problems)
}

/// An item that is corrected by typing, with the questions of its recorded and its new value.
struct Item {
    label: &'static str,
    old: &'static str,
    new: &'static str,
}

const ITEMS: &[Item] = &[
    Item { label: NAME, old: "old_name", new: "new_name" },
    Item { label: TYPE, old: "old_type", new: "new_type" },
    Item { label: NUMBER, old: "old_number", new: "new_number" },
    Item { label: GENDER, old: "old_gender", new: "new_gender" },
    Item { label: BIRTH, old: "old_birth", new: "new_birth" },
    Item { label: PHONE, old: "old_phone", new: "new_phone" },
    Item { label: EDUCATION, old: "old_education", new: "new_education" },
];

/// The new value of an item that is to be changed.
fn new_value<'a>(answers: &'a Answers, label: &str) -> Option<&'a str> {
    let item = ITEMS.iter().find(|item| item.label == label)?;
    answers.has("what", label).then(|| answers.one(item.new))
}

fn new_document(answers: &Answers, person: &Candidate, today: NaiveDate) -> Result<Document, &'static str> {
    let label = new_value(answers, TYPE);
    let chosen = DocumentType::ALL.into_iter().find(|known| Some(known.label()) == label);
    let number = new_value(answers, NUMBER).unwrap_or(&person.document_number);
    Document::parse(chosen.unwrap_or(person.document_type), number, today)
}

fn describe(_: &mut Tx, context: &Context) -> Result<About, Refusal> {
    Ok(About {
        subject: context.candidate.id.to_string(),
        title: "信息修改".to_owned(),
        summary: context.answers.all("what").join("、"),
    })
}

/// Corrects the candidate and the records in scope.
fn apply(tx: &mut Tx, step: &Transition) -> Result<(), Refusal> {
    let answers = step.application.form.clone().unwrap_or_default();
    let before = Candidate::load(tx, &step.application.candidate_id)?.ok_or(Refusal::NotFound)?;
    let mut person = before.clone();
    let document = new_document(&answers, &before, tx.today()).map_err(Refusal::Invalid)?;
    person.document_type = document.kind();
    person.document_number = document.number().to_owned();
    person.holder = HolderHash::of(tx.vault, document.kind(), document.number());
    if let Some(name) = new_value(&answers, NAME) {
        person.name = name.to_owned();
    }
    if let Some(phone) = new_value(&answers, PHONE) {
        person.phone = phone.to_owned();
    }
    person.profile = profile_after(&answers, before.profile.clone());
    candidate::correct(tx, &before, &person)?;
    if before.holder != person.holder {
        let [from, to] = [&before.holder, &person.holder].map(|holder| holder.stored(tx.vault));
        correction::move_records(tx, &from, &to)?;
    }
    let holder = Holder {
        document: &person.holder,
        name: &person.name,
        document_number: &person.document_number,
        gender: person.profile.gender,
    };
    let scope = Scope {
        coming: answers.has("scope", THIS_EXAM) || answers.has("scope", LATER_EXAMS),
        issued: answers.has("scope", CERTIFICATES),
    };
    Ok(correction::correct_records(tx, &holder, scope)?)
}

/// The names of candidates that approved corrections have replaced. A form that cannot be decrypted is left out.
pub fn former_names(tx: &mut Tx, candidates: &[&CandidateId]) -> Result<Vec<(CandidateId, String)>, Error> {
    let approved = a::applications
        .filter(a::candidate_id.eq_any(candidates))
        .filter(a::status.eq(Status::Approved.code()))
        .filter(a::kind.eq(BUSINESS.slug))
        .select((a::candidate_id, a::form.assume_not_null()));
    let forms: Vec<(CandidateId, String)> = approved.filter(a::form.is_not_null()).load(tx.conn)?;
    let replaced = |(candidate, sealed): (CandidateId, String)| {
        let answers = Answers::open(tx.vault, &sealed).ok()?;
        new_value(&answers, NAME)?;
        Some((candidate, answers.one("old_name").to_owned()))
    };
    Ok(forms.into_iter().filter_map(replaced).filter(|(_, name)| !name.is_empty()).collect())
}

fn profile_after(answers: &Answers, before: Profile) -> Profile {
    Profile {
        gender: new_value(answers, GENDER).and_then(Gender::from_label).or(before.gender),
        born_on: new_value(answers, BIRTH).and_then(|day| day.parse().ok()).or(before.born_on),
        education: new_value(answers, EDUCATION).map_or(before.education, str::to_owned),
        portrait_id: answers.files("new_portrait").first().cloned().or(before.portrait_id),
    }
}
