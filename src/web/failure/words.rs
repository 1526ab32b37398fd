//! What people read when something went wrong.

use super::Failure;

impl Failure {
    /// [`Failure::words`] for the few pages that are read in English.
    pub(super) fn english(&self) -> (&str, String, (&str, &str)) {
        let list = ("All examinations", "/en/lookup");
        match self {
            Failure::NotFound => {
                ("Page not found", "The address may be wrong, or the page was removed.".into(), list)
            }
            Failure::TooMany(seconds) => (
                "Too many searches",
                format!("Please try again in {}.", waiting(*seconds, " seconds", " minutes")),
                list,
            ),
            Failure::Unavailable(_) | Failure::NotSaved(_) | Failure::Internal(_) => {
                ("The service is unavailable", "Please try again a little later.".into(), list)
            }
            Failure::InDoubt(_) => (
                "It is not known whether this was done",
                "Please look before you send it again.".into(),
                list,
            ),
            _ => ("This request cannot be taken", "Please start again from the list.".into(), list),
        }
    }

    /// What happened, what to do, and one button.
    pub(super) fn words(&self) -> (&str, String, (&str, &str)) {
        let home = ("返回首页", "/");
        match self {
            Failure::SignIn => (
                "登录已超时",
                "请在新窗口重新登录，再回到本页刷新，浏览器会重新提交您填写的内容。".into(),
                ("重新登录", "/login"),
            ),
            Failure::NotFound => ("没有找到这个页面", "网址可能有误，或内容已被移除。".into(), home),
            Failure::Forbidden(need) => ("您不能进行这个操作", (*need).into(), home),
            Failure::Conflict { message, action } => {
                (message, "您可以查看最新情况后再决定。".into(), (action.0, &action.1))
            }
            Failure::BadRequest(why) => (why, "请返回上一页检查后重试。".into(), home),
            Failure::TooLarge => ("上传的内容太大", "请压缩或分开上传，每个文件不超过 10 MB。".into(), home),
            Failure::TooSlow => ("网络太慢，内容没有传完", "请换到信号好的地方再试一次。".into(), home),
            Failure::LongAddress => ("这个网址太长", "请从首页重新进入。".into(), home),
            Failure::LargeHead => {
                ("浏览器保存的 Cookie 太多", "请清除本网站的 Cookie，再重新打开。".into(), home)
            }
            Failure::ManyUploads => {
                ("上传的人很多，没有轮到您", "请过一会儿再试一次，每次少选几个文件。".into(), home)
            }
            Failure::TooMany(seconds) => {
                ("操作太频繁", format!("请在 {}后再试。", waiting(*seconds, " 秒", " 分钟")), home)
            }
            Failure::Method => ("这个地址不支持该操作", "请从页面上的按钮进入。".into(), home),
            Failure::Portal { happened, again } | Failure::NoLogin { happened, again } => {
                (happened, "没有登录任何账号，您可以再试一次。".into(), ("重新登录", again))
            }
            Failure::NotAdmitted { happened, help } => (happened, help.clone(), home),
            Failure::Full => {
                let wait = format!("请在 {} 秒后再试，也可以先办理其他事项。", Failure::FULL_FOR);
                ("现在登录的人很多，请稍后再试", wait, ("再试一次", "/login"))
            }
            Failure::Gone(what_helps) => ("这份文件打不开", (*what_helps).into(), home),
            Failure::Unrecorded(_) => (
                "查看记录没有写成功，页面没有显示",
                "为保护考生信息，每次查看都要留下记录。请稍后再试；一直这样时请联系系统管理员。".into(),
                ("返回待办", "/staff/queue"),
            ),
            Failure::NotSignedOut => {
                ("没有退出登录", "这台设备仍处于登录状态。请稍后再试一次。".into(), ("返回“我的”", "/me"))
            }
            Failure::Unavailable(_) => {
                ("系统正忙", "您的操作没有完成，已提交过的申请不受影响。请稍后再试。".into(), home)
            }
            Failure::InDoubt(_) => (
                "不能确定这次操作是否已经完成",
                "保存时与数据库的连接中断了。请先查看最新情况，没有保存再提交一次。".into(),
                ("查看最新情况", "/progress"),
            ),
            Failure::NotSaved(_) => (
                "系统暂时不能保存",
                "您的操作没有完成，已提交过的申请不受影响，仍可查询。请不要关闭本页，过几分钟刷新本页，浏览器会重新提交您填写的内容。"
                    .into(),
                home,
            ),
            Failure::Internal(_) => {
                ("系统出了问题", "我们已记录，已提交过的申请不受影响。请稍后再试。".into(), home)
            }
        }
    }
}

/// How long to wait, in the unit that one would say.
fn waiting(seconds: u64, of_seconds: &str, of_minutes: &str) -> String {
    if seconds < 120 {
        format!("{seconds}{of_seconds}")
    } else {
        format!("{}{of_minutes}", seconds.div_ceil(60))
    }
}
