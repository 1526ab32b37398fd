//! The pages of the lookup, in Chinese and English.

use chrono::NaiveDate;
use maud::{Markup, Render, html};

use super::card::{card, name, spoken};
use super::typed::TypedFields;
use crate::exams::certificate::{CertifiedExam, PublicCertificate};
use crate::exams::english::{EnglishNames, Part};
use crate::paths;
use crate::people::width;
use crate::store::{Timestamp, clock};
use crate::ui::{self, Control, Fact, FormField, Icon, Lang, ListRow, Look, Name, Page, TextMode, Tone};
use crate::web::log;

pub(super) struct Exam {
    pub code: String,
    pub name: String,
    /// Empty for a Chinese page.
    pub english: EnglishNames,
}

/// An exam in the list.
pub(super) struct ListedExam {
    pub exam: CertifiedExam,
    /// Empty for a Chinese page.
    pub english: EnglishNames,
}

/// The time of a lookup and the id of its request in the log.
pub(super) struct QueryStamp {
    at: Timestamp,
    id: String,
}

fn root(lang: Lang) -> &'static str {
    lang.pick(paths::LOOKUP, paths::ENGLISH_LOOKUP)
}

fn form_path(lang: Lang, exam: &str) -> String {
    match lang {
        Lang::Chinese => paths::lookup_form(exam),
        Lang::English => paths::english_lookup_form(exam),
    }
}

/// The list of exams by category (图11.1).
pub(super) fn exams(lang: Lang, typed: &str, groups: &[(String, Vec<ListedExam>)]) -> Page {
    let main = html! {
        p.muted {
            (lang.pick("选择考试，核验证书真伪。无需登录。", "Choose the examination of the certificate. No sign-in is needed."))
        }
        p {
            a.text-button href=(lang.pick(paths::VERIFY, paths::ENGLISH_VERIFY)) hx-boost="false" {
                (lang.pick("核验电子证书上的二维码", "Check the code on an electronic certificate"))
            }
        }
        (search(lang, typed))
        @for (category, exams) in groups {
            h2 { (category_name(category, exams).shown(lang)) }
            (ui::rows(&exams.iter().map(|exam| row(lang, exam)).collect::<Vec<_>>()))
        }
        @if groups.is_empty() { (no_exam(lang, typed)) }
        p {
            a.text-button href=(lang.pick(paths::LOOKUP_LIST, paths::ENGLISH_LOOKUP_LIST)) {
                (lang.pick("批量查询：核验一份名单", "Look up a list of certificates"))
            }
        }
        (other_language(lang, root(lang.other())))
    };
    let page = Page::new(lang.pick("证书查询", "Certificate lookup"), main);
    // The English pages are separate, so their first page has no back link.
    match lang {
        Lang::Chinese => page.back(paths::HOME),
        Lang::English => page,
    }
}

fn search(lang: Lang, typed: &str) -> Markup {
    html! {
        form method="get" action=(root(lang)) role="search" {
            label.label for="q" { (lang.pick("考试名称", "Name of the examination")) }
            div.affix {
                input.input id="q" name="q" type="search" value=(typed) maxlength="50" autocomplete="off"
                    enterkeyhint="search";
                button.button type="submit" data-look="plain" { (lang.pick("搜索", "Search")) }
            }
        }
    }
}

fn category_name<'a>(category: &'a str, exams: &'a [ListedExam]) -> Name<'a> {
    let mut english = exams.iter().map(|exam| exam.english.of(Part::Category, category));
    Name { chinese: category, english: english.find(|name| !name.is_empty()).unwrap_or_default() }
}

fn row(lang: Lang, ListedExam { exam, english }: &ListedExam) -> ListRow {
    let newest = exam.newest.map(|day| day.format("%Y-%m").to_string()).unwrap_or_default();
    ListRow {
        title: name(english, Part::Exam, &exam.name).shown(lang).render(),
        detail: format!("{} {newest}", lang.pick("最近批准", "Latest approval")),
        href: form_path(lang, &exam.code),
        trailing: html! { (ui::icon(Icon::Forward)) },
    }
}

fn no_exam(lang: Lang, typed: &str) -> Markup {
    if typed.is_empty() {
        let (title, body) = lang.pick(
            ("还没有可以查询的证书", "证书批准后可以在这里查询。"),
            ("There are no certificates yet", "Certificates can be looked up here once they are approved."),
        );
        return ui::empty(Icon::Certificate, title, body, None);
    }
    let (title, body, all) = lang.pick(
        ("没有找到这个考试", "请换一个词，或从全部考试中选择。", "全部考试"),
        ("No such examination", "Try another word, or choose from all examinations.", "All examinations"),
    );
    ui::empty(Icon::Search, title, body, Some((all, root(lang))))
}

