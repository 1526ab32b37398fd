//! The names of what the audit notes.

/// Codes of actions with what people read. An action without a row panics in builds with debug assertions.
const LABELS: &[(&str, &str)] = &[
    // Looks at data.
    ("open", "打开申请"),
    ("list", "查看列表"),
    ("file", "查看材料"),
    ("uncover", "显示完整证件号码"),
    ("refused", "查看被拒绝"),
    ("search", "搜索"),
    ("audit_search", "查询查看记录"),
    ("identity", "打开身份核对"),
    ("certificate", "查看证书"),
    ("deletion", "查看删除申请"),
    ("sms", "查看没有发出的短信"),
    ("organisation", "查看查询单位"),
    // Steps of applications and cases.
    ("take", "领取"),
    ("put_back", "放回"),
    ("hand_over", "转交"),
    ("hold", "暂缓"),
    ("resume", "恢复办理"),
    ("note", "写备注"),
    ("propose", "提出办理意见"),
    ("confirm", "复核同意"),
    ("send_back", "复核退回"),
    ("retract", "收回办理意见"),
    ("approve", "通过"),
    ("return", "退回"),
    ("reject", "不通过"),
    ("approve_in_bulk", "批量通过"),
    ("fulfil", "登记办结"),
    ("fail", "登记未成功"),
    ("come_back", "登记快递退回"),
    ("collect", "登记现场领取"),
    ("take_back", "撤回办结登记"),
    ("amend", "更正办理结果"),
    ("reopen", "重新办理"),
    ("batch", "编入批次"),
    ("unbatch", "移出批次"),
    ("joined", "认定为同一人"),
    ("separated", "认定不是同一人"),
    ("annul", "撤销证书"),
    ("restore", "恢复证书"),
    ("erase", "同意删除个人信息"),
    ("refuse_deletion", "不同意删除个人信息"),
    ("sms_again", "重发短信"),
    // Files that leave the office or come in.
    ("export", "导出记录"),
    ("audit_export", "导出查看记录"),
    ("export_refund", "导出退费清单"),
    ("export_receipt", "导出开票清单"),
    ("export_mailing", "导出寄件清单"),
    ("export_reissue", "导出补发清单"),
    ("export_labels", "打印快递面单"),
    ("pick_list", "打印拣货清单"),
    ("export_figures", "导出统计"),
    ("import_check", "检查导入文件"),
    ("import_load", "导入文件"),
    ("import_cancel", "取消导入"),
    ("import_refused_rows", "下载被拒绝的行"),
    // The rooms of administrators.
    ("roster_add", "加入或更改工作人员"),
    ("roster_change", "更改工作人员"),
    ("roster_remove", "移出工作人员"),
    ("announcement_add", "发布公告"),
    ("announcement_change", "更改公告"),
    ("announcement_take_down", "撤下公告"),
    ("exam_add", "增加考试"),
    ("exam_change", "更改考试"),
    ("sitting_add", "增加考试年月"),
    ("sitting_change", "更改考试年月"),
    ("subject_add", "增加科目"),
    ("subject_fee", "更改科目费用"),
    ("holidays", "更改节假日安排"),
    ("rule", "更改办理规则"),
    ("text", "更改页面文字"),
    ("organisation_add", "增加查询单位"),
    ("organisation_change", "更改查询单位"),
    ("organisation_key", "更换单位密钥"),
    ("organisation_revoke", "停用单位密钥"),
    // Commands and the program itself.
    ("key_make", "生成证书签名密钥"),
    ("key_retire", "停用证书签名密钥"),
    ("data_key_begin", "开始更换数据密钥"),
    ("data_key_replaced", "完成更换数据密钥"),
    ("audit_adopt", "旧的查看记录编入链"),
    ("backup", "备份"),
    ("malware", "发现恶意代码"),
    ("retention", "按保存期限删除材料"),
    ("audit_cut", "按保存期限删除查看记录"),
];

/// The label of an action. What follows a colon, such as the role in `roster_add:reviewer`, does not matter. An action
/// of another version of the program may be unknown and is shown by its code.
pub fn label(action: &str) -> &str {
    known(action).unwrap_or(action)
}

pub(super) fn is_known(action: &str) -> bool {
    known(action).is_some()
}

fn known(action: &str) -> Option<&'static str> {
    let code = action.split(':').next().unwrap_or_default();
    LABELS.iter().find(|(known, _)| *known == code).map(|(_, label)| *label)
}
