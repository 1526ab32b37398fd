//! The pages of lists, in Chinese and English.

use maud::{Markup, html};

use super::job::{KEPT, List};
use super::proof::BITS;
use super::row::{Column, ListRow, MOST, Outcome};
use crate::exams::organisation::KEY_PREFIX;
use crate::lookup::pages::other_language;
use crate::paths;
use crate::people::mask;
use crate::store::{Timestamp, clock};
use crate::ui::{self, Fact, Lang, Look, Page, Tone};

pub(super) fn form_path(lang: Lang) -> &'static str {
    lang.pick(paths::LOOKUP_LIST, paths::ENGLISH_LOOKUP_LIST)
}

pub(super) fn result_path(lang: Lang, token: &str) -> String {
    match lang {
        Lang::Chinese => paths::list_result(token),
        Lang::English => paths::english_list_result(token),
    }
}

fn file_path(lang: Lang, token: &str, format: &str) -> String {
    match lang {
        Lang::Chinese => paths::list_file(token, format),
        Lang::English => paths::english_list_file(token, format),
    }
}

fn title(lang: Lang) -> &'static str {
    lang.pick("批量查询", "Look up a list")
}

/// Why a list was not accepted.
#[derive(Default)]
pub(super) struct Trouble {
    file: Option<String>,
    key: Option<String>,
    /// A title and a sentence.
    stopped: Option<(String, String)>,
}

impl Trouble {
    pub fn of_file(problem: String) -> Trouble {
        Trouble { file: Some(problem), ..Trouble::default() }
    }

    pub fn of_key(lang: Lang) -> Trouble {
        let words = lang.pick(
            "密钥不对、已停用或已过期，请核对，或留空后按一般查询办理",
            "The key is wrong, revoked or expired. Check it, or leave it empty",
        );
        Trouble { key: Some(words.to_owned()), ..Trouble::default() }
    }

    fn stopped(title: &str, words: String) -> Trouble {
        Trouble { stopped: Some((title.to_owned(), words)), ..Trouble::default() }
    }

    pub fn outdated(lang: Lang) -> Trouble {
        let (title, words) = lang.pick(
            ("页面放置太久，或刚才已经上传过", "请重新选择文件，再上传一次。"),
            ("The page was open too long, or was sent before", "Please choose the file again and send it."),
        );
        Trouble::stopped(title, words.to_owned())
    }

    pub fn too_many(lang: Lang, until: &str) -> Trouble {
        match lang {
            Lang::Chinese => {
                Trouble::stopped("查询的行数太多", format!("请在 {until} 之后再上传，或减少行数。"))
            }
            Lang::English => Trouble::stopped(
                "Too many rows",
                format!("Please send the list after {until} (UTC+8), or send fewer rows."),
            ),
        }
    }

    pub fn quota(lang: Lang, until: &str) -> Trouble {
        match lang {
            Lang::Chinese => {
                Trouble::stopped("超过本单位每日可查的行数", format!("请减少行数，或在 {until} 之后再上传。"))
            }
            Lang::English => Trouble::stopped(
                "This is more than the organisation's rows a day",
                format!("Please send fewer rows, or send the list after {until} (UTC+8)."),
            ),
        }
    }

    pub fn queue(lang: Lang) -> Trouble {
        let (title, words) = lang.pick(
            ("排队的人太多", "请过五分钟再上传；使用开启脚本的浏览器不需要排队。"),
            (
                "Too many lists are waiting",
                "Please try again in five minutes. A browser with scripts need not wait.",
            ),
        );
        Trouble::stopped(title, words.to_owned())
    }

    fn show(&self, lang: Lang) -> Markup {
        let problems: Vec<(String, String)> = [("f-file", &self.file), ("f-key", &self.key)]
            .into_iter()
            .filter_map(|(place, problem)| Some((place.to_owned(), problem.clone()?)))
            .collect();
        let (title, foot) = lang.pick(
            ("没有开始查询", "请更正后重新选择文件上传。"),
            ("The list was not accepted", "Please correct it, choose the file again and send it."),
        );
        html! {
            @if let Some((title, words)) = &self.stopped {
                (ui::answer(Tone::Warn, title, html! { p { (ui::words(words)) } }))
            }
            @if !problems.is_empty() { (ui::summary(title, &problems, foot)) }
        }
    }
}

pub(super) fn form(lang: Lang, challenge: &str, key: &str, trouble: &Trouble) -> Page {
    let below = lang.pick(
        "一次核验一份名单里的证书，例如单位招聘。无需登录。",
        "Verify the certificates of a list of people at once. No sign-in is needed.",
    );
    let main = html! {
        (ui::heading("", title(lang), below))
        (trouble.show(lang))
        form method="post" enctype="multipart/form-data" action=(form_path(lang)) hx-boost="false"
            data-proof=(BITS) data-says=(lang.pick("正在准备查询，约需几秒，请不要离开", "Preparing the lookup; this takes some seconds")) {
            input type="hidden" name="challenge" value=(challenge);
            input type="hidden" name="proof" value="";
            (ui::panel("", html! {
                (file_field(lang, trouble.file.as_deref()))
                (key_field(lang, key, trouble.key.as_deref()))
                div.actions {
                    button.button type="submit" data-look="primary" {
                        (lang.pick("上传并查询", "Send and look up"))
                    }
                }
            }))
        }
        (ui::panel(lang.pick("说明", "Please note"), notes(lang)))
        (other_language(lang, form_path(lang.other())))
    };
    Page::new(title(lang), main).own_heading().back(lang.pick(paths::LOOKUP, paths::ENGLISH_LOOKUP))
}

