//! What people read about a failure.

use std::borrow::Cow;

use super::{Failure, Words};
use crate::paths;
use crate::web::form::MAX_FILE_MEGABYTES;

impl<'a> Words<'a> {
    fn new(headline: &'a str, advice: impl Into<Cow<'a, str>>, label: &'a str, href: &'a str) -> Self {
        Words { headline, advice: advice.into(), label, href }
    }

    fn home(headline: &'a str, advice: impl Into<Cow<'a, str>>) -> Self {
        Words::new(headline, advice, "返回首页", paths::HOME)
    }

    fn english(headline: &'a str, advice: impl Into<Cow<'a, str>>) -> Self {
        Words::new(headline, advice, "All examinations", paths::ENGLISH_LOOKUP)
    }
}

impl Failure {
    /// [`Failure::words`] for the pages of the lookup that exist in English.
    pub(super) fn english(&self) -> Words<'_> {
        match self {
            Failure::NotFound => {
                Words::english("Page not found", "The address may be wrong, or the page was removed.")
            }
            Failure::TooMany(seconds) => Words::english(
                "Too many searches",
                format!("Please try again in {}.", waiting_time(*seconds, " seconds", " minutes")),
            ),
            Failure::Unavailable(_) | Failure::NotSaved(_) | Failure::Internal(_) => {
                Words::english("The service is unavailable", "Please try again a little later.")
            }
            Failure::InDoubt(_) => Words::english(
                "It is not known whether this was done",
                "Please look before you send it again.",
            ),
            _ => Words::english("This request cannot be taken", "Please start again from the list."),
        }
    }

    pub(super) fn words(&self) -> Words<'_> {
        match self {
            Failure::SignIn => Words::new(
                "登录已超时",
                "请在新窗口重新登录，再回到本页刷新，浏览器会重新提交您填写的内容。",
                "重新登录",
                paths::LOGIN,
            ),
            Failure::SignInAgain(_) => Words::new(
                "请再次登录",
                "导出个人信息前，须重新登录确认是您本人。",
                "重新登录",
                paths::LOGIN_AGAIN,
            ),
            Failure::AskConsent(_) => Words::new(
                "需要先征得您的同意",
                "您还没有同意处理相关的个人信息，这次操作没有完成。",
                "查看并同意",
                paths::CONSENT,
            ),
            Failure::NotFound => Words::home("没有找到这个页面", "网址可能有误，或内容已被移除。"),
            Failure::Forbidden(need) => Words::home("您不能进行这个操作", *need),
            Failure::Conflict { message, action: (label, href) } => {
                Words::new(message, "您可以查看最新情况后再决定。", label, href)
            }
            Failure::BadRequest(why) => Words::home(why, "请返回上一页检查后重试。"),
            Failure::TooLarge => Words::home(
                "上传的内容太大",
                format!("请压缩或分开上传，每个文件不超过 {MAX_FILE_MEGABYTES} MB。"),
            ),
            Failure::TooSlow => Words::home("网络太慢，内容没有传完", "请换到信号好的地方再试一次。"),
            Failure::LongAddress => Words::home("这个网址太长", "请从首页重新进入。"),
            Failure::LargeHead => {
                Words::home("浏览器保存的 Cookie 太多", "请清除本网站的 Cookie，再重新打开。")
            }
            Failure::ManyUploads => {
                Words::home("上传的人很多，没有轮到您", "请过一会儿再试一次，每次少选几个文件。")
            }
            Failure::TooMany(seconds) => {
                Words::home("操作太频繁", format!("请在 {}后再试。", waiting_time(*seconds, " 秒", " 分钟")))
            }
            Failure::Method => Words::home("这个地址不支持该操作", "请从页面上的按钮进入。"),
            Failure::Portal { happened, again } | Failure::NoLogin { happened, again } => {
                Words::new(happened, "没有登录任何账号，您可以再试一次。", "重新登录", again)
            }
            Failure::NotAdmitted { happened, help, remedy: None } => Words::home(happened, help),
            Failure::NotAdmitted { happened, help, remedy: Some((label, href)) } => {
                Words::new(happened, help, label, href)
            }
            Failure::Full => Words::new(
                "现在登录的人很多，请稍后再试",
                format!("请在 {} 秒后再试，也可以先办理其他事项。", Failure::RETRY_SECONDS),
                "再试一次",
                paths::LOGIN,
            ),
            Failure::Gone(advice) => Words::home("这份文件打不开", *advice),
            Failure::Unrecorded(_) => Words::new(
                "查看记录没有写成功，页面没有显示",
                "为保护考生信息，每次查看都要留下记录。请稍后再试；一直这样时请联系系统管理员。",
                "返回待办",
                paths::QUEUE,
            ),
            Failure::NotSignedOut => Words::new(
                "没有退出登录",
                "这台设备仍处于登录状态。请稍后再试一次。",
                "返回“我的”",
                paths::ME,
            ),
            Failure::Unavailable(_) => {
                Words::home("系统正忙", "您的操作没有完成，已提交过的申请不受影响。请稍后再试。")
            }
            Failure::InDoubt(_) => Words::new(
                "不能确定这次操作是否已经完成",
                "保存时与数据库的连接中断了。请先查看最新情况，没有保存再提交一次。",
                "查看最新情况",
                paths::PROGRESS,
            ),
            Failure::NotSaved(_) => Words::home(
                "系统暂时不能保存",
                "您的操作没有完成，已提交过的申请不受影响，仍可查询。请不要关闭本页，过几分钟刷新本页，浏览器会重新提交您填写的内容。",
            ),
            Failure::Internal(_) => {
                Words::home("系统出了问题", "我们已记录，已提交过的申请不受影响。请稍后再试。")
            }
        }
    }
}

/// Seconds below two minutes, else minutes rounded up.
fn waiting_time(seconds: u64, seconds_unit: &str, minutes_unit: &str) -> String {
    if seconds < 120 {
        format!("{seconds}{seconds_unit}")
    } else {
        format!("{}{minutes_unit}", seconds.div_ceil(60))
    }
}
