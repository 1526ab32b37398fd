//! Records of people, and the values on which the site takes precedence over a file.

use kaozheng::exams::certificate::person_hash;
use kaozheng::people::document::DocumentType;
use kaozheng::people::holder_hash::{HolderHash, holder};
use kaozheng::store::Vault;

use super::Installation;

pub const NUMBER: &str = "11010519491231002X";
const OTHER: &str = "440300198808150023";

const REGISTRATION: &str = "准考证号,姓名,证件号码,考试代码,考试年月,级别,专业,科目,订单号,缴费时间,考试结果";

/// Imports a registration, a violation and an integrity record of one person.
pub fn import_records(installation: &Installation) {
    installation.file(
        "r.csv",
        format!(
            "{REGISTRATION}\n\
             20230300001,张小三,{NUMBER},01,2023-03,一级,建筑工程,建设工程经济；建设工程项目管理,DD1,2022-12-01 10:30,合格\n\
             20230300002,张小三,{NUMBER},02,2023年3月,二级,机电工程,建设工程施工管理,,,\n"
        ),
    );
    installation.file(
        "v.csv",
        format!(
            "姓名,证件号码,考试代码,考试年月,科目,发生时间,地点,违纪事实,适用条款,拟处理决定,告知送达日期\n\
             张小三,{NUMBER},01,202303,建设工程经济,2023/3/24 9:10,第一考点,\"看手机,\r\n两次\",第七条,成绩无效,2023-04-01\n"
        ),
    );
    installation.file(
        "i.csv",
        format!(
            "决定书文号,证件号码,失信类别,失信事实,起始日期,截止日期\n\
             示考诚〔2023〕1号,{NUMBER},作弊,=cmd|' /C calc'!A0,2023-04-01,2025-04-01\n"
        ),
    );
    assert_eq!(installation.import("registrations", "r.csv"), "2 new, 0 changed, 0 unchanged, 0 refused");
    assert_eq!(installation.import("violations", "v.csv"), "1 new, 0 changed, 0 unchanged, 0 refused");
    assert_eq!(installation.import("integrity", "i.csv"), "1 new, 0 changed, 0 unchanged, 0 refused");
}

#[test]
fn records_belong_to_their_holder_and_are_imported_once() {
    let installation = Installation::with_exams();
    import_records(&installation);
    let before = installation.all_rows();
    for (kind, file) in [("registrations", "r.csv"), ("violations", "v.csv"), ("integrity", "i.csv")] {
        assert!(installation.import(kind, file).starts_with("0 new, 0 changed"), "{kind}");
    }
    assert_eq!(installation.all_rows(), before);
    let vault = Vault::from_key(&[7; 32]);
    let hash = holder(&vault, DocumentType::Resident, NUMBER);
    for table in ["registrations", "violations", "integrity_records"] {
        let holders = installation.rows(&format!("SELECT DISTINCT holder_hash AS line FROM {table}"));
        assert_eq!(holders, [&*hash], "{table}");
    }
    let paid = installation
        .rows("SELECT CAST(paid_at AS TEXT) AS line FROM registrations WHERE order_number = 'DD1'");
    assert_eq!(paid, ["2022-12-01 02:30:00"], "stored in UTC");
    let fees = installation
        .rows("SELECT subject || CAST(fee AS TEXT) AS line FROM registration_subjects ORDER BY id");
    assert_eq!(fees, ["建设工程经济6100", "建设工程项目管理6100", "建设工程施工管理5900"]);
    assert_eq!(installation.rows("SELECT fact AS line FROM violations"), ["看手机,\n两次"]);
    for table in ["registrations", "violations", "integrity_records", "certificates"] {
        assert!(!installation.all_rows().iter().any(|row| row.contains(NUMBER)), "{table}");
    }
}

