//! 查看记录: administrators search the audit. The search is an entry itself.

use chrono::NaiveDate;
use maud::{Markup, html};
use poem::web::Data;
use poem::{Response, handler};

use super::header::Header;
use super::require_administrator;
use crate::casework::number;
use crate::pages::audit_entries::{PAGE, parse, place, who};
use crate::pages::signed_in::as_staff;
use crate::paths;
use crate::people::audit::search::{self, FoundEntry, Wanted};
use crate::people::audit::{actions, candidate_of};
use crate::people::staff::{self as roster, Member, StaffMember, Unaudited};
use crate::store::clock::china_to_the_second;
use crate::store::{Store, Tx};
use crate::ui::{self, Choice, Control, FormField, Icon, Look, Moment, Page, TextMode};
use crate::web::{Failure, Frame, Submission, Visitor};

/// What the audit notes of a search.
const SEARCHED: &str = "audit_search";

/// What was typed into the search.
#[derive(Clone, Default)]
struct Typed {
    /// Id of a staff member, or empty.
    staff: String,
    /// A document number or the number of an application, or empty.
    about: String,
    /// Whether only the application itself is wanted, and not all that is known of its candidate.
    only_case: bool,
    /// A day in China, or empty.
    day: String,
    /// Place of the last entry of the page before, or empty.
    after: String,
}

impl Typed {
    fn of(sent: &Submission) -> Typed {
        let one = |name: &str| sent.one(name).trim().to_owned();
        Typed {
            staff: one("staff"),
            about: one("about"),
            only_case: !sent.one("only_case").is_empty(),
            day: one("day"),
            after: one("after"),
        }
    }

    /// What is searched for, or the field that is wrong and what to correct.
    fn wanted(&self, tx: &mut Tx) -> Result<Result<Wanted, (&'static str, &'static str)>, Failure> {
        let day = match self.day.parse::<NaiveDate>() {
            Ok(day) => Some(day),
            Err(_) if self.day.is_empty() => None,
            Err(_) => return Ok(Err(("day", "请填写日期，例如 2026-11-23"))),
        };
        let number = number::parse(&self.about);
        let candidates = match (&number, self.about.is_empty()) {
            (_, true) => None,
            (Some(number), _) => Some(candidate_of(tx, number)?.into_iter().collect()),
            (None, _) => Some(search::candidates_with_number(tx, &self.about)?),
        };
        if candidates.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Err(("about", "没有找到这个受理号或证件号码的考生")));
        }
        Ok(Ok(Wanted {
            staff: (!self.staff.is_empty()).then(|| self.staff.clone()),
            candidates,
            number: number.filter(|_| self.only_case).map(|number| number.to_string()),
            day,
            after: parse(&self.after),
        }))
    }
}

