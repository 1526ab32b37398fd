//! Uploading materials, and showing what was uploaded.

use maud::{Markup, html};

use super::field::{described_by, notes};
use super::{Icon, icon};

/// A file that is safe with us.
pub struct Uploaded {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its size in words, such as `1.2 MB`.
    pub size: String,
    /// URL of a small picture of it.
    pub thumb: Option<String>,
    /// Where it opens.
    pub href: String,
    /// Whether it is lost, so that it does not open.
    pub unreadable: bool,
}

/// One material of a form. Its wrapper has the id `f-{slot}`.
pub struct UploadField<'a> {
    /// Name of the material; files are sent as `file.{slot}`, kept ones as `material.{slot}`.
    pub slot: &'a str,
    /// What is wanted.
    pub label: &'a str,
    /// Which formats and sizes, and what must be readable.
    pub hint: &'a str,
    /// May be left out.
    pub optional: bool,
    /// What to do about a refused file.
    pub error: Option<&'a str>,
    /// What the reviewer said about it.
    pub mark: Option<&'a str>,
    /// What is there already.
    pub files: &'a [Uploaded],
    /// Most files; a new one replaces the old one when it is 1.
    pub most: usize,
    /// The `accept` attribute.
    pub accept: &'a str,
    /// Most bytes of a file; scripts send no larger one.
    pub largest: usize,
}

/// One upload tile.
pub fn upload(u: &UploadField) -> Markup {
    let described = described_by(u.slot, !u.hint.is_empty(), u.mark.is_some(), u.error.is_some());
    let replaces = u.most == 1 && !u.files.is_empty();
    html! {
        fieldset.upload id={ "f-" (u.slot) } data-error[u.error.is_some()] data-mark[u.mark.is_some()]
            aria-describedby=[described.as_deref()] {
            legend.label { (u.label) @if u.optional { span.optional { "（选填）" } } }
            (notes(u.slot, u.hint, u.mark, u.error))
            @if !u.files.is_empty() {
                ul.files {
                    @for file in u.files {
                        li {
                            input type="hidden" name={ "material." (u.slot) } value=(file.id);
                            (shown(file))
                            @if replaces { (chooser(u, described.as_deref(), "更换")) }
                            button.text-button type="submit" name="action" value={ "remove:" (file.id) }
                                hx-post="" hx-encoding="multipart/form-data" hx-include="closest form"
                                hx-target="closest .upload" hx-swap="outerHTML" {
                                "删除" span.hidden { "：" (file.name) }
                            }
                        }
                    }
                }
            }
            @if !replaces && u.files.len() < u.most {
                (chooser(u, described.as_deref(), if u.files.is_empty() { "拍照或选择文件" } else { "再加一份" }))
            }
            p.progress hidden { progress max="100" value="0" aria-label="上传进度" {} span { "0%" } }
        }
    }
}

/// The file input inside its visible label. Scripts send the file at once and get the tile back.
fn chooser(u: &UploadField, described: Option<&str>, words: &str) -> Markup {
    let id = format!("i-{}", u.slot);
    html! {
        label.drop for=(id) {
            (icon(Icon::Camera))
            span { (words) span.hidden { "：" (u.label) } }
            input id=(id) type="file" name={ "file." (u.slot) } accept=(u.accept) data-largest=(u.largest)
                multiple[u.most > 1] aria-invalid=[u.error.is_some().then_some("true")]
                aria-describedby=[described]
                hx-post="" hx-encoding="multipart/form-data" hx-vals=r#"{"action":"upload"}"#
                hx-trigger="change" hx-include="closest form" hx-target="closest .upload"
                hx-swap="outerHTML";
        }
    }
}

/// A picture or a page, the name, the size. The link leaves the page alone: it opens a file.
fn shown(file: &Uploaded) -> Markup {
    html! {
        a.file href=(file.href) target="_blank" hx-boost="false" {
            @match &file.thumb {
                Some(url) => img.thumb src=(url) alt="" loading="lazy" width="72" height="54";,
                None => span.thumb { (icon(Icon::File)) },
            }
            span {
                strong { (file.name) }
                @if file.unreadable { span.error { "这份文件打不开" } }
                @else { span.muted.small { (file.size) } }
            }
        }
    }
}

/// Materials to read, as (label, files).
pub fn materials(list: &[(String, Vec<Uploaded>)]) -> Markup {
    html! {
        dl.materials {
            @for (label, files) in list {
                dt { (label) }
                dd {
                    @if files.is_empty() { span.muted { "未上传" } }
                    @else { ul.files { @for file in files { li { (shown(file)) } } } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(id: &str) -> Uploaded {
        Uploaded {
            id: id.into(),
            name: "毕业证<1>.jpg".into(),
            size: "1.2 MB".into(),
            thumb: None,
            href: format!("/files/{id}"),
            unreadable: false,
        }
    }

    fn tile(files: &[Uploaded], most: usize) -> String {
        upload(&UploadField {
            slot: "degree",
            label: "学历证书",
            hint: "",
            optional: false,
            error: Some("请上传学历证书"),
            mark: None,
            files,
            most,
            accept: "image/*",
            largest: 10 << 20,
        })
        .into_string()
    }

    #[test]
    fn an_empty_tile_asks_for_a_file() {
        let shown = tile(&[], 1);
        assert!(shown.contains(r#"<fieldset class="upload" id="f-degree" data-error"#));
        assert!(shown.contains(r#"<label class="drop" for="i-degree">"#));
        assert!(shown.contains(r#"<input id="i-degree" type="file" name="file.degree""#));
        assert!(shown.contains(r#"aria-describedby="f-degree-error""#));
        assert!(shown.contains("hx-vals=\"{&quot;action&quot;:&quot;upload&quot;}\""));
    }

    #[test]
    fn one_file_is_replaced_and_several_are_added_up_to_the_most() {
        assert!(tile(&[scan("a")], 1).contains("更换"));
        assert!(tile(&[scan("a")], 2).contains("再加一份"));
        let full = tile(&[scan("a"), scan("b")], 2);
        assert!(!full.contains("type=\"file\""));
        assert_eq!(full.matches("name=\"material.degree\"").count(), 2);
        assert!(full.contains("value=\"remove:b\""));
        assert!(full.contains("毕业证&lt;1&gt;.jpg"));
    }

    #[test]
    fn a_material_that_is_missing_says_so() {
        assert!(materials(&[("学历证书".into(), vec![])]).into_string().contains("未上传"));
    }
}