fn file_field(lang: Lang, error: Option<&str>) -> Markup {
    let template = lang.pick(paths::LIST_TEMPLATE, paths::ENGLISH_LIST_TEMPLATE);
    html! {
        div.field #f-file data-error[error.is_some()] {
            label.label for="i-file" { (lang.pick("名单文件", "List")) }
            p.hint #file-hint {
                @match lang {
                    Lang::Chinese => {
                        "CSV 或 XLSX，第一行是列名：姓名、证件号码、证书管理号（或查询编号、证书印制号）。最多 "
                        (MOST) " 行，512 KB；其他列不读。"
                    }
                    Lang::English => {
                        "CSV or XLSX. The first row names the columns: name, document number, certificate number. At most "
                        (MOST) " rows and 512 KB; other columns are not read."
                    }
                }
            }
            p { a.text-button href=(template) hx-boost="false" { (lang.pick("下载模板", "Download a template")) } }
            @if let Some(error) = error { p.error #file-error { (error) } }
            input.input #i-file type="file" name="file" accept=".csv,.xlsx" required
                aria-invalid=[error.map(|_| "true")]
                aria-describedby=(if error.is_some() { "file-hint file-error" } else { "file-hint" });
        }
    }
}

fn key_field(lang: Lang, key: &str, error: Option<&str>) -> Markup {
    html! {
        div.field #f-key data-error[error.is_some()] {
            label.label for="i-key" {
                (lang.pick("单位密钥", "Access key of an organisation"))
                span.optional { (lang.pick("（选填）", " (optional)")) }
            }
            p.hint #key-hint {
                (lang.pick(
                    "与考试机构签约的单位填写，不用等待；其他人留空。",
                    "For organisations that have agreed with the authority; everybody else leaves it empty.",
                ))
            }
            @if let Some(error) = error { p.error #key-error { (error) } }
            input.input #i-key type="text" name="key" value=(key) maxlength="80" autocomplete="off"
                autocapitalize="off" spellcheck="false" placeholder={ (KEY_PREFIX) "…" }
                aria-invalid=[error.map(|_| "true")]
                aria-describedby=(if error.is_some() { "key-hint key-error" } else { "key-hint" });
        }
    }
}

fn notes(lang: Lang) -> Markup {
    let notes = lang.pick(
        [
            "请先告知名单上的人。持证人可以看到证书被查询的时间和方式；用单位密钥查询的，也会看到单位名称。",
            "三项都一致才显示结果；不一致的一律显示“查无记录”，不说明哪一项不对。",
            "没有密钥的，浏览器会先计算几秒钟再上传；浏览器不运行脚本时，名单排队等候，上传后会告诉您开始的时间。",
            "名单加密保存，最多 24 小时后删除。结果的网址只有您知道，请自己保存好。",
        ],
        [
            "Tell the people on the list first. Holders see when and how their certificates were looked up, and with a key also by which organisation.",
            "A result is shown only if all three entries match. Otherwise it is “No record”, whichever entry is wrong.",
            "Without a key, the browser computes for some seconds before it sends the list. If it runs no scripts, the list waits, and you are told when it begins.",
            "The list is encrypted, and deleted within 24 hours. Only you know the address of the result; please keep it.",
        ],
    );
    html! { ul.bullets { @for note in notes { li { (note) } } } }
}

/// A list that waits, or that is being looked up. The content is loaded again; without scripts the whole page is.
pub(super) fn progress(lang: Lang, token: &str, list: &List, now: Timestamp) -> Page {
    let here = result_path(lang, token);
    let (banner, words) = if list.starts_at > now {
        let at = clock::china_to_the_second(list.starts_at);
        match lang {
            Lang::Chinese => ("正在排队", format!("共 {} 行，{at} 开始查询。这一页会自动更新。", list.total)),
            Lang::English => (
                "Your list is waiting",
                format!("{} rows; the lookup begins at {at} (UTC+8). This page updates itself.", list.total),
            ),
        }
    } else {
        match lang {
            Lang::Chinese => {
                ("正在查询", format!("已查 {} 行，共 {} 行。这一页会自动更新。", list.done, list.total))
            }
            Lang::English => (
                "Looking up",
                format!("{} of {} rows are done. This page updates itself.", list.done, list.total),
            ),
        }
    };
    let main = html! {
        div.bulk-form #list hx-get=(here) hx-trigger="every 2s" hx-select="#list" hx-target="this" hx-swap="outerHTML" {
            (ui::heading("", title(lang), ""))
            div role="status" { (ui::banner(Tone::Info, banner, html! { p { (ui::words(&words)) } })) }
            p.muted.small { (kept(lang, list)) }
        }
    };
    Page::new(title(lang), main).own_heading().back(form_path(lang))
}

