//! Every address of the site: a pattern for the route, and the function that builds the path.
//!
//! Lower rooms than `site` link to pages, so addresses are defined here and routed there.

pub mod sandbox;

use std::fmt::Display;

pub const HOME: &str = "/";
/// Browsers without SVG icons ask here.
pub const FAVICON: &str = "/favicon.ico";
/// What search engines may read (RFC 9309).
pub const ROBOTS: &str = "/robots.txt";
/// Where to report a vulnerability (RFC 9116).
pub const SECURITY: &str = "/.well-known/security.txt";
/// Liveness, for load balancers.
pub const HEALTHZ: &str = "/healthz";
/// Readiness, for load balancers.
pub const READYZ: &str = "/readyz";
/// Metrics, on a listener of its own.
pub const METRICS: &str = "/metrics";
/// 业务办理.
pub const SERVICES: &str = "/services";
/// 我的.
pub const ME: &str = "/me";
/// 个人信息处理规则.
pub const PRIVACY: &str = "/privacy";
/// Asks a candidate to agree to the privacy notice, or to purposes of sensitive data.
pub const CONSENT: &str = "/me/consent";
/// Signs out somebody who does not agree.
pub const NO_CONSENT: &str = "/me/consent/refused";
/// 消息: what the site has told a candidate.
pub const MESSAGES: &str = "/me/messages";
/// Marks every message as read.
pub const READ_MESSAGES: &str = "/me/messages/read";
/// Which messages a candidate wants by SMS.
pub const CHOOSE_SMS: &str = "/me/messages/sms";
/// 我的数据.
pub const MY_DATA: &str = "/me/data";
/// Makes a file of everything that is held about a candidate.
pub const DATA_EXPORT: &str = "/me/data/export";
/// Asks for the deletion of one's data.
pub const DELETION: &str = "/me/data/deletion";
/// Takes that back.
pub const KEEP_DATA: &str = "/me/data/deletion/take-back";
/// Requests of candidates to delete their data.
pub const DELETIONS: &str = "/staff/admin/deletions";
/// Withdraws a consent.
pub const WITHDRAW_CONSENT: &str = "/me/data/withdraw";
/// Switches 长者模式.
pub const SENIOR: &str = "/senior";
/// 业务查询.
pub const PROGRESS: &str = "/progress";
/// 证书管理.
pub const CERTIFICATES: &str = "/certificates";
/// 证书查询.
pub const LOOKUP: &str = "/lookup";
pub const ENGLISH_LOOKUP: &str = "/en/lookup";
/// 批量查询: looks up a list of certificates.
pub const LOOKUP_LIST: &str = "/lookup/batch";
pub const ENGLISH_LOOKUP_LIST: &str = "/en/lookup/batch";
/// An empty list to fill in.
pub const LIST_TEMPLATE: &str = "/lookup/batch/template.csv";
pub const ENGLISH_LIST_TEMPLATE: &str = "/en/lookup/batch/template.csv";
/// Looks up a list for a program of an organisation.
pub const VERIFICATIONS: &str = "/api/v1/verifications";
/// Describes the API (OpenAPI).
pub const OPENAPI: &str = "/api/v1/openapi.json";
/// Checks the code of a certificate, on the device that opens it.
pub const VERIFY: &str = "/verify";
pub const ENGLISH_VERIFY: &str = "/en/verify";
/// The service worker with which the two pages above work offline.
pub const VERIFY_WORKER: &str = "/verify-worker.js";
/// The public keys of codes (RFC 7517).
pub const CERTIFICATE_KEYS: &str = "/.well-known/certificate-keys.json";
/// The codes that are not valid any more.
pub const CERTIFICATE_STATUS: &str = "/.well-known/certificate-status";
pub const LOGIN: &str = "/login";
/// The login screen with the portal's own code.
pub const LOGIN_DEVICE: &str = "/login/device";
/// Asks a signed-in person to sign in once more.
pub const LOGIN_AGAIN: &str = "/login/again";
/// Signing in on this device, at the portal.
pub const LOGIN_PORTAL: &str = "/login/portal";
/// The redirect URI. It is registered at the portal, so it must not change.
pub const LOGIN_CALLBACK: &str = "/login/callback";
/// A page that the government app opens with a one-off token.
pub const LOGIN_APP: &str = "/login/app";
pub const LOGOUT: &str = "/logout";
/// Who has viewed the data of a candidate.
pub const MY_VIEWS: &str = "/me/views";
pub const DEVICES: &str = "/me/devices";
/// Ends every other session of a candidate.
pub const OTHER_DEVICES: &str = "/me/devices/others";
/// Acknowledges account notices.
pub const READ_NOTICES: &str = "/me/devices/read";
pub const STAFF: &str = "/staff";
/// 查看记录.
pub const STAFF_AUDIT: &str = "/staff/audit";
pub const QUEUE: &str = "/staff/queue";
/// Takes the next application of the queue.
pub const QUEUE_NEXT: &str = "/staff/queue/next";
/// Switches the keyboard shortcuts of the review desk.
pub const STAFF_KEYS: &str = "/staff/keys";
/// 管理: the rooms of administrators.
pub const ADMIN: &str = "/staff/admin";
pub const RULES: &str = "/staff/admin/rules";
pub const ROSTER: &str = "/staff/admin/roster";
pub const NEW_ROSTER_ENTRY: &str = "/staff/admin/roster/new";
pub const EXAMS: &str = "/staff/admin/exams";
pub const NEW_EXAM: &str = "/staff/admin/exams/new";
pub const IMPORTS: &str = "/staff/admin/imports";
pub const ORGANISATIONS: &str = "/staff/admin/organisations";
pub const NEW_ORGANISATION: &str = "/staff/admin/organisations/new";
pub const HOLIDAYS: &str = "/staff/admin/holidays";
pub const SAVE_HOLIDAYS: &str = "/staff/admin/holidays/save";
/// 数据备份.
pub const BACKUPS: &str = "/staff/admin/backups";
pub const TEXTS: &str = "/staff/admin/texts";
/// 消息文字: the texts of messages.
pub const TEMPLATES: &str = "/staff/admin/messages";
/// Messages that could not be sent as SMS.
pub const SMS: &str = "/staff/admin/sms";
pub const EDITED_ANNOUNCEMENTS: &str = "/staff/admin/announcements";
pub const NEW_ANNOUNCEMENT: &str = "/staff/admin/announcements/new";
/// Saves a view of the queue.
pub const SAVED_VIEWS: &str = "/staff/views";
/// Finds applications in every state.
pub const SEARCH: &str = "/staff/search";
/// 统计.
pub const FIGURES: &str = "/staff/figures";
/// Who has taken which applications.
pub const ASSIGNMENTS: &str = "/staff/assignments";
/// 批量办理.
pub const BATCHES: &str = "/staff/batches";
/// 批量通过: approves several applications at once.
pub const APPROVALS: &str = "/staff/approvals";
pub const CONFIRM_APPROVALS: &str = "/staff/approvals/confirm";
pub const IDENTITIES: &str = "/staff/identities";
pub const STAFF_CERTIFICATES: &str = "/staff/certificates";
/// The cookies of a phone that scanned a code are sent to this path and those below it.
pub const PHONE: &str = "/s";
/// Every address below this one is an English page.
pub const ENGLISH: &str = "/en/";
/// The sandbox portals, which only the demo has, are below this address.
pub const SANDBOX: &str = "/sandbox/";