impl Exam {
    fn path(&self, lang: Lang) -> String {
        form_path(lang, &self.code)
    }

    fn title(&self) -> Name<'_> {
        name(&self.english, Part::Exam, &self.name)
    }

    /// The form, empty (图11.2).
    pub(super) fn form(&self, lang: Lang, typed: &TypedFields<'_>) -> Page {
        let below = lang.pick("核验证书真伪，无需登录", "Verify a certificate; no sign-in is needed");
        self.form_page(lang, typed, html! { (ui::name_heading(lang, self.title(), below)) }, false)
    }

    /// The form, with an error on each blank field.
    pub(super) fn incomplete(&self, lang: Lang, typed: &TypedFields<'_>) -> Page {
        let missing: Vec<(String, String)> = self
            .fields(lang, typed, true)
            .into_iter()
            .filter_map(|field| Some((format!("f-{}", field.name), field.error?.to_owned())))
            .collect();
        let (title, foot) = lang.pick(
            ("还有内容没有填写", "您填写的内容已保留。"),
            ("Something is missing", "What you filled in has been kept."),
        );
        let head = html! {
            (ui::summary(title, &missing, foot))
            (ui::name_heading(lang, self.title(), ""))
        };
        self.form_page(lang, typed, head, true)
    }

    /// A rate limit is exceeded until `until`. The form stays filled.
    pub(super) fn too_many(&self, lang: Lang, typed: &TypedFields<'_>, until: Timestamp) -> Page {
        let time = clock::china_to_the_second(until);
        let (title, body) = lang.pick(
            ("查询太频繁", format!("请在 {time} 之后再查。您填写的内容已保留。")),
            (
                "Too many lookups",
                format!("Please try again after {time} (UTC+8). What you filled in has been kept."),
            ),
        );
        let head = html! {
            (ui::answer(Tone::Warn, title, html! { p { (body) } }))
            (ui::name_heading(lang, self.title(), ""))
        };
        self.form_page(lang, typed, head, false)
    }

    /// No certificate matches. The text is the same whichever entry is wrong, and the form stays filled.
    pub(super) fn nothing(&self, lang: Lang, typed: &TypedFields<'_>) -> Page {
        let (title, intro, checks) = lang.pick(
            (
                "没有查到符合的证书",
                "姓名、证件号码和证书编号都一致才会显示结果。请核对：",
                [
                    "姓名、证件号码与办理证书时一致",
                    "证书管理号、查询编号或证书印制号逐位核对",
                    "证书属于这项考试",
                ],
            ),
            (
                "No matching certificate",
                "A result is shown only if all three entries match. Please check that:",
                [
                    "name and document number are those on the certificate",
                    "every character of the certificate number is right",
                    "the certificate is of this examination",
                ],
            ),
        );
        let head = html! {
            (ui::name_heading(lang, self.title(), ""))
            (ui::answer(Tone::Neutral, title, html! {
                p { (intro) }
                ul { @for check in checks { li { (check) } } }
            }))
        };
        self.form_page(lang, typed, head, false)
    }

    /// The matching certificates (图11.4).
    pub(super) fn found(
        &self,
        lang: Lang,
        found: &[PublicCertificate],
        typed: &TypedFields<'_>,
        stamp: &QueryStamp,
    ) -> Page {
        let main = html! {
            @for certificate in found { (card(lang, &self.name, &self.english, certificate)) }
            (self.report_form(lang, typed))
            (self.footer(lang, stamp))
        };
        self.result(lang, main)
    }

    /// Repeats the query for a report, because a result has no address.
    fn report_form(&self, lang: Lang, typed: &TypedFields<'_>) -> Markup {
        html! {
            form method="post" action=(self.path(lang)) hx-boost="false" {
                @for (name, value) in [("name", typed.name), ("document", typed.document), ("number", typed.number)] {
                    input type="hidden" name=(name) value=(value);
                }
                div.actions {
                    (ui::submit("action", "report", lang.pick("下载核验报告", "Download a report"), Look::Plain))
                }
            }
        }
    }

    /// A print number that was replaced when its certificate was reissued. Shows nothing of the certificate.
    pub(super) fn voided(&self, lang: Lang, day: NaiveDate, stamp: &QueryStamp) -> Page {
        let (word, foot, label, words) = lang.pick(
            ("已作废", "请勿采信", "补发日期", "这个印制号因证书补发已经作废，请以补发后的证书为准。"),
            (
                "VOID",
                "replaced",
                "Replaced on",
                "This print number became void when the certificate was reissued.",
            ),
        );
        let main = html! {
            section.panel.certificate.split data-answer=(spoken(lang, word, self.title())) {
                div.head {
                    h2 { (self.title().shown(lang)) }
                    (ui::seal("withdrawn", word, foot))
                }
                p { (words) }
                (ui::facts(&[Fact::of(label, day.to_string())]))
            }
            (self.footer(lang, stamp))
        };
        self.result(lang, main)
    }

    fn result(&self, lang: Lang, main: Markup) -> Page {
        Page::new(lang.pick("查询结果", "Result"), main).about(self.title().single()).back(self.path(lang))
    }

    fn footer(&self, lang: Lang, stamp: &QueryStamp) -> Markup {
        html! {
            (stamp.line(lang))
            div.actions {
                (ui::print_button(lang.pick("打印", "Print")))
                (ui::link_button(&self.path(lang), lang.pick("再查一个", "Look up another"), Look::Primary))
            }
        }
    }

    fn form_page(&self, lang: Lang, typed: &TypedFields<'_>, head: Markup, show_errors: bool) -> Page {
        let main = html! {
            (head)
            form #form method="post" action=(self.path(lang)) novalidate {
                @for field in self.fields(lang, typed, show_errors) { (ui::field(&field)) }
            }
            p.muted.small {
                (lang.pick("查询内容不会出现在网址和日志中。", "What you type appears in no address and in no log."))
            }
            (other_language(lang, &self.path(lang.other())))
        };
        let button = html! {
            button.button type="submit" form="form" data-look="primary" { (lang.pick("查询", "Look up")) }
        };
        Page::new(lang.pick("证书查询", "Certificate lookup"), main)
            .about(self.title().single())
            .own_heading()
            .back(root(lang))
            .bar(button)
    }

    /// With `show_errors`, a blank field has an error.
    fn fields<'a>(&self, lang: Lang, typed: &TypedFields<'a>, show_errors: bool) -> [FormField<'a>; 3] {
        let field = |name, label, hint, missing, value, mode| FormField {
            hint,
            error: (show_errors && width::is_blank(value)).then_some(missing),
            ..FormField::new(name, label, Control::Text { value, mode, max: 60, suffix: "" })
        };
        [
            field(
                "name",
                lang.pick("姓名", "Name"),
                "",
                lang.pick("请填写姓名", "Enter the name"),
                typed.name,
                TextMode::Text,
            ),
            field(
                "document",
                lang.pick("身份证件号码", "Identity document number"),
                lang.pick("与办理证书时一致", "The document the certificate was issued to"),
                lang.pick("请填写身份证件号码", "Enter the identity document number"),
                typed.document,
                TextMode::IdNumber,
            ),
            field(
                "number",
                lang.pick("证书管理号或证书印制号", "Management number or print number"),
                lang.pick(
                    "填一个即可；没有管理号的填查询编号",
                    "Either will do; without them, the query number",
                ),
                lang.pick(
                    "请填写证书管理号、查询编号或证书印制号",
                    "Enter the management, query or print number",
                ),
                typed.number,
                TextMode::IdNumber,
            ),
        ]
    }
}

