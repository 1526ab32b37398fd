//! What messages tell: each topic with its text, and the facts that the text may name.

use crate::store::codes;

codes! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Topic {
        Submitted = "submitted", "申请已提交";
        Withdrawn = "withdrawn", "申请已撤销";
        Held = "held", "暂缓办理";
        Resumed = "resumed", "恢复办理";
        Returned = "returned", "需要补正";
        Lapsed = "lapsed", "逾期未补正，已关闭";
        Approved = "approved", "审核通过";
        Rejected = "rejected", "审核不通过";
        /// A rejection that can be appealed against.
        RejectedAppealable = "rejected_appealable", "审核不通过，可以申诉";
        /// An appeal, after which the application is approved.
        AppealUpheld = "appeal_upheld", "申诉通过";
        AppealDismissed = "appeal_dismissed", "申诉不通过";
        /// A decision that is served as a document.
        DecisionReady = "decision_ready", "处理决定书待签收";
        DecisionServed = "decision_served", "处理决定书已签收";
        /// A task after the approval was carried out, such as a payment.
        Fulfilled = "fulfilled", "办理完成";
        /// A task could not be carried out until the candidate corrects something.
        Failed = "failed", "办理未成功，需要更正";
        Posted = "posted", "证书已寄出";
        CameBack = "came_back", "快递退回";
        Collected = "collected", "证书已现场领取";
        /// What staff noted when they carried out a task was corrected.
        Amended = "amended", "办理结果有更正";
        /// A decision, or the note that a task was carried out, was taken back.
        Reopened = "reopened", "重新办理";
        CertificateAnnulled = "certificate_annulled", "证书已被撤销";
        CertificateRestored = "certificate_restored", "证书恢复有效";
        DeletionApproved = "deletion_approved", "个人信息已删除";
        DeletionRefused = "deletion_refused", "删除申请未同意";
        /// The authority has recorded a violation.
        ViolationNoticed = "violation_noticed", "违纪告知";
        RemindMend = "remind_mend", "补正期限将到";
        RemindAppeal = "remind_appeal", "申诉期限将到";
        RemindPlead = "remind_plead", "陈述申辩期限将到";
        RemindDraft = "remind_draft", "草稿即将删除";
    }
}

codes! {
    /// A fact that a text may name, as `{受理号}`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Slot {
        /// Label of the business.
        Business = "业务",
        /// 受理号.
        Number = "受理号",
        /// Exam and sitting, or what else it is about.
        Title = "事项",
        /// The state in the business's own words.
        Outcome = "结果",
        /// The last day of a period.
        LastDay = "截止日期",
        /// Carrier, number and day of a posting.
        Posting = "快递",
    }
}

impl Slot {
    /// A value that shows what a text looks like.
    pub fn example(self) -> &'static str {
        match self {
            Slot::Business => "考试退费",
            Slot::Number => "TF20261128000001Y",
            Slot::Title => "一级建造师 · 2026-05",
            Slot::Outcome => "已退费",
            Slot::LastDay => "2026-12-05",
            Slot::Posting => "EMS 到付 EA123456789CN 2026-11-28",
        }
    }
}

/// The values of the slots of a topic.
pub type Facts = Vec<(Slot, String)>;

/// The facts of an application.
const APPLICATION: &[Slot] = &[Slot::Business, Slot::Number, Slot::Title];
const WITH_OUTCOME: &[Slot] = &[Slot::Business, Slot::Number, Slot::Title, Slot::Outcome];
const WITH_DAY: &[Slot] = &[Slot::Business, Slot::Number, Slot::Title, Slot::LastDay];
const FAILED: &[Slot] = &[Slot::Business, Slot::Number, Slot::Title, Slot::Outcome, Slot::LastDay];
const POSTED: &[Slot] = &[Slot::Business, Slot::Number, Slot::Title, Slot::Posting];
const CERTIFICATE: &[Slot] = &[Slot::Title];
const PLEA: &[Slot] = &[Slot::Title, Slot::LastDay];
const DRAFT: &[Slot] = &[Slot::Business, Slot::LastDay];

