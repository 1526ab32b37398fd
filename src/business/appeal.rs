//! 资格审核申诉: an appeal against a rejected 报考资格在线核查 (manual 3.3, 3.4).

use const_str::concat;

use super::profile;
use crate::casework::business::{
    About, Approval, Business, Closing, Context, Icon, Material, Origin, Verdicts, extra,
};
use crate::casework::lifecycle::{Action, Status};
use crate::casework::question::{AnswerRule, Section, ask};
use crate::casework::{Refusal, decision};
use crate::files::inspect::Limits;
use crate::store::{Error, Tx};

const MAX_FILES: usize = 5;
const MAX_MEGABYTES: usize = Limits::STANDARD.bytes >> 20;

/// An approval also approves the rejected application.
pub static BUSINESS: Business = Business {
    slug: "appeal",
    prefix: "SS",
    label: "资格审核申诉",
    icon: Icon::Scales,
    about: "对审核不通过的结果有异议时，可以在期限内申诉一次。最后一天见审核结果。",
    start_label: "申诉",
    origin: Origin::Rejection,
    sections: &[&APPEAL],
    materials: &[Material {
        hint: concat!("JPG、PNG 或 PDF，每份不超过 ", MAX_MEGABYTES, " MB，最多 ", MAX_FILES, " 份"),
        ..extra("evidence", "证明材料", MAX_FILES)
    }],
    review: false,
    submit_label: "提交申诉",
    verdicts: Verdicts {
        approve: &[Approval { label: "申诉通过", result: "" }],
        reject: "申诉不通过",
        ..Business::PLAIN.verdicts
    },
    words: &[(Status::Approved, "申诉通过"), (Status::Rejected, "申诉不通过")],
    closes,
    describe,
    approved: "申诉通过，原申请已改为审核通过。",
    after: |tx, step| match step.action {
        Action::Approve => decision::uphold_appeal(tx, step.application),
        _ => Ok(()),
    },
    undo: |_, appeal| match appeal.status {
        Status::Approved => Err(appeal.not_reopened("申诉已通过，原申请已改为审核通过，申诉结果不能再改")),
        _ => Ok(()),
    },
    ..Business::PLAIN
};

const APPEAL: Section = Section {
    heading: "申诉",
    questions: &[
        ask("reason", "申诉理由", "说明您认为结果有误的地方和依据", AnswerRule::Area(10, 1000)),
        profile::PHONE,
    ],
};

fn closes(_: &mut Tx, context: &Context) -> Result<Option<Closing>, Error> {
    let closing = |last_day| Closing {
        question: "reason",
        what: "申诉期限",
        last_day,
        was_in_time: context.submitted.is_some(),
    };
    Ok(context.parent.and_then(|rejected| rejected.appeal_until).map(closing))
}

fn describe(_: &mut Tx, context: &Context) -> Result<About, Refusal> {
    let rejected = context.parent.ok_or(Refusal::NotFound)?;
    Ok(About {
        subject: rejected.id.clone(),
        title: rejected.title.clone(),
        summary: rejected.summary.clone(),
    })
}
