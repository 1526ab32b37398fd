//! Rules of the office that its administrators can change: numbers, by business or for the whole office.

use diesel::prelude::*;

use super::business::Business;
use crate::either;
use crate::store::schema::rules::dsl as r;
use crate::store::{Error, Timestamp, Tx, codes};

codes! {
    /// The name of a rule.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Rule {
        /// Working days from submission to decision.
        ReviewDays = "review_days", "承诺办结（工作日）";
        /// Working days in which a candidate corrects a returned application.
        MendDays = "mend_days", "补正期限（工作日）";
        /// Days from a rejection in which it can be appealed against.
        AppealDays = "appeal_days", "申诉期限（天）";
        /// Working days from the notice of a violation in which one can plead (陈述申辩). 人社部令第31号 names no number.
        PleadDays = "plead_days", "陈述申辩期限（工作日）";
        /// Of a hundred decisions, how many a second staff member confirms.
        ConfirmedShare = "confirmed_share", "需要复核的比例（%）";
        /// Whether several applications can be approved at once: 0 or 1.
        BulkApproval = "bulk_approval", "允许批量通过";
        /// Applications that one person may have taken. A rule of the office.
        MostTaken = "most_taken", "每人最多同时领取（件）";
        /// Days after which the files of a withdrawn application are removed.
        WithdrawnFiles = "withdrawn_files", "已撤销申请的材料保存（天）";
        /// Years after which the files of a decided application are removed.
        DecidedFiles = "decided_files", "已办结申请的材料保存（年）";
        /// Days after which an unchanged draft is deleted. A rule of the office.
        DraftDays = "draft_days", "草稿保存（天）";
        /// Years after which entries of the audit are removed. A rule of the office.
        AuditYears = "audit_years", "查看记录保存（年）";
        /// Years after which inquiries about certificates are removed. A rule of the office.
        InquiryYears = "inquiry_years", "证书查询记录保存（年）";
        /// Days after which messages to candidates are removed. A rule of the office.
        MessageDays = "message_days", "消息保存（天）";
        /// Days before the end of a correction on which the candidate is reminded; 0: never. A rule of the office, as are
        /// the other reminders.
        RemindMend = "remind_mend", "补正期限提前几天提醒（0 为不提醒）";
        RemindAppeal = "remind_appeal", "申诉期限提前几天提醒（0 为不提醒）";
        RemindPlead = "remind_plead", "陈述申辩期限提前几天提醒（0 为不提醒）";
        RemindDraft = "remind_draft", "草稿删除提前几天提醒（0 为不提醒）";
    }
}

impl Rule {
    /// The value that no administrator has changed.
    pub fn default_for(self, business: Option<&Business>) -> i32 {
        match self {
            Rule::ReviewDays | Rule::MendDays | Rule::PleadDays => 5,
            Rule::AppealDays => 30,
            Rule::ConfirmedShare => 0,
            Rule::BulkApproval => i32::from(business.is_some_and(|business| business.bulk_approval)),
            Rule::MostTaken => 20,
            Rule::WithdrawnFiles => 90,
            Rule::DecidedFiles | Rule::AuditYears => 10,
            Rule::DraftDays => 30,
            Rule::InquiryYears => 3,
            Rule::MessageDays => 365,
            Rule::RemindMend | Rule::RemindPlead => 2,
            Rule::RemindAppeal => 5,
            Rule::RemindDraft => 3,
        }
    }

    /// The smallest and the largest value.
    pub fn bounds(self) -> (i32, i32) {
        match self {
            Rule::ReviewDays | Rule::MendDays | Rule::PleadDays => (1, 60),
            Rule::AppealDays => (1, 180),
            Rule::ConfirmedShare => (0, 100),
            Rule::BulkApproval => (0, 1),
            Rule::MostTaken => (1, 200),
            Rule::WithdrawnFiles => (30, 3_650),
            // A year is longer than the longest period for an appeal.
            Rule::DecidedFiles | Rule::InquiryYears => (1, 50),
            Rule::DraftDays => (8, 365),
            Rule::AuditYears => (3, 50),
            Rule::MessageDays => (90, 3_650),
            Rule::RemindMend | Rule::RemindPlead => (0, 14),
            Rule::RemindAppeal => (0, 30),
            // Less than the shortest life of a draft.
            Rule::RemindDraft => (0, 7),
        }
    }

    /// Whether a business has a value of it, or with `None` the office.
    pub fn is_of(self, business: Option<&Business>) -> bool {
        match (self, business) {
            (Rule::MostTaken | Rule::DraftDays, of) => of.is_none(),
            (Rule::AuditYears | Rule::InquiryYears | Rule::MessageDays, of) => of.is_none(),
            (Rule::RemindMend | Rule::RemindAppeal | Rule::RemindPlead | Rule::RemindDraft, of) => {
                of.is_none()
            }
            (_, None) => false,
            (Rule::AppealDays, Some(business)) => business.appeal.is_some(),
            (Rule::PleadDays, Some(business)) => business.pleads,
            (_, Some(_)) => true,
        }
    }
}

/// The value of a rule: of a business, or with `None` of the office.
pub fn value(tx: &mut Tx, rule: Rule, business: Option<&Business>) -> Result<i32, Error> {
    let kind = business.map_or("", |business| business.slug);
    let changed: Option<i32> =
        r::rules.find((kind, rule.code())).select(r::value).first(tx.conn).optional()?;
    Ok(changed.unwrap_or_else(|| rule.default_for(business)))
}

/// The rules of a business that differ from their default, by name: the value and when it was set. With `None` those
/// of the office.
pub fn changed(tx: &mut Tx, business: Option<&Business>) -> Result<Vec<(String, i32, Timestamp)>, Error> {
    let kind = business.map_or("", |business| business.slug);
    Ok(r::rules.filter(r::kind.eq(kind)).select((r::name, r::value, r::changed_at)).load(tx.conn)?)
}

/// Sets a rule. The caller has checked the [bounds](Rule::bounds) and notes it in the audit.
pub fn set(tx: &mut Tx, rule: Rule, business: Option<&Business>, value: i32) -> Result<(), Error> {
    let kind = business.map_or("", |business| business.slug);
    let changed = (r::value.eq(value), r::changed_at.eq(tx.now));
    let row = (r::kind.eq(kind), r::name.eq(rule.code()), changed);
    either!(tx.conn, conn => diesel::insert_into(r::rules)
        .values(row)
        .on_conflict((r::kind, r::name))
        .do_update()
        .set(changed)
        .execute(conn))?;
    Ok(())
}
