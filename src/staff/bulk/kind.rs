//! The kinds of batches, as data.

use crate::business;
use crate::casework::answers::Answers;
use crate::casework::business::{Application, Business, Task};
use crate::casework::lifecycle::{Action, Status};
use crate::exams::held::Certificate;
use crate::exams::yuan;
use crate::people::candidate::Candidate;
use crate::people::staff::StaffMember;

pub(super) struct BatchKind {
    /// Its name in addresses and in the database.
    pub code: &'static str,
    pub label: &'static str,
    /// What it is for, in a sentence.
    pub about: &'static str,
    /// Begins the numbers of its batches. No business has it.
    pub prefix: &'static str,
    /// Slug of the business.
    pub business: &'static str,
    /// The action of the task that its rows carry out.
    pub action: Action,
    /// The state of the applications that a batch takes.
    pub from: Status,
    /// Action of the audit for each application in an exported file.
    pub exported: &'static str,
    /// The columns of the file before those of the result.
    pub columns: &'static [Column],
    /// Answers to the task's questions that a result need not repeat.
    pub defaults: fn(&Answers) -> Vec<(&'static str, String)>,
    /// Questions whose answers differ from row to row of a result.
    pub distinct: &'static [&'static str],
    pub papers: Papers,
}

/// What else a batch is made into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Papers {
    Nothing,
    /// A pick list and labels.
    Parcels,
    /// A ZIP file of PDFs comes back.
    Pdfs,
}

/// An application with what its row of a file shows.
pub(super) struct Exported {
    pub batch: String,
    pub application: Application,
    pub answers: Answers,
    pub candidate: Candidate,
    /// The certificate that it is about.
    pub certificate: Option<Certificate>,
    /// Order number of the registration that it is about, or empty.
    pub order: String,
}

impl Exported {
    pub fn answer(&self, name: &str) -> String {
        self.answers.one(name).to_owned()
    }

    fn of_certificate(&self, value: fn(&Certificate) -> String) -> String {
        self.certificate.as_ref().map(value).unwrap_or_default()
    }
}

pub(super) struct Column {
    pub label: &'static str,
    pub value: fn(&Exported) -> String,
    /// Whether it is a long number, which a spreadsheet would round.
    pub is_number: bool,
}

const fn column(label: &'static str, value: fn(&Exported) -> String) -> Column {
    Column { label, value, is_number: false }
}

const fn number(label: &'static str, value: fn(&Exported) -> String) -> Column {
    Column { label, value, is_number: true }
}

const BATCH: Column = column(BATCH_LABEL, |row| row.batch.clone());
const NUMBER: Column = column(NUMBER_LABEL, |row| row.application.shown_number().to_owned());
const AMOUNT: Column = column(AMOUNT_LABEL, |row| amount(&row.answers).map(plain_yuan).unwrap_or_default());

/// Labels of columns that results repeat.
pub(super) const BATCH_LABEL: &str = "批次号";
pub(super) const NUMBER_LABEL: &str = "受理号";
pub(super) const AMOUNT_LABEL: &str = "金额";
pub(super) const OUTCOME_LABEL: &str = "结果";
pub(super) const FILE_LABEL: &str = "文件名";

/// Names of columns that are no questions.
pub(super) const OUTCOME: &str = "outcome";
pub(super) const FILE: &str = "file_name";

pub(super) static KINDS: [&BatchKind; 4] = [&REFUNDS, &RECEIPTS, &MAILINGS, &REISSUES];

static REFUNDS: BatchKind = BatchKind {
    code: "refunds",
    label: "批量退款",
    about: "把审核通过的退费做成文件交给银行，再导入银行返回的结果。",
    prefix: "PTF",
    business: "refund",
    action: Action::Fulfil,
    from: Status::Approved,
    exported: "export_refund",
    columns: &[
        BATCH,
        NUMBER,
        column("退款方式", |row| row.answer("refund_to")),
        column("收款人", |row| match row.answer("account_holder") {
            holder if holder.is_empty() => row.candidate.name.clone(),
            holder => holder,
        }),
        column("开户银行", |row| row.answer("bank")),
        column("开户支行", |row| row.answer("branch")),
        number("银行账号", |row| row.answer("account")),
        AMOUNT,
        number("缴费订单号", |row| row.order.clone()),
        number("联系电话", |row| row.answer("phone")),
    ],
    defaults: |_| Vec::new(),
    distinct: &[],
    papers: Papers::Nothing,
};

static RECEIPTS: BatchKind = BatchKind {
    code: "receipts",
    label: "批量开票",
    about: "导出待开的票据，开好后把 PDF 和清单打成一个 ZIP 文件上传。",
    prefix: "PPJ",
    business: "receipt",
    action: Action::Fulfil,
    from: Status::Approved,
    exported: "export_receipt",
    columns: &[
        BATCH,
        NUMBER,
        column("抬头类型", |row| row.answer("title_type")),
        column("抬头", |row| row.answer("title")),
        column("统一社会信用代码", |row| row.answer("credit_code")),
        AMOUNT,
        column("考试", |row| row.application.title.clone()),
        column("备注", |row| row.answer("remark")),
        column("接收方式", |row| row.answer("receive_by")),
        column("电子邮箱", |row| row.answer("email")),
        number("手机号", |row| row.answer("phone")),
    ],
    defaults: |_| Vec::new(),
    distinct: &["receipt_number"],
    papers: Papers::Pdfs,
};

