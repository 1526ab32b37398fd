//! 查找: finds applications in every state.

mod find;
mod searches;

use maud::{Markup, html};
use poem::http::StatusCode;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use super::header::Header;
use crate::casework::paging::Pages;
use crate::pages::signed_in::as_staff;
use crate::pages::views;
use crate::paths;
use crate::people::staff::{self as roster, StaffMember, Unaudited};
use crate::people::width;
use crate::store::clock::china;
use crate::store::{Error, Store, Tx};
use crate::ui::{self, Icon, ListRow, Page, Tone};
use crate::web::{Failure, Frame, Submission, Visitor, see_other};
use find::{After, FoundItem, Wanted, find};

/// Characters of a search. No name is longer.
const LONGEST: usize = 100;

const HINT: &str =
    "受理号、证件号码或姓名，都要完整填写：只写一部分姓名找不到。更正前的姓名和证件号码也能找到。";

/// `GET /staff/search`.
#[handler]
pub async fn show_search(frame: Frame, visitor: Visitor) -> Result<Response, Failure> {
    let page = |tx: &mut Tx, staff: StaffMember| Ok(page(form("", None), Header::load(tx, &staff)?));
    Ok(frame.page(as_staff(&visitor, page).await?))
}

/// `POST /staff/search`: what was typed may be a name, so it is not in the address.
#[handler]
pub async fn begin(
    frame: Frame,
    Data(store): Data<&Store>,
    staff: StaffMember,
    sent: Submission,
) -> Result<Response, Failure> {
    let words = sent.one("words").trim().to_owned();
    if let Some(problem) = problem(&words) {
        let header = store.read(move |tx| Header::load(tx, &staff)).await?;
        let again = page(form(&words, Some(problem)), header);
        return Ok(frame.page_with(StatusCode::UNPROCESSABLE_ENTITY, again));
    }
    let note = move |tx: &mut Tx| {
        let noted = Wanted::of(tx.vault, tx.today(), &words).noted();
        roster::audit(tx, &staff.id, "search", &noted)?;
        searches::add(tx, &staff, &words)
    };
    let id = store.write(note).await?;
    Ok(see_other(&paths::found(id)))
}

