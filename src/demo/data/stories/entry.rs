//! Stories of qualification checks.

use super::{Act, FINE, Pairs, SUBMIT, Story, story};

const TOO_SHORT: Act = Act::Reject("从事专业工作年限不满足报考条件，详见考试公告第二条。");

/// Education and work of an applicant.
const PROFILE: Pairs = &[
    ("area", "市直考区"),
    ("education", "本科"),
    ("degree", "工学学士"),
    ("school", "示范大学"),
    ("major", "工程管理"),
    ("graduated_on", "2015-06-30"),
    ("employer", "示范建设工程有限公司"),
    ("years", "6"),
    ("began_work_on", "2015-07-15"),
    ("promise", "yes"),
];

const SORRY: Pairs = &[
    ("record", "integrity-1"),
    (
        "statement",
        "当时因为准备不足抄袭了他人答案，已经认识到错误。此后参加了诚信教育，没有再出现违规情况，今后一定遵守考场纪律。",
    ),
];

const MARKS: Act =
    Act::Return(&[("diploma", "照片反光，看不清证书编号"), ("years", "与社保记录相差 1 年，请核对")]);

pub(super) const QUALIFICATIONS: &[Story] = &[
    story(
        0,
        &[PROFILE, &[("sitting", "sitting-08-2"), ("level", "中级"), ("specialty", "人力资源管理")]],
        &[SUBMIT, Act::Take, Act::Approve(0, "材料齐全，符合条件。")],
    ),
    story(
        0,
        &[PROFILE, &[("sitting", "sitting-03-2"), ("specialty", "土木建筑工程")]],
        &[SUBMIT, Act::Take, MARKS],
    ),
    story(
        0,
        &[PROFILE, &[("sitting", "sitting-04-2"), ("specialty", "土木建筑工程"), ("years", "3")]],
        &[SUBMIT, Act::Take, TOO_SHORT],
    ),
    story(
        0,
        &[PROFILE, &[("sitting", "sitting-12-2"), ("level", "二级"), ("specialty", "英语")]],
        &[SUBMIT, Act::Withdraw],
    ),
    story(1, &[PROFILE, &[("sitting", "sitting-07-2"), ("specialty", "药学"), ("gender", "男")]], &[SUBMIT]),
    story(
        1,
        &[PROFILE, &[("sitting", "sitting-09-2"), ("level", "初级"), ("gender", "男")]],
        &[SUBMIT, Act::Take],
    ),
    story(
        2,
        &[
            PROFILE,
            &[("sitting", "sitting-12-2"), ("level", "二级"), ("specialty", "英语"), ("gender", "女")],
        ],
        &[SUBMIT, Act::Take, MARKS, Act::Submit(&[("years", "5")])],
    ),
    story(
        2,
        &[
            PROFILE,
            &[
                ("sitting", "sitting-08-2"),
                ("level", "初级"),
                ("specialty", "金融"),
                ("years", "2"),
                ("gender", "女"),
            ],
        ],
        &[
            SUBMIT,
            Act::Take,
            TOO_SHORT,
            Act::Appeal(&[("reason", "社保记录缺少 2019 年在外地缴纳的部分，现补充证明，请重新核定年限。")]),
        ],
    ),
    story(
        3,
        &[PROFILE, &[("sitting", "sitting-09-2"), ("level", "中级")]],
        &[
            SUBMIT,
            Act::Take,
            TOO_SHORT,
            Act::Appeal(&[("reason", "工作年限从取得初级证书当年起算，应为六年，附单位证明。")]),
            Act::Take,
            Act::Approve(0, "补充材料属实，按六年认定。"),
        ],
    ),
    story(
        4,
        &[
            PROFILE,
            &[
                ("sitting", "sitting-12-2"),
                ("level", "二级"),
                ("specialty", "日语"),
                ("years", "1"),
                ("gender", "女"),
            ],
        ],
        &[
            SUBMIT,
            Act::Take,
            TOO_SHORT,
            Act::Appeal(&[("reason", "在校期间的兼职工作也应当计入从业年限。")]),
            Act::Take,
            Act::Reject("在校兼职不计入从业年限，见报考条件说明。"),
        ],
    ),
    story(
        4,
        &[PROFILE, &[("sitting", "sitting-02-2"), ("specialty", "建筑工程"), ("gender", "女")]],
        &[Act::Draft],
    ),
];

pub(super) const INTEGRITY: &[Story] = &[
    story(3, &[PROFILE, SORRY, &[("sitting", "sitting-03-2"), ("specialty", "安装工程")]], &[SUBMIT]),
    story(
        3,
        &[PROFILE, SORRY, &[("sitting", "sitting-12-2"), ("level", "二级"), ("specialty", "法语")]],
        &[SUBMIT, Act::Take],
    ),
    story(
        3,
        &[PROFILE, SORRY, &[("sitting", "sitting-02-2"), ("specialty", "机电工程")]],
        &[
            SUBMIT,
            Act::Take,
            Act::Return(&[("pledge", "缺少本人签名"), ("statement", "请写明参加诚信教育的时间和单位")]),
        ],
    ),
    story(
        3,
        &[PROFILE, SORRY, &[("sitting", "sitting-06-2"), ("years", "2")]],
        &[SUBMIT, Act::Take, TOO_SHORT],
    ),
    story(
        3,
        &[PROFILE, SORRY, &[("sitting", "sitting-05-2"), ("specialty", "化工安全")]],
        &[SUBMIT, Act::Take, FINE],
    ),
    story(
        3,
        &[PROFILE, SORRY, &[("sitting", "sitting-01-2"), ("specialty", "机电工程")]],
        &[SUBMIT, Act::Withdraw],
    ),
];
