//! The records of the demo's authority, as tables. People are given by their index in the sandbox portal's list,
//! exams by their code.

/// A registration for a past or coming sitting.
pub(super) struct Entry {
    pub person: usize,
    pub exam: &'static str,
    /// Index of the exam's sitting, the oldest first.
    pub sitting: usize,
    pub level: &'static str,
    pub specialty: &'static str,
    pub result: &'static str,
}

const fn entry(
    person: usize,
    exam: &'static str,
    sitting: usize,
    level: &'static str,
    specialty: &'static str,
    result: &'static str,
) -> Entry {
    Entry { person, exam, sitting, level, specialty, result }
}

/// 合格 adds a certificate.
pub(super) const ENTRIES: &[Entry] = &[
    entry(0, "02", 0, "二级", "建筑工程", "合格"),
    entry(0, "01", 1, "一级", "建筑工程", "不合格"),
    entry(0, "08", 1, "中级", "人力资源管理", "合格"),
    entry(0, "01", 2, "一级", "建筑工程", "待公布"),
    entry(1, "07", 0, "全国", "药学", "合格"),
    entry(1, "04", 2, "全国", "土木建筑工程", "待公布"),
    entry(2, "12", 0, "三级", "英语", "合格"),
    entry(2, "12", 1, "二级", "英语", "不合格"),
    entry(3, "09", 1, "中级", "不分专业", "合格"),
    entry(4, "12", 0, "二级", "日语", "合格"),
    entry(0, "02", 1, "二级", "市政公用工程", "合格"),
    // The rest is for the demo's applications, which refer to it by index. The first one is 11.
    entry(1, "01", 2, "一级", "市政公用工程", "待公布"),
    entry(1, "03", 2, "一级", "安装工程", "待公布"),
    entry(1, "05", 2, "中级", "建筑施工安全", "待公布"),
    entry(1, "06", 2, "一级", "不分专业", "待公布"),
    entry(1, "08", 2, "中级", "金融", "待公布"),
    entry(1, "12", 2, "二级", "英语", "待公布"),
    entry(2, "08", 0, "初级", "金融", "不合格"),
    entry(2, "08", 1, "初级", "金融", "合格"),
    entry(2, "02", 0, "二级", "建筑工程", "不合格"),
    entry(2, "05", 1, "中级", "其他安全", "不合格"),
    entry(2, "09", 1, "中级", "不分专业", "不合格"),
    entry(3, "08", 0, "初级", "工商管理", "合格"),
    entry(3, "12", 0, "三级", "法语", "合格"),
    entry(3, "02", 0, "二级", "机电工程", "合格"),
    entry(3, "05", 0, "中级", "化工安全", "合格"),
    entry(3, "03", 0, "一级", "安装工程", "合格"),
    entry(4, "08", 0, "中级", "工商管理", "合格"),
    entry(4, "09", 0, "中级", "不分专业", "合格"),
    entry(4, "02", 1, "二级", "市政公用工程", "合格"),
    entry(4, "05", 0, "中级", "道路运输安全", "合格"),
    entry(4, "01", 1, "一级", "公路工程", "不合格"),
    entry(4, "03", 1, "一级", "交通运输工程", "不合格"),
    entry(4, "06", 1, "一级", "不分专业", "不合格"),
    entry(4, "04", 1, "全国", "水利工程", "不合格"),
    entry(4, "11", 1, "全国", "不分专业", "不合格"),
    // An electronic certificate, and an annulled one.
    entry(3, "06", 1, "一级", "不分专业", "合格"),
    entry(3, "07", 1, "全国", "药学", "合格"),
    // Paid registrations for batches of refunds.
    entry(2, "03", 2, "一级", "土木建筑工程", "待公布"),
    entry(3, "06", 2, "一级", "不分专业", "待公布"),
    entry(4, "08", 2, "中级", "金融", "待公布"),
];

/// The certificates that are electronic only: index of the entry, 查询编号.
pub(super) const ELECTRONIC: &[(usize, &str)] = &[(36, "CX06202600036")];

/// The annulled certificates: index of the entry, number of the decision within its year, days ago.
pub(super) const ANNULLED: &[(usize, i32, i64)] = &[(37, 7, 30)];

