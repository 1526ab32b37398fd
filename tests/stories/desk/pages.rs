//! The review desk's pages over HTTP.

use kaozheng::casework::lifecycle::Status;
use kaozheng::demo::sandbox;
use kaozheng::files::storage::Storage;
use kaozheng::people::candidate::Candidate;
use kaozheng::people::staff::{Kinds, Role, StaffMember};
use kaozheng::settings::{SessionRules, Settings};
use kaozheng::site::{Parts, site};
use kaozheng::store::Error;
use kaozheng::web::SignedIn;
use kaozheng::web::session::{self, Way};
use poem::endpoint::BoxEndpoint;
use poem::test::{TestClient, TestRequestBuilder, TestResponse};
use poem::{Endpoint, EndpointExt, Response};
use url::Url;

use super::authority::Authority;

/// A browser in which a staff member is signed in.
pub struct StaffBrowser {
    client: TestClient<BoxEndpoint<'static, Response>>,
    cookie: String,
    folder: tempfile::TempDir,
}

impl Authority {
    /// Signs a staff member in.
    pub async fn browser_of(&self, staff: &StaffMember) -> StaffBrowser {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Storage::local(folder.path(), (*self.store.vault).clone()).expect("a storage");
        let parts = Parts::new(settings(), self.store.clone(), files).expect("the parts");
        let now = self.clock.now();
        let who = SignedIn {
            candidate: staff.candidate.clone(),
            staff: Some(staff.id.clone()),
            since: now,
            way: Way::Portal,
            device: "Windows 电脑 · Chrome".into(),
            handshake: None,
        };
        let rules = parts.settings.sessions;
        let id = self.store.write::<_, Error, _>(move |tx| session::replace(tx, None, &who, &rules)).await;
        let cookie = format!("kaozheng={}", id.expect("a session"));
        StaffBrowser { client: TestClient::new(site(&parts).boxed()), cookie, folder }
    }
}

impl Authority {
    /// A browser in which a candidate is signed in, who is on no roster.
    pub async fn browser_of_candidate(&self, candidate: &Candidate) -> StaffBrowser {
        let (id, candidate) = ("gone".to_owned(), candidate.id.clone());
        self.browser_of(&StaffMember {
            id,
            name: String::new(),
            role: Role::Reviewer,
            kinds: Kinds::default(),
            candidate,
        })
        .await
    }
}

impl StaffBrowser {
    /// The same browser after its session has ended.
    pub fn signed_out(self) -> StaffBrowser {
        StaffBrowser { cookie: String::new(), ..self }
    }

    pub async fn get(&self, path: &str) -> TestResponse {
        self.signed_in(self.client.get(path)).send().await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> TestResponse {
        let request = self.signed_in(self.client.post(path));
        request.header("sec-fetch-site", "same-origin").form(&form).send().await
    }

    /// [`StaffBrowser::post`] as htmx sends it.
    pub async fn post_by_script(&self, path: &str, form: &[(&str, &str)]) -> TestResponse {
        let request = self.signed_in(self.client.post(path)).header("hx-request", "true");
        request.header("sec-fetch-site", "same-origin").form(&form).send().await
    }

    /// Sends a form with a file.
    pub async fn upload(
        &self,
        path: &str,
        form: &[(&str, &str)],
        (name, bytes): (&str, &[u8]),
    ) -> TestResponse {
        let mut body = Vec::new();
        for (control, value) in form {
            body.extend(
                format!("--x\r\ncontent-disposition: form-data; name=\"{control}\"\r\n\r\n{value}\r\n")
                    .bytes(),
            );
        }
        let head =
            format!("--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        body.extend(head.bytes().chain(bytes.iter().copied()).chain(*b"\r\n--x--\r\n"));
        let request = self.signed_in(self.client.post(path)).header("sec-fetch-site", "same-origin");
        request.header("content-type", "multipart/form-data; boundary=x").body(body).send().await
    }

    /// The files that the site keeps.
    pub fn stored(&self) -> Vec<std::path::PathBuf> {
        let folder = self.folder.path().join("imports");
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        entries.map(|entry| entry.expect("an entry").path()).collect()
    }

    fn signed_in<'a, E: Endpoint>(&self, request: TestRequestBuilder<'a, E>) -> TestRequestBuilder<'a, E> {
        request.header("host", "localhost").header("cookie", &self.cookie)
    }
}

