//! Uploads that are refused early still receive their answer, behind nginx and haproxy too.

use std::path::Path;
use std::process::{Command, Stdio};

use futures_util::future::join_all;
use reqwest::multipart::{Form, Part};
use tempfile::TempDir;

use crate::process::{Process, free_base, host_of};

/// The number of photos and the bytes of each.
const PHOTOS: usize = 15;
const PHOTO: usize = 512 * 1024;

/// A refused upload may be answered by luck, so each is tried several times.
const TRIES: usize = 4;

/// Starts `kaozheng demo`. The folder is shared with its proxy.
async fn demo() -> (Process, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let (demo, _) = Process::demo(&folder.path().join("data"), &folder.path().join("log")).await;
    (demo, folder)
}

/// Sends a photo without a session. Returns the page.
async fn send_photo(base: String) -> String {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let photo = Part::bytes(vec![0xd8; PHOTO]).file_name("IMG_0001.jpg");
    let form = Form::new().text("action", "upload").part("file.diploma", photo);
    let request = client.post(format!("{base}/services/qualification/new")).multipart(form);
    let answer = request.header("Cookie", "kaozheng=AAAAAAAAAAAAAAAAAAAAAA").send().await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return format!("no answer: {error:?}"),
    };
    let (status, text) = (answer.status().as_u16(), answer.text().await.expect("text"));
    if status == 401 && text.contains("登录已超时") { "told".into() } else { format!("{status}") }
}

async fn assert_every_photo_is_answered(base: &str) {
    for _ in 0..TRIES {
        let output = join_all((0..PHOTOS).map(|_| send_photo(base.to_owned()))).await;
        assert!(output.iter().all(|output| output == "told"), "{output:?}");
    }
}

async fn nginx(app: &str, buffering: &str, folder: &Path) -> Process {
    let base = free_base();
    let own = |name: &str| folder.join(name).display().to_string();
    let config = format!(
        "daemon off; user root; pid {}; error_log {} crit;\n\
         events {{}}\n\
         http {{\n  access_log off; client_max_body_size 200m;\n  client_body_temp_path {}; proxy_temp_path {};\n  \
         fastcgi_temp_path {}; uwsgi_temp_path {}; scgi_temp_path {};\n  \
         server {{\n    listen {}; location / {{\n      proxy_pass {app}; proxy_http_version 1.1; \
         proxy_set_header Connection \"\";\n      proxy_request_buffering {buffering};\n    }}\n  }}\n}}\n",
        own("pid"),
        own("errors"),
        own("body"),
        own("proxy"),
        own("fastcgi"),
        own("uwsgi"),
        own("scgi"),
        host_of(&base),
    );
    let path = folder.join("nginx.conf");
    std::fs::write(&path, config).expect("a configuration");
    let mut command = Command::new("nginx");
    command.arg("-c").arg(path).stderr(Stdio::null());
    Process::start(base, command).await
}

async fn haproxy(app: &str, folder: &Path) -> Process {
    let base = free_base();
    let config = format!(
        "defaults\n    mode http\n    timeout connect 1s\n    timeout client 60s\n    timeout server 60s\n\
         frontend public\n    bind {}\n    default_backend site\n\
         backend site\n    server one {}\n",
        host_of(&base),
        host_of(app),
    );
    let path = folder.join("haproxy.cfg");
    std::fs::write(&path, config).expect("a configuration");
    let mut command = Command::new("haproxy");
    command.arg("-db").arg("-f").arg(path).stderr(Stdio::null());
    Process::start(base, command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_photos_are_answered_without_a_proxy() {
    let (demo, _folder) = demo().await;
    assert_every_photo_is_answered(&demo.base).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_photos_are_answered_behind_nginx() {
    let (demo, folder) = demo().await;
    for buffering in ["on", "off"] {
        let nginx = nginx(&demo.base, buffering, folder.path()).await;
        assert_every_photo_is_answered(&nginx.base).await;
        assert!(nginx.stop(), "nginx ends");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_photos_are_answered_behind_haproxy() {
    let (demo, folder) = demo().await;
    let haproxy = haproxy(&demo.base, folder.path()).await;
    assert_every_photo_is_answered(&haproxy.base).await;
}
