//! The people of the sandbox portals, and their accounts. All of them are invented.

use crate::people::document::DocumentType::{
    self, ForeignPermanent, HkMacaoPermit, HmtResidence, Other, Passport, Resident, TaiwanPermit,
};

pub struct Person {
    pub name: &'static str,
    pub document_type: DocumentType,
    pub document_number: &'static str,
    pub phone: &'static str,
    /// The role on our site, such as 考生; shown beside the name.
    pub role: &'static str,
    /// `sub`
    pub account: &'static str,
    /// The account's level; `L2` and above are verified.
    pub level: &'static str,
    /// `person` or `company`.
    pub user_type: &'static str,
}

/// An account as a portal has it.
#[derive(Clone, Copy)]
pub struct Account {
    /// It never changes.
    pub id: &'static str,
    pub name: &'static str,
    /// The type of the document in Chinese. Each portal has codes of its own.
    pub document: &'static str,
    pub number: &'static str,
    pub phone: &'static str,
    /// Shown beside the name.
    pub role: &'static str,
    /// `L0` is not verified: the person has stated name and number. `L2` and `L3` are.
    pub level: &'static str,
    pub is_person: bool,
}

impl Account {
    const fn of(person: &Person) -> Account {
        Account {
            id: person.account,
            name: person.name,
            document: person.document_type.label(),
            number: person.document_number,
            phone: person.phone,
            role: person.role,
            level: person.level,
            is_person: matches!(person.user_type.as_bytes(), b"person"),
        }
    }

    pub fn is_verified(&self) -> bool {
        self.level != "L0"
    }

    /// 1 for men and 2 for women (GB/T 2261.1), if the number tells.
    pub fn sex(&self) -> &'static str {
        match self.number.as_bytes() {
            number if number.len() != 18 => "",
            number if number[16] % 2 == 1 => "1",
            _ => "2",
        }
    }
}

/// 军官证
pub const OFFICER_CARD: &str = "军官证";
/// 港澳居民身份证
pub const HK_MACAO_CARD: &str = "港澳居民身份证";

/// Accounts with documents that only some portals know.
const OTHERS: [Account; 2] = [
    Account {
        id: "demo-15",
        name: "卫国强",
        document: OFFICER_CARD,
        number: "军字第20190615号",
        phone: "13000130012",
        role: "考生",
        level: "L3",
        is_person: true,
    },
    Account {
        id: "demo-16",
        name: "何子謙",
        document: HK_MACAO_CARD,
        number: "A123456(3)",
        phone: "+85291234568",
        role: "考生",
        level: "L2",
        is_person: true,
    },
];

/// The accounts of all portals.
pub fn accounts() -> impl Iterator<Item = Account> {
    PEOPLE.iter().map(Account::of).chain(OTHERS)
}

/// A person with a verified account.
const fn person(
    name: &'static str,
    document_type: DocumentType,
    document_number: &'static str,
    phone: &'static str,
    role: &'static str,
    account: &'static str,
) -> Person {
    Person { name, document_type, document_number, phone, role, account, level: "L3", user_type: "person" }
}

/// A candidate of each document type, the staff, and two accounts that are refused.
pub const PEOPLE: &[Person] = &[
    person("张小三", Resident, "440300199003072616", "13800138000", "考生", "demo-01"),
    person("陳大文", HkMacaoPermit, "H12345678", "+85291234567", "考生", "demo-02"),
    person("林美玲", TaiwanPermit, "12345678", "13900139001", "考生", "demo-03"),
    person("欧阳嘉敏", HmtResidence, "810000199202143010", "13700137002", "考生", "demo-04"),
    person("SCHMIDT ANNA", ForeignPermanent, "911100199506071028", "13600136003", "考生", "demo-05"),
    person("DUPONT MARIE", Passport, "19AV12345", "13500135004", "考生", "demo-06"),
    person("周明远", Resident, "440300198808150023", "13400134005", "审核员", "demo-07"),
    person("阿力木·吐尔逊", Resident, "440300197911204136", "13300133006", "审核员", "demo-08"),
    person("何静", Resident, "440300198504013310", "13200132007", "管理员", "demo-09"),
    person("钱文清", Resident, "44030019900612002X", "13100131008", "财务", "demo-10"),
    person("邮小川", Resident, "440300199308250030", "13000130009", "邮寄员", "demo-11"),
    Person {
        level: "L0",
        ..person(
            "张小三",
            Resident,
            "440300199003072616",
            "13000130010",
            "另一个账号，未实名，不能登录",
            "demo-12",
        )
    },
    Person {
        user_type: "company",
        ..person(
            "示范建设公司",
            Resident,
            "440300199003072616",
            "13000130011",
            "企业账号，不能登录",
            "demo-13",
        )
    },
    person("石卫国", Other, "军字第12345678号", "13000130012", "考生", "demo-14"),
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
        let ids: std::collections::HashSet<_> = accounts().map(|account| account.id).collect();
        assert_eq!(ids.len(), accounts().count());
        let candidates = PEOPLE.iter().filter(|person| person.role == "考生");
        let kinds: std::collections::HashSet<_> = candidates.map(|person| person.document_type).collect();
        assert_eq!(kinds.len(), DocumentType::ALL.len());
    }
}
