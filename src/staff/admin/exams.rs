//! 考试: exams, their sittings and subjects.

mod forms;

use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};

use self::forms::{ExamForm, SittingForm, SubjectForm, days_hidden, seen_days};
use super::request::{AdminRequest, Saved, Trouble, saved};
use crate::casework::exam_changes::{self, Exam, ExamSitting, ExamSubject};
use crate::exams::refund_rule::{RefundReason, RefundRules};
use crate::exams::{month_label, yuan};
use crate::paths;
use crate::people::staff::StaffMember;
use crate::store::Tx;
use crate::ui::{self, Fact, Icon, ListRow, Look, Page};
use crate::web::{Failure, Submission};

#[handler]
pub async fn list(request: AdminRequest) -> Result<Response, Failure> {
    let page = |tx: &mut Tx, _: &StaffMember| {
        let mut rows = Vec::new();
        for exam in exam_changes::exams(tx)? {
            let sittings = exam_changes::sittings(tx, &exam.id)?;
            rows.push(row(&exam, &sittings));
        }
        let main = html! {
            div.head {
                (ui::heading("", "考试", "成批增加和更改请用数据导入。"))
                (ui::link_button(paths::NEW_EXAM, "增加考试", Look::Primary))
            }
            @if rows.is_empty() { (ui::empty(Icon::File, "还没有考试", "请增加考试，或导入考试文件。", None)) }
            @else { (ui::rows(&rows)) }
        };
        Ok(Page::new("考试", main).own_heading().back(paths::ADMIN))
    };
    request.show(page).await
}

fn row(exam: &Exam, sittings: &[ExamSitting]) -> ListRow {
    let last = sittings.first().map(|sitting| format!("最近 {}", month_label(&sitting.month)));
    let facts = [Some(exam.code.clone()), Some(exam.category.clone()), last];
    ListRow {
        title: html! { (exam.name) },
        detail: facts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        href: paths::exam(&exam.id),
        trailing: html! { span.muted.small { (sittings.len()) " 次" } },
    }
}

#[handler]
pub async fn blank(request: AdminRequest) -> Result<Response, Failure> {
    request.show(|_, _| Ok(new_page(&ExamForm::default(), &Trouble::default()))).await
}

#[handler]
pub async fn add(request: AdminRequest, sent: Submission) -> Result<Response, Failure> {
    let form = ExamForm::of(&sent);
    let typed = form.clone();
    let work = move |tx: &mut Tx, staff: &StaffMember| -> Result<Saved, Failure> {
        if let Some(problems) = typed.problems(true) {
            return Ok(Err(problems));
        }
        let id = exam_changes::add_exam(tx, staff, (&typed.code, &typed.name, &typed.category))?;
        Ok(Ok(saved(&paths::exam(id))))
    };
    request.settle(work, move |_, _, trouble| Ok(new_page(&form, trouble))).await
}

fn new_page(form: &ExamForm, trouble: &Trouble) -> Page {
    let main = html! {
        (ui::heading("考试", "增加考试", ""))
        (trouble.show())
        form method="post" action=(paths::NEW_EXAM) novalidate {
            (ui::panel("", form.fields(true, trouble)))
            div.actions {
                (ui::link_button(paths::EXAMS, "返回", Look::Plain))
                (ui::submit("action", "exam", "增加", Look::Primary))
            }
        }
    };
    Page::new("增加考试", main).own_heading().back(paths::EXAMS)
}

/// What the forms of an exam's page hold.
#[derive(Clone, Default)]
struct Forms {
    exam: Option<ExamForm>,
    sitting: SittingForm,
    subject: SubjectForm,
}

#[handler]
pub async fn show(request: AdminRequest, Path(id): Path<String>) -> Result<Response, Failure> {
    request.show(move |tx, _| exam_page(tx, &id, &Forms::default(), &Trouble::default())).await
}