/// A registration's row lists all its subjects. A subject with an open refund is kept.
#[test]
fn subjects_are_replaced_except_those_being_refunded() {
    let installation = Installation::with_exams();
    import_records(&installation);
    let subjects = || {
        let all = "SELECT s.subject AS line FROM registration_subjects s JOIN registrations r \
                   ON r.id = s.registration_id WHERE r.ticket_number = '20230300001' ORDER BY s.subject";
        installation.rows(all)
    };
    let row = |subjects: &str, result: &str| {
        let row = format!(
            "20230300001,张小三,{NUMBER},01,2023-03,一级,建筑工程,{subjects},DD1,2022-12-01 10:30,{result}"
        );
        installation.file("r2.csv", format!("{REGISTRATION}\n{row}\n"));
        installation.import("registrations", "r2.csv")
    };
    assert_eq!(row("建设工程经济", "合格"), "0 new, 1 changed, 0 unchanged, 0 refused");
    assert_eq!(subjects(), ["建设工程经济"]);
    installation.execute("UPDATE registration_subjects SET refund_id = 'a' WHERE subject = '建设工程经济'");
    assert_eq!(row("建设工程项目管理", "合格"), "0 new, 1 changed, 0 unchanged, 0 refused");
    assert_eq!(subjects().len(), 2);
    assert_eq!(row("建设工程项目管理", "合格"), "0 new, 0 changed, 1 unchanged, 0 refused");
    assert_eq!(row("建设工程项目管理", "不合格"), "0 new, 1 changed, 0 unchanged, 0 refused");
}

const CERTIFICATE: &str = "证书管理号,证书印制号,姓名,证件类型,证件号码,考试代码,考试年月,级别,专业,批准日期,签发日期,发证机关,领取状态";

fn certificate(print: &str, name: &str, kind: &str, number: &str, state: &str) -> String {
    format!(
        "{CERTIFICATE}\nM1,{print},{name},{kind},{number},01,2023-03,一级,建筑工程,2023-06-01,2023-07-01,考试院,{state}\n"
    )
}

#[test]
fn imported_certificate_is_found_by_the_public_and_its_holder() {
    let installation = Installation::with_exams();
    installation
        .file("c.csv", certificate("p1", " 买买提.艾力 ", "", "１１０１０５１９４９１２３１００２ｘ", ""));
    installation.import("certificates", "c.csv");
    let vault = Vault::from_key(&[7; 32]);
    let document = HolderHash::of(&vault, DocumentType::Resident, NUMBER);
    let expected = format!(
        "{}|{}|买买提.艾力|110***********002X|female|P1|ready",
        document.first(),
        person_hash(&vault, "买买提·艾力", &document)
    );
    let stored = "SELECT holder_hash || '|' || person_hash || '|' || holder_name || '|' || document_mask || '|' \
                  || gender || '|' || print_number || '|' || delivery AS line FROM certificates";
    assert_eq!(installation.rows(stored), [expected]);
    installation
        .file("p.csv", certificate("P2", "SCHMIDT ANNA", "护照", "c01x00t47", "").replace("M1", "M2"));
    installation.import("certificates", "p.csv");
    let passport = holder(&vault, DocumentType::Passport, "C01X00T47");
    assert_eq!(
        installation.rows("SELECT holder_hash AS line FROM certificates WHERE gender = ''"),
        [passport]
    );
}

/// A reissue voids a print number. An older file does not restore it; a newer one may bring a third
/// number.
#[test]
fn void_print_number_stays_void() {
    let installation = Installation::with_exams();
    let import = |print: &str, name: &str| {
        installation.file("c.csv", certificate(print, name, "", NUMBER, ""));
        installation.import("certificates", "c.csv")
    };
    import("P1", "张小三");
    installation.execute(
        "INSERT INTO voided_prints (id, certificate_id, print_number, voided_on) \
         SELECT 'v', id, print_number, '2026-01-01' FROM certificates; \
         UPDATE certificates SET print_number = 'P2';",
    );
    let print = || installation.rows("SELECT print_number || holder_name AS line FROM certificates");
    assert_eq!(import("P1", "张小三"), "0 new, 0 changed, 1 unchanged, 0 refused");
    assert_eq!(print(), ["P2张小三"]);
    assert_eq!(import("P1", "张小四"), "0 new, 1 changed, 0 unchanged, 0 refused");
    assert_eq!(print(), ["P2张小四"]);
    import("P3", "张小四");
    assert_eq!(print(), ["P3张小四"]);
}

/// The file decides where a certificate is until it can be collected. After that the site does.
#[test]
fn certificate_in_delivery_keeps_its_state() {
    let installation = Installation::with_exams();
    let import = |state: &str| {
        installation.file("c.csv", certificate("P1", "张小三", "", NUMBER, state));
        installation.import("certificates", "c.csv");
        installation.rows("SELECT delivery AS line FROM certificates").remove(0)
    };
    assert_eq!(import("制作中"), "making");
    assert_eq!(import("可领取"), "ready");
    assert_eq!(import("制作中"), "ready");
    installation.execute("UPDATE certificates SET delivery = 'posted'");
    assert_eq!(import("可领取"), "posted");
}

