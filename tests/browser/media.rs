//! Recordings that play, and errors of files in their tiles.

use std::path::PathBuf;

use crate::axe;
use crate::browser::{Browser, Screen};
use crate::pictures::Pictures;
use crate::recordings::wav;
use crate::steps::{self, REVIEWER};

const GROUNDS: &str = "手机当时已经关机并放在监考老师指定的位置，有同场考生可以作证。";

/// Plays the only recording of the page for a moment. It is muted, because nobody has pressed anything.
async fn play(browser: &Browser) {
    browser.run("const sound = document.querySelector('audio'); sound.muted = true; sound.play();").await;
    let state = "const sound = document.querySelector('audio'); \
                 return [sound.currentTime, sound.duration, String(sound.error && sound.error.message)]";
    browser
        .until("hear the recording", async || {
            let state = browser.run(state).await;
            let plays = state[0].as_f64().is_some_and(|time| time > 0.1);
            let is_whole = state[1].as_f64().is_some_and(|length| (length - 1.0).abs() < 0.05);
            (plays && is_whole).then_some(()).ok_or_else(|| state.to_string())
        })
        .await;
}

/// The error in the tile of a slot, or an empty text.
async fn told(browser: &Browser, slot: &str) -> String {
    let script = format!(
        "const told = document.querySelector('#f-{slot} p.error'); return told ? told.textContent : ''"
    );
    browser.run(&script).await.as_str().unwrap_or_default().to_owned()
}

fn recording(folder: &tempfile::TempDir) -> PathBuf {
    let file = folder.path().join("现场录音.wav");
    std::fs::write(&file, wav()).expect("a file");
    file
}

#[tokio::test]
async fn recording_plays_for_the_candidate_and_at_the_desk() {
    let server = steps::start_demo().await;
    let (phone, desk) = (steps::candidate(&server).await, steps::desk(&server, REVIEWER).await);
    let folder = tempfile::tempdir().expect("a folder");
    steps::list(&server, &phone, "违纪申诉").await;
    phone.press("违纪申诉").await;
    phone.choose("撤销认定").await;
    phone.fill("申诉理由", GROUNDS).await;
    phone.attach("证据材料", &recording(&folder)).await;
    phone.see("现场录音.wav").await;
    phone.see("下载后打开").await;
    play(&phone).await;
    phone.screenshot("recording-in-the-form").await;
    steps::submit(&phone).await;
    steps::take_next(&server, &desk).await;
    desk.see("现场录音.wav").await;
    play(&desk).await;
    axe::check(&desk).await;
    desk.screenshot("recording-at-the-desk").await;
}

#[tokio::test]
async fn error_of_a_file_stands_in_its_tile_until_it_is_corrected() {
    const LARGE: &str = "文件有 11.0 MB，超过 10 MB，请压缩后再上传";
    let server = steps::start_demo().await;
    let pictures = Pictures::new();
    let phone = steps::candidate(&server).await;
    phone.open(&format!("{}/services/qualification/new", server.base)).await;
    phone.press("下一步：核对信息").await;
    phone.see("请上传身份证件正面").await;
    phone.attach("身份证件正面", &pictures.too_large()).await;
    phone.see(LARGE).await;
    assert_eq!(told(&phone, "id_front").await, LARGE);
    axe::check(&phone).await;
    phone.attach("身份证件正面", &pictures.id_card_front()).await;
    phone.see("身份证正面.jpg").await;
    phone.see_no("请上传身份证件正面").await;
    assert_eq!(told(&phone, "id_front").await, "");
    phone.attach("身份证件反面", &pictures.recording()).await;
    phone.see("请上传 JPG、PNG 图片或 PDF").await;
    assert_eq!(told(&phone, "id_back").await, "请上传 JPG、PNG 图片或 PDF");

    let plain = Browser::without_javascript(Screen::Phone).await;
    steps::sign_in(&server, &plain, "DUPONT MARIE").await;
    plain.open(&format!("{}/services/qualification/new", server.base)).await;
    plain.attach("身份证件正面", &pictures.too_large()).await;
    plain.press("下一步：核对信息").await;
    plain.see(LARGE).await;
}
