//! The pages of 批量通过: choose, see what it will do, and the result of each.

use maud::{Markup, html};
use poem::{Response, handler};

use super::approval::{self, Assessed, Assessment, Chosen, MOST};
use super::kind::amount;
use super::kind_page::facts;
use super::request::{BulkRequest, listed};
use crate::casework::batch::{self, Waiting};
use crate::casework::business::Business;
use crate::casework::lifecycle::Status;
use crate::casework::number;
use crate::exams::yuan;
use crate::paths;
use crate::people::mask;
use crate::people::staff::StaffMember;
use crate::store::Tx;
use crate::ui::{self, Icon, Look, Page, Tone};
use crate::web::{Failure, Submission};

/// `GET /staff/approvals`
#[handler]
pub async fn choose_approvals(request: BulkRequest) -> Result<Response, Failure> {
    show_choice(&request, "").await
}

/// `problem` says why nothing can be shown; empty if nothing was chosen before.
async fn show_choice(request: &BulkRequest, problem: &'static str) -> Result<Response, Failure> {
    let load = |tx: &mut Tx, staff: &StaffMember| {
        let mut waiting = Vec::new();
        for business in approval::businesses(tx, staff)? {
            let mut own = batch::waiting(tx, staff, (business.slug, Status::InReview), MOST)?;
            own.extend(batch::waiting(tx, staff, (business.slug, Status::Submitted), MOST)?);
            own.truncate(MOST);
            waiting.push((business, own));
        }
        let shown = waiting.iter().flat_map(|(_, own)| own);
        Ok((listed(shown.map(|one| one.application.shown_number())), waiting))
    };
    let (waiting, desk) = request.read(load).await?;
    let main = html! {
        (ui::heading("批量办理", "批量通过", "选择待审核的或您已领取的申请，最多 100 件。下一步先显示每件的内容。"))
        @if !problem.is_empty() { (ui::answer(Tone::Warn, problem, html! {})) }
        @if waiting.iter().all(|(_, own)| own.is_empty()) {
            (ui::empty(Icon::Check, "没有可以批量通过的申请", "允许批量通过的业务由管理员设定。", None))
        } @else { (choice(&waiting)) }
    };
    let status = match problem {
        "" => poem::http::StatusCode::OK,
        _ => poem::http::StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok(request.frame.page_with(status, Page::new("批量通过", main).own_heading().wide().desk(desk)))
}

fn choice(waiting: &[(&'static Business, Vec<Waiting>)]) -> Markup {
    html! {
        form method="post" action=(paths::APPROVALS) {
            @for (business, own) in waiting.iter().filter(|(_, own)| !own.is_empty()) {
                fieldset {
                    legend.label { (business.label) }
                    div.options data-long { @for one in own { (option(one)) } }
                }
            }
            div.actions { (ui::submit("go", "preview", "下一步：核对", Look::Primary)) }
        }
    }
}

fn option(one: &Waiting) -> Markup {
    let application = &one.application;
    html! {
        label.option {
            input type="checkbox" name="chosen" value=(value(application.shown_number(), application.version));
            span {
                (mask::name(&one.name)) " · " (ui::words(&application.title))
                span.muted.small { (ui::words(&facts(application))) }
            }
        }
    }
}

fn value(number: &str, version: i32) -> String {
    format!("{number}:{version}")
}

fn chosen(sent: &Submission) -> Vec<Chosen> {
    let read = |text: &String| {
        let (number, version) = text.split_once(':')?;
        Some((number::parse(number)?, version.parse().ok()?))
    };
    let mut chosen: Vec<Chosen> = sent.all("chosen").iter().filter_map(read).collect();
    chosen.sort();
    chosen.dedup_by(|one, other| one.0 == other.0);
    chosen
}

/// `POST /staff/approvals`: shows what the approval will do.
#[handler]
pub async fn preview_approvals(request: BulkRequest, sent: Submission) -> Result<Response, Failure> {
    let chosen = chosen(&sent);
    if chosen.is_empty() {
        return show_choice(&request, "请先选择申请").await;
    }
    if chosen.len() > MOST {
        return show_choice(&request, "一次最多通过 100 件").await;
    }
    let Assessment { found, desk, .. } = approval::assess(&request, chosen).await?;
    let main = preview(&found);
    let page = Page::new("核对批量通过", main).own_heading().wide().back(paths::APPROVALS);
    Ok(request.frame.page(page.desk(desk)))
}

fn preview(found: &[Assessed]) -> Markup {
    let (included, excluded): (Vec<_>, Vec<_>) = found.iter().partition(|one| one.excluded.is_empty());
    let sum: i64 = included.iter().filter_map(|one| amount(one.application.form.as_ref()?)).sum();
    html! {
        (ui::heading("批量通过", "核对", ""))
        (ui::banner(Tone::Info, &format!("将通过 {} 件", included.len()), html! {
            @if sum > 0 { p { "合计金额 " (yuan(sum)) } }
            p { "确认后立即生效，考生马上可以看到，没有附言。每件仍按需要复核的规定办理。" }
        }))
        @if !excluded.is_empty() {
            (ui::banner(Tone::Warn, &format!("{} 件不会通过", excluded.len()), html! {
                ul { @for one in &excluded { li { (one.application.shown_number()) "：" (one.excluded) } } }
            }))
        }
        ul.bulk-lines { @for one in &included { (case(one)) } }
        form method="post" action=(paths::CONFIRM_APPROVALS) {
            @for one in &included {
                input type="hidden" name="chosen" value=(value(one.application.shown_number(), one.application.version));
            }
            div.actions {
                (ui::link_button(paths::APPROVALS, "返回，不通过", Look::Plain))
                @if !included.is_empty() {
                    (ui::submit("confirm", "yes", &format!("确认通过 {} 件", included.len()), Look::Primary))
                }
            }
        }
    }
}

/// An application with what was answered.
fn case(one: &Assessed) -> Markup {
    let application = &one.application;
    let form = application.form.clone().unwrap_or_default();
    let answers = application.business.asked(&form).map(|question| {
        let shown = question.display(&form);
        let shown = question.mask().map_or(shown.clone(), |mask| mask(&shown));
        format!("{}：{shown}", question.label)
    });
    html! {
        li {
            a href=(paths::case(application.shown_number())) { (application.shown_number()) }
            " " (one.candidate.name) " · " (application.business.label) " · " (ui::words(&application.title))
            span.muted.small { (ui::words(&answers.collect::<Vec<_>>().join("；"))) }
        }
    }
}

/// `POST /staff/approvals/confirm`: approves each application by itself and shows the result of each.
#[handler]
pub async fn approve(request: BulkRequest, sent: Submission) -> Result<Response, Failure> {
    let chosen = chosen(&sent);
    if chosen.is_empty() || chosen.len() > MOST {
        return show_choice(&request, "请先选择申请，一次最多 100 件").await;
    }
    let Assessment { found, staff, desk } = approval::assess(&request, chosen).await?;
    let mut results = Vec::new();
    for one in &found {
        let result = match one.excluded.as_str() {
            "" => approval::approve_one(&request, &staff, one).await?,
            excluded => Err(excluded.to_owned()),
        };
        results.push((one, result));
    }
    let main = outcome(&results);
    let page = Page::new("批量通过的结果", main).own_heading().wide().back(paths::APPROVALS);
    Ok(request.frame.page(page.desk(desk)))
}

fn outcome(results: &[(&Assessed, Result<String, String>)]) -> Markup {
    let done = results.iter().filter(|(_, result)| result.is_ok()).count();
    let (tone, title) = match results.len() - done {
        0 => (Tone::Good, format!("{done} 件已办理")),
        refused => (Tone::Warn, format!("{done} 件已办理，{refused} 件没有办理")),
    };
    html! {
        (ui::heading("批量通过", "结果", ""))
        (ui::answer(tone, &title, html! {}))
        ul.bulk-lines {
            @for (one, result) in results {
                li {
                    a href=(paths::case(one.application.shown_number())) { (one.application.shown_number()) }
                    " " (mask::name(&one.candidate.name)) " "
                    @match result {
                        Ok(word) => (ui::tag("approved", word)),
                        Err(why) => span.small { "没有办理：" (ui::words(why)) },
                    }
                }
            }
        }
        div.actions {
            (ui::link_button(paths::APPROVALS, "继续", Look::Plain))
            (ui::link_button(paths::QUEUE, "返回待办", Look::Plain))
        }
    }
}
