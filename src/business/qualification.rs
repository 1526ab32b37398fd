//! 报考资格在线核查: whether a candidate may register for a sitting (manual chapter 3).

use super::{appeal, profile};
use crate::casework::business::{
    Approval, Business, Icon, Material, Outset, Record, Verdicts, extra, portrait,
};
use crate::casework::lifecycle::Action;
use crate::casework::question::{AnswerRule, Part, Section, ask};
use crate::exams::discipline::{self, IntegrityRecord};
use crate::people::candidate::Candidate;
use crate::store::{Error, Tx};

const SLUG: &str = "qualification";

/// An approval changes no record: candidates register in another system.
pub static BUSINESS: Business = Business {
    slug: SLUG,
    prefix: "ZG",
    label: "报考资格在线核查",
    icon: Icon::Clipboard,
    about: "报考前需要核查资格的考试，在这里提交学历与从业年限等材料。",
    start_label: "申请报考资格在线核查",
    sections: &[&EXAM, &PERSON, &profile::EDUCATION, &profile::WORK, &PLEDGE],
    materials: MATERIALS,
    parts: PARTS,
    verdicts: VERDICTS,
    outset,
    choices: profile::choices,
    prefill: |tx, candidate| profile::prefill(tx, candidate, SLUG),
    closes: profile::closes,
    check: |tx, context| Ok(profile::check(context.answers, tx.today())),
    subject: &["sitting"],
    describe: profile::describe,
    appeal: Some(&appeal::BUSINESS),
    approved: "您已通过报考资格核查，请按考试公告的时间报名缴费。",
    ..Business::PLAIN
};

/// A candidate on record may take the exam, and is checked item by item (人社部令第31号, arts. 7 and 8).
fn outset(tx: &mut Tx, candidate: &Candidate, _: &[&str]) -> Result<Outset, Error> {
    let mut records = discipline::integrity_of(tx, &candidate.holder)?;
    records.retain(|record| record.is_kept_on(tx.today()));
    let shown = |record: &IntegrityRecord| {
        let facts = vec![
            ("记录期限", record.period()),
            ("报考", "可以报考，不适用告知承诺制，报考条件由工作人员逐项核查".to_owned()),
        ];
        Record::plain(format!("失信记录 · {}", record.category), facts)
    };
    Ok(Outset { records: records.iter().map(shown).collect(), nothing: None })
}

pub(super) const VERDICTS: Verdicts = Verdicts {
    approve: &[Approval { label: "通过", result: "" }],
    remarks: &[
        (Action::Approve, "材料齐全，符合报考条件。"),
        (Action::Approve, "请按时完成报名缴费。"),
        (Action::Reject, "学历不符合报考条件。"),
        (Action::Reject, "从事专业工作年限不足。"),
        (Action::Reject, "所学专业不在报考专业范围内。"),
        (Action::Reject, "材料与学信网或社保记录不一致。"),
    ],
    ..Business::PLAIN.verdicts
};

const AREAS: &[&str] = &["市直考区", "东湖考区", "西山考区", "南港考区"];

const PROMISE: &str = "我承诺所填信息和上传材料真实、准确、有效；如有虚假，愿意承担取消报考资格、\
                       考试成绩无效并记入诚信档案等后果。";

const EXAM: Section = Section {
    heading: "报考信息",
    questions: &[
        profile::ENTRY[0],
        profile::ENTRY[1],
        profile::ENTRY[2],
        profile::ENTRY[3],
        ask("area", "考区", "", AnswerRule::Published(AREAS)),
    ],
};

const PERSON: Section = Section {
    heading: "个人信息",
    questions: &[ask("gender", "性别", "", AnswerRule::OneOf(&["男", "女"])), profile::PHONE],
};

const PLEDGE: Section = Section {
    heading: "承诺",
    questions: &[ask("promise", "告知承诺", "", AnswerRule::Promise(PROMISE))],
};

const PARTS: &[Part] = &[
    Part { label: "报考", sections: &[&EXAM], has_materials: false },
    Part { label: "个人", sections: &[&PERSON], has_materials: false },
    Part { label: "学历与从业", sections: &[&profile::EDUCATION, &profile::WORK], has_materials: false },
    Part { label: "承诺与材料", sections: &[&PLEDGE], has_materials: true },
];

const MATERIALS: &[Material] = &[
    profile::ID_FRONT,
    profile::ID_BACK,
    profile::DIPLOMA,
    extra("degree_certificate", "学位证书", 1),
    profile::WORK_PROOF,
    extra("social_insurance", "社保缴纳记录", 3),
    extra("other_certificate", "其他资格证书", 3),
    portrait("portrait", "证件照", "近期正面免冠照片，宽高 5:7，至少 295×413 像素"),
];