/// After a correction, a file with the former document number still belongs to the same person.
#[test]
fn records_of_a_corrected_document_stay_with_their_holder() {
    let installation = Installation::with_exams();
    let vault = Vault::from_key(&[7; 32]);
    let (former, now) =
        (holder(&vault, DocumentType::Resident, NUMBER), holder(&vault, DocumentType::Resident, OTHER));
    installation.execute(&format!(
        "INSERT INTO candidates (id, document_type, document_number, document_hash, name, phone, created_at, signed_in_at) \
         VALUES ('c', 'resident', '', '{now}', '张小三', '', '2026-01-01 00:00:00', '2026-01-01 00:00:00'); \
         INSERT INTO former_documents (document_hash, candidate_id, replaced_at) \
         VALUES ('{former}', 'c', '2026-01-01 00:00:00');"
    ));
    installation.file("c.csv", certificate("P1", "张小三", "", NUMBER, ""));
    installation.import("certificates", "c.csv");
    assert_eq!(installation.rows("SELECT holder_hash AS line FROM certificates"), [now]);
}

/// Covers valid and void numbers of other certificates, in the file and in the database.
#[test]
fn print_number_of_another_certificate_is_refused() {
    let installation = Installation::with_exams();
    let rows = |rows: &[(&str, &str)]| {
        let row = |(management, print): &(&str, &str)| {
            let file = certificate(print, "张小三", "", NUMBER, "").replace("M1", management);
            file.lines().nth(1).expect("a row").to_owned()
        };
        let rows: Vec<String> = rows.iter().map(row).collect();
        installation.file("c.csv", format!("{CERTIFICATE}\n{}\n", rows.join("\n")));
    };
    rows(&[("M1", "P1"), ("M2", "P2"), ("M3", "P1")]);
    let refused = installation.import_refused("certificates", "c.csv");
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!((&*refused[0][0], &*refused[0][1]), ("4", "证书印制号"));
    assert_eq!(refused[0][3], "与第 2 行相同，那是另一条记录");

    rows(&[("M1", "P1"), ("M2", "P2"), ("M1", "P2")]);
    assert_eq!(installation.import_refused("certificates", "c.csv").len(), 1, "it contradicts both");

    rows(&[("M1", "P1"), ("M2", "P2")]);
    installation.import("certificates", "c.csv");
    assert_eq!(installation.import("certificates", "c.csv"), "0 new, 0 changed, 2 unchanged, 0 refused");
    installation.execute(
        "INSERT INTO voided_prints (id, certificate_id, print_number, voided_on) \
         SELECT 'v', id, 'P0', '2026-01-01' FROM certificates WHERE number = 'M2'",
    );
    rows(&[("M1", "P2"), ("M3", "P0"), ("M4", "P4"), ("M2", "P0")]);
    let refused = installation.import_refused("certificates", "c.csv");
    let output: Vec<_> = refused.iter().map(|row| (&*row[0], &*row[3])).collect();
    let taken = "已用于另一条记录，或已在那里作废";
    assert_eq!(output, [("2", taken), ("3", taken)], "M2 has had P0 itself");
    let stored = "SELECT number || print_number AS line FROM certificates ORDER BY 1";
    assert_eq!(installation.rows(stored), ["M1P1", "M2P2"]);
}

/// Certificates imported before this rule may share a print number. Importing them again changes
/// nothing else.
#[test]
fn certificates_that_already_share_a_number_are_unchanged() {
    let installation = Installation::with_exams();
    installation.file("c.csv", certificate("P1", "张小三", "", NUMBER, ""));
    installation.import("certificates", "c.csv");
    installation.execute(
        "INSERT INTO certificates (id, holder_hash, holder_name, exam_id, sitting_month, level, specialty, \
         number, print_number, approved_on, issued_on, issuing_body, delivery) \
         SELECT 'twin', holder_hash, holder_name, exam_id, sitting_month, level, specialty, 'M9', print_number, \
         approved_on, issued_on, issuing_body, delivery FROM certificates",
    );
    assert_eq!(installation.import("certificates", "c.csv"), "0 new, 0 changed, 1 unchanged, 0 refused");
}
