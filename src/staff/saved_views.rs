//! Filters of the queue that a staff member has given a name, and the bar that offers them.

use diesel::prelude::*;
use maud::{Markup, html};

use super::queue::QueueFilter;
use crate::either;
use crate::paths;
use crate::people::staff::StaffMember;
use crate::store::schema::saved_views::dsl as v;
use crate::store::{Error, Tx};
use crate::ui::{self, Look};

/// Views of one person.
const MOST: usize = 20;

/// Characters of a name.
const LONGEST: usize = 20;

/// Column name under which queries are sealed: a searched text may be a person's name.
const SEALED_AS: &str = "saved_views.query";

/// The views of a person.
pub(super) struct SavedViews {
    views: Vec<SavedView>,
    /// A name that was not accepted, and why.
    pub refused: Option<(String, &'static str)>,
}

struct SavedView {
    id: String,
    name: String,
    /// A query string of the queue.
    query: String,
}

impl SavedViews {
    pub fn load(tx: &mut Tx, reader: &StaffMember) -> Result<SavedViews, Error> {
        let own = v::saved_views.filter(v::staff_id.eq(&reader.id)).order(v::id);
        let rows: Vec<(String, String, String)> = own.select((v::id, v::name, v::query)).load(tx.conn)?;
        let open = |(id, name, sealed): (String, String, String)| {
            Ok(SavedView { id, name, query: tx.vault.open(SEALED_AS, &sealed)? })
        };
        Ok(SavedViews { views: rows.into_iter().map(open).collect::<Result<_, Error>>()?, refused: None })
    }

    pub fn show(&self, filter: &QueueFilter) -> Markup {
        let shown = filter.query();
        html! {
            div.saved-views {
                @if !self.views.is_empty() {
                    nav aria-label="常用筛选" {
                        ul { @for view in &self.views { li { (view.show(view.query == shown)) } } }
                    }
                }
                details open[self.refused.is_some()] {
                    summary { "存为常用筛选" }
                    (self.form(filter))
                }
            }
        }
    }

    fn form(&self, filter: &QueueFilter) -> Markup {
        let (name, problem) = self.refused.as_ref().map_or(("", None), |(name, why)| (&**name, Some(*why)));
        html! {
            form method="post" action=(paths::SAVED_VIEWS) {
                @for (name, value) in filter.pairs() { input type="hidden" name=(name) value=(value); }
                label.label for="view-name" { "名称" }
                @if let Some(problem) = problem { p.error #view-error { (problem) } }
                div.affix {
                    input.input #view-name type="text" name="name" value=(name) maxlength=(LONGEST) required
                        autocomplete="off" aria-invalid=[problem.map(|_| "true")]
                        aria-describedby=[problem.map(|_| "view-error")];
                    (ui::submit("action", "save", "保存", Look::Plain))
                }
            }
        }
    }
}

impl SavedView {
    fn show(&self, is_current: bool) -> Markup {
        html! {
            a href={ (paths::QUEUE) "?" (self.query) } aria-current=[is_current.then_some("page")] { (self.name) }
            form method="post" action=(paths::saved_view(&self.id)) {
                button.text-button type="submit" { "删除" span.hidden { "常用筛选：" (self.name) } }
            }
        }
    }
}

/// Stores a view; one with the same name is replaced. Returns in Chinese why the name is refused.
pub(super) fn save(
    tx: &mut Tx,
    owner: &StaffMember,
    name: &str,
    filter: &QueueFilter,
) -> Result<Option<&'static str>, Error> {
    if name.is_empty() || name.chars().count() > LONGEST {
        return Ok(Some("请填写名称，1 到 20 个字"));
    }
    let own = v::saved_views.filter(v::staff_id.eq(&owner.id));
    let names: Vec<String> = own.select(v::name).load(tx.conn)?;
    if names.len() >= MOST && !names.iter().any(|known| known == name) {
        return Ok(Some("最多保存 20 个常用筛选，请先删除一个"));
    }
    let query = tx.vault.seal(SEALED_AS, &filter.query());
    let row = (v::id.eq(tx.id()), v::staff_id.eq(&owner.id), v::name.eq(name), v::query.eq(&query));
    either!(tx.conn, conn => diesel::insert_into(v::saved_views)
        .values(row)
        .on_conflict((v::staff_id, v::name))
        .do_update()
        .set(v::query.eq(&query))
        .execute(conn))?;
    Ok(None)
}

/// Deletes a view of this person. Idempotent.
pub(super) fn delete(tx: &mut Tx, owner: &StaffMember, id: &str) -> Result<(), Error> {
    diesel::delete(v::saved_views.find(id).filter(v::staff_id.eq(&owner.id))).execute(tx.conn)?;
    Ok(())
}
