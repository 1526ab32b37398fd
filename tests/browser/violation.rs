//! 违纪申诉 (manual chapter 9): submitted in time with evidence, then decided.

use crate::figures::figure;
use crate::pictures::Pictures;
use crate::steps::{self, REVIEWER};

const GROUNDS: &str = "手机当时已经关机并放在监考老师指定的位置，有同场考生可以作证。";

#[tokio::test]
async fn violation_appeal_is_submitted_and_decided() {
    let server = steps::start_demo().await;
    let (phone, desk) = (steps::candidate(&server).await, steps::desk(&server, REVIEWER).await);
    let pictures = Pictures::new();
    steps::list(&server, &phone, "违纪申诉").await;
    phone.see("截止申诉").await;
    phone.see("拟处理决定").await;
    figure(&phone, "9.1").await;
    phone.press("违纪申诉").await;
    phone.see("申诉请求").await;
    figure(&phone, "9.1.1").await;
    phone.choose("撤销认定").await;
    phone.fill("申诉理由", "没有").await;
    phone.press("下一步：核对信息").await;
    phone.see("申诉理由请至少写 20 个字").await;
    phone.fill("申诉理由", GROUNDS).await;
    phone.attach("证据材料", &pictures.recording()).await;
    phone.see("考场录音.mp3").await;
    steps::submit(&phone).await;
    figure(&phone, "9.1.2").await;

    steps::list(&server, &phone, "违纪申诉").await;
    phone.press("修改").await;
    phone.see("修改违纪申诉").await;
    assert_eq!(phone.value("申诉理由").await, GROUNDS);
    figure(&phone, "9.2.1").await;
    phone.choose("减轻处理").await;
    phone.press("保存修改").await;
    steps::confirmed_number(&phone).await;
    figure(&phone, "9.2.2").await;

    steps::take_next(&server, &desk).await;
    desk.see("考场录音.mp3").await;
    desk.fill("补充意见", "情节轻微，改为批评教育。").await;
    desk.press("部分成立").await;
    desk.press("确认部分成立").await;
    desk.see("已办理：部分成立").await;
    steps::list(&server, &phone, "违纪申诉").await;
    phone.see("部分成立").await;
    phone.see("都已有申诉结果").await;
    figure(&phone, "9.3.1").await;
    phone.press("详情").await;
    phone.see("情节轻微，改为批评教育。").await;
    figure(&phone, "9.3.2").await;
}
