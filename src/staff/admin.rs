//! 管理: the rooms of administrators. Each changes what the office works by, and notes it in the audit.

pub mod announcements;
pub mod backups;
pub mod deletions;
pub mod exams;
pub mod holidays;
pub mod imports;
pub mod organisations;
mod request;
pub mod roster;
pub mod rules;
pub mod sms;
pub mod templates;
pub mod texts;

use maud::{Markup, html};
use poem::{Response, handler};

use self::request::AdminRequest;
use crate::paths;
use crate::ui::{self, ListRow, Page};
use crate::web::Failure;

/// A room: its label, what is done there, and the address of its first page.
const ROOMS: &[(&str, &str, &str)] = &[
    ("人员名单", "增加、更改和停用工作人员", paths::ROSTER),
    ("办理规则", "承诺办结和补正的期限、复核比例、批量通过、领取上限、保存期限、提醒", paths::RULES),
    ("须知和常用语", "须知、承诺、考区、办事说明、常用意见和标注，办公室的电话，保留各个版本", paths::TEXTS),
    ("消息文字", "申请提交、退回、通过等时考生收到的消息，各个版本和占位名称", paths::TEMPLATES),
    ("短信", "等待发出和没有发出的短信，重发", paths::SMS),
    ("通知公告", "首页上的公告：撰写、定时发布、撤下", paths::EDITED_ANNOUNCEMENTS),
    ("考试", "考试、考试年月、科目和费用", paths::EXAMS),
    ("数据导入", "上传考试、报名、证书、违纪和失信记录的文件", paths::IMPORTS),
    ("查询单位", "批量查询证书的单位：约定、额度、密钥", paths::ORGANISATIONS),
    ("放假安排", "各年的放假和调休，期限按它计算", paths::HOLIDAYS),
    ("数据备份", "自动备份是否正常，最近的备份", paths::BACKUPS),
    ("删除申请", "考生要求删除个人信息，在这里决定", paths::DELETIONS),
    ("身份核对", "被暂停的登录，核对是否同一人", paths::IDENTITIES),
];

/// `GET /staff/admin`.
#[handler]
pub async fn show(request: AdminRequest) -> Result<Response, Failure> {
    request.show(|_, _| Ok(Page::new("管理", rooms()).own_heading())).await
}

fn rooms() -> Markup {
    let row = |(title, detail, path): &(&str, &str, &str)| ListRow {
        title: html! { (title) },
        detail: (*detail).to_owned(),
        href: (*path).to_owned(),
        trailing: html! {},
    };
    html! {
        (ui::heading("", "管理", "每次更改都有记录，保存后立即生效。"))
        (ui::rows(&ROOMS.iter().map(row).collect::<Vec<_>>()))
    }
}