fn settings() -> Settings {
    let url = |text: &str| Url::parse(text).expect("an address");
    Settings {
        database_url: String::new(),
        listen: "127.0.0.1:0".parse().expect("an address"),
        public_url: url("http://localhost/"),
        files: std::path::PathBuf::from("unused").into(),
        backups: None,
        authority: "示范市考试院".into(),
        office: kaozheng::settings::Office::default(),
        portal: sandbox::settings(&url("http://localhost/"), &url("http://localhost/")),
        staff_portal: None,
        sms: None,
        trusted_proxy: false,
        sessions: SessionRules::STANDARD,
        replica: None,
        max_waiters: 20_000,
        image_memory_mb: 256,
        clamd: None,
        monitoring: kaozheng::settings::Monitoring::default(),
        demo: false,
    }
}

pub async fn text(response: TestResponse) -> String {
    response.0.into_body().into_string().await.expect("a page")
}

#[tokio::test]
async fn application_goes_from_the_queue_to_a_decision() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    let desk = authority.browser_of(&reviewer).await;

    let queue = text(desk.get("/staff/queue").await).await;
    assert!(queue.contains("张*三") && !queue.contains("张小三"), "names in the queue are masked");
    assert!(queue.contains("待办 1") && queue.contains("王审核 · 审核员"));

    let case = format!("/staff/applications/{number}");
    let page = text(desk.get(&case).await).await;
    assert!(page.contains("领取") && !page.contains("mark:years"), "nothing to decide before it is taken");
    let taken = desk.post(&format!("{case}/take"), &[]).await;
    taken.assert_status(poem::http::StatusCode::SEE_OTHER);
    taken.assert_header("location", &case);

    let page = text(desk.get(&case).await).await;
    for shown in
        ["张小三", "证件号码", "示范大学", "mark:years", "mark:diploma", "name=\"version\" value=\"2\""]
    {
        assert!(page.contains(shown), "{shown} in\n{page}");
    }
    let version = ("version", "2");
    let decide = format!("{case}/decide");
    let typed = [version, ("action", "reject"), ("note", "理由"), ("mark:years", "请核对<年限>")];
    let refused = desk.post(&decide, &typed).await;
    refused.assert_status(poem::http::StatusCode::UNPROCESSABLE_ENTITY);
    let again = text(refused).await;
    assert!(again.contains("有 1 处需要更正") && again.contains("请按退回"));
    assert!(again.contains("value=\"请核对&lt;年限&gt;\"") && again.contains(">理由</textarea>"));
    let asked = desk.post(&decide, &[version, ("action", "return"), ("mark:years", "请核对年限")]).await;
    asked.assert_status_is_ok();
    let asked = text(asked).await;
    for shown in ["确认退回？", "张小三", &number, "请核对年限", "返回修改", "确认退回"]
    {
        assert!(asked.contains(shown), "{shown} in\n{asked}");
    }
    assert_eq!(authority.application(&number).await.status, Status::InReview, "nothing is decided yet");
    let confirmed = [version, ("action", "return"), ("mark:years", "请核对年限"), ("confirmed", "yes")];
    let returned = desk.post(&decide, &confirmed).await;
    returned.assert_header("location", format!("{case}/done"));
    assert!(text(desk.get(&format!("{case}/done")).await).await.contains("已退回，标注 1 处"));

    let late = desk.post(&decide, &[version, ("action", "approve")]).await;
    late.assert_status(poem::http::StatusCode::CONFLICT);
    assert!(text(late).await.contains("这件申请已经办理：审核退回"));
    let empty = desk.post("/staff/queue/next", &[]).await;
    empty.assert_header("location", "/staff/queue?none=1");
    assert!(text(desk.get("/staff/queue?none=1").await).await.contains("目前没有可以领取的申请"));

    let actions: Vec<_> = authority.audited().await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["list", "open", "take", "return"], "looks within a minute share an entry");
}

