//! 须知和常用语: texts of the office, with their versions.

use kaozheng::business::ALL;
use kaozheng::casework::sheet::{FormTarget, Sheet};
use kaozheng::store::Tx;
use poem::http::StatusCode;

use super::Office;

const NOTICE: &str = "/staff/admin/texts/notice/receipt";

#[tokio::test]
async fn new_notice_is_previewed_published_and_agreed_to_again() {
    let office = Office::open().await;
    let candidate = office.authority.candidate("张小三", "E0000001").await;
    let receipt = ALL.find("receipt").expect("a business");
    let agree = {
        let candidate = candidate.clone();
        move |tx: &mut Tx| {
            let mut sheet = Sheet::load(tx, receipt, candidate, &FormTarget::New)?;
            sheet.agree(tx)?;
            Ok(sheet.notice.expect("a notice").version)
        }
    };
    let first = office.authority.write(agree.clone()).await.expect("an agreement");

    let draft = [("action", "preview"), ("version", "0"), ("body", "1. 新的规定\n2. <script>")];
    let page = super::body(office.desk.post(NOTICE, &draft).await, StatusCode::OK).await;
    assert!(page.contains("<li>新的规定</li>") && page.contains("&lt;script&gt;"), "{page}");
    assert!(office.audited().await.is_empty(), "a preview publishes nothing");
    let publish = [("action", "publish"), ("version", "0"), ("body", "1. 新的规定\n2. 请核对抬头")];
    office.save(NOTICE, &publish).await;
    let late = [("action", "publish"), ("version", "0"), ("body", "我写的须知")];
    let late = office.refused(NOTICE, &late, StatusCode::CONFLICT).await;
    assert!(late.contains("我写的须知") && late.contains("新的规定"), "both texts are shown: {late}");

    let must_agree =
        move |tx: &mut Tx| Ok(Sheet::load(tx, receipt, candidate, &FormTarget::New)?.must_agree());
    assert!(office.authority.write(must_agree).await.expect("a sheet"), "the draft agreed to the old one");
    let second = office.authority.write(agree).await.expect("an agreement");
    assert_ne!(first, second);
    for (version, text) in [(&first, "电子票据"), (&second, "请核对抬头")] {
        let page = office.read(&format!("/services/receipt/notice/{version}")).await;
        assert!(page.contains(text), "{version}: {page}");
    }
    assert_eq!(office.desk.get("/services/receipt/notice/r7").await.0.status(), StatusCode::NOT_FOUND);
    let page = office.read(NOTICE).await;
    assert!(page.contains("第 1 版") && page.contains("周管理"), "{page}");
    assert_eq!(office.audited().await, ["text"]);
}

#[tokio::test]
async fn reasons_of_a_business_are_offered_to_its_reviewer() {
    let office = Office::open().await;
    let authority = &office.authority;
    let remarks = "/staff/admin/texts/remarks/qualification";
    let wrong = [("action", "preview"), ("version", "0"), ("body", "材料齐全")];
    let page = office.refused(remarks, &wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("第 1 行") && page.contains("材料齐全</textarea>"), "{page}");
    office.save(remarks, &[("action", "publish"), ("version", "0"), ("body", "不通过：社保不足一年")]).await;
    let marks = "/staff/admin/texts/marks/qualification";
    office.save(marks, &[("action", "publish"), ("version", "0"), ("body", "请重拍")]).await;

    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    office.save(&format!("/staff/applications/{number}/take"), &[]).await;
    let page = office.read(&format!("/staff/applications/{number}")).await;
    assert!(page.contains("社保不足一年") && page.contains("<option value=\"请重拍\">"), "{page}");
    assert!(!page.contains("照片不清晰"), "the former ones are not offered");
}

#[tokio::test]
async fn help_is_shown_on_the_page_of_the_business() {
    let office = Office::open().await;
    let help = "/staff/admin/texts/help/refund";
    office.save(help, &[("action", "publish"), ("version", "0"), ("body", "退款约十个工作日到账")]).await;
    assert!(office.read("/services/refund").await.contains("退款约十个工作日到账"));
    for nothing in
        ["/staff/admin/texts/notice/refund", "/staff/admin/texts/joke/refund", "/staff/admin/texts/help/x"]
    {
        assert_eq!(office.desk.get(nothing).await.0.status(), StatusCode::NOT_FOUND, "{nothing}");
    }
}

#[tokio::test]
async fn phone_of_the_office_is_on_every_page_once_it_is_published() {
    let office = Office::open().await;
    let contact = "/staff/admin/texts/contact/office";
    let wrong = [("action", "preview"), ("version", "0"), ("body", "咨询电话：0755-1234567\n传真：无")];
    let page = office.refused(contact, &wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("第 2 行的号码") && page.contains("传真：无</textarea>"), "{page}");
    assert!(!office.read("/lookup").await.contains("0755-1234567"));
    let body = "咨询电话：0755-1234567\n报名系统：(0755) 765 4321\n接听时间：工作日 9:00–17:00";
    office.save(contact, &[("action", "publish"), ("version", "0"), ("body", body)]).await;
    let page = office.read("/lookup").await;
    for shown in
        ["咨询电话 <a href=\"tel:0755-1234567\">", "href=\"tel:07557654321\"", "（工作日 9:00–17:00）"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let missing = super::body(office.desk.get("/nowhere").await, StatusCode::NOT_FOUND).await;
    assert!(
        missing.matches("tel:0755-1234567").count() == 2,
        "in the footer and beside the error: {missing}"
    );
    let page = office.read(contact).await;
    assert!(page.contains("第 1 版") && page.contains("报名系统：(0755) 765 4321"), "{page}");
}
