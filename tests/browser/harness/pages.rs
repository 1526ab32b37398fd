//! The pages on which the test helpers are tested.

use kaozheng::ui;
use poem::http::header;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::{Html, Multipart};
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, Route, Server, get, handler, post};

/// The text of the QR code on `/code`.
pub const CODE: &str = "http://127.0.0.1:8080/scan?t=0123456789abcdefghijklmnopqrstuvwxyzABCDEF";

/// A page without faults.
pub const GOOD: &str = "<!DOCTYPE html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><title>好页面</title></head>\
    <body><main><h1>好页面</h1><p>没有问题。</p></main></body></html>";

const FORM: &str = r#"<h1>报名
    登记</h1>
<form method="post" action="/sent" enctype="multipart/form-data">
<label for="name">姓名 <span>（必填）</span></label><input id="name" name="姓名" value="旧">
<label for="birth">出生日期</label><input id="birth" name="生日" type="date">
<label for="month">毕业年月</label><input id="month" name="毕业" type="month">
<label>说明<textarea name="说明"></textarea></label>
<fieldset><legend>家长是否同意</legend>
<label class="card"><input class="away" type="radio" name="家长" value="是"> 是</label>
<label class="card"><input class="away" type="radio" name="家长" value="否"> 否</label></fieldset>
<fieldset><legend>本人是否同意</legend>
<input id="y" type="radio" name="本人" value="是"><label for="y">是</label>
<input id="n" type="radio" name="本人" value="否"><label for="n">否</label></fieldset>
<label><input type="checkbox" name="已读"> 我已阅读</label>
<label>学历 <select name="学历"><option>专科</option><option>本科</option></select></label>
<label class="card">拍照<span class="away">：毕业证书</span><input class="away" type="file" name="文件"></label>
<button>提交</button></form>
<p id="wait">没有脚本</p><button id="late" disabled>稍后出现</button><script src="/late.js" defer></script>"#;

const LATE: &str = "const button = document.getElementById('late'), words = document.getElementById('wait');
words.textContent = '请稍候';
button.addEventListener('click', () => { words.textContent = '您点了按钮'; });
setTimeout(() => { button.disabled = false; }, 300);";

const COVERED: &str = r#"<div class="tall"></div><p><a href="/good" hidden>底下的按钮</a><a href="/reached">底下的按钮</a></p>
<div class="tall"></div><div class="bar">挡住</div>"#;

const DEVICE: &str =
    r#"<p class="wide">宽屏</p><p class="narrow">窄屏</p><p class="mouse">鼠标</p><p class="touch">触摸</p>"#;

const STYLE: &str = "img { image-rendering: pixelated } body { background: #fff; color: #111 }
.away { position: absolute; opacity: 0; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.card { display: block; padding: 12px; border: 1px solid }
.tall { height: 760px } .bar { position: fixed; inset: auto 0 0 0; height: 120px; background: #eee }
.narrow, .touch { display: none }
@media (width < 600px) { .narrow { display: block } .wide { display: none } }
@media (pointer: coarse) { .touch { display: block } .mouse { display: none } }
@media (prefers-color-scheme: dark) { .dim { background: #222; color: #333 } }";

/// Serves the pages until the test's runtime ends, under a policy that forbids inline scripts. Returns
/// the base URL.
pub async fn serve() -> String {
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("a free port");
    let address = acceptor.local_addr().remove(0).to_string();
    tokio::spawn(Server::new_with_acceptor(acceptor).run(site()));
    format!("http://{}", address.trim_start_matches("socket://"))
}

fn site() -> impl Endpoint {
    Route::new()
        .at("/", page(FORM))
        .at("/sent", post(sent))
        .at("/covered", page(COVERED))
        .at("/reached", page("<p>够得着</p>"))
        .at("/device", get(device))
        .at("/dim", page("<main><h1>标题</h1><p class=\"dim\">看不清</p></main>"))
        .at("/good", get(poem::endpoint::make_sync(|_| Html(GOOD))))
        .at("/code", get(code))
        .at("/late.js", asset("text/javascript", LATE))
        .at("/style.css", asset("text/css", STYLE))
        .after(|result| async move {
            let mut response: Response = result?;
            let policy =
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:".parse();
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy.expect("a header"));
            Ok::<_, poem::Error>(response)
        })
}

fn page(body: &'static str) -> impl Endpoint {
    get(poem::endpoint::make_sync(move |_| framed(body)))
}

fn asset(kind: &'static str, text: &'static str) -> impl Endpoint {
    get(poem::endpoint::make_sync(move |_| text.with_content_type(kind)))
}

fn framed(body: &str) -> Html<String> {
    Html(format!(
        "<!DOCTYPE html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>试</title>\
         <link rel=\"stylesheet\" href=\"/style.css\"></head><body>{body}</body></html>"
    ))
}

#[handler]
async fn sent(mut form: Multipart) -> Html<String> {
    let mut told = Vec::new();
    while let Ok(Some(field)) = form.next_field().await {
        let name = field.name().unwrap_or_default().to_owned();
        let value = match field.file_name() {
            Some(file) => file.to_owned(),
            None => field.text().await.unwrap_or_default().replace("\r\n", "/"),
        };
        told.push(format!("{name}={value}"));
    }
    framed(&told.join(" "))
}

/// Describes the browser by its style sheet, its User-Agent and the cookie of its last visit.
#[handler]
fn device(request: &Request) -> impl IntoResponse {
    let seen = if request.header(header::COOKIE).is_some() { "来过" } else { "" };
    let android = if request.header(header::USER_AGENT).is_some_and(|agent| agent.contains("Android")) {
        "Android"
    } else {
        ""
    };
    framed(&format!("{DEVICE}<p>{android}</p><p>{seen}</p>")).with_header(header::SET_COOKIE, "seen=1")
}

#[handler]
fn code() -> Html<String> {
    framed(&format!("<h1>扫码</h1>{}", ui::qr(CODE, "码", ui::Medium::Screen).into_string()))
}
