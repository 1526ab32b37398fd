//! Rows with different numbers of one permit belong to one person, and the import says so.

use super::Installation;

const CERTIFICATE: &str =
    "证书管理号,证书印制号,姓名,证件类型,证件号码,考试代码,考试年月,级别,专业,批准日期,签发日期,发证机关";

fn certificates(rows: &[(&str, &str)]) -> String {
    let row = |(at, number): &(&str, &str)| {
        format!(
            "{at},P{at},陈大文,港澳居民来往内地通行证,{number},01,202303,一级,建筑工程,2023-06-01,2023-07-01,考试院\n"
        )
    };
    format!("{CERTIFICATE}\n{}", rows.iter().map(row).collect::<String>())
}

fn import(installation: &Installation, kind: &str, content: String) -> String {
    installation.file("f.csv", content);
    let said = installation.run(&["import", kind, "f.csv"]);
    assert!(said.success, "{}{}", said.stdout, said.stderr);
    said.stdout
}

fn holders(installation: &Installation, table: &str) -> usize {
    installation.rows(&format!("SELECT DISTINCT holder_hash AS line FROM {table}")).len()
}

/// Numbers of the first file, of the second, and the rows of the second that join people.
#[test]
fn report_names_the_rows_that_join_people() {
    let table: [(&[&str], &[&str], &str); 6] = [
        (&["H1234567801"], &["H1234567802"], "Rows: 1 (2). People: 1."),
        (&["H12345678", "M00000001"], &["M0000000100", "H1234567800"], "Rows: 2 (2, 3). People: 2."),
        (&["HA1234567"], &["HA123456701", "HA123456701"], "Rows: 2 (2, 3). People: 1."),
        (&["H1234567801"], &["H1234567801", "H1234567901"], ""),
        (&[], &["H1234567801", "H1234567802", "H1234567801"], "Rows: 1 (3). People: 1."),
        (&["H1234567801"], &["M1234567801", "HA123456701"], ""),
    ];
    for (known, new, expected) in table {
        let installation = Installation::with_exams();
        let rows = |prefix: &str, numbers: &[&str]| {
            let names: Vec<String> = (0..numbers.len()).map(|at| format!("{prefix}{at}")).collect();
            let rows: Vec<(&str, &str)> =
                names.iter().map(|name| &**name).zip(numbers.iter().copied()).collect();
            certificates(&rows)
        };
        let first = import(&installation, "certificates", rows("A", known));
        assert!(!first.contains("another count of renewals"), "{first}");
        let said = import(&installation, "certificates", rows("B", new));
        assert_eq!(said.contains("another count of renewals"), !expected.is_empty(), "{new:?}: {said}");
        assert!(said.contains(expected), "{new:?}: {said}");
        for number in new {
            assert!(!said.contains(&number[..9]), "{said}");
        }
        let again = import(&installation, "certificates", rows("B", new));
        assert!(again.contains("0 new, 0 changed"), "{again}");
        assert!(!again.contains("another count of renewals"), "all of it is on record: {again}");
    }
}

#[test]
fn rows_of_one_permit_have_one_holder_in_every_kind() {
    let installation = Installation::with_exams();
    let permit = "港澳居民来往内地通行证";
    let said = import(
        &installation,
        "registrations",
        format!(
            "准考证号,姓名,证件类型,证件号码,考试代码,考试年月,级别,专业,科目\n\
             T1,陈大文,{permit},H1234567801,01,202303,一级,建筑工程,建设工程经济\n\
             T2,李小明,{permit},M1234567801,01,202303,一级,建筑工程,建设工程经济\n\
             T3,陈大文,{permit},h 1234567802,01,202303,一级,建筑工程,建设工程项目管理\n\
             T4,陈大文,{permit},H12345678,02,202303,二级,机电工程,建设工程施工管理\n"
        ),
    );
    assert!(said.contains("Rows: 2 (4, 5). People: 1."), "{said}");
    assert_eq!(holders(&installation, "registrations"), 2);
    let violation = |number: &str| {
        format!(
            "证件类型,证件号码,考试代码,考试年月,科目,发生时间,地点,违纪事实,适用条款,拟处理决定,告知送达日期\n\
             {permit},{number},01,202303,建设工程经济,2023/3/24 9:10,第一考点,看手机,第七条,成绩无效,2023-04-01\n"
        )
    };
    let integrity = |number: &str| {
        format!(
            "决定书文号,证件类型,证件号码,失信类别,失信事实,起始日期,截止日期\n\
             示考诚〔2023〕1号,{permit},{number},作弊,作弊,2023-04-01,2025-04-01\n"
        )
    };
    for number in ["H1234567801", "H1234567802", "H12345678"] {
        import(&installation, "violations", violation(number));
        import(&installation, "integrity", integrity(number));
        import(&installation, "certificates", certificates(&[("M1", number)]));
    }
    for table in ["violations", "integrity_records", "certificates"] {
        let rows = installation.rows(&format!("SELECT id AS line FROM {table}"));
        assert_eq!((rows.len(), holders(&installation, table)), (1, 1), "{table}");
    }
    let mask = installation.rows("SELECT document_mask AS line FROM certificates");
    assert_eq!(mask, ["H1*****78"], "as the last file has it");
}

/// Types that have no type of their own here, in the words of portals and authorities.
#[test]
fn documents_of_every_other_type_are_imported() {
    let installation = Installation::with_exams();
    let table = [
        ("军官证", "军字第12345678号"),
        ("士兵证", "士字第 00012345 号"),
        ("警官证", "012345"),
        ("港澳居民身份证", "A123456(7)"),
        ("台湾身份证", "A123456789"),
        ("其他", "X-77/1"),
        ("其他证件", "X-77/2"),
        ("other", "X-77/3"),
    ];
    let row = |(at, (kind, number)): (usize, &(&str, &str))| {
        format!("K{at},L{at},石卫国,{kind},{number},01,202303,一级,建筑工程,2023-06-01,2023-07-01,考试院\n")
    };
    let rows: String = table.iter().enumerate().map(row).collect();
    let said = import(&installation, "certificates", format!("{CERTIFICATE}\n{rows}"));
    assert!(said.contains("8 new, 0 changed, 0 unchanged, 0 refused"), "{said}");
    assert_eq!(holders(&installation, "certificates"), table.len());
    installation.file("bad.csv", format!("{CERTIFICATE}\n{}", row((9, &("军官证", "-7-")))));
    let refused = installation.import_refused("certificates", "bad.csv");
    assert!(refused[0][3].contains("3 到 30 位"), "{refused:?}");
    installation.file("kind.csv", format!("{CERTIFICATE}\n{}", row((9, &("驾驶证", "12345")))));
    let refused = installation.import_refused("certificates", "kind.csv");
    assert!(refused[0][3].contains("护照") && refused[0][3].contains("其他证件"), "{refused:?}");
}
