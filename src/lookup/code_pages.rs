//! The pages about the code of a certificate. Scripts fill the answers that are in the page as templates, so that
//! every word is here.

use maud::{Markup, html};

use crate::exams::code::claims::{Claims, Part};
use crate::paths;
use crate::store::{Timestamp, clock};
use crate::ui::{self, Control, Fact, FormField, Lang, Look, Page, TextMode, Tone};
use crate::web::assets;

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Valid,
    /// The signature is good; whether the code was revoked is not known.
    Unlisted,
    Expired,
    /// Revoked by the holder, or the certificate was annulled or replaced.
    Ended,
    Forged,
    NoCode,
    /// The page was opened for the first time without a network.
    NoKeys,
    NoCamera,
}

/// The templates of the page by their names.
const TEMPLATES: [(&str, Verdict); 8] = [
    ("valid", Verdict::Valid),
    ("unlisted", Verdict::Unlisted),
    ("expired", Verdict::Expired),
    ("ended", Verdict::Ended),
    ("forged", Verdict::Forged),
    ("no_code", Verdict::NoCode),
    ("no_keys", Verdict::NoKeys),
    ("no_camera", Verdict::NoCamera),
];

impl Verdict {
    /// Title and explanation.
    pub(super) fn words(self, lang: Lang) -> (&'static str, &'static str) {
        match self {
            Verdict::Valid => lang.pick(
                ("有效", "签名属实，没有被撤销。请把下面的内容与纸面逐项核对：只有下面的内容是签名保证的。"),
                (
                    "Valid",
                    "The signature is good and nothing was revoked. Compare what is below with the paper: only this is signed.",
                ),
            ),
            Verdict::Unlisted => lang.pick(
                ("签名属实，是否已撤销未知", "没有一天以内的撤销名单。请连网后再核验一次，并与纸面逐项核对。"),
                (
                    "The signature is good; whether it was revoked is not known",
                    "There is no list of revocations from the last day. Check again with a network, and compare with the paper.",
                ),
            ),
            Verdict::Expired => lang.pick(
                ("已过期", "签名属实，但这份电子证书的使用期限已过。请向持证人索取新的。"),
                ("Expired", "The signature is good, but this file was for use until a day that is over. Ask the holder for a new one."),
            ),
            Verdict::Ended => lang.pick(
                ("已失效，请勿采信", "签名属实，但持证人已撤销这份电子证书，或者证书已被撤销、补发或更正。"),
                (
                    "Not valid any more",
                    "The signature is good, but the holder has revoked this file, or the certificate was annulled, replaced or corrected.",
                ),
            ),
            Verdict::Forged => lang.pick(
                ("无法证实，请勿采信", "证书码被改动过、不完整，或者不是本机构签发的。"),
                ("Cannot be confirmed", "The code was changed, is incomplete, or was not made by this authority."),
            ),
            Verdict::NoCode => lang.pick(
                ("没有找到证书码", "请让二维码占满画面、光线均匀再拍一张，或选择 PDF 原文件，或粘贴证书码的文字。图片支持 JPG 和 PNG。"),
                (
                    "No code was found",
                    "Let the code fill the picture, in even light, or choose the PDF itself, or paste the text of the code. Pictures may be JPEG or PNG.",
                ),
            ),
            Verdict::NoKeys => lang.pick(
                ("还不能核验", "本机没有存下公钥。请连网打开一次本页，之后断网也能核验。"),
                (
                    "Nothing can be checked yet",
                    "The public keys are not on this device. Open this page once with a network; it then works without one.",
                ),
            ),
            Verdict::NoCamera => lang.pick(
                ("打不开相机", "请允许本页使用相机，或者拍照后选择图片。"),
                ("The camera cannot be used", "Allow this page to use the camera, or take a picture and choose it."),
            ),
        }
    }

    fn tone(self) -> Tone {
        match self {
            Verdict::Valid => Tone::Good,
            Verdict::Forged | Verdict::Ended | Verdict::Expired => Tone::Danger,
            Verdict::Unlisted | Verdict::NoCode | Verdict::NoKeys | Verdict::NoCamera => Tone::Warn,
        }
    }

    /// Whether it shows what the code says.
    fn has_claims(self) -> bool {
        matches!(self, Verdict::Valid | Verdict::Unlisted | Verdict::Expired | Verdict::Ended)
    }
}

/// The texts of an answer: those of the claims, or empty ones for a template.
#[derive(Default)]
struct Shown<'a> {
    claims: Option<&'a Claims>,
    code: &'a str,
    /// When the list of revocations was made.
    listed: String,
}

/// The page with nothing checked yet.
pub(super) fn form(lang: Lang, typed: &str) -> Page {
    page(lang, html! {}, typed)
}

/// The page with what was found wrong.
pub(super) fn refused(lang: Lang, verdict: Verdict, typed: &str) -> Page {
    page(lang, answer(lang, verdict, &Shown::default()), typed)
}

/// The page with what a code says.
pub(super) fn checked(lang: Lang, verdict: Verdict, claims: &Claims, code: &str, now: Timestamp) -> Page {
    page(lang, answer(lang, verdict, &Shown { claims: Some(claims), code, listed: clock::china(now) }), code)
}

