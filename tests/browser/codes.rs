//! 证书码: a holder makes an electronic certificate; an employer checks it on a phone without a network.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kaozheng::exams::code::text;
use kaozheng::store::Clock;

use crate::browser::{Browser, Screen};
use crate::figures::picture;
use crate::server::Server;
use crate::steps::{CANDIDATE, sign_in};

/// A name with a character of the basic plane that is not in GB 2312, and two beyond the basic plane.
const RARE: &str = "㛃\u{20089}\u{2B740}";

/// The output of a tool that must succeed.
fn tool(name: &str, args: &[&str]) -> String {
    let output = Command::new(name).args(args).output().unwrap_or_else(|error| panic!("{name}: {error}"));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{name}: {told}{}", String::from_utf8_lossy(&output.stderr));
    told
}

/// Downloads with the cookies of a signed-in browser.
async fn download(browser: &Browser, path: &str, to: &Path) {
    let script = format!(
        "const bytes = new Uint8Array(await (await fetch('{path}')).arrayBuffer()); \
         return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''))"
    );
    let text = browser.run(&format!("return (async () => {{ {script} }})()")).await;
    let bytes = STANDARD.decode(text.as_str().expect("text")).expect("base64");
    std::fs::write(to, bytes).expect("a file");
}

/// What checkers say of the PDF, and what its text is.
fn inspect(pdf: &str) {
    tool("qpdf", &["--check", pdf]);
    let fonts = tool("pdffonts", &[pdf]);
    assert!(
        fonts.lines().skip(2).all(|font| font.contains(" yes yes yes ")),
        "embedded, subset, unicode:\n{fonts}"
    );
    let text = tool("pdftotext", &["-layout", pdf, "-"]);
    for words in [RARE, "二级建造师", "仅用于应聘示范建设集团", "证书印制号"] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
}

/// A photograph of the first page at an angle: turned, in perspective, and blurred.
async fn photograph_of(browser: &Browser, pdf: &Path, to: &Path) {
    let page = to.with_extension("page");
    let (name, page_name) = (pdf.display().to_string(), page.display().to_string());
    tool("pdftoppm", &["-r", "150", "-png", "-singlefile", &name, &page_name]);
    let page = std::fs::read(format!("{page_name}.png")).expect("a page");
    let png = STANDARD.encode(page);
    let script = format!(
        "return (async () => {{
            const picture = new Image(); picture.src = 'data:image/png;base64,{png}'; await picture.decode();
            const sheet = () => Object.assign(document.createElement('canvas'), {{ width: 1500, height: 1900 }});
            const flat = sheet(), canvas = sheet(), part = picture.height / 425;
            for (let row = 0; row < 425; row++) {{
                const width = 1000 + row * 0.48, left = (1200 - width) / 2;
                flat.getContext('2d').drawImage(picture, 0, row * part, picture.width, part, left, row * 4, width, 4.5);
            }}
            const area = canvas.getContext('2d'); area.fillStyle = '#998'; area.fillRect(0, 0, 1500, 1900);
            area.translate(160, 90); area.rotate(0.08); area.filter = 'blur(0.6px) brightness(0.85)';
            area.drawImage(flat, 0, 0);
            return canvas.toDataURL('image/jpeg', 0.8).split(',')[1];
        }})()"
    );
    let text = browser.run(&script).await;
    let bytes = STANDARD.decode(text.as_str().expect("text")).expect("base64");
    std::fs::write(to, bytes).expect("a file");
}

/// An independent verifier in Python, installed by `tests/run`.
fn second_verifier(folder: &Path, code: &str) -> Result<String, String> {
    let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/python/bin/python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/verify_code.py");
    let file = |name: &str| folder.join(name).display().to_string();
    let script = script.display().to_string();
    let run = Command::new(&python).args([&*script, &*file("keys"), &*file("status"), code]).output();
    let output = run.unwrap_or_else(|error| panic!("{}: {error}; see tests/run", python.display()));
    let (told, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(told.into_owned()) } else { Err(error.into_owned()) }
}

fn code_in(pdf: &Path) -> String {
    let texts = kaozheng::files::qr_codes::texts(&std::fs::read(pdf).expect("a PDF"), "KZ1:");
    texts.into_iter().find(|text| text.starts_with("KZ1:")).expect("a code")
}