/// Print numbers that a reissue made void: index of the certificate's entry, the number, days ago.
pub(super) const VOIDED: &[(usize, &str, i64)] = &[(4, "SF07900004", 60)];

/// 违纪
pub(super) struct Violation {
    pub person: usize,
    pub exam: &'static str,
    pub sitting: usize,
    pub fact: &'static str,
    pub clause: &'static str,
    pub decision: &'static str,
    /// Days since the notice was served.
    pub served: i64,
}

const fn violation(
    person: usize,
    exam: &'static str,
    fact: &'static str,
    clause: &'static str,
    served: i64,
) -> Violation {
    Violation {
        person, exam, sitting: 1, fact, clause, decision: "当次该科目考试成绩无效", served
    }
}

const BELONGINGS: &str = "《专业技术人员资格考试违纪违规行为处理规定》（人社部令第31号）第六条第一项";
const AFTER_TIME: &str = "《专业技术人员资格考试违纪违规行为处理规定》（人社部令第31号）第六条第六项";
const DEVICES: &str = "《专业技术人员资格考试违纪违规行为处理规定》（人社部令第31号）第七条第三项";

pub(super) const VIOLATIONS: &[Violation] = &[
    violation(0, "01", "开考后在座位上查看手机", DEVICES, 1),
    violation(2, "12", "考试结束信号发出后继续答题", AFTER_TIME, 2),
    // The rest is for the demo's applications.
    violation(4, "01", "考试结束信号发出后继续答题", AFTER_TIME, 1),
    violation(4, "03", "将手机带至座位，经提醒仍不改正", BELONGINGS, 5),
    violation(4, "06", "将教材带至座位，经提醒仍不改正", BELONGINGS, 5),
    violation(4, "04", "考试开始信号发出前答题", AFTER_TIME, 5),
    violation(4, "11", "将智能手表带至座位，经提醒仍不改正", BELONGINGS, 5),
    violation(4, "05", "考试结束信号发出后继续答题", AFTER_TIME, 4),
    violation(4, "12", "将教材带至座位，经提醒仍不改正", BELONGINGS, 40),
];

/// Person, category, fact, number of the decision within its year, days since its start, years; `None`: 长期.
type Misconduct = (usize, &'static str, &'static str, i32, i64, Option<u32>);

/// 失信
pub(super) const INTEGRITY: &[Misconduct] = &[
    (0, "提供虚假材料", "报名时提交的工作年限证明与事实不符", 12, 400, Some(5)),
    (3, "考试作弊", "在考试中抄袭他人答案", 3, 800, Some(5)),
    (4, "组织作弊", "组织他人在考试中作弊", 9, 900, None),
];

/// 公告: days ago, title, body; `{年度}` stands for the coming year.
pub(super) const ANNOUNCEMENTS: &[(i64, &str, &str)] = &[
    (
        2,
        "关于开展{年度}年度报考资格在线核查的通知",
        "各位考生：\n\n{年度}年度部分职业资格考试的报考资格在线核查已经开始。请登录后选择“报考资格在线核查”，按页面提示填写信息、上传材料。\n\n各项考试的核查截止日期以申请页面显示为准，逾期不再受理。审核一般在5个工作日内办结，结果显示在首页和业务查询。\n\n示范市考试院",
    ),
    (
        9,
        "关于证件照要求的说明",
        "证件照请使用近期正面免冠照片，宽高比例5:7，不小于295×413像素。\n\n手机拍摄时请选择光线均匀的白色背景，不要使用美颜。照片将用于准考证和证书，请认真选择。\n\n示范市考试院",
    ),
    (
        21,
        "一级建造师考试成绩复核须知",
        "对成绩有异议的考生，可以在成绩公布后30天内申请复核。复核只核对是否漏评、是否存在计分错误，不重新评卷。\n\n示范市考试院",
    ),
    (
        35,
        "警惕冒充考试机构的诈骗短信",
        "近期有不法分子冒充考试机构发送短信，声称可以“修改成绩”“包过”。我院不会以任何形式收取上述费用，也不会通过短信索要验证码。\n\n如收到可疑短信，请勿点击链接，并向公安机关举报。\n\n示范市考试院",
    ),
];
