//! 违纪申诉: an appeal against a recorded violation of the exam rules (manual chapter 9).

use chrono::NaiveDate;
use const_str::concat;
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::profile;
use crate::casework::business::{
    About, Approval, Business, Closing, Context, EditRule, Icon, Material, MaterialKind, Outset, Period,
    Record, Transition, Verdicts, extra,
};
use crate::casework::calendar::Calendar;
use crate::casework::lifecycle::{Action, Status};
use crate::casework::question::{AnswerRule, Choice, Choices, Problems, Section, ask, problem};
use crate::casework::{Refusal, deadline};
use crate::either;
use crate::exams::discipline::{self, Violation};
use crate::files::RECORDING_NAMES;
use crate::files::inspect::Limits;
use crate::people::candidate::Candidate;
use crate::store::schema::{applications, exams, sittings, violations};
use crate::store::{Error, Tx, clock};

const MAX_FILES: usize = 8;
const MAX_MEGABYTES: usize = Limits::RECORDING.bytes >> 20;

const SLUG: &str = "violation";

pub static BUSINESS: Business = Business {
    slug: SLUG,
    prefix: "WJ",
    label: "违纪申诉",
    icon: Icon::Scales,
    about: "对违纪认定有异议的，收到告知后，可以在期限内在这里陈述、申辩。最后一天见各条记录。",
    start_label: "违纪申诉",
    pleads: true,
    summary_label: "科目",
    sections: &[&RECORD, &APPEAL],
    materials: &[Material {
        kind: MaterialKind::Evidence,
        hint: concat!(
            "图片、PDF，或不超过 ",
            MAX_MEGABYTES,
            " MB 的录音录像（",
            RECORDING_NAMES,
            "），最多 ",
            MAX_FILES,
            " 份"
        ),
        ..extra("evidence", "证据材料", MAX_FILES)
    }],
    edit: EditRule::UntilTaken,
    verdicts: Verdicts {
        approve: &[
            Approval { label: "申诉成立", result: "申诉成立" },
            Approval { label: "部分成立", result: "部分成立" },
        ],
        reject: "申诉不成立",
        rejected: "申诉不成立",
        remarks: &[
            (Action::Approve, "经核查，原认定的事实不清，予以撤销。"),
            (Action::Approve, "经核查，情节轻微，减轻处理。"),
            (Action::Reject, "经核查，原认定的事实清楚、证据充分。"),
        ],
    },
    outset,
    periods,
    cited,
    choices,
    closes,
    check,
    subject: &["violation"],
    describe,
    decision: Some("违纪违规行为处理决定书"),
    approved: "请阅读处理决定书并确认签收。",
    after,
    undo: |tx, appeal| Ok(discipline::settle_violation(tx, &appeal.subject, "")?),
    ..Business::PLAIN
};

const RECORD: Section =
    Section { heading: "违纪记录", questions: &[ask("violation", "违纪记录", "", AnswerRule::Pick)] };

const APPEAL: Section = Section {
    heading: "申诉",
    questions: &[
        ask("request", "申诉请求", "", AnswerRule::OneOf(&["撤销认定", "减轻处理", "其他"])),
        ask("grounds", "申诉理由", "写明您认为认定有误的地方，和您掌握的证据", AnswerRule::Area(20, 2000)),
        profile::PHONE,
    ],
};

fn last_day(calendar: &Calendar, violation: &Violation) -> NaiveDate {
    deadline::last_day_to_plead(calendar, violation.served_on, violation.plead_days.unsigned_abs())
}

fn outset(tx: &mut Tx, candidate: &Candidate, pending: &[&str]) -> Result<Outset, Error> {
    let (today, calendar) = (tx.today(), Calendar::load(tx)?);
    let all = discipline::violations_of(tx, &candidate.holder)?;
    let last = |violation: &Violation| last_day(&calendar, violation);
    let is_open = |violation: &Violation| violation.outcome.is_empty() && today <= last(violation);
    let nothing = match (all.is_empty(), all.iter().any(is_open)) {
        (true, _) => Some("您没有违纪记录，不需要申诉。"),
        (_, false) => Some("您的违纪记录都已有申诉结果，或已超过申诉期限，见上。"),
        _ => None,
    };
    let shown = |violation: &Violation| {
        record(violation, pending.contains(&violation.id.as_str()), today, last(violation))
    };
    Ok(Outset { records: all.iter().map(shown).collect(), nothing })
}

fn record(violation: &Violation, is_appealed: bool, today: NaiveDate, last: NaiveDate) -> Record {
    let left = (last - today).num_days();
    let deadline = match left {
        _ if violation.outcome == BUSINESS.verdicts.rejected => ("rejected", violation.outcome.clone()),
        _ if !violation.outcome.is_empty() => ("approved", violation.outcome.clone()),
        _ if is_appealed => ("submitted", "您已申诉，进度见下".to_owned()),
        ..0 => ("rejected", format!("申诉期限已于 {last} 截止")),
        0 => ("due", format!("今天（{last}）是申诉的最后一天")),
        _ => ("due", format!("还剩 {left} 天，{last} 截止申诉")),
    };
    Record { title: violation.title(), facts: facts(violation), deadline: Some(deadline) }
}