fn page(lang: Lang, answer: Markup, typed: &str) -> Page {
    let main = html! {
        p.muted {
            (lang.pick(
                "核验电子证书或其打印件上的二维码。",
                "Check the code on an electronic certificate or on a print of it.",
            ))
            span data-scripted hidden {
                (lang.pick(
                    "核验在您的设备上完成，本站不知道您核验了什么；打开过一次以后，断网也能核验。",
                    " Your device checks it: this site does not learn what you check. Once opened, the page works without a network.",
                ))
            }
        }
        p.muted data-plain {
            (lang.pick(
                "您的浏览器不能在本机核验，提交的内容由本站核验，持证人会看到核验的时间。扫码打开的，请把浏览器地址栏里的整个地址粘贴到下面。",
                "Your browser cannot check by itself: what you send is checked by this site, and the holder sees when. If a code brought you here, paste the whole address of this page below.",
            ))
        }
        div #verify data-keys=(paths::CERTIFICATE_KEYS) data-status=(paths::CERTIFICATE_STATUS)
            data-worker=(paths::VERIFY_WORKER) {
            div #verdict { (answer) }
            div #camera.panel hidden {
                video playsinline muted aria-label=(lang.pick("相机画面", "Camera")) {}
                button #stop.button type="button" data-look="plain" { (lang.pick("关闭相机", "Close the camera")) }
            }
            (controls(lang, typed))
            @for (name, verdict) in TEMPLATES {
                template data-verdict=(name) {
                    (self::answer(lang, verdict, &Shown::default()))
                }
            }
        }
        (other_language(lang))
        @for script in &assets::get().verify { script src=(script) defer {} }
    };
    let page = Page::new(lang.pick("证书码核验", "Check a certificate's code"), main);
    page.back(lang.pick(paths::LOOKUP, paths::ENGLISH_LOOKUP))
}

fn controls(lang: Lang, typed: &str) -> Markup {
    let code = Control::Text { value: typed, mode: TextMode::Text, max: 6000, suffix: "" };
    ui::panel(
        "",
        html! {
            form #check method="post" enctype="multipart/form-data" hx-boost="false"
                action=(lang.pick(paths::VERIFY, paths::ENGLISH_VERIFY)) {
                div.actions data-scripted hidden {
                    button #film.button type="button" data-look="primary" {
                        (lang.pick("打开相机扫码", "Scan with the camera"))
                    }
                }
                div.field {
                    label.label for="f-file" { (lang.pick("图片或 PDF", "Picture or PDF")) }
                    input.input id="f-file" type="file" name="file" accept="image/jpeg,image/png,application/pdf";
                }
                (ui::field(&FormField {
                    hint: lang.pick("以 KZ1: 开头的文字，或二维码里的网址", "The text that begins with KZ1:, or the address in the code"),
                    ..FormField::new("code", lang.pick("证书码", "Code"), code)
                }))
                div.actions { (ui::submit("action", "check", lang.pick("核验", "Check"), Look::Primary)) }
            }
        },
    )
}

fn answer(lang: Lang, verdict: Verdict, shown: &Shown) -> Markup {
    let (title, body) = verdict.words(lang);
    html! {
        section data-answer=(title) {
            (ui::banner(verdict.tone(), title, html! { p { (body) } }))
            @if verdict.has_claims() {
                (ui::panel("", html! {
                    (ui::facts(&facts(lang, shown)))
                    (again(lang, shown.code))
                }))
            }
        }
    }
}

/// Sends the code to our server, which knows of a revocation at once, and makes a report.
fn again(lang: Lang, code: &str) -> Markup {
    html! {
        form method="post" hx-boost="false" action=(lang.pick(paths::VERIFY, paths::ENGLISH_VERIFY)) {
            input type="hidden" name="code" value=(code) data-code;
            p.muted.small {
                (lang.pick(
                    "向本站核实会用此刻的登记情况，持证人会看到核实的时间。",
                    "Asking this site uses its records of this moment; the holder sees when.",
                ))
            }
            div.actions {
                (ui::submit("action", "check", lang.pick("向本站核实", "Ask this site"), Look::Plain))
                (ui::submit("action", "report", lang.pick("下载核验报告", "Download a report"), Look::Plain))
            }
        }
    }
}

fn facts(lang: Lang, shown: &Shown) -> Vec<Fact> {
    let text = |part: Part| shown.claims.map_or("", |claims| claims.fact(part));
    let row = |part: Part| Fact {
        label: lang.pick(part.label(), part.english()),
        value: html! { span data-part=(part.code()) lang=[lang.of_chinese()] { (ui::words(text(part))) } },
    };
    let is_shown = |part: &Part| shown.claims.is_none_or(|claims| !claims.fact(*part).is_empty());
    let mut facts: Vec<Fact> = Part::ALL.into_iter().filter(is_shown).map(row).collect();
    let time = |label, name: &str, at: Option<String>| Fact {
        label,
        value: html! { span.date data-issued[name == "issued"] data-until[name == "until"] data-list[name == "list"] {
            (at.unwrap_or_default())
        } },
    };
    let claims = shown.claims;
    facts.push(Fact {
        label: lang.pick("签发网站", "Signed by"),
        value: html! { span data-issuer { (claims.map_or("", |claims| &claims.issuer)) } },
    });
    facts.extend([
        time(
            lang.pick("签发时间", "Signed at"),
            "issued",
            claims.map(|claims| clock::china(claims.issued_at)),
        ),
        time(
            lang.pick("使用期限", "For use until"),
            "until",
            claims.map(|claims| clock::china(claims.expires_at)),
        ),
        time(lang.pick("撤销名单", "List of revocations"), "list", Some(shown.listed.clone())),
    ]);
    facts
}

fn other_language(lang: Lang) -> Markup {
    let other = lang.other();
    let path = other.pick(paths::VERIFY, paths::ENGLISH_VERIFY);
    html! {
        p {
            a.text-button href=(path) hreflang=(other.tag()) lang=(other.tag()) hx-boost="false" {
                (other.pick("中文", "English"))
            }
        }
    }
}