/// `POST`: changes the exam, or adds a sitting or a subject, as `action` says.
#[handler]
pub async fn change(
    request: AdminRequest,
    Path(id): Path<String>,
    sent: Submission,
) -> Result<Response, Failure> {
    request.administrator().await?;
    let action = sent.one("action").to_owned();
    let forms = match action.as_str() {
        "exam" => Forms { exam: Some(ExamForm::of(&sent)), ..Forms::default() },
        "sitting" => Forms { sitting: SittingForm::of(&sent), ..Forms::default() },
        "subject" => Forms { subject: SubjectForm::of(&sent), ..Forms::default() },
        _ => return Err(Failure::BadRequest("请求的内容不完整")),
    };
    let (typed, of) = (forms.clone(), id.clone());
    let work = move |tx: &mut Tx, staff: &StaffMember| -> Result<Saved, Failure> {
        load(tx, &of)?;
        if let Some(exam) = &typed.exam {
            if let Some(problems) = exam.problems(false) {
                return Ok(Err(problems));
            }
            let seen = (sent.one("seen_name"), sent.one("seen_category"));
            exam_changes::change_exam(tx, staff, (&of, seen), (&exam.name, &exam.category))?;
        } else if action == "sitting" {
            let (month, days) = match typed.sitting.parse() {
                Ok(parsed) => parsed,
                Err(problems) => return Ok(Err(problems)),
            };
            exam_changes::add_sitting(tx, staff, (&of, &month), &days)?;
        } else {
            let fee = match typed.subject.parse() {
                Ok(fee) => fee,
                Err(problems) => return Ok(Err(problems)),
            };
            let SubjectForm { level, specialty, subject, .. } = &typed.subject;
            exam_changes::add_subject(tx, staff, &of, (level, specialty, subject, fee))?;
        }
        Ok(Ok(saved(&paths::exam(&of))))
    };
    request.settle(work, move |tx, _, trouble| exam_page(tx, &id, &forms, trouble)).await
}

fn load(tx: &mut Tx, id: &str) -> Result<Exam, Failure> {
    exam_changes::exam(tx, id)?.ok_or(Failure::NotFound)
}

fn exam_page(tx: &mut Tx, id: &str, forms: &Forms, trouble: &Trouble) -> Result<Page, Failure> {
    let exam = load(tx, id)?;
    let (sittings, subjects) = (exam_changes::sittings(tx, id)?, exam_changes::subjects(tx, id)?);
    let stored = ExamForm::stored(&exam);
    let action = paths::exam(id);
    let refunds = RefundRules::load(tx)?;
    let main = html! {
        (ui::heading(&exam.code, &exam.name, &exam.category))
        (trouble.show())
        h2 { "考试年月" }
        @if sittings.is_empty() { p.muted { "还没有考试年月。" } }
        @else { (ui::rows(&sittings.iter().map(sitting_row).collect::<Vec<_>>())) }
        (part(&action, "增加考试年月", forms.sitting.fields(true, trouble), "sitting", "增加"))
        h2 { "科目和费用" }
        @if subjects.is_empty() { p.muted { "还没有科目。" } }
        @else { (ui::rows(&subjects.iter().map(|one| subject_row(id, one)).collect::<Vec<_>>())) }
        (part(&action, "增加科目", forms.subject.fields(trouble), "subject", "增加"))
        (ui::panel("退费规则", html! {
            p.muted { "更改请在数据导入中上传“退费规则”文件。" }
            (ui::facts(&RefundReason::ALL.map(|why| Fact::of(why.label(), refunds.of(id, why).in_words()))))
        }))
        (part(&action, "名称和类别", html! {
            input type="hidden" name="seen_name" value=(exam.name);
            input type="hidden" name="seen_category" value=(exam.category);
            (forms.exam.as_ref().unwrap_or(&stored).fields(false, trouble))
        }, "exam", "保存"))
    };
    Ok(Page::new("考试", main).about(exam.name).own_heading().back(paths::EXAMS))
}

/// One of the forms of the page, folded up until it is used.
fn part(action: &str, title: &str, fields: Markup, step: &str, label: &str) -> Markup {
    html! {
        form method="post" action=(action) novalidate {
            (ui::panel(title, html! {
                (fields)
                div.actions { (ui::submit("action", step, label, Look::Plain)) }
            }))
        }
    }
}

fn sitting_row(sitting: &ExamSitting) -> ListRow {
    let days = &sitting.days;
    ListRow {
        title: html! { (ui::words(&month_label(&sitting.month))) },
        detail: format!("核查 {} 至 {} · 考试 {}", days.check_opens_on, days.check_closes_on, days.held_on),
        href: paths::sitting(&sitting.exam_id, &sitting.id),
        trailing: html! {},
    }
}

fn subject_row(exam: &str, one: &ExamSubject) -> ListRow {
    ListRow {
        title: html! { (one.subject) },
        detail: format!("{} · {}", one.level, one.specialty),
        href: paths::subject(exam, &one.id),
        trailing: html! { (yuan(one.fee.into())) },
    }
}

#[handler]
pub async fn show_sitting(
    request: AdminRequest,
    Path((exam, id)): Path<(String, String)>,
) -> Result<Response, Failure> {
    request.show(move |tx, _| sitting_page(tx, (&exam, &id), None, &Trouble::default())).await
}

