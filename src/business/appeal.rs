//! 资格审核申诉 (manual 3.3, 3.4): against a rejected check of qualification.

use crate::casework::answers::Answers;
use crate::casework::business::{About, Business, Context, Material};
use crate::casework::decision;
use crate::casework::field::{Choices, Field, Rule};
use crate::people::candidate::Candidate;
use crate::store::{Error, Tx};
use crate::ui::Icon;
use crate::web::Failure;

/// The appeal. Approving it approves what it is about.
pub static BUSINESS: Business = Business {
    slug: "appeal",
    prefix: "SS",
    label: "资格审核申诉",
    icon: Icon::Scales,
    about: "对审核不通过的结果有异议时，可以在 30 天内申诉一次。",
    start_label: "申诉",
    fields: FIELDS,
    materials: MATERIALS,
    review: false,
    choices: |_, _| Ok(Choices::new()),
    prefill,
    check: |_, _| Vec::new(),
    describe,
    appeal: None,
    is_appeal: true,
    approved: "申诉通过，原申请已改为审核通过。",
    on_approved: decision::uphold_appeal,
};

const FIELDS: &[Field] = &[
    Field {
        name: "reason",
        label: "申诉理由",
        section: "申诉",
        hint: "说明您认为结果有误的地方和依据",
        optional: false,
        rule: Rule::Area(10, 1000),
    },
    Field {
        name: "phone",
        label: "手机号",
        section: "申诉",
        hint: "审核员可能打电话向您核实",
        optional: false,
        rule: Rule::Phone,
    },
];

const MATERIALS: &[Material] = &[Material {
    slot: "evidence",
    label: "证明材料",
    hint: "JPG、PNG 或 PDF，每份不超过 10 MB，最多 5 份",
    optional: true,
    most: 5,
    portrait: false,
}];

fn prefill(_: &mut Tx, candidate: &Candidate) -> Result<Answers, Error> {
    let mut answers = Answers::default();
    answers.set("phone", candidate.phone.clone());
    Ok(answers)
}

fn describe(_: &mut Tx, context: &Context) -> Result<About, Failure> {
    let rejected = context.parent.ok_or(Failure::NotFound)?;
    Ok(About {
        subject: rejected.id.clone(),
        title: rejected.title.clone(),
        summary: rejected.summary.clone(),
    })
}
