//! What an exam refunds: for which reasons, until when, and what share of the fees.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use crate::store::schema::refund_rules::dsl as r;
use crate::store::{Error, Tx, codes};

codes! {
    /// Why a candidate asks for a refund.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum RefundReason {
        NotQualified = "not_qualified", "资格审核不通过";
        PaidTwice = "paid_twice", "重复缴费";
        Cancelled = "cancelled", "考试取消或延期";
        Illness = "illness", "疾病";
        Other = "other", "其他";
    }
}

impl RefundReason {
    /// The labels, in the order of the form.
    pub const LABELS: [&str; RefundReason::ALL.len()] = {
        let mut labels = [""; RefundReason::ALL.len()];
        let mut at = 0;
        while at < labels.len() {
            labels[at] = RefundReason::ALL[at].label();
            at += 1;
        }
        labels
    };

    pub fn from_label(label: &str) -> Option<RefundReason> {
        RefundReason::ALL.into_iter().find(|reason| reason.label() == label)
    }
}

/// Days before the exam on which refunds close, where the office has no rule.
const CLOSES_BEFORE: u32 = 15;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundRule {
    /// Days before the exam on which it closes. `None`: it never closes.
    pub closes_before: Option<u32>,
    /// Percent of the fees; 0 if the exam refunds nothing for this reason.
    pub share: u32,
}

impl RefundRule {
    /// The rule where the office has none. An exam that was cancelled, or paid twice, is refunded at any time.
    fn default_for(reason: RefundReason) -> RefundRule {
        let closes_before = match reason {
            RefundReason::PaidTwice | RefundReason::Cancelled => None,
            RefundReason::NotQualified | RefundReason::Illness | RefundReason::Other => Some(CLOSES_BEFORE),
        };
        RefundRule { closes_before, share: 100 }
    }

    /// The last day to apply for an exam that is held on a day. `None`: there is no last day.
    pub fn last_day(self, held_on: NaiveDate) -> Option<NaiveDate> {
        let days = Days::new(self.closes_before?.into());
        Some(held_on.checked_sub_days(days).unwrap_or(held_on))
    }

    /// The part of a sum in fen that is refunded, rounded to the fen in favour of the candidate.
    pub fn refunded(self, sum: i64) -> i64 {
        (sum * i64::from(self.share) + 99) / 100
    }

    /// `可退 50%，考前 15 天截止`
    pub fn in_words(self) -> String {
        let until = match self.closes_before {
            None => "随时受理".to_owned(),
            Some(0) => "考试当天截止".to_owned(),
            Some(days) => format!("考前 {days} 天截止"),
        };
        match self.share {
            0 => "不退费".to_owned(),
            100 => format!("全额退费，{until}"),
            share => format!("退 {share}%，{until}"),
        }
    }
}

/// The rules of the office.
pub struct RefundRules(HashMap<(String, String), RefundRule>);

impl RefundRules {
    /// Reads all rules, in one statement: there are at most some for each exam.
    pub fn load(tx: &mut Tx) -> Result<RefundRules, Error> {
        let columns = (r::exam_id, r::reason, r::closes_before, r::share);
        let rows: Vec<(String, String, Option<i32>, i32)> = r::refund_rules.select(columns).load(tx.conn)?;
        let rule = |(exam, reason, closes_before, share): (String, String, Option<i32>, i32)| {
            let closes_before = closes_before.map(i32::unsigned_abs);
            ((exam, reason), RefundRule { closes_before, share: share.unsigned_abs().min(100) })
        };
        Ok(RefundRules(rows.into_iter().map(rule).collect()))
    }

    /// The rule of an exam, of the office, or the default, in this order.
    pub fn of(&self, exam: &str, reason: RefundReason) -> RefundRule {
        let find = |exam: &str| self.0.get(&(exam.to_owned(), reason.code().to_owned())).copied();
        find(exam).or_else(|| find("")).unwrap_or_else(|| RefundRule::default_for(reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_of_the_exam_goes_before_that_of_the_office_and_the_default() {
        let half = RefundRule { closes_before: Some(3), share: 50 };
        let nothing = RefundRule { closes_before: None, share: 0 };
        let key = |exam: &str| (exam.to_owned(), "illness".to_owned());
        let rules = RefundRules(HashMap::from([(key("exam-01"), half), (key(""), nothing)]));
        assert_eq!(rules.of("exam-01", RefundReason::Illness), half);
        assert_eq!(rules.of("exam-02", RefundReason::Illness), nothing);
        let default = rules.of("exam-01", RefundReason::Other);
        assert_eq!(default, RefundRule { closes_before: Some(15), share: 100 });
        assert_eq!(rules.of("exam-01", RefundReason::Cancelled).closes_before, None);
    }

    #[test]
    fn share_is_rounded_to_the_fen() {
        let share = |share| RefundRule { closes_before: None, share };
        assert_eq!(
            [share(100).refunded(6101), share(50).refunded(6101), share(0).refunded(6101)],
            [6101, 3051, 0]
        );
    }

    #[test]
    fn rule_is_told_in_words() {
        let words = |closes_before, share| RefundRule { closes_before, share }.in_words();
        assert_eq!(words(Some(15), 100), "全额退费，考前 15 天截止");
        assert_eq!(words(None, 50), "退 50%，随时受理");
        assert_eq!(words(Some(0), 80), "退 80%，考试当天截止");
        assert_eq!(words(Some(15), 0), "不退费");
    }
}