/// Until when the result can be opened.
fn kept(lang: Lang, list: &List) -> Markup {
    let until = clock::china(list.created_at + KEPT);
    html! {
        @match lang {
            Lang::Chinese => { "请保存这一页的网址；" (ui::words(&until)) " 以后名单和结果删除，不能再打开。" }
            Lang::English => {
                "Keep the address of this page. After " (ui::words(&until)) " (UTC+8) list and result are deleted."
            }
        }
    }
}

pub(super) fn result(lang: Lang, token: &str, list: &List) -> Page {
    let at = list.ended_at.map(clock::china_to_the_second).unwrap_or_default();
    let mut facts = vec![Fact::of(lang.pick("查询时间", "Looked up at"), at)];
    if !list.organisation.is_empty() {
        facts.push(Fact::of(lang.pick("查询单位", "Organisation"), &list.organisation));
    }
    let rows = |count: usize| lang.pick(format!("{count} 行"), format!("{count} rows"));
    facts.push(Fact::of(lang.pick("合计", "All"), rows(list.rows.len())));
    facts.extend(counts(lang, &list.rows).into_iter().map(|(word, count)| Fact::of(word, rows(count))));
    let main = html! {
        // The same id as of the progress, which this replaces.
        div.bulk-form #list data-answer=(lang.pick("查询完毕", "The lookup is complete")) {
            (ui::heading("", lang.pick("批量查询结果", "Result of the list"), ""))
            (ui::panel("", ui::facts(&facts)))
            div.actions {
                (ui::download_button(&file_path(lang, token, "xlsx"), lang.pick("下载 XLSX", "Download XLSX"), Look::Primary))
                (ui::download_button(&file_path(lang, token, "csv"), lang.pick("下载 CSV", "Download CSV"), Look::Plain))
                (ui::print_button(lang.pick("打印", "Print")))
            }
            (table(lang, &list.rows))
            p.muted.small { (kept(lang, list)) }
            p { a.text-button href=(form_path(lang)) { (lang.pick("再查一份名单", "Look up another list")) } }
        }
    };
    Page::new(lang.pick("批量查询结果", "Result of the list"), main)
        .own_heading()
        .back(form_path(lang))
        .wide()
}

fn table(lang: Lang, rows: &[ListRow]) -> Markup {
    html! {
        table.listed {
            caption.hidden { (lang.pick("每一行的结果", "The result of each row")) }
            thead {
                tr {
                    th scope="col" { (lang.pick("行", "Row")) }
                    th scope="col" { (lang.pick("姓名和号码", "Name and numbers")) }
                    th scope="col" { (lang.pick("结果", "Result")) }
                }
            }
            tbody { @for row in rows { (line(lang, row)) } }
        }
    }
}

fn line(lang: Lang, row: &ListRow) -> Markup {
    let matched = row.outcome.matched().map(|found| {
        let parts = [&found.exam, &found.level, &found.specialty].map(String::as_str);
        let named: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("{} · {}", named.join(" · "), found.approved_on)
    });
    html! {
        tr {
            td { (row.line) }
            th scope="row" {
                span { (or_dash(&row.name)) }
                span.small title=(Column::Document.shown(lang)) { (or_dash(&mask::number(&row.document))) }
                span.small title=(Column::Number.shown(lang)) { (or_dash(&row.number)) }
            }
            td {
                (ui::tag(state(&row.outcome), row.outcome.word(lang)))
                @if let Some(matched) = matched { span.small lang=[lang.of_chinese()] { (ui::words(&matched)) } }
                @let remark = row.outcome.remark(lang);
                @if !remark.is_empty() { span.small { (ui::words(&remark)) } }
            }
        }
    }
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "—" } else { text }
}

/// The colour of an outcome.
fn state(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Valid(_) => "approved",
        Outcome::Annulled(..) => "rejected",
        Outcome::Wrong(_) => "returned",
        Outcome::Voided(_) => "withdrawn",
        Outcome::Waiting | Outcome::Nothing => "",
    }
}

pub(super) fn gone(lang: Lang) -> Page {
    let action = ui::link_button(form_path(lang), title(lang), Look::Primary);
    let (headline, advice) = lang.pick(
        ("没有这份名单，或已经删除", "名单和结果最多保留 24 小时。请核对网址，或重新上传。"),
        (
            "There is no such list, or it was deleted",
            "List and result are kept for 24 hours at most. Check the address, or send the list again.",
        ),
    );
    Page::new(title(lang), ui::error_page(headline, advice, action)).own_heading()
}

/// How many rows have each outcome, the frequent ones first.
fn counts(lang: Lang, rows: &[ListRow]) -> Vec<(&'static str, usize)> {
    let mut counts: Vec<(&'static str, usize)> = Vec::new();
    for word in rows.iter().map(|row| row.outcome.word(lang)) {
        match counts.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => counts.push((word, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}
