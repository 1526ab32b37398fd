//! The names of what the audit notes.

/// Codes of actions with what people read. A new action gets a row here.
const LABELS: &[(&str, &str)] = &[
    ("open", "打开申请"),
    ("list", "查看列表"),
    ("file", "查看材料"),
    ("uncover", "显示完整证件号码"),
    ("refused", "查看被拒绝"),
    ("search", "搜索"),
    ("audit_search", "查询查看记录"),
    ("identity", "打开身份核对"),
    ("certificate", "查看证书"),
    ("annul", "撤销证书"),
    ("restore", "恢复证书"),
    ("join", "认定为同一人"),
    ("separate", "认定不是同一人"),
    ("take", "领取"),
    ("put_back", "放回"),
    ("hand_over", "转交"),
    ("hold", "暂缓"),
    ("note", "写备注"),
    ("reopen", "重新办理"),
    ("propose", "提出结论"),
    ("confirm", "复核同意"),
    ("refuse_proposal", "复核不同意"),
    ("approve", "通过"),
    ("return", "退回"),
    ("reject", "不通过"),
    ("fulfil", "登记办结"),
    ("fail", "登记未成功"),
    ("roster_add", "加入或更改工作人员"),
    ("roster_remove", "移出工作人员"),
    ("approve_in_bulk", "批量通过"),
    ("amend", "更正办理结果"),
    ("resume", "恢复办理"),
    ("batch", "编入批次"),
    ("unbatch", "移出批次"),
    ("export_refund", "导出退费清单"),
    ("export_receipt", "导出开票清单"),
    ("export_mailing", "导出寄件清单"),
    ("export_reissue", "导出补发清单"),
    ("export", "导出记录"),
    ("audit_export", "导出查看记录"),
    ("key_make", "生成证书签名密钥"),
    ("key_retire", "停用证书签名密钥"),
    ("audit_adopt", "旧的查看记录编入链"),
    ("backup", "备份"),
];

/// The label of an action. What follows a colon, such as the role in `roster_add:reviewer`, does not matter. An action
/// without a row is shown by its code.
pub fn label(action: &str) -> &str {
    let code = action.split(':').next().unwrap_or_default();
    LABELS.iter().find(|(known, _)| *known == code).map_or(action, |(_, label)| label)
}
