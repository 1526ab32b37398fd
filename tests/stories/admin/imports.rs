//! 数据导入: a file is checked, then loaded in the background.

use std::time::Duration;

use kaozheng::imports::KINDS;
use kaozheng::imports::jobs::{self, NewJob};
use kaozheng::store::Tx;
use poem::http::StatusCode;

use super::Office;

const PAGE: &str = "/staff/admin/imports";

const HEAD: &str = "考试代码,考试名称,考试类别,级别,专业,科目,费用\n";
const GOOD: &str =
    "gjs,高级经济师,专业技术,高级,工商管理,实务,61\ngjs,高级经济师,专业技术,高级,财政税收,实务,61\n";
const BAD: &str = "gjs,高级经济师,专业技术,高级,工商管理,实务,六十\n";

impl Office {
    /// Uploads a file of exams, and waits until it is checked. Returns the address of the import.
    async fn check(&self, text: &str) -> String {
        let sent = self.desk.upload(PAGE, &[("kind", "exams")], ("考试.csv", text.as_bytes())).await;
        sent.assert_status(StatusCode::SEE_OTHER);
        let path = sent.0.headers().get("location").expect("a redirect").to_str().expect("text").to_owned();
        self.finished(&path).await;
        path
    }

    /// The page of an import once it does not run any more.
    async fn finished(&self, path: &str) -> String {
        for _ in 0..1_500 {
            let page = self.read(path).await;
            if !page.contains("every 2s") {
                return page;
            }
            assert!(page.contains("http-equiv=\"refresh\""), "a page without scripts reloads: {page}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the import at {path} has not ended in half a minute");
    }

    async fn exams(&self) -> usize {
        self.read("/staff/admin/exams").await.matches("高级经济师").count()
    }
}

#[tokio::test]
async fn file_is_checked_confirmed_and_loaded_once() {
    let office = Office::open().await;
    let path = office.check(&format!("{HEAD}{GOOD}")).await;
    let page = office.read(&path).await;
    assert!(page.contains("还没有写入") && page.contains("将新增") && page.contains("2 行"), "{page}");
    assert_eq!(office.exams().await, 0);
    let [stored] = &office.desk.stored()[..] else { panic!("one file is kept") };
    let stored = std::fs::read(stored).expect("a file");
    assert!(!String::from_utf8_lossy(&stored).contains("高级经济师"), "it is encrypted");

    office.save(&format!("{path}/load"), &[]).await;
    assert!(office.finished(&path).await.contains("上传的文件已删除"));
    assert_eq!((office.exams().await, office.desk.stored().len()), (1, 0));
    office.refused(&format!("{path}/load"), &[], StatusCode::CONFLICT).await;

    let again = office.check(&format!("{HEAD}{GOOD}")).await;
    let page = office.read(&again).await;
    assert!(page.contains("没有变化"), "{page}");
    office.save(&format!("{again}/cancel"), &[]).await;
    assert!(office.read(&again).await.contains("已取消"));
    assert_eq!(office.desk.stored().len(), 0);
    let audited = ["import_check", "import_load", "import_check", "import_cancel"];
    assert_eq!(office.audited().await, audited);
}

#[tokio::test]
async fn refused_rows_stop_the_file_and_can_be_downloaded_for_a_day() {
    let office = Office::open().await;
    let path = office.check(&format!("{HEAD}{GOOD}{BAD}")).await;
    let page = office.read(&path).await;
    assert!(page.contains("有被拒绝的行，不能导入") && !page.contains("/load\""), "{page}");
    office.refused(&format!("{path}/load"), &[], StatusCode::CONFLICT).await;
    let report = office.read(&format!("{path}/refused")).await;
    assert!(report.contains("line,column,value,reason") && report.contains("费用"), "{report}");
    assert_eq!(office.audited().await.last().map(String::as_str), Some("import_refused_rows"));

    office.authority.pass_hours(25);
    let desk = office.authority.browser_of(&office.administrator).await;
    assert_eq!(desk.get(&format!("{path}/refused")).await.0.status(), StatusCode::GONE);
}

#[tokio::test]
async fn file_that_is_no_table_is_refused_in_chinese() {
    let office = Office::open().await;
    for (text, told) in [("%PDF-1.7", "这是 PDF"), ("甲,乙\n1,2\n", "不认识的列“甲”")] {
        let path = office.check(text).await;
        let page = office.read(&path).await;
        assert!(page.contains("这个文件不能导入") && page.contains(told), "{told}: {page}");
        assert_eq!(office.desk.stored().len(), 0, "its file is deleted");
    }
    for (kind, text, told) in
        [("exams", "", "文件是空的"), ("", "a", "请选择内容"), ("people", "a", "请选择内容")]
    {
        let sent = office.desk.upload(PAGE, &[("kind", kind)], ("a.csv", text.as_bytes())).await;
        let page = super::body(sent, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(page.contains(told), "{page}");
    }
}

#[tokio::test]
async fn one_import_runs_at_a_time_until_its_process_dies() {
    let office = Office::open().await;
    let by = office.administrator.clone();
    let begin = move |tx: &mut Tx| {
        let job = NewJob {
            id: "job-1".into(),
            kind: KINDS[0],
            file_name: "考试.csv".into(),
            batch: false,
            storage_key: "imports/job-1".into(),
        };
        jobs::begin(tx, &by, &job).map_err(|error| kaozheng::web::Failure::Internal(error.to_string()))
    };
    office.authority.write(begin).await.expect("an import");
    assert!(office.read(PAGE).await.contains("正在检查"));
    let text = format!("{HEAD}{GOOD}");
    let sent = office.desk.upload(PAGE, &[("kind", "exams")], ("考试.csv", text.as_bytes())).await;
    let page = super::body(sent, StatusCode::CONFLICT).await;
    assert!(page.contains("一次只能进行一个"), "{page}");
    assert_eq!(office.desk.stored().len(), 0, "its file is deleted");

    office.authority.clock.advance(chrono::TimeDelta::minutes(2));
    assert!(office.read(&format!("{PAGE}/job-1")).await.contains("导入中断了"));
    office.check(&text).await;
}

#[tokio::test]
async fn interrupted_import_is_started_again() {
    let office = Office::open().await;
    let path = office.check(&format!("{HEAD}{GOOD}")).await;
    let (by, id) = (office.administrator.clone(), path.rsplit('/').next().expect("an id").to_owned());
    let begin = move |tx: &mut Tx| {
        let job = jobs::begin_load(tx, &by, &id);
        job.map(drop).map_err(|error| kaozheng::web::Failure::Internal(error.to_string()))
    };
    office.authority.write(begin).await.expect("it begins");
    office.refused(&format!("{path}/load"), &[], StatusCode::CONFLICT).await;
    office.authority.clock.advance(chrono::TimeDelta::minutes(2));
    let page = office.read(&path).await;
    assert!(page.contains("导入中断了") && page.contains("不会重复"), "{page}");
    office.save(&format!("{path}/load"), &[]).await;
    assert!(office.finished(&path).await.contains("上传的文件已删除"));
    assert_eq!(office.exams().await, 1);
}
