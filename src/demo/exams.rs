//! The exams of the demo, as a table. Samples use the first few.

pub(super) struct Exam {
    pub code: &'static str,
    pub name: &'static str,
    pub category: &'static str,
    /// Fee of one subject, in fen.
    pub fee: i32,
    /// Days from today to the next sitting, and to the end of its check of qualification.
    pub next: (i64, i64),
    pub levels: &'static [Level],
}

/// Each specialty of a level has each of its subjects.
pub(super) struct Level {
    pub name: &'static str,
    pub specialties: &'static [&'static str],
    pub subjects: &'static [&'static str],
}

impl Level {
    /// Pairs of specialty and subject.
    pub fn papers(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let of = |specialty| self.subjects.iter().map(move |subject| (specialty, *subject));
        self.specialties.iter().copied().flat_map(of)
    }
}

const fn level(
    name: &'static str,
    specialties: &'static [&'static str],
    subjects: &'static [&'static str],
) -> Level {
    Level { name, specialties, subjects }
}

const OCCUPATION: &str = "专业技术人员职业资格";
const TITLE: &str = "专业技术资格";
const NONE: &[&str] = &["不分专业"];

/// Sorted by code.
pub(super) const EXAMS: &[Exam] = &[
    Exam {
        code: "01",
        name: "一级建造师",
        category: OCCUPATION,
        fee: 6100,
        next: (118, 26),
        levels: &[level(
            "一级",
            &["建筑工程", "市政公用工程", "机电工程", "水利水电工程", "公路工程"],
            &["建设工程经济", "建设工程法规及相关知识", "建设工程项目管理", "专业工程管理与实务"],
        )],
    },
    Exam {
        code: "02",
        name: "二级建造师",
        category: OCCUPATION,
        fee: 5900,
        next: (96, 20),
        levels: &[level(
            "二级",
            &["建筑工程", "市政公用工程", "机电工程"],
            &["建设工程施工管理", "建设工程法规及相关知识", "专业工程管理与实务"],
        )],
    },
    Exam {
        code: "03",
        name: "一级造价工程师",
        category: OCCUPATION,
        fee: 6600,
        next: (88, 33),
        levels: &[level(
            "一级",
            &["土木建筑工程", "安装工程", "交通运输工程"],
            &["建设工程造价管理", "建设工程计价", "建设工程技术与计量", "建设工程造价案例分析"],
        )],
    },
    Exam {
        code: "04",
        name: "监理工程师",
        category: OCCUPATION,
        fee: 6300,
        next: (74, 12),
        levels: &[level(
            "全国",
            &["土木建筑工程", "交通运输工程", "水利工程"],
            &["建设工程监理基本理论和相关法规", "建设工程合同管理", "建设工程目标控制"],
        )],
    },
    Exam {
        code: "05",
        name: "中级注册安全工程师",
        category: OCCUPATION,
        fee: 6200,
        next: (103, 41),
        levels: &[level(
            "中级",
            &["建筑施工安全", "化工安全", "道路运输安全", "其他安全"],
            &["安全生产法律法规", "安全生产管理", "安全生产技术基础", "安全生产专业实务"],
        )],
    },
    Exam {
        code: "06",
        name: "一级注册消防工程师",
        category: OCCUPATION,
        fee: 6700,
        next: (112, 48),
        levels: &[level("一级", NONE, &["消防安全技术实务", "消防安全技术综合能力", "消防安全案例分析"])],
    },
    Exam {
        code: "07",
        name: "执业药师",
        category: OCCUPATION,
        fee: 6100,
        next: (66, 9),
        levels: &[level(
            "全国",
            &["药学", "中药学"],
            &["药事管理与法规", "专业知识一", "专业知识二", "综合知识与技能"],
        )],
    },
    Exam {
        code: "08",
        name: "经济专业技术资格",
        category: TITLE,
        fee: 5800,
        next: (81, 29),
        levels: &[
            level("初级", &["工商管理", "人力资源管理", "金融"], &["经济基础知识", "专业知识和实务"]),
            level(
                "中级",
                &["工商管理", "人力资源管理", "金融", "财政税收"],
                &["经济基础知识", "专业知识和实务"],
            ),
        ],
    },
    Exam {
        code: "09",
        name: "社会工作者职业资格",
        category: TITLE,
        fee: 5700,
        next: (54, 16),
        levels: &[
            level("初级", NONE, &["社会工作综合能力", "社会工作实务"]),
            level("中级", NONE, &["社会工作综合能力", "社会工作法规与政策", "社会工作实务"]),
        ],
    },
    Exam {
        code: "10",
        name: "会计专业技术资格",
        category: TITLE,
        fee: 5600,
        next: (47, -20),
        levels: &[
            level("初级", NONE, &["初级会计实务", "经济法基础"]),
            level("中级", NONE, &["中级会计实务", "财务管理", "经济法"]),
        ],
    },
    Exam {
        code: "11",
        name: "注册城乡规划师",
        category: OCCUPATION,
        fee: 6400,
        next: (39, -6),
        levels: &[level(
            "全国",
            NONE,
            &["城乡规划原理", "城乡规划相关知识", "城乡规划管理与法规", "城乡规划实务"],
        )],
    },
    Exam {
        code: "12",
        name: "翻译专业资格",
        category: OCCUPATION,
        fee: 6900,
        next: (92, 37),
        levels: &[
            level("二级", &["英语", "日语", "法语"], &["笔译综合能力", "笔译实务"]),
            level("三级", &["英语", "日语", "法语"], &["笔译综合能力", "笔译实务"]),
        ],
    },
];
