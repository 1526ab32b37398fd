//! What a candidate has agreed to about their personal data, by purpose (个人信息保护法 arts. 13 to 15 and 29).
//!
//! The row of the candidate has the present state; the table `consents` has each step, with its time and the version of
//! the privacy notice that was shown.

use diesel::prelude::*;

use crate::store::schema::candidates::dsl as c;
use crate::store::schema::consents::dsl as s;
use crate::store::{CandidateId, Error, Timestamp, Tx, codes};

codes! {
    /// What personal data is used for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Purpose {
        /// Everything that is not sensitive. Without it no page of a candidate opens.
        General = "general", "处理个人信息";
        Identity = "identity", "证件号码和证件照片";
        Portrait = "portrait", "证件照（人脸照片）";
        Account = "account", "银行账户";
        Materials = "materials", "申请材料";
    }
}

impl Purpose {
    /// The purposes of sensitive data, each with a consent of its own.
    pub const SENSITIVE: [Purpose; 4] =
        [Purpose::Identity, Purpose::Portrait, Purpose::Account, Purpose::Materials];

    /// What the data is for, and what is not possible without it.
    pub const fn about(self) -> &'static str {
        match self {
            Purpose::General => "姓名、手机号和您填写的内容，用于登录、受理和办理您的申请。",
            Purpose::Identity => "用于核验您的身份、查找您的报名和证书。不同意就不能提交申请。",
            Purpose::Portrait => "用于准考证和证书，核对是否本人。不同意就不能办理需要证件照的业务。",
            Purpose::Account => "只用于把退费转到您的账户。不同意可以选择退回原支付渠道。",
            Purpose::Materials => {
                "学历、工作、疾病诊断等材料，用于审核您的申请。不同意就不能办理需要上传材料的业务。"
            }
        }
    }
}

/// The present consents of a candidate.
#[derive(Clone, Debug, Default)]
pub struct Consents {
    /// The version of the privacy notice that the candidate agreed to.
    version: Option<i32>,
    /// The version that is in use.
    current: i32,
    purposes: Vec<Purpose>,
}

impl Consents {
    pub(super) fn of(version: Option<i32>, purposes: &str, current: i32) -> Consents {
        let purposes = purposes.split_whitespace().filter_map(Purpose::from_code).collect();
        Consents { version, current, purposes }
    }

    /// Whether the candidate has agreed to a version of the notice, whatever its age.
    pub fn is_given(&self) -> bool {
        self.version.is_some()
    }

    /// Whether the candidate has agreed to the notice that is in use.
    pub fn is_current(&self) -> bool {
        self.version == Some(self.current)
    }

    pub fn has(&self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::General => self.is_given(),
            sensitive => self.purposes.contains(&sensitive),
        }
    }
}

/// A consent that was given or withdrawn.
#[derive(Clone, Debug)]
pub struct Step {
    pub purpose: Purpose,
    pub version: i32,
    pub given: bool,
    pub at: Timestamp,
}

/// Agrees to a version of the notice, and to exactly these purposes of sensitive data.
pub fn agree(
    tx: &mut Tx,
    (candidate, before): (&CandidateId, &Consents),
    version: i32,
    purposes: &[Purpose],
) -> Result<(), Error> {
    note(tx, candidate, Purpose::General, version, true)?;
    for purpose in Purpose::SENSITIVE {
        let given = purposes.contains(&purpose);
        if given || before.has(purpose) {
            note(tx, candidate, purpose, version, given)?;
        }
    }
    store(tx, candidate, Some(version), purposes)
}

/// Agrees to further purposes of sensitive data.
pub fn add(
    tx: &mut Tx,
    (candidate, before): (&CandidateId, &Consents),
    purposes: &[Purpose],
) -> Result<(), Error> {
    let mut all = before.purposes.clone();
    for purpose in Purpose::SENSITIVE.into_iter().filter(|one| purposes.contains(one) && !before.has(*one)) {
        note(tx, candidate, purpose, before.current, true)?;
        all.push(purpose);
    }
    store(tx, candidate, before.version, &all)
}

/// Withdraws a consent. Without the general one none is left.
pub fn withdraw(
    tx: &mut Tx,
    (candidate, before): (&CandidateId, &Consents),
    purpose: Purpose,
) -> Result<(), Error> {
    let is_ended = |one: &Purpose| purpose == Purpose::General || *one == purpose;
    for ended in Purpose::ALL.into_iter().filter(is_ended).filter(|one| before.has(*one)) {
        note(tx, candidate, ended, before.version.unwrap_or(before.current), false)?;
    }
    let left: Vec<Purpose> = before.purposes.iter().copied().filter(|one| !is_ended(one)).collect();
    store(tx, candidate, before.version.filter(|_| purpose != Purpose::General), &left)
}

/// Every step of a candidate, the oldest first.
pub fn steps(tx: &mut Tx, candidate: &CandidateId) -> Result<Vec<Step>, Error> {
    let rows = s::consents.filter(s::candidate_id.eq(candidate)).order((s::at, s::id));
    let rows: Vec<(String, i32, bool, Timestamp)> =
        rows.select((s::purpose, s::version, s::given, s::at)).load(tx.conn)?;
    let step = |(code, version, given, at): (String, i32, bool, Timestamp)| {
        Some(Step { purpose: Purpose::from_code(&code)?, version, given, at })
    };
    Ok(rows.into_iter().filter_map(step).collect())
}

fn note(
    tx: &mut Tx,
    candidate: &CandidateId,
    purpose: Purpose,
    version: i32,
    given: bool,
) -> Result<(), Error> {
    let row = (
        s::id.eq(tx.id()),
        s::candidate_id.eq(candidate),
        s::purpose.eq(purpose.code()),
        s::version.eq(version),
        s::given.eq(given),
        s::at.eq(tx.now),
    );
    diesel::insert_into(s::consents).values(row).execute(tx.conn)?;
    Ok(())
}

fn store(tx: &mut Tx, id: &CandidateId, version: Option<i32>, purposes: &[Purpose]) -> Result<(), Error> {
    let codes: Vec<&str> = purposes.iter().map(|purpose| purpose.code()).collect();
    let state = (c::agreed_version.eq(version), c::agreed_purposes.eq(codes.join(" ")));
    diesel::update(c::candidates.find(id)).set(state).execute(tx.conn)?;
    Ok(())
}
