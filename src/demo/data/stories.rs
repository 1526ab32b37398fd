//! The demo's applications and their histories, as tables. They show each business in every state.

mod entry;

use crate::casework::lifecycle::Action;

/// Pairs: a question and its answer, or a material and what is wrong with it.
pub(super) type Pairs = &'static [(&'static str, &'static str)];

/// A step of a story, one day after the previous one.
pub(super) enum Act {
    /// Saves a draft.
    Draft,
    /// Submits the form, or submits it again with other answers and new files for marked materials.
    Submit(Pairs),
    Withdraw,
    Take,
    Return(Pairs),
    Reject(&'static str),
    /// With one of the outcomes of the business, and the words of the decision.
    Approve(usize, &'static str),
    /// Appeals against the rejection. Further steps concern the appeal.
    Appeal(Pairs),
    /// Staff fulfil the approved application.
    Do(Action, Pairs),
}

/// An application: candidate, answers and steps.
pub(super) struct Story {
    pub person: usize,
    /// In pieces; later ones overwrite earlier ones. `{name}` is the candidate's name, `{today}` the date of the step.
    /// A question of several choices without an answer gets all of them.
    pub answers: &'static [Pairs],
    pub acts: &'static [Act],
}

const fn story(person: usize, answers: &'static [Pairs], acts: &'static [Act]) -> Story {
    Story { person, answers, acts }
}

const SUBMIT: Act = Act::Submit(&[]);
const FINE: Act = Act::Approve(0, "材料齐全，情况属实。");

const BACK: Pairs = &[("reason", "重复缴费"), ("refund_to", "原支付渠道")];
const TO_ACCOUNT: Pairs = &[
    ("reason", "疾病"),
    ("explanation", "考前住院治疗，不能参加考试，附诊断证明。"),
    ("refund_to", "银行账户"),
    ("account_holder", "{name}"),
    ("bank", "中国工商银行"),
    ("branch", "示范市东湖支行"),
    ("account", "6222020200112237"),
];

const LOST: Pairs =
    &[("reason", "遗失"), ("explanation", "搬家时遗失，多方寻找未果。"), ("collect_by", "邮寄")];
const DAMAGED: Pairs =
    &[("reason", "损毁"), ("explanation", "家中漏水浸湿，字迹已经模糊。"), ("collect_by", "现场领取")];

const BY_MAIL: Pairs = &[("receive_by", "电子邮箱"), ("email", "lin@example.com")];
const BY_SMS: Pairs = &[("receive_by", "手机短信")];
const TO_EMPLOYER: Pairs = &[
    ("title_type", "单位"),
    ("title", "示范建设工程有限公司"),
    ("credit_code", "91440300708461136T"),
    ("remark", "请注明报名的考试名称。"),
];

const PLEA: Pairs = &[
    ("request", "撤销认定"),
    ("grounds", "手机当时已经关机并放在监考老师指定的位置，同场考生可以作证，请调取考场录像核实。"),
];

const NEW_NAME: Pairs = &[
    ("what", "姓名"),
    ("reason", "公安机关已办理姓名变更登记。"),
    ("scope", "今后考试"),
    ("scope", "已发证书"),
];
const NEW_EDUCATION: Pairs =
    &[("what", "学历"), ("new_education", "硕士"), ("reason", "已取得硕士学位证书。"), ("scope", "今后考试")];

const HOME: Pairs = &[
    ("province", "广东省"),
    ("city", "深圳市"),
    ("district", "南山区"),
    ("street", "东湖路 8 号 1 栋 302 房"),
    ("postcode", "518000"),
    ("carrier", "EMS 到付"),
];
const POSTED: Act = Act::Do(
    Action::Approve,
    &[("posted_by", "EMS 到付"), ("tracking_number", "EA123456789CN"), ("posted_on", "{today}")],
);

/// By the slug of their business.
pub(super) const STORIES: &[(&str, &[Story])] = &[
    ("qualification", entry::QUALIFICATIONS),
    ("refund", REFUNDS),
    ("reissue", REISSUES),
    ("receipt", RECEIPTS),
    ("integrity", entry::INTEGRITY),
    ("violation", VIOLATIONS),
    ("correction", CORRECTIONS),
    ("mailing", MAILINGS),
];

const PAYING_FAILED: Act = Act::Do(Action::Fail, &[("failure", "银行退回：账号与户名不符，请核对账号。")]);

const REFUNDS: &[Story] = &[
    story(1, &[BACK, &[("registration", "registration-05")]], &[SUBMIT]),
    story(1, &[BACK, &[("registration", "registration-16")]], &[SUBMIT, Act::Take]),
    story(
        1,
        &[BACK, &[("registration", "registration-11")]],
        &[SUBMIT, Act::Take, Act::Return(&[("payment_proof", "截图看不清支付时间，请重新上传")])],
    ),
    story(1, &[TO_ACCOUNT, &[("registration", "registration-12")]], &[SUBMIT, Act::Take, FINE]),
    story(
        1,
        &[BACK, &[("registration", "registration-13"), ("subjects", "registration-13-0")]],
        &[
            SUBMIT,
            Act::Take,
            FINE,
            Act::Do(Action::Fulfil, &[("paid_on", "{today}"), ("transaction", "TK20260401000123")]),
        ],
    ),
    story(
        1,
        &[TO_ACCOUNT, &[("registration", "registration-14")]],
        &[SUBMIT, Act::Take, FINE, PAYING_FAILED],
    ),
    story(1, &[BACK, &[("registration", "registration-15")]], &[SUBMIT, Act::Withdraw]),
    story(
        1,
        &[
            BACK,
            &[
                ("registration", "registration-15"),
                ("reason", "其他"),
                ("explanation", "临时有事，不想参加了。"),
            ],
        ],
        &[SUBMIT, Act::Take, Act::Reject("不属于可以退费的情形，见考试公告第六条。")],
    ),
    // These wait for a batch.
    story(2, &[TO_ACCOUNT, &[("registration", "registration-38")]], &[SUBMIT, Act::Take, FINE]),
    story(3, &[BACK, &[("registration", "registration-39")]], &[SUBMIT, Act::Take, FINE]),
    story(4, &[TO_ACCOUNT, &[("registration", "registration-40")]], &[SUBMIT]),
];

const REISSUES: &[Story] = &[
    story(3, &[LOST, &[("certificate", "certificate-08")]], &[SUBMIT]),
    story(2, &[DAMAGED, &[("certificate", "certificate-06")]], &[SUBMIT, Act::Take]),
    story(
        3,
        &[LOST, &[("certificate", "certificate-22")]],
        &[
            SUBMIT,
            Act::Take,
            Act::Return(&[("portrait", "背景不是白色，请重新拍摄"), ("loss_statement", "没有本人签名")]),
        ],
    ),
    story(
        3,
        &[DAMAGED, &[("certificate", "certificate-23")]],
        &[SUBMIT, Act::Take, Act::Reject("证书完好、字迹清楚，不需要补发。")],
    ),
    story(3, &[DAMAGED, &[("certificate", "certificate-24")]], &[SUBMIT, Act::Take, FINE]),
    story(
        3,
        &[LOST, &[("certificate", "certificate-25")]],
        &[
            SUBMIT,
            Act::Take,
            FINE,
            Act::Do(Action::Fulfil, &[("print_number", "SF05900025"), ("issued_on", "{today}")]),
        ],
    ),
    story(
        3,
        &[LOST, &[("certificate", "certificate-26"), ("reason", "未收到")]],
        &[
            SUBMIT,
            Act::Take,
            FINE,
            Act::Do(Action::Fulfil, &[("print_number", "SF03900026"), ("issued_on", "{today}")]),
        ],
    ),
    story(2, &[LOST, &[("certificate", "certificate-18")]], &[SUBMIT, Act::Withdraw]),
    story(4, &[DAMAGED, &[("certificate", "certificate-30")]], &[SUBMIT, Act::Take, FINE]),
];

const RECEIPTS: &[Story] = &[
    story(2, &[BY_MAIL, &[("sitting", "sitting-12-0")]], &[SUBMIT]),
    story(2, &[BY_MAIL, TO_EMPLOYER, &[("sitting", "sitting-05-1")]], &[SUBMIT, Act::Take]),
    story(
        2,
        &[BY_MAIL, TO_EMPLOYER, &[("sitting", "sitting-12-1"), ("title", "示范建设公司")]],
        &[SUBMIT, Act::Take, Act::Return(&[("title", "与统一社会信用代码对应的单位全称不一致")])],
    ),
    story(2, &[BY_MAIL, TO_EMPLOYER, &[("sitting", "sitting-08-0")]], &[SUBMIT, Act::Take, FINE]),
    story(
        2,
        &[BY_SMS, &[("sitting", "sitting-08-1")]],
        &[
            SUBMIT,
            Act::Take,
            FINE,
            Act::Do(
                Action::Fulfil,
                &[
                    ("receipt_code", "44060125"),
                    ("receipt_number", "0012345678"),
                    ("check_code", "a1b2c3"),
                    ("issued_on", "{today}"),
                ],
            ),
        ],
    ),
    story(
        2,
        &[BY_MAIL, &[("sitting", "sitting-02-0")]],
        &[SUBMIT, Act::Take, Act::Reject("这次考试的票据已由单位统一领取。")],
    ),
    story(2, &[BY_MAIL, &[("sitting", "sitting-09-1")]], &[SUBMIT, Act::Withdraw]),
    // These wait for a batch.
    story(3, &[BY_SMS, &[("sitting", "sitting-09-1")]], &[SUBMIT, Act::Take, FINE]),
    story(4, &[BY_MAIL, &[("sitting", "sitting-12-0")]], &[SUBMIT, Act::Take, FINE]),
];

const VIOLATIONS: &[Story] = &[
    story(4, &[PLEA, &[("violation", "violation-2")]], &[SUBMIT]),
    story(2, &[PLEA, &[("violation", "violation-1")]], &[SUBMIT, Act::Take]),
    story(
        4,
        &[PLEA, &[("violation", "violation-3")]],
        &[SUBMIT, Act::Take, Act::Return(&[("grounds", "请写明作证考生的姓名和准考证号")])],
    ),
    story(
        4,
        &[PLEA, &[("violation", "violation-4")]],
        &[SUBMIT, Act::Take, Act::Approve(0, "经核查，原认定的事实不清，予以撤销。")],
    ),
    story(
        4,
        &[PLEA, &[("violation", "violation-5"), ("request", "减轻处理")]],
        &[SUBMIT, Act::Take, Act::Approve(1, "经核查，情节轻微，减轻处理。")],
    ),
    story(
        4,
        &[PLEA, &[("violation", "violation-6")]],
        &[SUBMIT, Act::Take, Act::Reject("经核查，原认定的事实清楚、证据充分。")],
    ),
    story(4, &[PLEA, &[("violation", "violation-7")]], &[SUBMIT, Act::Withdraw]),
];

const CORRECTIONS: &[Story] = &[
    story(
        1,
        &[NEW_NAME, &[("new_name", "陳大雯")]],
        &[SUBMIT, Act::Take, Act::Return(&[("proof", "没有盖章，请上传加盖公章的证明")])],
    ),
    story(2, &[NEW_EDUCATION], &[SUBMIT, Act::Take, FINE]),
    story(3, &[NEW_NAME, &[("new_name", "欧阳佳敏")]], &[SUBMIT, Act::Take]),
    story(
        4,
        &[NEW_NAME, &[("new_name", "SCHMIDT ANNE")]],
        &[SUBMIT, Act::Take, Act::Reject("证明材料上的姓名与申请的新姓名不一致。")],
    ),
    story(4, &[NEW_EDUCATION], &[SUBMIT]),
];

const MAILINGS: &[Story] = &[
    story(4, &[HOME, &[("certificate", "certificate-09")]], &[SUBMIT]),
    story(
        4,
        &[HOME, &[("certificate", "certificate-27"), ("remark", "工作日送达，请提前电话联系。")]],
        &[SUBMIT, Act::Take],
    ),
    story(4, &[HOME, &[("certificate", "certificate-28")]], &[SUBMIT, Act::Take, POSTED]),
    story(
        4,
        &[HOME, &[("certificate", "certificate-29")]],
        &[SUBMIT, Act::Take, POSTED, Act::Do(Action::Fulfil, &[("signed_on", "{today}")])],
    ),
    story(4, &[HOME, &[("certificate", "certificate-30")]], &[SUBMIT, Act::Withdraw]),
    story(3, &[HOME, &[("certificate", "certificate-26")]], &[SUBMIT]),
    story(3, &[HOME, &[("certificate", "certificate-25"), ("remark", "请寄单位收发室。")]], &[SUBMIT]),
];
