//! The accounts of the demo portal. All people are invented.

use crate::people::document::DocumentType;

/// An account.
pub struct Person {
    pub name: &'static str,
    pub document_type: DocumentType,
    pub document_number: &'static str,
    pub phone: &'static str,
    /// The role on our site, such as 考生; shown beside the name.
    pub role: &'static str,
    /// The account's `sub`.
    pub account: &'static str,
    /// The account's level; `L2` and above are verified.
    pub level: &'static str,
    /// `person` or `company`.
    pub user_type: &'static str,
}

const PERSON: &str = "person";

/// A candidate of each document type, the staff, and two accounts that are refused.
pub const PEOPLE: &[Person] = &[
    Person {
        name: "张小三",
        document_type: DocumentType::Resident,
        document_number: "440300199003072616",
        phone: "13800138000",
        role: "考生",
        account: "demo-01",
        level: "L3",
        user_type: PERSON,
    },
    Person {
        name: "陳大文",
        document_type: DocumentType::HkMacaoPermit,
        document_number: "H12345678",
        phone: "+85291234567",
        role: "考生",
        account: "demo-02",
        level: "L3",
        user_type: PERSON,
    },
    Person {
        name: "林美玲",
        document_type: DocumentType::TaiwanPermit,
        document_number: "12345678",
        phone: "13900139001",
        role: "考生",
        account: "demo-03",
        level: "L3",
        user_type: PERSON,
    },
    Person {
        name: "欧阳嘉敏",
        document_type: DocumentType::HmtResidence,
        document_number: "810000199202143010",
        phone: "13700137002",
        role: "考生",
        account: "demo-04",
        level: "L3",
        user_type: PERSON,
    },
    Person {
        name: "SCHMIDT ANNA",
        document_type: DocumentType::ForeignPermanent,
        document_number: "911100199506071028",
        phone: "13600136003",
        role: "考生",
        account: "demo-05",
        level: "L3",
        user_type: PERSON,
    },
    Person {
        name: "DUPONT MARIE",
        document_type: DocumentType::Passport,
        document_number: "19AV12345",
        phone: "13500135004",
        role: "考生",
        account: "demo-06",
        level: "L3",
        user_type: PERSON,
    },
    Person {
        name: "周明远",
        document_type: DocumentType::Resident,
        document_number: "440300198808150023",
        phone: "13400134005",
        role: "审核员",
        account: "demo-07",
        level: "L3",
        user_type: PERSON,
    },
    Person {
        name: "阿力木·吐尔逊",
        document_type: DocumentType::Resident,
        document_number: "440300197911204136",
        phone: "13300133006",
        role: "审核员",
        account: "demo-08",
        level: "L3",
        user_type: PERSON,
    },
    Person {
        name: "何静",
        document_type: DocumentType::Resident,
        document_number: "440300198504013310",
        phone: "13200132007",
        role: "管理员",
        account: "demo-09",
        level: "L3",
        user_type: PERSON,
    },
    Person {
        name: "钱文清",
        document_type: DocumentType::Resident,
        document_number: "44030019900612002X",
        phone: "13100131008",
        role: "财务",
        account: "demo-10",
        level: "L3",
        user_type: PERSON,
    },
    Person {
        name: "邮小川",
        document_type: DocumentType::Resident,
        document_number: "440300199308250030",
        phone: "13000130009",
        role: "邮寄员",
        account: "demo-11",
        level: "L3",
        user_type: PERSON,
    },
    Person {
        name: "张小三",
        document_type: DocumentType::Resident,
        document_number: "440300199003072616",
        phone: "13000130010",
        role: "另一个账号，未实名，登录会被暂停",
        account: "demo-12",
        level: "L0",
        user_type: PERSON,
    },
    Person {
        name: "示范建设公司",
        document_type: DocumentType::Resident,
        document_number: "440300199003072616",
        phone: "13000130011",
        role: "企业账号，不能登录",
        account: "demo-13",
        level: "L3",
        user_type: "company",
    },
];

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::people::document::Document;
    use crate::people::{name, phone};

    #[test]
    fn all_accounts_pass_the_checks_of_a_real_portal() {
        let today = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        for person in PEOPLE {
            let document = Document::parse(person.document_type, person.document_number, today);
            assert!(document.is_ok(), "{}", person.name);
            assert_eq!(name::parse(person.name), Ok(person.name.to_owned()));
            assert_eq!(phone::parse(person.phone), Ok(person.phone.to_owned()));
        }
        let candidates = PEOPLE.iter().filter(|person| person.role == "考生");
        let kinds: std::collections::HashSet<_> = candidates.map(|person| person.document_type).collect();
        assert_eq!(kinds.len(), DocumentType::ALL.len());
    }
}
