//! 失信人员资格审核 (manual chapter 8).

use crate::browser::Browser;
use crate::figures::figure;
use crate::pictures::Pictures;
use crate::server::Server;
use crate::steps::{self, REVIEWER};

async fn fill_in(phone: &Browser, pictures: &Pictures) {
    phone.choose("一级建造师").await;
    phone.within("专业").choose("建筑工程").await;
    phone.choose("建设工程经济").await;
    for part in ["2/4", "3/4", "4/4"] {
        phone.press(part).await;
    }
    phone.fill("情况说明", "知道错了").await;
    phone.within("学历").choose("本科").await;
    phone.see("情况说明请至少写 20 个字").await;
    phone.fill("情况说明", "当时对年限的算法理解有误，已向单位说明并承诺不再发生。").await;
    phone.fill("毕业院校", "示范大学").await;
    phone.fill("所学专业", "土木工程").await;
    phone.fill("毕业时间", "2014-06-30").await;
    phone.fill("工作单位", "示范建设工程有限公司").await;
    phone.fill("从事专业工作年限", "6").await;
    phone.fill("参加工作时间", "2014-07-15").await;
    phone.attach("身份证件正面", &pictures.id_card_front()).await;
    phone.attach("身份证件反面", &pictures.id_card_back()).await;
    phone.attach("学历证书", &pictures.diploma()).await;
    phone.attach("工作年限证明", &pictures.pdf()).await;
    phone.attach("信用承诺书", &pictures.pdf()).await;
}

/// Figures 8.1 to 8.1.2.
async fn apply(server: &Server, phone: &Browser, pictures: &Pictures) {
    steps::list(server, phone, "失信人员资格审核").await;
    phone.see("提供虚假材料").await;
    figure(phone, "8.1").await;
    phone.press("失信人员资格审核").await;
    phone.see("拟报考的考试").await;
    figure(phone, "8.1.1").await;
    fill_in(phone, pictures).await;
    steps::submit(phone).await;
    figure(phone, "8.1.2").await;
}

/// Figures 8.2.1 and 8.2.2.
async fn resubmit(server: &Server, phone: &Browser, pictures: &Pictures) {
    steps::list(server, phone, "失信人员资格审核").await;
    phone.press("修改").await;
    phone.see("审核意见：请本人签名").await;
    figure(phone, "8.2.1").await;
    phone.attach("更换：信用承诺书", &pictures.diploma()).await;
    phone.press("保存修改并重新提交").await;
    steps::confirmed_number(phone).await;
    figure(phone, "8.2.2").await;
}

#[tokio::test]
async fn integrity_application_is_returned_and_approved() {
    let server = steps::start_demo().await;
    let (phone, desk) = (steps::candidate(&server).await, steps::desk(&server, REVIEWER).await);
    let pictures = Pictures::new();
    apply(&server, &phone, &pictures).await;
    steps::return_next(&server, &desk, "信用承诺书", "请本人签名").await;
    resubmit(&server, &phone, &pictures).await;
    steps::approve_next(&server, &desk).await;
    steps::list(&server, &phone, "失信人员资格审核").await;
    phone.see("审核通过").await;
    figure(&phone, "8.3.1").await;
    phone.press("详情").await;
    phone.see("您已通过失信人员资格审核").await;
    figure(&phone, "8.3.2").await;
}