impl Topic {
    /// What the text may name, and the text that no administrator has changed.
    fn row(self) -> (&'static [Slot], &'static str) {
        match self {
            Topic::Submitted => (APPLICATION, "您的{业务}申请已提交，受理号{受理号}。办理进度请登录查看。"),
            Topic::Withdrawn => {
                (APPLICATION, "您的{业务}申请{受理号}已撤销。如非本人操作，请登录查看并联系考试机构。")
            }
            Topic::Held => {
                (APPLICATION, "您的{业务}申请{受理号}暂缓办理，办理期限暂停计算，恢复后会告诉您。")
            }
            Topic::Resumed => (APPLICATION, "您的{业务}申请{受理号}已恢复办理。"),
            Topic::Returned => {
                (WITH_DAY, "您的{业务}申请{受理号}需要补正，请登录查看并修改，到{截止日期}为止，逾期将关闭。")
            }
            Topic::Lapsed => (APPLICATION, "您的{业务}申请{受理号}逾期未补正，已关闭。需要时可以重新申请。"),
            Topic::Approved => (APPLICATION, "您的{业务}申请{受理号}已审核通过。"),
            Topic::Rejected => (APPLICATION, "您的{业务}申请{受理号}审核不通过，原因请登录查看。"),
            Topic::RejectedAppealable => (
                WITH_DAY,
                "您的{业务}申请{受理号}审核不通过，原因请登录查看。如有异议，可以申诉一次，到{截止日期}为止。",
            ),
            Topic::AppealUpheld => (APPLICATION, "您的申诉{受理号}已通过，原申请改为审核通过。"),
            Topic::AppealDismissed => (APPLICATION, "您的申诉{受理号}不通过，原因请登录查看。"),
            Topic::DecisionReady => {
                (WITH_OUTCOME, "您的{业务}{受理号}已有处理决定，请登录阅读处理决定书并签收。")
            }
            Topic::DecisionServed => {
                (APPLICATION, "您已签收{业务}{受理号}的处理决定书。如非本人操作，请联系考试机构。")
            }
            Topic::Fulfilled => (WITH_OUTCOME, "您的{业务}申请{受理号}：{结果}。"),
            Topic::Failed => {
                (FAILED, "您的{业务}申请{受理号}：{结果}。请登录更正，到{截止日期}为止，逾期将关闭。")
            }
            Topic::Posted => (POSTED, "您的证书已寄出（{受理号}）：{快递}。请留意查收。"),
            Topic::CameBack => {
                (APPLICATION, "您的证书被快递退回（{受理号}），请登录重新申请邮寄，或到现场领取。")
            }
            Topic::Collected => {
                (APPLICATION, "您的证书已在现场领取（{受理号}）。如非本人或您委托的人领取，请联系考试机构。")
            }
            Topic::Amended => (APPLICATION, "您的{业务}申请{受理号}的办理结果有更正，请登录查看。"),
            Topic::Reopened => (APPLICATION, "您的{业务}申请{受理号}将重新办理，原因请登录查看。"),
            Topic::CertificateAnnulled => {
                (CERTIFICATE, "您的证书（{事项}）已被撤销，决定书文号请登录查看。如有异议，请联系考试机构。")
            }
            Topic::CertificateRestored => (CERTIFICATE, "您的证书（{事项}）恢复有效。"),
            Topic::DeletionApproved => {
                (&[], "您的删除申请已同意，可以删除的个人信息已经删除，依法须保存的除外。")
            }
            Topic::DeletionRefused => (&[], "您的删除申请没有同意，理由请登录查看。"),
            Topic::ViolationNoticed => {
                (PLEA, "您有一条违纪告知（{事项}），请登录查看。可以陈述申辩，到{截止日期}为止。")
            }
            Topic::RemindMend => (
                WITH_DAY,
                "您的{业务}申请{受理号}还没有补正，请登录修改并重新提交，到{截止日期}为止，逾期将关闭。",
            ),
            Topic::RemindAppeal => (
                WITH_DAY,
                "您的{业务}申请{受理号}审核不通过，申诉期限到{截止日期}为止。需要申诉的，请登录提交。",
            ),
            Topic::RemindPlead => {
                (PLEA, "{事项}违纪告知的陈述申辩期限到{截止日期}为止。需要申辩的，请登录提交。")
            }
            Topic::RemindDraft => {
                (DRAFT, "您的{业务}草稿还没有提交，将于{截止日期}删除。需要时请登录继续填写。")
            }
        }
    }

    /// The facts that its text may name.
    pub fn slots(self) -> &'static [Slot] {
        self.row().0
    }

    /// The text that no administrator has changed.
    pub fn built_in(self) -> &'static str {
        self.row().1
    }

    /// Whether it can be about applications of each business, so that a business may have a text of its own.
    pub fn is_of_business(self) -> bool {
        self.slots().contains(&Slot::Business)
    }

    /// Whether a candidate gets it by SMS who has switched off what need not be heard of at once.
    pub fn is_obligatory(self) -> bool {
        !matches!(
            self,
            Topic::Submitted
                | Topic::Withdrawn
                | Topic::Held
                | Topic::Resumed
                | Topic::Fulfilled
                | Topic::Posted
                | Topic::DecisionServed
                | Topic::RemindDraft
        )
    }
}