impl QueryStamp {
    pub(super) fn at(at: Timestamp) -> QueryStamp {
        QueryStamp { at, id: log::request_id().unwrap_or_default() }
    }

    fn line(&self, lang: Lang) -> Markup {
        let time = clock::china_to_the_second(self.at);
        let (number, foot) = lang
            .pick(("查询编号", "。结果以查询时为准。"), ("Query number", " (UTC+8), valid as of this time."));
        html! { p.muted.small { (number) " " strong { (self.id) } " · " time.date { (time) } (foot) } }
    }
}

/// A link to `path`, the same page in the other language. Loaded without htmx, because `<html lang>` changes.
pub(super) fn other_language(lang: Lang, path: &str) -> Markup {
    let other = lang.other();
    html! {
        p {
            a.text-button href=(path) hreflang=(other.tag()) lang=(other.tag()) hx-boost="false" {
                (other.pick("中文", "English"))
            }
        }
    }
}

/// The certificate behind a holder's link (核验链接).
pub(super) fn by_link(exam: &str, certificate: &PublicCertificate, stamp: &QueryStamp) -> Page {
    let main = html! {
        (ui::banner(Tone::Info, "持证人授权", html! {
            p { "您通过持证人提供的核验链接查看这本证书。请核对网址属于考试机构。" }
        }))
        (card(Lang::Chinese, exam, &EnglishNames::default(), certificate))
        (stamp.line(Lang::Chinese))
        div.actions {
            (ui::print_button("打印"))
            (ui::link_button(paths::LOOKUP, "查询其他证书", Look::Plain))
        }
    };
    Page::new("证书核验", main).about(exam).back(paths::LOOKUP)
}

pub(super) fn no_link() -> Page {
    let action = ui::link_button(paths::LOOKUP, "证书查询", Look::Primary);
    let main = ui::error_page(
        "核验链接无效或已过期",
        "请向持证人索取新的链接，或用姓名、证件号码和证书编号查询。",
        action,
    );
    Page::new("证书核验", main).own_heading()
}
