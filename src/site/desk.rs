//! The routes of the desk. They are one table, from which a test takes the cells of its matrix of permissions: who gets
//! what from each address.

use poem::{Route, RouteMethod};

use crate::{paths, staff};

macro_rules! desk {
    ($($path:expr => $($method:ident $handler:path),+;)+) => {
        /// Every address of the desk with its methods.
        pub const ADDRESSES: &[(&str, &[&str])] = &[$(($path, &[$(stringify!($method)),+])),+];

        pub(super) fn urls(route: Route) -> Route {
            route$(.at($path, RouteMethod::new()$(.$method($handler))+))+
        }
    };
}

desk! {
    paths::STAFF => get staff::home;
    paths::QUEUE => get staff::show_queue;
    paths::QUEUE_NEXT => post staff::next;
    paths::SAVED_VIEWS => post staff::save_view;
    paths::SAVED_VIEW => post staff::delete_view;
    paths::SEARCH => get staff::show_search, post staff::begin_search;
    paths::FOUND => get staff::show_found;
    paths::FIGURES => get staff::show_figures;
    paths::FIGURES_TABLE => get staff::export_figures;
    paths::STAFF_KEYS => post staff::switch_keys;
    paths::CASE => get staff::review;
    paths::TAKE => post staff::take;
    // GET reloads a page that a POST answered with a conflict or with problems.
    paths::PUT_BACK => get staff::review, post staff::put_back;
    paths::HAND_OVER => get staff::review, post staff::hand_over;
    paths::HOLD => get staff::review, post staff::put_on_hold;
    paths::RESUME => get staff::review, post staff::resume;
    paths::NOTES => get staff::review, post staff::add_note;
    paths::MARKS => get staff::review, post staff::save_marks;
    paths::REOPEN => get staff::review, post staff::reopen_case;
    paths::AMEND => get staff::review, post staff::amend_outcome;
    paths::ASSIGNMENTS => get staff::assignments::show, post staff::assignments::change;
    paths::DECIDE => get staff::review, post staff::decide;
    paths::TASK => get staff::review, post staff::carry_out;
    paths::DONE => get staff::done;
    paths::BATCHES => get staff::bulk::rooms;
    paths::BATCH_KIND => get staff::bulk::show_waiting, post staff::bulk::make;
    paths::BATCH => get staff::bulk::show;
    paths::BATCH_FILE => get staff::bulk::download;
    paths::BATCH_LABELS => get staff::bulk::print_labels;
    paths::BATCH_PICKS => get staff::bulk::list_picks;
    paths::BATCH_TYPED => get staff::bulk::type_results, post staff::bulk::check_typed;
    paths::BATCH_DROP => get staff::bulk::choose_dropped, post staff::bulk::drop_rows;
    paths::BATCH_RESULTS => get staff::bulk::show, post staff::bulk::check_file;
    paths::BATCH_RESULT => get staff::bulk::show_result, post staff::bulk::confirm_result;
    paths::APPROVALS => get staff::bulk::choose_approvals, post staff::bulk::preview_approvals;
    paths::CONFIRM_APPROVALS => get staff::bulk::choose_approvals, post staff::bulk::approve;
    paths::IDENTITIES => get staff::identities::list;
    paths::IDENTITY => get staff::identities::show, post staff::identities::decide;
    paths::STAFF_CERTIFICATES => get staff::certificates::search, post staff::certificates::find;
    paths::STAFF_CERTIFICATE => get staff::certificates::show, post staff::certificates::decide;
    paths::SECOND_PAIR => get staff::review, post staff::answer_proposal;
    paths::ADMIN => get staff::admin::show;
    paths::RULES => get staff::admin::rules::list;
    paths::RULES_OF => get staff::admin::rules::show, post staff::admin::rules::save;
    paths::ROSTER => get staff::admin::roster::list;
    paths::NEW_ROSTER_ENTRY => get staff::admin::roster::blank, post staff::admin::roster::add;
    paths::ROSTER_ENTRY => get staff::admin::roster::show, post staff::admin::roster::change;
    paths::LEAVE_ROSTER => get staff::admin::roster::confirm_leave, post staff::admin::roster::leave;
    paths::EXAMS => get staff::admin::exams::list;
    paths::NEW_EXAM => get staff::admin::exams::blank, post staff::admin::exams::add;
    paths::EXAM => get staff::admin::exams::show, post staff::admin::exams::change;
    paths::SITTING => get staff::admin::exams::show_sitting, post staff::admin::exams::change_sitting;
    paths::SUBJECT => get staff::admin::exams::show_subject, post staff::admin::exams::change_fee;
    paths::IMPORTS => get staff::admin::imports::list, post staff::admin::imports::upload;
    paths::IMPORT => get staff::admin::imports::show;
    paths::LOAD_IMPORT => post staff::admin::imports::start;
    paths::CANCEL_IMPORT => post staff::admin::imports::cancel;
    paths::REFUSED_ROWS => get staff::admin::imports::download;
    paths::ORGANISATIONS => get staff::admin::organisations::list;
    paths::NEW_ORGANISATION => get staff::admin::organisations::blank, post staff::admin::organisations::add;
    paths::ORGANISATION => get staff::admin::organisations::show, post staff::admin::organisations::change;
    // GET reloads the page that showed the key, without the key.
    paths::ORGANISATION_KEY => get staff::admin::organisations::show, post staff::admin::organisations::renew;
    paths::REVOKE_KEY => get staff::admin::organisations::confirm, post staff::admin::organisations::revoke;
    paths::HOLIDAYS => get staff::admin::holidays::list, post staff::admin::holidays::examine;
    paths::SAVE_HOLIDAYS => post staff::admin::holidays::save;
    paths::HOLIDAY_YEAR => get staff::admin::holidays::show;
    paths::BACKUPS => get staff::admin::backups::list;
    paths::TEXTS => get staff::admin::texts::list;
    paths::OFFICE_TEXT => get staff::admin::texts::show, post staff::admin::texts::publish;
    paths::TEXT_VERSION => get staff::admin::texts::show_version;
    paths::TEMPLATES => get staff::admin::templates::list;
    paths::SMS => get staff::admin::sms::show, post staff::admin::sms::send_all;
    // GET reloads the page that a POST answered with a conflict.
    paths::SMS_LETTER => get staff::admin::sms::show, post staff::admin::sms::send_one;
    paths::EDITED_ANNOUNCEMENTS => get staff::admin::announcements::list;
    paths::NEW_ANNOUNCEMENT => get staff::admin::announcements::blank, post staff::admin::announcements::add;
    paths::EDITED_ANNOUNCEMENT => get staff::admin::announcements::show, post staff::admin::announcements::change;
    paths::TAKE_DOWN => get staff::admin::announcements::confirm, post staff::admin::announcements::take_down;
    paths::DELETIONS => get staff::admin::deletions::list;
    paths::DELETION_REQUEST => get staff::admin::deletions::show, post staff::admin::deletions::decide;
    paths::UNCOVER => get staff::review, post staff::show_number;
    paths::STAFF_AUDIT => get staff::audit_page::show, post staff::audit_page::find;
}