#[tokio::test]
async fn colleague_reads_and_outsider_sees_nothing() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    let case = format!("/staff/applications/{number}");
    authority.browser_of(&reviewer).await.post(&format!("{case}/take"), &[]).await.assert_status(see_other());

    let colleague = authority.browser_of(&authority.reviewer("赵审核", "S0000002").await).await;
    let page = text(colleague.get(&case).await).await;
    assert!(page.contains("王审核正在办理") && !page.contains("mark:years"));
    let late = colleague.post(&format!("{case}/take"), &[]).await;
    late.assert_status(poem::http::StatusCode::CONFLICT);

    let finance =
        authority.browser_of(&authority.staff_member("钱财务", "S0000003", Role::Finance).await).await;
    let nobody = StaffMember { id: "gone".into(), ..reviewer };
    let outsider = authority.browser_of(&nobody).await;
    let nothing = text(finance.get("/staff/queue").await).await;
    assert!(!nothing.contains(&*number), "checks of qualification are not the work of finance");
    let refused = finance.get(&case).await;
    refused.assert_status(poem::http::StatusCode::FORBIDDEN);
    assert!(text(refused).await.contains("您的岗位不办理这类申请"));
    finance.post(&format!("{case}/take"), &[]).await.assert_status(poem::http::StatusCode::FORBIDDEN);
    for path in ["/staff/queue", &case] {
        outsider.get(path).await.assert_status(poem::http::StatusCode::FORBIDDEN);
    }
    colleague.get("/staff/applications/ZG1").await.assert_status(poem::http::StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn appeal_is_shown_beside_the_application() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let candidate = authority.candidate("张小三", "E0000001").await;
    let number = authority.apply(&candidate).await;
    authority.take_next(&reviewer).await;
    authority.decide(&reviewer, &number, &[("action", "reject"), ("note", "从业年限不足")]).await;
    let appeal = authority.appeal(&candidate, &number).await;
    let colleague = authority.reviewer("赵审核", "S0000002").await;
    authority.take_next(&colleague).await;
    let desk = authority.browser_of(&colleague).await;
    let page = text(desk.get(&format!("/staff/applications/{appeal}")).await).await;
    for shown in ["申诉通过", "申诉不通过", "从业年限不足", "示范大学", &number, "工作年限证明已附"]
    {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(
        authority.audited().await.contains(&("open".to_owned(), number.to_string())),
        "its file was opened too"
    );
}

#[tokio::test]
async fn queue_continues_after_twenty() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    for at in 0..21 {
        let candidate = authority.candidate("张小三", &format!("E10000{at:02}")).await;
        authority.apply(&candidate).await;
    }
    let desk = authority.browser_of(&reviewer).await;
    let rows = |page: &str| page.matches("href=\"/staff/applications/").count();
    let first = text(desk.get("/staff/queue").await).await;
    assert_eq!(rows(&first), 20);
    let second = next_page(&first).expect("加载更多 leads to the rest");
    assert_eq!(rows(&text(desk.get(&second).await).await), 1);
}

/// The address of 加载更多.
pub fn next_page(page: &str) -> Option<String> {
    let (_, link) = page.split_once("class=\"button more\"")?;
    let (_, href) = link.split_once("href=\"")?;
    Some(href.split_once('"')?.0.replace("&amp;", "&"))
}

fn see_other() -> poem::http::StatusCode {
    poem::http::StatusCode::SEE_OTHER
}
