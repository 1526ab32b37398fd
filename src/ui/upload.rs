//! The tiles in which materials are uploaded, and lists of uploaded files.

use maud::{Markup, html};

use super::field::{described_by, notes};
use super::{Icon, icon};

/// A stored file.
pub struct Uploaded {
    pub id: String,
    pub name: String,
    /// Formatted, such as `1.2 MB`.
    pub size: String,
    /// URL of a thumbnail.
    pub thumb: Option<String>,
    pub href: String,
    /// For sound and film.
    pub recording: Option<Recording>,
    /// Whether the storage has lost its content.
    pub unreadable: bool,
    /// Whether it was removed because of what the scanner found in it. It is unreadable then.
    pub harmful: bool,
    /// Whether the file was removed at the end of its retention.
    pub removed: bool,
}

/// Sound or film, played on the page.
pub struct Recording {
    /// `None` if browsers do not play the format.
    pub player: Option<Player>,
    /// Its name, for screen readers.
    pub name: String,
    pub src: String,
    /// URL that saves it as a file.
    pub download: String,
}

#[derive(Clone, Copy)]
pub enum Player {
    Sound,
    Film,
}

/// One material of a form. Its wrapper has the id `f-{slot}`.
pub struct UploadField<'a> {
    /// Name of the material. New files are sent as `file.{slot}`, ids of stored ones as `material.{slot}`.
    pub slot: &'a str,
    pub label: &'a str,
    /// Formats, sizes and what must be readable.
    pub hint: &'a str,
    pub optional: bool,
    /// How to correct a refused file.
    pub error: Option<&'a str>,
    pub mark: Option<&'a str>,
    pub files: &'a [Uploaded],
    /// Maximum number of files. With 1 a new file replaces the old one.
    pub most: usize,
    pub accept: &'a str,
    /// Maximum bytes of a file. Scripts do not send a larger one.
    pub largest: usize,
}

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
                            (player(file))
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

/// The file input inside its visible label. Scripts send the file at once and swap the tile.
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

/// What is said of a file that was removed.
pub const REMOVED: &str = "材料已按保存期限删除";

/// What is said of a file in which the scanner found something.
pub const HARMFUL: &str = "这份文件含有恶意代码，已删除";

/// Thumbnail or icon, name and size, as a link that opens the file in a new window.
fn shown(file: &Uploaded) -> Markup {
    if file.removed {
        return html! { span.muted { (file.name) "：" (REMOVED) } };
    }
    html! {
        a.file href=(file.href) target="_blank" hx-boost="false" {
            @match &file.thumb {
                Some(url) => img.thumb src=(url) alt="" loading="lazy" width="72" height="54";,
                None => span.thumb { (icon(Icon::File)) },
            }
            span {
                strong { (file.name) }
                @if file.harmful { span.error { (HARMFUL) } }
                @else if file.unreadable { span.error { "这份文件打不开" } }
                @else { span.muted.small { (file.size) } }
            }
        }
    }
}

fn player(file: &Uploaded) -> Markup {
    let playable = file.recording.as_ref().filter(|_| !file.unreadable && !file.removed);
    html! { @if let Some(playable) = playable { div { (recording(playable)) } } }
}

/// A player and a link to the file, because a browser may lack the codec. Nothing is loaded before it is played.
pub fn recording(recording: &Recording) -> Markup {
    let Recording { player, name, src, download } = recording;
    let words =
        if player.is_some() { "放不出来时，请" } else { "浏览器不能播放这种录音，请" };
    html! {
        @match player {
            Some(Player::Sound) => audio controls preload="none" src=(src) aria-label=(name) {},
            Some(Player::Film) => video controls playsinline preload="none" src=(src) aria-label=(name) {},
            None => {},
        }
        p.muted.small {
            (words)
            a href=(download) download hx-boost="false" { "下载后打开" span.hidden { "：" (name) } }
        }
    }
}

/// Materials to read. `list` is (label, files).
pub fn materials(list: &[(String, Vec<Uploaded>)]) -> Markup {
    html! {
        dl.materials {
            @for (label, files) in list {
                dt { (label) }
                dd {
                    @if files.is_empty() { span.muted { "未上传" } }
                    @else { ul.files { @for file in files { li { (shown(file)) (player(file)) } } } }
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
            recording: None,
            unreadable: false,
            harmful: false,
            removed: false,
        }
    }

    #[test]
    fn recording_is_played_or_downloaded() {
        let shown = |player| {
            let (src, download) = ("/files/a".to_owned(), "/files/a?download".to_owned());
            let played = Recording { player, name: "录音<1>".into(), src, download };
            let file = Uploaded { recording: Some(played), ..scan("a") };
            materials(&[("证据".into(), vec![file])]).into_string()
        };
        let sound = shown(Some(Player::Sound));
        assert!(
            sound.contains(r#"<audio controls preload="none" src="/files/a" aria-label="录音&lt;1&gt;">"#)
        );
        assert!(shown(Some(Player::Film)).contains("<video controls"));
        let unknown = shown(None);
        assert!(!unknown.contains("controls") && unknown.contains("浏览器不能播放"));
        for shown in [&sound, &unknown] {
            assert!(shown.contains(r#"<a href="/files/a?download" download hx-boost="false">"#));
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
    fn tile_without_files_has_a_file_input() {
        let shown = tile(&[], 1);
        assert!(shown.contains(r#"<fieldset class="upload" id="f-degree" data-error"#));
        assert!(shown.contains(r#"<label class="drop" for="i-degree">"#));
        assert!(shown.contains(r#"<input id="i-degree" type="file" name="file.degree""#));
        assert!(shown.contains(r#"aria-describedby="f-degree-error""#));
        assert!(shown.contains("hx-vals=\"{&quot;action&quot;:&quot;upload&quot;}\""));
    }

    #[test]
    fn single_file_is_replaced_and_others_are_added_up_to_the_maximum() {
        assert!(tile(&[scan("a")], 1).contains("更换"));
        assert!(tile(&[scan("a")], 2).contains("再加一份"));
        let full = tile(&[scan("a"), scan("b")], 2);
        assert!(!full.contains("type=\"file\""));
        assert_eq!(full.matches("name=\"material.degree\"").count(), 2);
        assert!(full.contains("value=\"remove:b\""));
        assert!(full.contains("毕业证&lt;1&gt;.jpg"));
    }

    #[test]
    fn missing_material_is_reported() {
        assert!(materials(&[("学历证书".into(), vec![])]).into_string().contains("未上传"));
    }
}
