//! The pages of an application, for every kind: list, form, check, confirmation, detail, slip.

mod detail;
mod files;
mod form;
mod form_view;
mod kind;
mod list;
mod review;
mod slip;
mod withdraw;

use poem::{Route, get};

/// Everything below `/services/:kind`.
pub fn urls(route: Route) -> Route {
    route
        .at("/services/:kind", get(list::show))
        .at("/services/:kind/new", get(form::new).post(form::save_new))
        .at("/services/:kind/review", get(review::show).post(review::submit))
        .at("/services/:kind/discard", get(withdraw::confirm_discard).post(withdraw::discard))
        .at("/services/:kind/:number", get(detail::show))
        .at("/services/:kind/:number/submitted", get(detail::submitted))
        .at("/services/:kind/:number/edit", get(form::edit).post(form::save_edit))
        .at("/services/:kind/:number/withdraw", get(withdraw::confirm).post(withdraw::withdraw))
        .at("/services/:kind/:number/appeal", get(form::appeal).post(form::save_appeal))
        .at("/services/:kind/:number/slip", get(slip::show))
        .at("/files/:id", get(files::show))
}