/// The code with one other character.
fn changed(code: &str) -> String {
    let (before, after) = code.split_at(code.len() / 2);
    let other = if after.starts_with('0') { "1" } else { "0" };
    [before, other, &after[1..]].concat()
}

async fn fetch_list(browser: &Browser, folder: &Path) {
    download(browser, "/.well-known/certificate-keys.json", &folder.join("keys")).await;
    download(browser, "/.well-known/certificate-status", &folder.join("status")).await;
}

async fn give_a_rare_name(server: &Server) {
    use diesel::prelude::*;
    use kaozheng::store::schema::certificates;
    let change = |tx: &mut kaozheng::store::Tx| {
        let row = certificates::table.find("certificate-00");
        diesel::update(row).set(certificates::holder_name.eq(RARE)).execute(tx.conn)?;
        Ok::<_, kaozheng::store::Error>(())
    };
    server.parts.store.write(change).await.expect("a name");
}

async fn make(server: &Server, holder: &Browser) {
    holder.open(&format!("{}/certificates/certificate-00/copies", server.base)).await;
    holder.fill("用途", "应聘示范建设集团").await;
    picture(holder, "copies-form").await;
    holder.press("生成").await;
    holder.see("下载 PDF").await;
    picture(holder, "copies").await;
}

#[tokio::test]
async fn a_printed_certificate_is_verified_without_a_network() {
    let server = Server::start_with(Clock::system(), |_| {}).await;
    server.load_demo().await;
    give_a_rare_name(&server).await;
    let (holder, verifier) = (Browser::phone().await, Browser::phone().await);
    sign_in(&server, &holder, CANDIDATE).await;
    make(&server, &holder).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (pdf, shot) = (folder.path().join("c.pdf"), folder.path().join("photo.jpg"));
    let link = "return document.querySelector('a[href*=\"/copies/\"]').getAttribute('href')";
    download(&holder, holder.run(link).await.as_str().expect("a link"), &pdf).await;
    inspect(&pdf.display().to_string());
    let code = code_in(&pdf);
    holder.press("撤销").await;
    holder.see("已撤销").await;
    make(&server, &holder).await;
    let second = folder.path().join("second.pdf");
    download(&holder, holder.run(link).await.as_str().expect("a link"), &second).await;
    photograph_of(&holder, &second, &shot).await;

    let second = code_in(&second);
    fetch_list(&holder, folder.path()).await;
    assert!(second_verifier(folder.path(), &second).expect("valid").contains(RARE));
    assert!(second_verifier(folder.path(), &changed(&second)).is_err());
    assert!(second_verifier(folder.path(), &code).unwrap_err().contains("not valid any more"));

    verifier.open(&format!("{}/verify", server.base)).await;
    verifier.see("核验在您的设备上完成").await;
    verifier.run("return navigator.serviceWorker.ready.then(() => true)").await;
    let base = server.base.clone();
    drop(server);
    verifier.open(&format!("{base}/verify")).await;
    let reached = verifier.run("return fetch('/healthz').then(() => true, () => false)").await;
    assert_eq!(reached, false, "there is no network");
    verifier.attach("图片或 PDF", &shot).await;
    verifier.see("签名属实，没有被撤销").await;
    verifier.see(RARE).await;
    picture(&verifier, "verify-valid").await;
    verifier.attach("图片或 PDF", &pdf).await;
    verifier.see("已失效，请勿采信").await;
    verifier.fill("证书码", &changed(&code)).await;
    verifier.press("核验").await;
    verifier.see("无法证实，请勿采信").await;
    picture(&verifier, "verify-forged").await;
    verifier.open(&text::link(&format!("{base}/verify"), &code)).await;
    verifier.see("已失效，请勿采信").await;
}

#[tokio::test]
async fn without_scripts_the_form_is_answered_by_the_site() {
    let server = Server::start_with(Clock::system(), |_| {}).await;
    server.load_demo().await;
    let browser = Browser::without_javascript(Screen::Phone).await;
    browser.open(&format!("{}/en/verify", server.base)).await;
    browser.see("Your browser cannot check by itself").await;
    browser.fill("Code", "KZ1:NOTHING").await;
    browser.press("Check").await;
    browser.see("Cannot be confirmed").await;
    picture(&browser, "verify-english").await;
}