macro_rules! addresses {
    ($($(#[$doc:meta])* $pattern:ident $function:ident($($value:ident),+) = $text:literal;)+) => {
        $($(#[$doc])*
        pub const $pattern: &str = $text;

        $(#[$doc])*
        pub fn $function($($value: impl Display),+) -> String {
            fill($pattern, &[$(&$value),+])
        })+
    };
}

addresses! {
    /// A stylesheet, script or picture of the site.
    ASSET asset(name) = "/assets/:name";
    /// After a sign-out at a door, candidates' or staff's.
    SIGNED_OUT signed_out(door) = "/logout/:door";
    /// Leads to the portal's own sign-out.
    SIGNED_OUT_AT signed_out_at(door) = "/logout/:door/portal";
    /// The redirect URI for a portal that has no `state`.
    LOGIN_CALLBACK_STATE login_callback(state) = "/login/callback/:state";
    /// A version of 个人信息处理规则.
    PRIVACY_VERSION privacy_version(version) = "/privacy/:version";
    /// The ZIP file of a candidate's data.
    DATA_FILE data_file(id) = "/me/data/export/:id";
    MESSAGE message(id) = "/me/messages/:id";
    SMS_LETTER sms_letter(id) = "/staff/admin/sms/:id";
    DELETION_REQUEST deletion_request(id) = "/staff/admin/deletions/:id";
    ANNOUNCEMENT announcement(id) = "/announcements/:id";
    FILE file(id) = "/files/:id";
    LOOKUP_FORM lookup_form(exam) = "/lookup/:exam";
    /// The lookup form of an exam in English.
    ENGLISH_LOOKUP_FORM english_lookup_form(exam) = "/en/lookup/:exam";
    /// The result of a list. The last part is secret.
    LIST_RESULT list_result(token) = "/lookup/batch/:list";
    ENGLISH_LIST_RESULT english_list_result(token) = "/en/lookup/batch/:list";
    /// The result as a file: `csv` or `xlsx`.
    LIST_FILE list_file(token, format) = "/lookup/batch/:list/:format";
    ENGLISH_LIST_FILE english_list_file(token, format) = "/en/lookup/batch/:list/:format";
    /// What a verification link shows.
    VERIFICATION verification(token) = "/v/:token";
    CERTIFICATE certificate(key) = "/certificates/:certificate";
    /// Who asked about a certificate.
    INQUIRIES inquiries(certificate) = "/certificates/:certificate/inquiries";
    LINKS links(certificate) = "/certificates/:certificate/links";
    REVOKE_LINK revoke_link(certificate, link) = "/certificates/:certificate/links/:link/revoke";
    /// 电子证书: the files of a certificate.
    COPIES copies(certificate) = "/certificates/:certificate/copies";
    COPY copy(certificate, copy) = "/certificates/:certificate/copies/:copy";
    REVOKE_COPY revoke_copy(certificate, copy) = "/certificates/:certificate/copies/:copy/revoke";
    MAILING mailing(certificate) = "/certificates/:certificate/mailing";
    MAILING_NOTICE mailing_notice(certificate) = "/certificates/:certificate/mailing/notice";
    EDIT_MAILING edit_mailing(certificate) = "/certificates/:certificate/mailing/edit";
    CANCEL_MAILING cancel_mailing(certificate) = "/certificates/:certificate/mailing/cancel";
    /// A candidate's applications of a business.
    BUSINESS business(slug) = "/services/:business";
    /// 须知 of a business.
    NOTICE notice(slug) = "/services/:business/notice";
    /// A version of 须知.
    AGREED_NOTICE agreed_notice(slug, version) = "/services/:business/notice/:version";
    NEW new_application(slug) = "/services/:business/new";
    /// 核对信息.
    REVIEW review(slug) = "/services/:business/review";
    DISCARD discard(slug) = "/services/:business/discard";
    APPLICATION application(slug, number) = "/services/:business/:number";
    /// 提交成功.
    SUBMITTED submitted(slug, number) = "/services/:business/:number/submitted";
    EDIT edit(slug, number) = "/services/:business/:number/edit";
    WITHDRAW withdraw(slug, number) = "/services/:business/:number/withdraw";
    APPEAL appeal(slug, number) = "/services/:business/:number/appeal";
    /// The decision as a document.
    DECISION decision(slug, number) = "/services/:business/:number/decision";
    /// 受理回执.
    SLIP slip(slug, number) = "/services/:business/:number/slip";
    SLIP_FILE slip_file(slug, number) = "/services/:business/:number/slip/file";
    CASE case(number) = "/staff/applications/:number";
    TAKE take(number) = "/staff/applications/:number/take";
    PUT_BACK put_back(number) = "/staff/applications/:number/put-back";
    UNCOVER uncover(number) = "/staff/applications/:number/uncover";
    HAND_OVER hand_over(number) = "/staff/applications/:number/hand-over";
    /// A confirmation of a proposed decision, or its withdrawal.
    SECOND_PAIR second_pair(number) = "/staff/applications/:number/second-pair";
    DECIDE decide(number) = "/staff/applications/:number/decide";
    TASK task(number, action) = "/staff/applications/:number/tasks/:action";
    DONE done(number) = "/staff/applications/:number/done";
    /// The rules of a business, or of the `office`.
    RULES_OF rules_of(slug) = "/staff/admin/rules/:kind";
    ROSTER_ENTRY roster_entry(id) = "/staff/admin/roster/:id";
    LEAVE_ROSTER leave_roster(id) = "/staff/admin/roster/:id/leave";
    EXAM exam(id) = "/staff/admin/exams/:exam";
    SITTING sitting(exam, id) = "/staff/admin/exams/:exam/sittings/:id";
    SUBJECT subject(exam, id) = "/staff/admin/exams/:exam/subjects/:id";
    IMPORT import(id) = "/staff/admin/imports/:id";
    LOAD_IMPORT load_import(id) = "/staff/admin/imports/:id/load";
    CANCEL_IMPORT cancel_import(id) = "/staff/admin/imports/:id/cancel";
    REFUSED_ROWS refused_rows(id) = "/staff/admin/imports/:id/refused";
    ORGANISATION organisation(id) = "/staff/admin/organisations/:id";
    /// Makes a new access key.
    ORGANISATION_KEY organisation_key(id) = "/staff/admin/organisations/:id/key";
    /// Revokes the access key.
    REVOKE_KEY revoke_key(id) = "/staff/admin/organisations/:id/revoke";
    HOLIDAY_YEAR holiday_year(year) = "/staff/admin/holidays/:year";
    /// A text of a business: a notice, help or reasons.
    OFFICE_TEXT office_text(name, slug) = "/staff/admin/texts/:name/:kind";
    TEXT_VERSION text_version(name, slug, version) = "/staff/admin/texts/:name/:kind/:version";
    EDITED_ANNOUNCEMENT edited_announcement(id) = "/staff/admin/announcements/:id";
    TAKE_DOWN take_down(id) = "/staff/admin/announcements/:id/take-down";
    HOLD hold(number) = "/staff/applications/:number/hold";
    RESUME resume(number) = "/staff/applications/:number/resume";
    /// 内部备注.
    NOTES notes(number) = "/staff/applications/:number/notes";
    /// Saves what a reviewer is typing.
    MARKS marks(number) = "/staff/applications/:number/marks";
    REOPEN reopen(number) = "/staff/applications/:number/reopen";
    AMEND amend(number, action) = "/staff/applications/:number/amend/:action";
    /// Deletes a view of the queue.
    SAVED_VIEW saved_view(id) = "/staff/views/:id";
    /// What a search has found.
    FOUND found(search) = "/staff/search/:search";
    /// A table of the figures as a CSV file.
    FIGURES_TABLE figures_table(table) = "/staff/figures/:table";
    /// What waits for a batch of a kind, and its batches.
    BATCH_KIND batch_kind(kind) = "/staff/batches/:kind";
    BATCH batch(id) = "/staff/batch/:id";
    /// The CSV file of a batch.
    BATCH_FILE batch_file(id) = "/staff/batch/:id/file";
    BATCH_LABELS batch_labels(id, sheet) = "/staff/batch/:id/labels/:sheet";
    /// 拣货单.
    BATCH_PICKS batch_picks(id) = "/staff/batch/:id/picks";
    /// Results that are typed.
    BATCH_TYPED batch_typed(id) = "/staff/batch/:id/typed";
    BATCH_DROP batch_drop(id) = "/staff/batch/:id/drop";
    BATCH_RESULTS batch_results(id) = "/staff/batch/:id/results";
    /// A checked result file that waits for a confirmation.
    BATCH_RESULT batch_result(id, result) = "/staff/batch/:id/results/:result";
    IDENTITY identity(id) = "/staff/identities/:id";
    STAFF_CERTIFICATE staff_certificate(id) = "/staff/certificates/:certificate";
    WAIT wait(handshake) = "/login/wait/:id";
    /// Opens a scanned code on the phone.
    SCAN scan(code) = "/s/:code";
    /// The number that the phone asks for.
    CONFIRM confirm(handshake) = "/s/:id/confirm";
    TYPE_NUMBER type_number(handshake) = "/s/:id/number";
    DECLINE decline(handshake) = "/s/:id/decline";
    /// Ends the session that a login began.
    REVOKE revoke(handshake) = "/s/:id/revoke";
}

/// `path` that leads to the page `next` after signing in.
pub fn with_next(path: &str, next: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("{path}?{query}")
}

/// Asks for a consent, and then leads to the page `next`. `need` has the codes of purposes of sensitive data, separated by
/// spaces; an empty one asks about the privacy notice.
pub fn consent(need: &str, next: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if !need.is_empty() {
        query.append_pair("need", need);
    }
    format!("{CONSENT}?{}", query.append_pair("next", next).finish())
}

/// The form of a new application with the part of this index open.
pub fn part_of_form(slug: impl Display, part: usize) -> String {
    format!("{}?part={part}", new_application(slug))
}

/// The form of a new application, opened when `last` was the last one that was submitted. An empty one: none was.
pub fn next_application(slug: impl Display, last: &str) -> String {
    match last {
        "" => new_application(slug),
        last => format!("{}?after={last}", new_application(slug)),
    }
}

/// The part of a pattern before its first `:name`.
pub fn prefix(pattern: &str) -> &str {
    pattern.split(':').next().unwrap_or(pattern)
}

/// The pattern with each `:name` replaced by a value, in order.
fn fill(pattern: &str, values: &[&dyn Display]) -> String {
    let mut values = values.iter();
    let mut path = String::with_capacity(pattern.len() + 24);
    for segment in pattern.split('/').skip(1) {
        path.push('/');
        match values.as_slice() {
            [value, ..] if segment.starts_with(':') => {
                path += &value.to_string();
                values.next();
            }
            _ => path += segment,
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fill_a_pattern_in_order() {
        assert_eq!(application("refund", "TF1"), "/services/refund/TF1");
        assert_eq!(revoke_link("a", 7), "/certificates/a/links/7/revoke");
        assert_eq!(wait("01ABC"), "/login/wait/01ABC");
    }

    #[test]
    fn prefix_ends_before_the_first_value() {
        assert_eq!(prefix(REVOKE_LINK), "/certificates/");
        assert_eq!(prefix(HEALTHZ), "/healthz");
    }
}