/// What the audit notes: the conditions, with candidates by their ids and not by their numbers.
fn target(wanted: &Wanted) -> String {
    let candidates = wanted.candidates.iter().flatten().map(ToString::to_string);
    let parts = [
        wanted.staff.as_ref().map(|staff| format!("staff:{staff}")),
        wanted.candidates.as_ref().map(|_| format!("about:{}", candidates.collect::<Vec<_>>().join(","))),
        wanted.number.as_ref().map(|number| format!("case:{number}")),
        wanted.day.map(|day| format!("day:{day}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Tells anybody else who works here.
const ADMINISTRATORS: &str = "查看记录由管理员查询。";

/// `GET /staff/audit`: an empty search.
#[handler]
pub async fn show(frame: Frame, visitor: Visitor) -> Result<Response, Failure> {
    let page = |tx: &mut Tx, staff: StaffMember| {
        require_administrator(&staff, ADMINISTRATORS)?;
        let members = roster::list(tx)?;
        let main = view(&Typed::default(), &members, None, Found::NotAsked);
        Ok(Page::new("查看记录", main).own_heading().wide().desk(Header::load(tx, &staff)?.desk))
    };
    Ok(frame.page(as_staff(&visitor, page).await?))
}

/// `POST /staff/audit`. A POST, so that a document number appears in no address and no log.
#[handler]
pub async fn find(
    frame: Frame,
    Data(store): Data<&Store>,
    visitor: Visitor,
    sent: Submission,
) -> Result<Response, Failure> {
    let load = move |tx: &mut Tx, staff: StaffMember| {
        require_administrator(&staff, ADMINISTRATORS)?;
        let (typed, members) = (Typed::of(&sent), roster::list(tx)?);
        let (main, views) = match typed.wanted(tx)? {
            Ok(wanted) => {
                let entries = search::find(tx, &wanted, PAGE + 1)?;
                let main = view(&typed, &members, None, Found::Entries(&entries));
                (main, vec![(SEARCHED, target(&wanted))])
            }
            Err(problem) => (view(&typed, &members, Some(problem), Found::NotAsked), Vec::new()),
        };
        let page = Page::new("查看记录", main).own_heading().wide().desk(Header::load(tx, &staff)?.desk);
        Ok(Unaudited::new(tx, &staff.id, views, page)?)
    };
    Ok(frame.page(as_staff(&visitor, load).await?.disclose(store).await?))
}

enum Found<'a> {
    NotAsked,
    /// One more than a page has if there are more.
    Entries(&'a [FoundEntry]),
}

fn view(typed: &Typed, members: &[Member], problem: Option<(&str, &str)>, found: Found) -> Markup {
    html! {
        (ui::heading("", "查看记录", "谁在什么时候查看、办理或导出了谁的信息。查询本身也有记录。"))
        (form(typed, members, problem))
        @match found {
            Found::NotAsked => {},
            Found::Entries([]) => (ui::empty(Icon::Check, "没有符合条件的记录", "请换一个条件。", None)),
            Found::Entries(entries) => (list(typed, entries)),
        }
    }
}

fn form(typed: &Typed, members: &[Member], problem: Option<(&str, &str)>) -> Markup {
    let error = |name: &str| problem.filter(|(field, _)| *field == name).map(|(_, text)| text);
    let mut options = vec![Choice::new("", "全部")];
    options.extend(
        members
            .iter()
            .map(|member| Choice::new(&*member.id, format!("{} · {}", member.name, member.role.label()))),
    );
    let text = |name, label, hint, value| FormField {
        hint,
        optional: true,
        error: error(name),
        ..FormField::new(name, label, Control::Text { value, mode: TextMode::IdNumber, max: 40, suffix: "" })
    };
    html! {
        form method="post" action=(paths::STAFF_AUDIT) {
            (ui::panel("条件", html! {
                (ui::field(&text("about", "考生", "受理号，或完整的证件号码", &typed.about)))
                label.option {
                    input type="checkbox" name="only_case" value="yes" checked[typed.only_case];
                    span { "填的是受理号时，只看这一件申请" }
                }
                (ui::field(&FormField {
                    optional: true,
                    ..FormField::new("staff", "工作人员", Control::Select { options: &options, value: &typed.staff })
                }))
                (ui::field(&text("day", "日期", "例如 2026-11-23", &typed.day)))
            }))
            div.actions { (ui::submit("go", "find", "查询", Look::Primary)) }
        }
    }
}

fn list(typed: &Typed, entries: &[FoundEntry]) -> Markup {
    let shown = &entries[..entries.len().min(PAGE as usize)];
    let moment = |entry: &FoundEntry| Moment {
        state: String::new(),
        title: format!("{} · {}", actions::label(&entry.action), short(&entry.target)),
        when: china_to_the_second(entry.at),
        detail: who(entry),
    };
    let next = (entries.len() > shown.len()).then(|| shown.last()).flatten();
    html! {
        (ui::panel("记录", ui::timeline(&shown.iter().map(moment).collect::<Vec<_>>())))
        @if let Some(last) = next {
            form method="post" action=(paths::STAFF_AUDIT) {
                input type="hidden" name="staff" value=(typed.staff);
                input type="hidden" name="about" value=(typed.about);
                input type="hidden" name="day" value=(typed.day);
                @if typed.only_case { input type="hidden" name="only_case" value="yes"; }
                input type="hidden" name="after" value=(place(last));
                div.actions { (ui::submit("go", "more", "更早的记录", Look::Plain)) }
            }
        }
    }
}

/// A target of many numbers by its first ones.
fn short(target: &str) -> String {
    const FEW: usize = 3;
    let names: Vec<&str> = target.split(' ').collect();
    match names.len() {
        0..=FEW => target.to_owned(),
        count => format!("{} 等 {count} 件", names[..FEW].join(" ")),
    }
}
