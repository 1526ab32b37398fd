use super::*;

/// Spellings of one name in each line.
const SAME: &[&[&str]] = &[
    &["张三", "张　三", " 张 三 ", "张\u{a0}三", "张\u{2003}三", "张\u{200b}三", "\u{feff}张三"],
    &[
        "买买提·艾力",
        "买买提•艾力",
        "买买提・艾力",
        "买买提．艾力",
        "买买提.艾力",
        "买买提 ‧ 艾力",
        "买买提⋅艾力",
        "买买提●艾力",
    ],
    &["买买提·艾力", "买买提-艾力", "买买提－艾力", "买买提—艾力", "买买提——艾力", "买买提‐艾力"],
    &[
        "O'NEIL JOHN",
        "O’Neil John",
        "o‘neil  john",
        "O′NEIL JOHN",
        "O`NEIL JOHN",
        "O´NEIL JOHN",
        "OʼNEIL JOHN",
        "O＇NEIL JOHN",
    ],
    &[
        "JEAN-LUC",
        "Jean‐Luc",
        "JEAN‑LUC",
        "JEAN–LUC",
        "JEAN—LUC",
        "JEAN − LUC",
        "ＪＥＡＮ－ＬＵＣ",
        "JEAN\u{ad}-LUC",
    ],
    &["JOSÉ GARCÍA", "jose\u{301} garci\u{301}a", "José\u{a0}García"],
    &["NGUYỄN VĂN AN", "Nguyễn Văn An", "NGUYE\u{302}\u{303}N VA\u{306}N AN"],
    &["JOHN F. KENNEDY", "John F.Kennedy", "JOHN F． KENNEDY"],
    &["GARCÍA, JOSÉ", "García,José", "GARCÍA，JOSÉ"],
    &["STRAUSS", "Strauß", "STRAUẞ"],
    &["IBRAHIM", "İbrahim", "ıbrahım", "I\u{307}BRAHIM"],
    // A compatibility ideograph, Kangxi radicals, a CJK radical, a stroke.
    &["李凉", "李\u{f979}", "\u{f9e1}凉"],
    &["金玉", "⾦⽟", "金⽟"],
    &["马龙", "⻢⻰"],
    &["一", "㇐"],
    // Private-use code points of GBK, one of them with a later code point in GB 18030-2005.
    &["王䶮", "王\u{e863}"],
    &["张龻", "张\u{e864}"],
    &["李㭎", "李\u{e82d}"],
    &["张𤇾", "张\u{e855}"],
    &["葛", "葛\u{e0100}", "葛\u{fe00}"],
    &["〇一", "○一", "◯ 一"],
    &["김철수", "김 철수", "김\u{3000}철수"],
    &["スミス・ジョン", "ｽﾐｽ･ｼﾞｮﾝ", "スミス ・ ジョン"],
];

#[test]
fn spellings_of_one_name_have_one_key() {
    for names in SAME {
        for name in *names {
            assert_eq!(key(name), key(names[0]), "{name} {}", name.escape_unicode());
        }
    }
}

#[test]
fn other_names_have_other_keys() {
    let all: Vec<String> = SAME.iter().map(|names| key(names[0])).collect();
    let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
    assert_eq!(distinct.len(), all.len() - 1, "only 买买提 stands there twice");
    for (one, other) in [
        ("张三", "张王"),
        ("WANG XIAO", "WANGXIAO"),
        ("JOSE", "JOSÉ"),
        ("NGUYEN VAN AN", "NGUYỄN VĂN AN"),
        ("发", "發"),
        ("O'NEIL", "ONEIL"),
        ("JEAN-LUC", "JEAN LUC"),
        ("张", ""),
    ] {
        assert!(!same(one, other), "{one} {other}");
    }
}

#[test]
fn key_of_a_key_is_itself() {
    for name in SAME.iter().copied().flatten() {
        assert_eq!(key(&key(name)), key(name), "{name}");
    }
}

/// Values are stored as hashes of the key, so the key of a usual name never changes.
#[test]
fn keys_of_usual_names_are_written_down() {
    for (name, form) in [
        ("张三", "张三"),
        ("买买提·艾力", "买买提·艾力"),
        ("Wang  Xiaoming", "WANG XIAOMING"),
        ("O’Neil", "O'NEIL"),
        ("José", "JOSÉ"),
        ("王\u{e863}", "王䶮"),
    ] {
        assert_eq!(key(name), form);
    }
}

#[test]
fn given_names_keep_their_form() {
    let long = "ABCDE ".repeat(10);
    for name in [
        "O",
        "张",
        "NGUYỄN VĂN AN",
        "García, José",
        "Иван Петров",
        "محمد",
        "王\u{e863}",
        "X Æ A-12",
        "ZHANG SAN (张三)",
        "买买提•艾力",
        long.trim(),
    ] {
        assert_eq!(given(name).as_deref(), Some(name));
    }
    assert_eq!(given(" JOHN \n\u{200b} SMITH\u{202e} ").as_deref(), Some("JOHN SMITH"));
    for nothing in ["", " \u{3000}", "\u{200b}\u{feff}", "\0", &"长".repeat(201)] {
        assert_eq!(given(nothing), None, "{nothing:?}");
    }
}

#[test]
fn typed_chinese_names_get_one_dot_and_no_spaces() {
    let cases = [
        ("张三", "张三"),
        (" 张 三　", "张三"),
        ("张", "张"),
        ("买买提•艾力", "买买提·艾力"),
        ("买买提．艾力", "买买提·艾力"),
        ("买买提・艾力", "买买提·艾力"),
        ("㐂一", "㐂一"),
        ("𠮷田", "𠮷田"),
        ("王\u{e863}", "王\u{e863}"),
        ("〇", "〇"),
        ("买买提—艾力", "买买提—艾力"),
    ];
    for (typed, stored) in cases {
        assert_eq!(parse(typed).as_deref(), Ok(stored));
    }
}

#[test]
fn typed_names_of_other_scripts_keep_single_spaces() {
    for (typed, stored) in [
        ("Wang   Xiao Ming ", "Wang Xiao Ming"),
        ("ＷＡＮＧ", "WANG"),
        ("José O'Neil-Müller Jr.", "José O'Neil-Müller Jr."),
        ("NGUYỄN VĂN AN", "NGUYỄN VĂN AN"),
        ("Garci\u{301}a, José", "Garci\u{301}a, José"),
        ("Иван", "Иван"),
        ("O", "O"),
        ("John Smith 3rd", "John Smith 3rd"),
        ("O′Neil", "O′Neil"),
        ("O`Neil", "O`Neil"),
        ("Jean–Luc", "Jean–Luc"),
        ("García，José", "García,José"),
    ] {
        assert_eq!(parse(typed).as_deref(), Ok(stored));
    }
}

#[test]
fn typed_text_that_is_no_name_is_refused() {
    let long = "张".repeat(61);
    for text in
        ["", " ", "12", "--", "·", "<b>a", "a@b.cn", "11010519491231002X", "13800138000", "张\u{0}三", &long]
    {
        assert_eq!(parse(text), Err(WHAT_TO_DO), "{text}");
    }
    assert!(parse(&"张".repeat(60)).is_ok());
}
