//! The middle column: answers and materials with their marks, and the candidate.

use maud::{Markup, html};

use super::state::{ReviewPage, anchor, view_path};
use crate::casework::history;
use crate::casework::question::Question;
use crate::exams::discipline::{IntegrityRecord, Violation};
use crate::exams::registration::Registration;
use crate::pages::views;
use crate::paths;
use crate::staff::case::{Case, CaseFile, Conduct};
use crate::staff::typed::{MARK_LENGTH, mark_control};
use crate::ui::{self, Fact};

/// What staff noted when they carried out the tasks.
pub(super) fn outcome(case: &Case) -> Markup {
    let file = &case.file;
    let facts = views::outcome(file.application.business, &file.events);
    let given = views::handed_over(file.application.business, &file.events, &file.attachments);
    let replaced = views::replaced(&file.events, &file.attachments);
    html! {
        @if !facts.is_empty() {
            (ui::panel("办理结果", html! {
                (ui::facts(&facts))
                @for given in &given { p { a.text-button href=(given.href) hx-boost="false" { (given.name) } } }
                @for old in &replaced {
                    p.muted { "已更换：" a.text-button href=(old.href) hx-boost="false" { (old.name) } }
                }
            }))
        }
    }
}

impl ReviewPage<'_> {
    /// The candidate, whose data the reviewer compares with the documents.
    pub(super) fn identity(&self) -> Markup {
        let person = &self.case.candidate;
        if !self.case.sight.person() {
            return html! {};
        }
        ui::panel(
            "申请人",
            ui::facts(&[
                Fact::of("姓名", &person.name),
                Fact::of("证件类型", person.document_type.label()),
                Fact { label: "证件号码", value: self.document_number() },
                Fact::of("登记手机号", &person.phone),
            ]),
        )
    }

    /// The answers by section, with their changes since the previous round.
    pub(super) fn sections(&self) -> Markup {
        let file = &self.case.file;
        let changed = file.changed();
        html! {
            @for (heading, fields) in self.readable_sections() {
                @let count = fields.iter().filter(|field| changed.contains(field.name)).count();
                section.panel {
                    div.head {
                        h2 { (heading) }
                        @if count > 0 { p.muted.small { "本轮改动 " (count) " 处" } }
                    }
                    (ui::facts(&fields.iter().flat_map(|field| self.answer(field)).collect::<Vec<_>>()))
                }
            }
        }
    }

    /// The sections with the questions whose answers the reader sees.
    fn readable_sections(&self) -> Vec<(&'static str, Vec<&'static Question>)> {
        let file = &self.case.file;
        let mut sections = views::sections(file.application.business, &file.answers);
        for (_, fields) in &mut sections {
            fields.retain(|field| self.case.sight.question(field));
        }
        sections.retain(|(_, fields)| !fields.is_empty());
        sections
    }

    fn answer(&self, field: &'static Question) -> Vec<Fact> {
        let file = &self.case.file;
        let earlier = history::previous_answers(&file.events);
        let facts = views::facts([field], &file.answers, earlier);
        facts.into_iter().map(|fact| self.marked(field.name, fact)).collect()
    }

    pub(super) fn materials(&self) -> Markup {
        let file = &self.case.file;
        let changed = file.changed();
        let rows: Vec<Fact> = file
            .application
            .business
            .wanted(&file.answers)
            .filter(|material| self.case.sight.material(material))
            .map(|material| {
                let ids = file.answers.files(material.slot);
                let value = html! {
                    @if changed.contains(material.slot) { span.changed { "已更换" } " " }
                    (links(file, ids, &self.path()))
                };
                self.marked(material.slot, Fact { label: material.label, value })
            })
            .collect();
        html! { @if !rows.is_empty() { (ui::panel("材料", ui::facts(&rows))) } }
    }

    /// Adds the mark of the previous round and the control for a new one.
    fn marked(&self, name: &str, fact: Fact) -> Fact {
        let earlier = self.case.file.earlier_marks().iter().find(|mark| mark.name == name);
        let value = html! {
            div.desk-answer {
                div { @if fact.value.0.is_empty() { "—" } @else { (fact.value) } }
                @if let Some(mark) = earlier { p.mark-note { "上轮标注：" (mark.reason) } }
                @if self.may_decide() { (self.mark(name, fact.label)) }
            }
        };
        Fact { label: fact.label, value }
    }

    fn mark(&self, name: &str, label: &str) -> Markup {
        let control = mark_control(name);
        let typed = self.typed.marks.get(name).map_or("", String::as_str);
        let problem = self.problem(&control);
        let id = anchor(&control);
        let error = format!("{id}-error");
        let summary = if name.is_empty() { "标注整体" } else { "标注问题" };
        html! {
            details.desk-mark id=(id) open[!typed.is_empty() || problem.is_some()] {
                summary { (summary) span.hidden { "：" (label) } }
                @if let Some(problem) = problem { p.error id=(error) { (problem) } }
                input.input name=(control) value=(typed) list="mark-reasons" maxlength=(MARK_LENGTH.end())
                    autocomplete="off" placeholder="写明需要怎样修改" aria-label={ "标注：" (label) }
                    aria-invalid=[problem.map(|_| "true")] aria-describedby=[problem.map(|_| error.as_str())];
            }
        }
    }
}