fn facts(violation: &Violation) -> Vec<(&'static str, String)> {
    vec![
        ("科目", violation.subject.clone()),
        ("时间", clock::china(violation.happened_at)),
        ("地点", violation.place.clone()),
        ("事实", violation.fact.clone()),
        ("依据", violation.clause.clone()),
        ("拟处理决定", violation.proposed_decision.clone()),
        ("告知日期", violation.served_on.to_string()),
    ]
}

fn periods(tx: &mut Tx, candidate: &Candidate) -> Result<Vec<Period>, Error> {
    let mut open = not_appealed(tx, candidate)?;
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let (today, calendar) = (tx.today(), Calendar::load(tx)?);
    open.retain(|violation| today <= last_day(&calendar, violation));
    let period = |violation: &Violation| Period {
        title: format!("{} · {}", violation.title(), violation.subject),
        what: "违纪告知的陈述申辩期限",
        last_day: last_day(&calendar, violation),
    };
    Ok(open.iter().map(period).collect())
}

/// A candidate's violations without a result and without a pending appeal, the latest notice first.
fn not_appealed(tx: &mut Tx, candidate: &Candidate) -> Result<Vec<Violation>, Error> {
    let is = |status: Status| applications::status.eq(status.code());
    let pending = applications::table
        .filter(applications::candidate_id.eq(&candidate.id))
        .filter(applications::kind.eq(SLUG))
        .filter(applications::subject.eq(violations::id))
        .filter(is(Status::Submitted).or(is(Status::InReview)).or(is(Status::Returned)))
        .select(applications::id);
    let open = violations::table
        .inner_join(sittings::table.inner_join(exams::table))
        .filter(violations::holder_hash.eq(candidate.holder.stored(tx.vault)))
        .filter(violations::outcome.eq(""))
        .filter(not(exists(pending)))
        .order((violations::served_on.desc(), violations::id));
    Ok(either!(tx.conn, conn => open.select(Violation::as_select()).load(conn))?)
}

fn cited(tx: &mut Tx, context: &Context) -> Result<Vec<Record>, Error> {
    let record = |violation: Violation| {
        let exam = ("考试", violation.title());
        Record::plain("申诉的违纪记录", [vec![exam], facts(&violation)].concat())
    };
    Ok(chosen(tx, context)?.map(record).into_iter().collect())
}

fn choices(tx: &mut Tx, context: &Context) -> Result<Choices, Error> {
    let calendar = Calendar::load(tx)?;
    let all = discipline::violations_of(tx, &context.candidate.holder)?;
    let choice = |violation: Violation| Choice {
        label: format!("{} · {}：{}", violation.title(), violation.subject, violation.fact),
        hint: format!("{} 截止申诉", last_day(&calendar, &violation)),
        value: violation.id,
    };
    Ok(Choices::from([("violation", all.into_iter().map(choice).collect())]))
}

fn chosen(tx: &mut Tx, context: &Context) -> Result<Option<Violation>, Error> {
    let all = discipline::violations_of(tx, &context.candidate.holder)?;
    Ok(all.into_iter().find(|violation| violation.id == context.answers.one("violation")))
}

/// An appeal that was submitted in time may be corrected after the deadline, but not moved to another violation.
fn closes(tx: &mut Tx, context: &Context) -> Result<Option<Closing>, Error> {
    let calendar = Calendar::load(tx)?;
    let closing = |violation: Violation| Closing {
        question: "violation",
        what: "这条记录的申诉期限",
        last_day: last_day(&calendar, &violation),
        was_in_time: context.submitted.is_some_and(|appeal| appeal.subject == violation.id),
    };
    Ok(chosen(tx, context)?.map(closing))
}

/// Each violation can be appealed against once.
fn check(tx: &mut Tx, context: &Context) -> Result<Problems, Error> {
    let settled = chosen(tx, context)?.filter(|violation| !violation.outcome.is_empty());
    let refusal = |_| problem("violation", "这条记录的申诉已有结果，不能再次申诉");
    Ok(settled.map(refusal).into_iter().collect())
}

fn describe(tx: &mut Tx, context: &Context) -> Result<About, Refusal> {
    let violation = chosen(tx, context)?.ok_or(Refusal::NotFound)?;
    Ok(About { title: violation.title(), summary: violation.subject, subject: violation.id })
}

fn after(tx: &mut Tx, step: &Transition) -> Result<(), Refusal> {
    match step.action {
        Action::Approve | Action::Reject => {
            Ok(discipline::settle_violation(tx, &step.application.subject, &step.content.result)?)
        }
        _ => Ok(()),
    }
}