static MAILINGS: BatchKind = BatchKind {
    code: "mailings",
    label: "批量邮寄",
    about: "领取待邮寄的证书，打印拣货单和面单，再导入快递单号。",
    prefix: "PYJ",
    business: "mailing",
    action: Action::Approve,
    from: Status::Submitted,
    exported: "export_mailing",
    columns: &[
        BATCH,
        NUMBER,
        column("收件人", |row| row.answer("recipient")),
        number("联系电话", |row| row.answer("phone")),
        column("省级", |row| row.answer("province")),
        column("市级", |row| row.answer("city")),
        column("区县", |row| row.answer("district")),
        column("详细地址", |row| row.answer("street")),
        number("邮政编码", |row| row.answer("postcode")),
        column("内件", |row| row.application.title.clone()),
        number("证书编号", |row| row.of_certificate(|held| held.number.clone())),
        column("备注", |row| row.answer("remark")),
    ],
    defaults: |form| vec![("posted_by", form.one("carrier").to_owned())],
    distinct: &[],
    papers: Papers::Parcels,
};

static REISSUES: BatchKind = BatchKind {
    code: "reissues",
    label: "批量制证",
    about: "导出待制作的补发证书，印好后登记新印制号。原印制号随即作废。",
    prefix: "PBF",
    business: "reissue",
    action: Action::Fulfil,
    from: Status::Approved,
    exported: "export_reissue",
    columns: &[
        BATCH,
        NUMBER,
        column("姓名", |row| row.of_certificate(|held| held.holder_name.clone())),
        column("证件号码", |row| row.of_certificate(|held| held.document_mask.clone())),
        column("考试", |row| row.application.title.clone()),
        column("级别专业", |row| row.application.summary.clone()),
        number("证书编号", |row| row.of_certificate(|held| held.number.clone())),
        number("原印制号", |row| row.of_certificate(|held| held.print_number.clone())),
        column("补发原因", |row| row.answer("reason")),
        column("领取方式", |row| row.answer("collect_by")),
    ],
    defaults: |_| Vec::new(),
    distinct: &["print_number"],
    papers: Papers::Nothing,
};

impl BatchKind {
    pub fn find(code: &str) -> Option<&'static BatchKind> {
        KINDS.into_iter().find(|kind| kind.code == code)
    }

    pub fn business(&self) -> &'static Business {
        business::ALL.find(self.business).expect("every kind names a business")
    }

    /// The task that its rows carry out.
    pub fn task(&self) -> &'static Task {
        self.business().task(self.action).expect("every kind names a task")
    }

    /// Whether a staff member carries it out.
    pub fn is_work_of(&self, staff: &StaffMember) -> bool {
        staff.duty().does(self.task().role, self.business)
    }

    /// The task that a row carries out if the first one failed.
    pub fn failure(&self) -> Option<&'static Task> {
        self.business().task(Action::Fail)
    }

    /// The tasks of its rows.
    pub fn tasks(&self) -> impl Iterator<Item = &'static Task> + use<> {
        std::iter::once(self.task()).chain(self.failure())
    }

    /// The columns that come back filled in: names and labels.
    pub fn result_columns(&self) -> Vec<(&'static str, &'static str)> {
        let outcome = self.failure().map(|_| (OUTCOME, OUTCOME_LABEL));
        let questions = self.tasks().flat_map(|task| task.questions);
        let file = self.task().file.map(|_| (FILE, FILE_LABEL));
        let asked = questions.map(|question| (question.name, question.label));
        outcome.into_iter().chain(asked).chain(file).collect()
    }

    /// Whether its applications have a sum.
    pub fn has_amount(&self) -> bool {
        self.business().question("amount").is_some()
    }
}

/// The sum of an application in fen.
pub(super) fn amount(answers: &Answers) -> Option<i64> {
    answers.one("amount").parse().ok()
}

/// `61.00`
fn plain_yuan(fen: i64) -> String {
    yuan(fen).trim_start_matches('¥').to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::business::ALL;

    #[test]
    fn every_kind_names_a_task_and_its_questions() {
        for kind in KINDS {
            let names: Vec<_> = kind.task().questions.iter().map(|question| question.name).collect();
            for name in
                kind.distinct.iter().chain((kind.defaults)(&Answers::default()).iter().map(|(name, _)| name))
            {
                assert!(names.contains(name), "{}: {name}", kind.code);
            }
            assert_eq!(kind.task().file.is_some(), kind.papers == Papers::Pdfs, "{}", kind.code);
        }
    }

    #[test]
    fn codes_and_prefixes_are_unique() {
        let codes: BTreeSet<_> = KINDS.iter().map(|kind| kind.code).collect();
        let prefixes: BTreeSet<_> =
            KINDS.iter().map(|kind| kind.prefix).chain(ALL.iter().map(|business| business.prefix)).collect();
        assert_eq!((codes.len(), prefixes.len()), (KINDS.len(), KINDS.len() + ALL.0.len()));
    }
}