fn problem(words: &str) -> Option<&'static str> {
    match words.chars().count() {
        0 => Some("请填写受理号、证件号码或姓名"),
        count if count > LONGEST => Some("最多 100 个字"),
        _ => None,
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Shown {
    /// Position of the last application of the page before.
    after: String,
    /// Number of the page.
    page: i64,
}

/// `GET /staff/search/{search}`.
#[handler]
pub async fn show_found(
    frame: Frame,
    Data(store): Data<&Store>,
    visitor: Visitor,
    Path(search): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    let load = move |tx: &mut Tx, staff: StaffMember| {
        let found = Found::load(tx, &staff, search, shown)?;
        let header = Header::load(tx, &staff)?;
        Ok(Unaudited::new(tx, &staff.id, found.views(), (found, header))?)
    };
    let (found, header) = as_staff(&visitor, load).await?.disclose(store).await?;
    let status = if found.words.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    Ok(frame.page_with(status, page(found.show(), header)))
}

fn page(main: Markup, header: Header) -> Page {
    Page::new("查找", main).own_heading().wide().desk(header.desk)
}

fn form(words: &str, problem: Option<&str>) -> Markup {
    html! {
        (ui::heading("", "查找", "在全部状态的申请中找，已办结和已撤销的也在内。"))
        form method="post" action=(paths::SEARCH) role="search" {
            label.label for="words" { "受理号、证件号码或姓名" }
            p.hint #words-hint { (HINT) }
            @if let Some(problem) = problem { p.error #words-error { (problem) } }
            div.affix {
                input.input #words type="search" name="words" value=(words) maxlength=(LONGEST) required
                    autocomplete="off" enterkeyhint="search" aria-invalid=[problem.map(|_| "true")]
                    aria-describedby=(if problem.is_some() { "words-hint words-error" } else { "words-hint" });
                button.button type="submit" data-look="primary" { "查找" }
            }
        }
    }
}

/// A page of what a search has found.
struct Found {
    search: String,
    /// `None`: the search is too old.
    words: Option<String>,
    /// One more than the page has if there is a next page.
    items: Vec<FoundItem>,
    pages: Pages,
}

impl Found {
    fn load(tx: &mut Tx, staff: &StaffMember, search: String, shown: Shown) -> Result<Found, Error> {
        let words = searches::words(tx, staff, &search)?;
        let items = match &words {
            Some(words) => {
                let wanted = Wanted::of(tx.vault, tx.today(), words);
                find(tx, staff, &wanted, After::parse(&shown.after).as_ref())?
            }
            None => Vec::new(),
        };
        Ok(Found { search, words, items, pages: Pages::new(shown.page, shown.page) })
    }

    fn views(&self) -> Vec<roster::View> {
        let (pages, _) = self.pages.split(&self.items);
        let numbers: Vec<&str> = pages.flat_map(|(_, items)| items).map(|item| &*item.number).collect();
        if numbers.is_empty() { Vec::new() } else { vec![("list", numbers.join(" "))] }
    }

    fn show(&self) -> Markup {
        let Some(words) = &self.words else {
            return html! {
                (ui::banner(Tone::Info, "这次查找已过期", html! { p { "请重新输入要找的内容。" } }))
                (form("", None))
            };
        };
        html! {
            (form(words, None))
            @if self.items.is_empty() { (nothing(words)) } @else { div #items { (self.rows()) } }
        }
    }

    fn rows(&self) -> Markup {
        let (pages, has_next) = self.pages.split(&self.items);
        html! {
            @for (number, items) in pages {
                (ui::page_mark(number))
                @for of_person in items.chunk_by(|one, other| one.person == other.person) { (person(of_person)) }
            }
            @if has_next { (self.more()) }
        }
    }

    fn more(&self) -> Markup {
        let last = self.items.iter().rev().nth(1).map(FoundItem::position).unwrap_or_default();
        let pairs = [("after", last), ("page", self.pages.next().to_string())];
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let next = format!("{}?{query}", paths::found(&self.search));
        ui::more(&next, &next)
    }
}

/// The applications of one candidate.
fn person(items: &[FoundItem]) -> Markup {
    let rows: Vec<ListRow> = items.iter().map(row).collect();
    html! {
        @if let Some(first) = items.first() {
            section.found {
                h2 { (first.name) span.muted.small { " " (first.document) } }
                (ui::rows(&rows))
            }
        }
    }
}

fn row(item: &FoundItem) -> ListRow {
    let submitted = format!("{} 提交", china(item.submitted_at));
    let assignee = item.assignee.as_ref().map(|name| format!("{name}办理"));
    let facts = [Some(item.number.to_string()), Some(submitted), assignee];
    ListRow {
        title: html! { (item.business.label) " · " (ui::words(&item.title)) },
        detail: facts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        href: paths::case(&item.number),
        trailing: views::state_tag(item.business, item.status, &item.result),
    }
}

fn nothing(words: &str) -> Markup {
    let help = if is_like_number(words) {
        "这像是受理号，但校验位不对，请逐位核对。"
    } else {
        "请核对是否完整：姓名和证件号码不能只填一部分。您岗位不办理的业务不在其中。"
    };
    ui::empty(Icon::Search, "没有找到申请", help, None)
}

/// Whether it begins as a 受理号, with two letters and many digits.
fn is_like_number(words: &str) -> bool {
    let compact = width::compact(words);
    let (letters, rest) = compact.split_at_checked(2).unwrap_or_default();
    letters.chars().all(|c| c.is_ascii_uppercase())
        && rest.len() > 10
        && rest.starts_with("20")
        && rest.chars().take(10).all(|c| c.is_ascii_digit())
}
