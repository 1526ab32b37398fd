//! A certificate on the pages of the lookup, in Chinese and English.

use maud::{Markup, html};

use crate::exams::certificate::{NumberKind, PublicCertificate};
use crate::exams::english::{EnglishNames, Part};
use crate::ui::{self, Fact, Lang, Name};

/// The public part of one certificate.
pub(super) fn card(
    lang: Lang,
    exam: &str,
    english: &EnglishNames,
    certificate: &PublicCertificate,
) -> Markup {
    let (word, foot, colour) = seal_of(lang, certificate);
    let exam = name(english, Part::Exam, exam);
    let level = name(english, Part::Level, &certificate.level);
    let specialty = name(english, Part::Specialty, &certificate.specialty);
    let holder = certificate.masked_name();
    let mut facts = vec![
        Fact::name(lang, lang.pick("姓名", "Name"), Name::chinese(&holder)),
        Fact::of(lang.pick("身份证件号码", "Document no."), &certificate.document_mask),
        Fact::name(lang, lang.pick("级别", "Level"), level),
        Fact::name(lang, lang.pick("专业", "Specialty"), specialty),
    ];
    facts.extend(numbers(lang, certificate));
    facts.extend([
        Fact::of(lang.pick("批准日期", "Approved on"), certificate.approved_on.to_string()),
        Fact::name(lang, lang.pick("发证机关", "Issued by"), Name::chinese(&certificate.issuing_body)),
    ]);
    facts.extend(state(lang, certificate));
    html! {
        section.panel.certificate.split data-answer=(spoken(lang, word, exam)) {
            div.head {
                hgroup.heading {
                    p.muted.small { (lang.pick("职业资格证书", "Qualification certificate")) }
                    h2 { (exam.shown(lang)) }
                    p { (level.shown(lang)) " · " (specialty.shown(lang)) }
                }
                (ui::seal(colour, word, foot))
            }
            (ui::facts(&facts))
        }
    }
}

fn numbers(lang: Lang, certificate: &PublicCertificate) -> impl Iterator<Item = Fact> {
    let label = move |kind: NumberKind| match (lang, kind) {
        (Lang::Chinese, kind) => kind.label(),
        (Lang::English, NumberKind::Management) => "Management no.",
        (Lang::English, NumberKind::Query) => "Query no.",
        (Lang::English, NumberKind::Print) => "Print no.",
    };
    certificate.numbers().into_iter().map(move |(kind, number)| Fact::number(lang, label(kind), number))
}

/// The word of the seal, the line below it, and its colour.
fn seal_of(lang: Lang, certificate: &PublicCertificate) -> (&'static str, &'static str, &'static str) {
    let (word, foot) = match certificate.annulment() {
        None => lang.pick(("有效", "查询属实"), ("VALID", "verified")),
        Some(_) => lang.pick(("已撤销", "请勿采信"), ("ANNULLED", "not valid")),
    };
    (word, foot, if certificate.annulment().is_none() { "approved" } else { "rejected" })
}

fn state(lang: Lang, certificate: &PublicCertificate) -> Vec<Fact> {
    let label = lang.pick("状态", "State");
    let Some(annulment) = certificate.annulment() else {
        return vec![Fact::of(label, lang.pick("有效", "Valid"))];
    };
    let decision = lang.pick("撤销决定文号", "Decision no.");
    vec![
        Fact::of(label, lang.pick("已撤销", "Annulled")),
        Fact::of(lang.pick("撤销日期", "Annulled on"), annulment.on.to_string()),
        Fact::name(lang, decision, Name::chinese(annulment.decision)),
    ]
}

pub(super) fn name<'a>(english: &'a EnglishNames, part: Part, chinese: &'a str) -> Name<'a> {
    Name { chinese, english: english.of(part, chinese) }
}

/// What is read out of a result. An English voice cannot pronounce a Chinese name.
pub(super) fn spoken(lang: Lang, word: &str, exam: Name<'_>) -> String {
    match lang.pick(exam.chinese, exam.english) {
        "" => word.to_owned(),
        exam => format!("{word} {exam}"),
    }
}