#[handler]
pub async fn change_sitting(
    request: AdminRequest,
    Path((exam, id)): Path<(String, String)>,
    sent: Submission,
) -> Result<Response, Failure> {
    let form = SittingForm::of(&sent);
    let (typed, of, to) = (form.clone(), id.clone(), paths::exam(&exam));
    let work = move |tx: &mut Tx, staff: &StaffMember| -> Result<Saved, Failure> {
        let days = match typed.parse_days() {
            Ok(days) => days,
            Err(problems) => return Ok(Err(problems)),
        };
        let seen = seen_days(&sent).ok_or(Failure::BadRequest("请求的内容不完整"))?;
        exam_changes::change_sitting(tx, staff, (&of, &seen), &days)?;
        Ok(Ok(saved(&to)))
    };
    request.settle(work, move |tx, _, trouble| sitting_page(tx, (&exam, &id), Some(&form), trouble)).await
}

fn sitting_page(
    tx: &mut Tx,
    (exam, id): (&str, &str),
    typed: Option<&SittingForm>,
    trouble: &Trouble,
) -> Result<Page, Failure> {
    let exam = load(tx, exam)?;
    let sitting = exam_changes::sitting(tx, id)?.filter(|sitting| sitting.exam_id == exam.id);
    let sitting = sitting.ok_or(Failure::NotFound)?;
    let stored = SittingForm::stored(&sitting);
    let days = &sitting.days;
    let now =
        format!("现在：核查 {} 至 {}，考试 {}", days.check_opens_on, days.check_closes_on, days.held_on);
    let back = paths::exam(&exam.id);
    let main = html! {
        (ui::heading(&exam.name, &format!("考试年月 {}", month_label(&sitting.month)), &now))
        (trouble.show())
        form method="post" action=(paths::sitting(&exam.id, id)) novalidate {
            (days_hidden(days))
            (ui::panel("", html! {
                (typed.unwrap_or(&stored).fields(false, trouble))
                p.muted { "已提交的核查申请不受截止日期影响，退回后仍可补正。" }
            }))
            div.actions {
                (ui::link_button(&back, "返回", Look::Plain))
                (ui::submit("action", "save", "保存", Look::Primary))
            }
        }
    };
    Ok(Page::new("考试年月", main).about(exam.name).own_heading().back(back))
}

#[handler]
pub async fn show_subject(
    request: AdminRequest,
    Path((exam, id)): Path<(String, String)>,
) -> Result<Response, Failure> {
    request.show(move |tx, _| subject_page(tx, (&exam, &id), None, &Trouble::default())).await
}

#[handler]
pub async fn change_fee(
    request: AdminRequest,
    Path((exam, id)): Path<(String, String)>,
    sent: Submission,
) -> Result<Response, Failure> {
    let typed = sent.one("fee").to_owned();
    let (form, of, to) = (SubjectForm::of(&sent), id.clone(), paths::exam(&exam));
    let work = move |tx: &mut Tx, staff: &StaffMember| -> Result<Saved, Failure> {
        let fee = match form.parse_fee() {
            Ok(fee) => fee,
            Err(problem) => return Ok(Err(vec![problem])),
        };
        let seen = sent.one("seen").parse().map_err(|_| Failure::BadRequest("请求的内容不完整"))?;
        exam_changes::change_fee(tx, staff, (&of, seen), fee)?;
        Ok(Ok(saved(&to)))
    };
    request.settle(work, move |tx, _, trouble| subject_page(tx, (&exam, &id), Some(typed), trouble)).await
}

fn subject_page(
    tx: &mut Tx,
    (exam, id): (&str, &str),
    typed: Option<String>,
    trouble: &Trouble,
) -> Result<Page, Failure> {
    let exam = load(tx, exam)?;
    let subject = exam_changes::subjects(tx, &exam.id)?.into_iter().find(|one| one.id == id);
    let subject = subject.ok_or(Failure::NotFound)?;
    let form =
        SubjectForm { fee: typed.unwrap_or_else(|| plain_yuan(subject.fee)), ..SubjectForm::default() };
    let about = format!("{} · {} · 现在 {}", subject.level, subject.specialty, yuan(subject.fee.into()));
    let back = paths::exam(&exam.id);
    let main = html! {
        (ui::heading(&exam.name, &subject.subject, &about))
        (trouble.show())
        form method="post" action=(paths::subject(&exam.id, id)) novalidate {
            input type="hidden" name="seen" value=(subject.fee);
            (ui::panel("", html! {
                (form.fee_field(trouble))
                p.muted { "只用于以后导入的报名；已经缴费的报名按缴费时的费用退费和开票。" }
            }))
            div.actions {
                (ui::link_button(&back, "返回", Look::Plain))
                (ui::submit("action", "save", "保存", Look::Primary))
            }
        }
    };
    Ok(Page::new("科目费用", main).about(subject.subject).own_heading().back(back))
}

/// 6100 fen → `61.00`.
fn plain_yuan(fen: i32) -> String {
    yuan(fen.into()).trim_start_matches('¥').to_owned()
}