/// The control for a mark on the application as a whole.
pub(super) fn mark_of_whole(page: &ReviewPage) -> Markup {
    let earlier = page.case.file.earlier_marks().iter().find(|mark| mark.name.is_empty());
    html! {
        @if let Some(mark) = earlier { p.mark-note { "上轮对整份申请的标注：" (mark.reason) } }
        (page.mark("", "整份申请"))
    }
}

fn links(file: &CaseFile, ids: &[String], case: &str) -> Markup {
    let attachments = ids.iter().map(|id| file.attachments.iter().find(|known| known.id == *id));
    html! {
        @if ids.is_empty() { span.muted { "未上传" } }
        span hx-target=".desk-viewer" hx-select=".desk-viewer" hx-swap="outerHTML" hx-push-url="false" {
            @for attachment in attachments {
                @match attachment {
                    Some(file) if file.removed => span.muted { (file.name) "（" (ui::REMOVED) "）" },
                    Some(file) if file.unreadable => span.error { (file.name) "（打不开）" },
                    Some(file) => a.desk-file href=(view_path(case, file)) { (file.name) },
                    None => span.error { "文件记录已丢失" },
                }
            }
        }
    }
}

/// The rejected application of an appeal.
pub(super) fn appealed(file: &CaseFile, case: &str) -> Markup {
    let application = &file.application;
    let mut rows = vec![
        Fact {
            label: "受理号",
            value: html! { a.text-button href=(paths::case(application.shown_number())) { (application.shown_number()) } },
        },
        Fact { label: "结果", value: views::tag(application) },
        Fact::of("不通过的理由", file.rejection().unwrap_or_default()),
    ];
    rows.extend(views::facts(file.application.business.asked(&file.answers), &file.answers, None));
    rows.extend(file.application.business.wanted(&file.answers).map(|material| Fact {
        label: material.label,
        value: links(file, file.answers.files(material.slot), case),
    }));
    ui::panel(&format!("被申诉的{}", file.application.business.label), ui::facts(&rows))
}

/// The candidate's records of misconduct, registrations and other applications.
pub(super) fn background(case: &Case) -> Markup {
    if !case.sight.person() {
        return html! {};
    }
    html! { (conduct(&case.conduct)) (other_records(case)) }
}

fn conduct(Conduct { violations, integrity, on_record }: &Conduct) -> Markup {
    let body = html! {
        @if *on_record { p { (ui::tag("rejected", "在失信期内")) } }
        @if violations.is_empty() && integrity.is_empty() { p.muted { "没有失信和违纪记录" } }
        ul.desk-others {
            @for record in integrity {
                li { strong { "失信：" (record.category) } " " (ui::words(&integrity_line(record))) }
            }
            @for violation in violations {
                li { strong { "违纪：" (ui::words(&violation.title())) } " " (ui::words(&violation_line(violation))) }
            }
        }
    };
    ui::panel("失信与违纪", body)
}

fn integrity_line(record: &IntegrityRecord) -> String {
    [&*record.period(), &record.fact, &record.decision_number].join(" · ")
}

fn violation_line(violation: &Violation) -> String {
    let parts = [&violation.subject, &violation.fact, &violation.proposed_decision, &violation.outcome];
    parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" · ")
}

fn other_records(case: &Case) -> Markup {
    let registrations = &case.registrations;
    let counts = format!("该考生有 {} 项报名、另有 {} 件申请", registrations.len(), case.others.len());
    let body = html! {
        p.muted { (counts) }
        @if !registrations.is_empty() {
            ul.desk-others { @for row in registrations { li { (registration(row)) } } }
        }
        @if !case.others.is_empty() {
            ul.desk-others {
                @for other in &case.others {
                    li {
                        // The reader cannot open applications that are not the work of their role.
                        @if other.business.is_work_of(&case.reader) {
                            a.text-button href=(paths::case(&other.number)) { (other.number) }
                        } @else { (other.number) }
                        " " (other.business.label) " · " (ui::words(&other.title)) " " (other.tag)
                    }
                }
            }
        }
    };
    ui::panel("报名与其他申请", body)
}

fn registration(row: &Registration) -> Markup {
    let subjects: Vec<&str> = row.subjects.iter().map(|entry| entry.subject.as_str()).collect();
    let paid = if row.paid_at.is_some() { "已缴费" } else { "未缴费" };
    let rest = [&row.summary(), &subjects.join("、"), paid, &row.ticket_number].join(" · ");
    html! { strong { (ui::words(&row.title())) } " " (rest) }
}
