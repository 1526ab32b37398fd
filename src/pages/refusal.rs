//! The responses to refusals of `casework`, `people` and `files`: status, Chinese sentence and link.

use crate::casework::Refusal;
use crate::casework::lifecycle::Actor;
use crate::files::storage::StorageError;
use crate::web::Failure;
use crate::{paths, people};

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        match refusal {
            Refusal::NotFound => Failure::NotFound,
            Refusal::Overtaken { slug, number, actor, happened } => {
                let path = match (actor, number) {
                    (Actor::Reviewer | Actor::Roster | Actor::Office, number) => {
                        paths::case(number.unwrap_or_default())
                    }
                    (Actor::Candidate, Some(number)) => paths::application(slug, number),
                    (Actor::Candidate, None) => paths::business(slug),
                };
                conflict(happened, "查看最新情况", path)
            }
            Refusal::OpenAlready { slug, number, label, title } => {
                let message = format!("{title}已有一件正在办理的{label}申请");
                conflict(message, "查看这件申请", paths::application(slug, number))
            }
            Refusal::NotRejected { slug, number } => {
                conflict("只有审核不通过的申请可以申诉", "查看申请", paths::application(slug, number))
            }
            Refusal::AppealedAlready { slug, number } => {
                let path = paths::application(slug, number);
                conflict("这件申请已经申诉过，每件只能申诉一次", "查看申诉详情", path)
            }
            Refusal::NotReady { certificate, title, state } => {
                let message = format!("{title}的证书{state}，不能申请邮寄");
                conflict(message, "查看证书", paths::certificate(certificate))
            }
            Refusal::InBatch { id, batch } => {
                let message =
                    format!("这件申请在批次 {batch} 里等待结果；要单独办理，请先从批次移出，以免重复");
                conflict(message, "查看批次", paths::batch(id))
            }
            Refusal::RefundedAlready { number } => {
                conflict("其中有科目已经退费，请退回申请让考生更正", "查看申请", paths::case(number))
            }
            Refusal::ReceiptedAlready { number } => {
                conflict("其中有报名已经开过票据，请退回申请让考生更正", "查看申请", paths::case(number))
            }
            Refusal::NotAColleague { number } => {
                conflict("选择的同事不能办理这件申请", "重新选择", paths::case(number))
            }
            Refusal::OnHold { number } => {
                conflict("这件申请暂缓办理，请先恢复办理", "查看申请", paths::case(number))
            }
            Refusal::CannotReopen { number, why } => conflict(why, "查看申请", paths::case(number)),
            Refusal::OwnApplication => Failure::Forbidden("这是您本人的申请，请由其他工作人员办理。"),
            Refusal::TooManyTaken { most } => {
                let message = format!("您已经领取了 {most} 件，请先办理、放回或暂缓其中一些，再领取");
                conflict(message, "查看我领取的", format!("{}?status=mine", paths::QUEUE))
            }
            Refusal::DecidedBefore => Failure::Forbidden(DECIDED_BEFORE),
            Refusal::OwnProposal => Failure::Forbidden("这是您提出的办理意见，请由其他同事复核。"),
            Refusal::NotTheirBusiness => Failure::Forbidden("您的岗位不办理这类申请，请联系管理员。"),
            Refusal::NotTheirTask => Failure::Forbidden("这一步不由您的岗位办理。"),
            Refusal::AdministratorsOnly => Failure::Forbidden("只有管理员可以这样做。"),
            Refusal::LastAdministrator => {
                let message = "名单上没有其他管理员，请先增加一位管理员";
                conflict(message, "返回人员名单", paths::ROSTER.to_owned())
            }
            Refusal::OwnEntry => {
                let message = "本人的岗位由另一位管理员更改";
                conflict(message, "返回人员名单", paths::ROSTER.to_owned())
            }
            Refusal::OnRoster { id, name } => {
                conflict(format!("{name}已在名单上，用的是这个证件"), "查看", paths::roster_entry(id))
            }
            Refusal::Breaks(why) => conflict(why, "返回管理", paths::ADMIN.to_owned()),
            Refusal::ChangedMeanwhile => {
                let message = "另一位管理员刚才改过，请核对现在的内容再保存";
                conflict(message, "返回管理", paths::ADMIN.to_owned())
            }
            Refusal::NotScanned => {
                let message = "这份材料还没有通过安全检查，检查程序没有回应，请过几分钟再打开";
                conflict(message, "返回待办", paths::QUEUE.to_owned())
            }
            Refusal::Harmful => Failure::Gone(HARMFUL),
            Refusal::Invalid(why) => Failure::BadRequest(why),
            Refusal::Defect(what) => Failure::Internal(what.to_owned()),
            Refusal::People(refusal) => refusal.into(),
            Refusal::Storage(error) => error.into(),
            Refusal::Store(error) => error.into(),
        }
    }
}

/// Shown to whoever opens a file in which the scanner found something.
pub const HARMFUL: &str =
    "这份文件含有恶意代码，已经删除。考生须换一份没有问题的文件重新上传，并用杀毒软件检查设备。";

/// Shown to a reviewer who opens an appeal against their own decision.
pub const DECIDED_BEFORE: &str = "您办理过被申诉的申请，这件申诉须由其他工作人员办理。";

impl From<people::Refusal> for Failure {
    fn from(refusal: people::Refusal) -> Failure {
        match refusal {
            people::Refusal::NoCandidate => Failure::NotFound,
            people::Refusal::DocumentTaken => {
                let message = "新的证件号码已有人使用，请退回申请并与考生核实";
                conflict(message, "返回待办", paths::QUEUE.to_owned())
            }
            people::Refusal::DocumentShared => {
                let message = "同一本通行证还登记在另一位考生名下，证件只能在那一份登记里更改";
                conflict(message, "返回待办", paths::QUEUE.to_owned())
            }
            people::Refusal::Unrecorded(error) => Failure::Unrecorded(error.to_string()),
            people::Refusal::Store(error) => error.into(),
        }
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Failure {
        match error {
            StorageError::Missing => Failure::NotFound,
            StorageError::NotSaved(_) => Failure::NotSaved(error.to_string()),
            StorageError::Interrupted | StorageError::Failed(_) => Failure::Unavailable(error.to_string()),
            StorageError::Unreadable(_) => Failure::Internal(error.to_string()),
        }
    }
}

fn conflict(message: impl Into<String>, label: &'static str, path: String) -> Failure {
    Failure::Conflict { message: message.into(), action: (label, path) }
}

/// For a transaction that reads personal data and writes the audit: explains on the page that nothing is
/// shown while the audit cannot be written.
pub fn explain_audit<T>(outcome: Result<T, Failure>) -> Result<T, Failure> {
    outcome.map_err(|failure| match failure {
        Failure::Unavailable(why) => Failure::Unrecorded(why),
        other => other,
    })
}
