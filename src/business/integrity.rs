//! 失信人员资格审核: whether a candidate with an integrity record may register (manual chapter 8).

use super::{profile, qualification};
use crate::casework::Refusal;
use crate::casework::business::{About, Business, Context, Icon, Material, Outset, Record, extra, need};
use crate::casework::question::{AnswerRule, Choice, Choices, Part, Section, ask};
use crate::exams::discipline::{self, IntegrityRecord};
use crate::people::candidate::Candidate;
use crate::store::{Error, Tx};

const SLUG: &str = "integrity";

pub static BUSINESS: Business = Business {
    slug: SLUG,
    prefix: "SX",
    label: "失信人员资格审核",
    icon: Icon::Shield,
    about: "有失信记录的考生仍可报考，但不适用告知承诺制。报考前在这里说明情况、提交材料，由工作人员逐项核查。",
    start_label: "失信人员资格审核",
    sections: &[&RECORD, &EXAM, &STATEMENT, &profile::EDUCATION, &profile::WORK],
    materials: MATERIALS,
    parts: PARTS,
    verdicts: qualification::VERDICTS,
    outset,
    cited,
    choices,
    prefill: |tx, candidate| profile::prefill(tx, candidate, SLUG),
    closes: profile::closes,
    check: |tx, context| Ok(profile::check(context.answers, tx.today())),
    subject: &["record", "sitting"],
    describe,
    approved: "您已通过失信人员资格审核，请按考试公告的时间报名缴费。失信记录在记录期限内继续保留。",
    ..Business::PLAIN
};

const RECORD: Section = Section {
    heading: "失信记录",
    questions: &[ask("record", "失信记录", "本次说明所针对的记录", AnswerRule::Pick)],
};

const EXAM: Section = Section { heading: "拟报考的考试", questions: profile::ENTRY };

const STATEMENT: Section = Section {
    heading: "情况说明",
    questions: &[
        ask("statement", "情况说明", "事情经过、您的认识和之后的改正", AnswerRule::Area(20, 2000)),
        profile::PHONE,
    ],
};

const PARTS: &[Part] = &[
    Part { label: "记录与考试", sections: &[&RECORD, &EXAM], has_materials: false },
    Part { label: "情况说明", sections: &[&STATEMENT], has_materials: false },
    Part { label: "学历与从业", sections: &[&profile::EDUCATION, &profile::WORK], has_materials: false },
    Part { label: "材料", sections: &[], has_materials: true },
];

const MATERIALS: &[Material] = &[
    profile::ID_FRONT,
    profile::ID_BACK,
    profile::DIPLOMA,
    profile::WORK_PROOF,
    need("pledge", "信用承诺书", "本人签名，JPG、PNG 或 PDF"),
    extra("repair_proof", "信用修复证明", 3),
];

const NO_RECORD: &str =
    "您没有失信记录，可以按告知承诺制报考，不需要这项审核。如果您认为应当有记录，请联系考试机构。";
const ENDED: &str = "您的失信记录已过记录期限，可以按告知承诺制报考，不需要这项审核。";

fn outset(tx: &mut Tx, candidate: &Candidate, _: &[&str]) -> Result<Outset, Error> {
    let records = discipline::integrity_of(tx, &candidate.holder)?;
    let is_kept = records.iter().any(|record| record.is_kept_on(tx.today()));
    let nothing = match records.as_slice() {
        [] => Some(NO_RECORD),
        _ => (!is_kept).then_some(ENDED),
    };
    let shown = |record: &IntegrityRecord| Record::plain(&record.category, facts(record));
    Ok(Outset { records: records.iter().map(shown).collect(), nothing })
}

fn facts(record: &IntegrityRecord) -> Vec<(&'static str, String)> {
    vec![
        ("事由", record.fact.clone()),
        ("决定文号", record.decision_number.clone()),
        ("记录期限", record.period()),
    ]
}

fn cited(tx: &mut Tx, context: &Context) -> Result<Vec<Record>, Error> {
    let mut records = discipline::integrity_of(tx, &context.candidate.holder)?;
    records.retain(|record| record.id == context.answers.one("record"));
    let shown = |record: &IntegrityRecord| {
        let category = ("类别", record.category.clone());
        Record::plain("说明的失信记录", [vec![category], facts(record)].concat())
    };
    Ok(records.iter().map(shown).collect())
}

fn choices(tx: &mut Tx, context: &Context) -> Result<Choices, Error> {
    let mut choices = profile::choices(tx, context)?;
    let mut records = discipline::integrity_of(tx, &context.candidate.holder)?;
    records.retain(|record| record.is_kept_on(tx.today()));
    let choice = |record: IntegrityRecord| Choice {
        label: format!("{} · {}", record.category, record.decision_number),
        hint: format!("{}，{}", record.fact, record.period()),
        value: record.id,
    };
    choices.insert("record", records.into_iter().map(choice).collect());
    Ok(choices)
}

/// The subject is the pair of record and sitting.
fn describe(tx: &mut Tx, context: &Context) -> Result<About, Refusal> {
    let about = profile::describe(tx, context)?;
    Ok(About { subject: format!("{}/{}", context.answers.one("record"), about.subject), ..about })
}
