//! 领取情况: who has taken which applications. An administrator puts several back or hands them over at once.

mod taken;

use maud::{Markup, html};
use poem::http::StatusCode;
use poem::web::{Data, Query};
use poem::{Response, handler};
use serde::Deserialize;

use self::taken::{Load, MOST, Taken};
use super::header::Header;
use super::queue_page::span;
use super::require_administrator;
use crate::casework::assignment::{self, WORD};
use crate::casework::business::Application;
use crate::casework::lifecycle::Action;
use crate::casework::number::ApplicationNumber;
use crate::pages::signed_in::as_staff;
use crate::paths;
use crate::people::staff::{self as roster, Member, StaffMember, Unaudited};
use crate::store::{Store, Timestamp, Tx};
use crate::ui::{self, Desk, Icon, Look, Page, Tone};
use crate::web::{Failure, Frame, Submission, Visitor};

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Chosen {
    /// Key of a staff member; empty: everybody.
    person: String,
}

struct Assignments {
    loads: Vec<Load>,
    taken: Vec<Taken>,
    members: Vec<Member>,
    person: String,
    now: Timestamp,
}

/// What became of one application.
struct Outcome {
    number: String,
    done: bool,
    words: String,
}

#[handler]
pub async fn show(
    frame: Frame,
    Data(store): Data<&Store>,
    visitor: Visitor,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Failure> {
    let (list, desk) = load(&visitor, store, chosen.person).await?;
    Ok(frame.page(list.page(desk, &[], None)))
}

/// `POST /staff/assignments`. Each application is a transaction of its own, so that one that changed meanwhile stops no
/// other.
#[handler]
pub async fn change(
    frame: Frame,
    Data(store): Data<&Store>,
    visitor: Visitor,
    Query(chosen): Query<Chosen>,
    sent: Submission,
) -> Result<Response, Failure> {
    let staff =
        as_staff(&visitor, |_, staff| require_administrator(&staff, ADMINISTRATORS).map(|()| staff)).await?;
    let cases: Vec<&String> = sent.all("case").iter().take(MOST as usize).collect();
    let problem = match (cases.is_empty(), sent.one("action")) {
        (true, _) => Some("请先勾选申请"),
        (_, "hand_over") if sent.one("to").is_empty() => Some("请选择转交给谁"),
        (_, "hand_over" | "put_back") => None,
        _ => Some("请按放回或转交"),
    };
    let mut outcomes = Vec::new();
    if problem.is_none() {
        for case in cases {
            outcomes.push(change_one(store, &staff, case, &sent).await?);
        }
    }
    let (list, desk) = load(&visitor, store, chosen.person).await?;
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(frame.page_with(status, list.page(desk, &outcomes, problem)))
}

/// Tells anybody else who works here.
const ADMINISTRATORS: &str = "领取情况由管理员查看和调整。";

async fn load(visitor: &Visitor, store: &Store, person: String) -> Result<(Assignments, Desk), Failure> {
    let load = move |tx: &mut Tx, staff: StaffMember| {
        require_administrator(&staff, ADMINISTRATORS)?;
        let taken = taken::of(tx, &person)?;
        let listed: Vec<&str> = taken.iter().map(|one| &*one.number).collect();
        let views = if listed.is_empty() { Vec::new() } else { vec![("list", listed.join(" "))] };
        let list =
            Assignments { loads: taken::loads(tx)?, members: roster::list(tx)?, taken, person, now: tx.now };
        let Header { desk, .. } = Header::load(tx, &staff)?;
        Ok(Unaudited::new(tx, &staff.id, views, (list, desk))?)
    };
    Ok(as_staff(visitor, load).await?.disclose(store).await?)
}

/// `case` is a number and the version that the administrator saw, as `number:version`.
async fn change_one(
    store: &Store,
    staff: &StaffMember,
    case: &str,
    sent: &Submission,
) -> Result<Outcome, Failure> {
    let (number, version) = case.split_once(':').unwrap_or((case, ""));
    let version: i32 = version.parse().map_err(|_| Failure::BadRequest("请求的内容不完整"))?;
    let number: ApplicationNumber = number.to_owned().into();
    let (staff, of, to, word) =
        (staff.clone(), number.clone(), sent.one("to").to_owned(), sent.one("word").to_owned());
    let hands_over = sent.one("action") == "hand_over";
    let work = move |tx: &mut Tx| {
        let application = Application::by_number(tx, &of)?;
        let action = match hands_over {
            true => {
                assignment::hand_over(tx, &staff, (&application, version), (&to, &word))?;
                Action::HandOver
            }
            false => {
                assignment::put_back(tx, &staff, &application, version)?;
                Action::PutBack
            }
        };
        Ok::<_, Failure>(roster::audit(tx, &staff.id, action.code(), &of)?)
    };
    let (done, words) = match store.write(work).await {
        Ok(()) if hands_over => (true, "已转交".to_owned()),
        Ok(()) => (true, "已放回".to_owned()),
        Err(Failure::Conflict { message, .. }) => (false, message),
        Err(Failure::Forbidden(words)) => (false, words.to_owned()),
        Err(Failure::NotFound) => (false, "没有这件申请".to_owned()),
        Err(failure) => return Err(failure),
    };
    Ok(Outcome { number: number.to_string(), done, words })
}

impl Assignments {
    fn page(&self, desk: Desk, outcomes: &[Outcome], problem: Option<&str>) -> Page {
        let main = html! {
            (ui::heading("", "领取情况", "谁领取了哪些申请。可以放回待审核，或转交给别的同事。"))
            @if let Some(problem) = problem { (ui::banner(Tone::Danger, problem, html! {})) }
            (told(outcomes))
            (self.people())
            @if self.taken.is_empty() {
                (ui::empty(Icon::Check, "没有已领取的申请", "审核员领取后会出现在这里。", None))
            } @else { (self.form()) }
        };
        Page::new("领取情况", main).own_heading().wide().desk(desk)
    }

    fn people(&self) -> Markup {
        let all: i64 = self.loads.iter().map(|load| load.count).sum();
        let link = |id: &str, words: String| {
            let href = if id.is_empty() {
                paths::ASSIGNMENTS.to_owned()
            } else {
                format!("{}?person={id}", paths::ASSIGNMENTS)
            };
            html! { li { a.text-button href=(href) aria-current=[(self.person == id).then_some("true")] { (words) } } }
        };
        let age = |oldest: Option<Timestamp>| {
            oldest.map(|at| format!("，最早的已等待{}", span(at, self.now))).unwrap_or_default()
        };
        html! {
            @if !self.loads.is_empty() {
                (ui::panel("按人", html! {
                    ul.desk-others {
                        (link("", format!("全部 {all} 件")))
                        @for load in &self.loads {
                            (link(&load.id, format!("{} {} 件{}", load.name, load.count, age(load.oldest))))
                        }
                    }
                }))
            }
        }
    }

    fn form(&self) -> Markup {
        let here = if self.person.is_empty() { String::new() } else { format!("?person={}", self.person) };
        html! {
            form method="post" action={ (paths::ASSIGNMENTS) (here) } {
                fieldset.options data-long {
                    legend.label { "选择申请" }
                    @for one in &self.taken { (self.row(one)) }
                }
                @if self.taken.len() as i64 == MOST { p.muted { "只列出最早提交的 " (MOST) " 件。" } }
                (ui::panel("办理", html! {
                    (ui::submit("action", "put_back", "放回待审核", Look::Plain))
                    div.desk-filters {
                        label {
                            span.label { "转交给" }
                            select.input name="to" {
                                option value="" { "请选择" }
                                @for member in &self.members {
                                    option value=(member.id) { (member.name) " · " (member.role.label()) }
                                }
                            }
                        }
                        label {
                            span.label { "附言（选填，考生看不到）" }
                            input.input name="word" maxlength=(WORD) autocomplete="off";
                        }
                        (ui::submit("action", "hand_over", "转交", Look::Plain))
                    }
                }))
            }
        }
    }

    fn row(&self, one: &Taken) -> Markup {
        let since = one.since.map(|at| format!("{}领取，已等待{}", one.assignee, span(at, self.now)));
        html! {
            label.option {
                input type="checkbox" name="case" value={ (one.number) ":" (one.version) };
                span {
                    (one.name) " · " (ui::words(&one.title)) " · " (one.business.label)
                    span.small.muted {
                        (one.number) " · " (since.unwrap_or_else(|| one.assignee.clone()))
                        @if one.is_held { " · 暂缓" }
                    }
                }
            }
        }
    }
}

fn told(outcomes: &[Outcome]) -> Markup {
    if outcomes.is_empty() {
        return html! {};
    }
    let done = outcomes.iter().filter(|outcome| outcome.done).count();
    let failed = outcomes.len() - done;
    let title = match failed {
        0 => format!("{done} 件已办理"),
        _ => format!("{done} 件已办理，{failed} 件没有办理"),
    };
    let tone = if failed == 0 { Tone::Good } else { Tone::Warn };
    ui::banner(
        tone,
        &title,
        html! {
            ul { @for one in outcomes { li { a href=(paths::case(&one.number)) { (one.number) } "：" (one.words) } } }
        },
    )
}
