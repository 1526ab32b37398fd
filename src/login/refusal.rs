//! Why a sign-in failed, and the page for each reason. The page has a retry button only if a retry can help.

use serde::{Deserialize, Serialize};

use crate::people::candidate::AdmittedPerson;
use crate::people::document::DocumentType;
use crate::people::identity::{Reason, SignInOutcome};
use crate::settings::{Level, PortalSettings};
use crate::web::Failure;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    #[error("the portal was not reached")]
    NotReached,
    /// Its answer does not follow the protocol.
    #[error("the portal was not understood")]
    NotUnderstood,
    /// It refused, or its answer failed a check.
    #[error("the portal refused")]
    Refused,
    /// The person declined the login there.
    #[error("declined at the portal")]
    Declined,
    /// The attempt is not this browser's, or is over.
    #[error("no such attempt")]
    Outdated,
    /// A claim is missing or invalid.
    #[error("incomplete claims")]
    Incomplete,
    #[error("unknown kind of document")]
    DocumentType,
    #[error("a company's account")]
    Company,
    /// The settings do not admit this account.
    #[error("a required claim does not hold")]
    Required,
    /// The account, or this sign-in, has not the level that is needed.
    #[error("not verified")]
    Unverified,
    /// The account is not on the roster, and the door is the staff's.
    #[error("not on the roster")]
    NotStaff,
    /// The account has no identifier.
    #[error("an account without a name")]
    Nameless,
    /// An administrator has to decide whether this is the same person, or has decided that it is not.
    #[error("stopped: {reason:?}")]
    Stopped {
        reason: Reason,
        /// Whether the decision was "another person".
        separated: bool,
    },
    /// A defect of the settings or of this program; the log has the details.
    #[error("a sign-in cannot be made")]
    Broken,
}

pub fn admitted(outcome: SignInOutcome) -> Result<AdmittedPerson, Refusal> {
    match outcome {
        SignInOutcome::Admitted(person) => Ok(person),
        SignInOutcome::Nameless => Err(Refusal::Nameless),
        SignInOutcome::Stopped { reason, separated } => Err(Refusal::Stopped { reason, separated }),
    }
}

const ASK: &str = "如有疑问，请携带证件联系考试机构。";

impl Refusal {
    /// The reason in metrics.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::NotReached => "not_reached",
            Refusal::NotUnderstood => "not_understood",
            Refusal::Refused => "refused",
            _ => "other",
        }
    }

    /// The page of this refusal at a portal. `again` is the path of its retry button.
    pub fn failure(self, portal: &PortalSettings, again: String) -> Failure {
        match self {
            Refusal::NotReached => Failure::portal("政务服务平台暂时没有回应").again_at(again),
            Refusal::NotUnderstood => Failure::portal("政务服务平台的回答无法识别").again_at(again),
            Refusal::Refused => Failure::portal("政务服务平台没有完成登录").again_at(again),
            Refusal::Incomplete => Failure::portal("政务服务平台提供的身份信息不完整").again_at(again),
            Refusal::Declined => Failure::no_login("您没有在政务服务平台授权登录").again_at(again),
            Refusal::Outdated => Failure::no_login("这次登录已失效").again_at(again),
            Refusal::Broken => Failure::Internal("a sign-in cannot be made; see the log".into()),
            Refusal::DocumentType => not_admitted("暂不支持用这种证件登录", document_help()),
            Refusal::Company => not_admitted(
                "企业账号不能登录",
                "考试业务由考生本人办理。请在政务服务平台退出企业账号，改用您的个人账号登录。".into(),
            ),
            Refusal::Required => not_admitted(
                "您的账号不符合登录条件",
                format!("您在政务服务平台的账号目前不能用于办理考试业务，没有登录任何账号。{ASK}"),
            ),
            Refusal::Unverified => unverified(&portal.level),
            Refusal::NotStaff => not_admitted(
                "您不在工作人员名册上",
                "这里是工作人员入口。考生请从首页登录；工作人员请联系管理员登记。".into(),
            ),
            Refusal::Nameless => not_admitted(
                "无法确认您的账号",
                format!("政务服务平台没有提供账号标识，为保护您的信息，没有登录任何账号。{ASK}"),
            ),
            Refusal::Stopped { separated: true, .. } => not_admitted(
                "这个账号不能登录",
                format!("工作人员核对后确认，这个账号与已登记的考生不是同一人。{ASK}"),
            ),
            Refusal::Stopped { reason, separated: false } => not_admitted(
                "登录已暂停，等待核对身份",
                format!(
                    "{}为保护考生信息，没有登录任何账号，已转交工作人员核对。{}",
                    stop_reason(reason),
                    help(reason)
                ),
            ),
        }
    }
}

fn not_admitted(happened: &'static str, help: String) -> Failure {
    Failure::NotAdmitted { happened, help, remedy: None }
}

/// Names the level that is needed, and leads to where it is raised.
fn unverified(level: &Level) -> Failure {
    let needed = level.name.as_deref().map(|name| format!("，需要达到“{name}”")).unwrap_or_default();
    let help = format!(
        "您在政务服务平台的账号认证等级不够{needed}，没有登录任何账号。请先在政务服务平台提升认证等级，再回到这里登录。"
    );
    let remedy = level.url.as_ref().map(|url| ("去提升认证等级", url.to_string()));
    Failure::NotAdmitted { happened: "请先完成实名认证", help, remedy }
}

fn stop_reason(reason: Reason) -> &'static str {
    match reason {
        Reason::AnotherName => "政务服务平台提供的姓名与您以前登录时不同。",
        Reason::AnotherAccount => "您的证件号码以前由另一个政务服务平台账号登录过。",
        Reason::AnotherPerson => "这个证件号码已登记在另一个姓名和账号下。",
        Reason::AnotherNumber => "这个账号以前用另一个证件号码登录过。",
    }
}

fn help(reason: Reason) -> &'static str {
    match reason {
        Reason::AnotherName | Reason::AnotherAccount => {
            "请先在政务服务平台完成实名认证再登录；仍不能登录的，请携带证件联系考试机构。"
        }
        Reason::AnotherPerson | Reason::AnotherNumber => "请携带证件联系考试机构核对。",
    }
}

fn document_help() -> String {
    let named = DocumentType::ALL.into_iter().filter(|kind| *kind != DocumentType::Other);
    let kinds: Vec<&str> = named.map(DocumentType::label).collect();
    format!(
        "可以用于登录的证件：{}。请在政务服务平台换用其中一种证件认证；没有这些证件的，请联系考试机构办理。",
        kinds.join("、")
    )
}
