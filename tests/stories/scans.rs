//! Uploads and the virus scanner, played by a stand-in that speaks the protocol of clamd.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use diesel::prelude::*;
use kaozheng::settings::ClamdAddress;
use kaozheng::store::schema::audit_entries::dsl as audit;
use kaozheng::store::schema::{attachments, audit_entries};
use kaozheng::store::{Clock, Error, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::applicant::{LIST, PDF, file, form};
use crate::server::{Answer, Server, Visitor};

/// The test file of the EICAR, in two parts, so that no scanner stops at this source.
const EICAR: [&str; 2] = [r"X5O!P%@AP[4\PZX54(P^)7CC)7}", "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"];

/// What the stand-in does.
const SCANS: u8 = 0;
/// Closes the connection in the middle of its answer.
const CUTS_OFF: u8 = 1;
const FINDS_IN_ALL: u8 = 2;

struct Clamd {
    address: ClamdAddress,
    mode: Arc<AtomicU8>,
}

impl Clamd {
    async fn start() -> Clamd {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = ClamdAddress::Tcp(listener.local_addr().expect("an address").to_string());
        let mode = Arc::new(AtomicU8::new(SCANS));
        let acting = mode.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that is gone needs no answer.
                let _ = answer(stream, acting.load(Ordering::SeqCst)).await;
            }
        });
        Clamd { address, mode }
    }

    fn now(&self, mode: u8) {
        self.mode.store(mode, Ordering::SeqCst);
    }
}

/// One session of INSTREAM: pieces with their lengths, and an empty one at the end.
async fn answer(mut stream: TcpStream, mode: u8) -> std::io::Result<()> {
    let mut command = [0; 10];
    stream.read_exact(&mut command).await?;
    assert_eq!(&command, b"zINSTREAM\0");
    let mut content = Vec::new();
    loop {
        let length = stream.read_u32().await?;
        if length == 0 {
            break;
        }
        let start = content.len();
        content.resize(start + length as usize, 0);
        stream.read_exact(&mut content[start..]).await?;
    }
    let found = content.windows(EICAR[1].len()).any(|window| window == EICAR[1].as_bytes());
    let verdict: &[u8] = match (mode, found) {
        (CUTS_OFF, _) => b"stream: Eicar-Te",
        (SCANS, false) => b"stream: OK\0",
        _ => b"stream: Eicar-Test-Signature FOUND\0",
    };
    stream.write_all(verdict).await
}

async fn start(clamd: &Clamd) -> Server {
    let start: Timestamp = "2026-04-01T01:30:00".parse().expect("a time");
    let server = Server::start_with(Clock::manual(start), |settings| {
        settings.clamd = Some(clamd.address.clone());
    })
    .await;
    server.load_demo().await;
    server
}

async fn upload(visitor: &Visitor, sitting: &str, name: &str, bytes: &[u8]) -> Answer {
    let sent = file(form(sitting, "upload", &[]), "diploma", name, bytes.to_vec());
    visitor.upload_and_see(&format!("{LIST}/new"), sent).await
}

/// The scan and the finding of every stored file.
async fn stored(server: &Server) -> Vec<(bool, Option<String>)> {
    let rows = attachments::table.select((attachments::scanned_at.is_not_null(), attachments::finding));
    server.parts.store.read(move |tx| Ok::<_, Error>(rows.load(tx.conn)?)).await.expect("rows")
}

async fn findings_in_the_audit(server: &Server) -> Vec<String> {
    let rows =
        audit_entries::table.filter(audit::action.eq("malware")).order(audit::id).select(audit::target);
    server.parts.store.read(move |tx| Ok::<_, Error>(rows.load(tx.conn)?)).await.expect("rows")
}

fn files_on_disk(server: &Server) -> usize {
    let folder = server.folder().join("uploads");
    let days = std::fs::read_dir(folder).into_iter().flatten().flatten();
    days.flat_map(|day| std::fs::read_dir(day.path()).expect("a folder")).count()
}

#[tokio::test]
async fn an_upload_is_stored_only_after_the_scanner_has_found_nothing() {
    let clamd = Clamd::start().await;
    let server = start(&clamd).await;
    let visitor = server.signed_in("张小三").await;
    let sitting = visitor.sitting_of("一级建造师").await;
    let infected = [PDF, b"%", EICAR.concat().as_bytes(), b"\n%%EOF\n"].concat();

    let page = upload(&visitor, &sitting, "毕业证.pdf", &infected).await;
    for part in ["文件“毕业证.pdf”里发现恶意代码（Eicar-Test-Signature），没有保存", "换一份没有问题的文件"]
    {
        assert!(page.body.contains(part), "{part} is not in\n{}", page.body);
    }
    assert_eq!((stored(&server).await, files_on_disk(&server)), (Vec::new(), 0));
    assert_eq!(findings_in_the_audit(&server).await, ["Eicar-Test-Signature"]);

    clamd.now(CUTS_OFF);
    let page = upload(&visitor, &sitting, "毕业证.pdf", PDF).await;
    assert!(page.body.contains("现在无法检查文件“毕业证.pdf”是否安全，没有保存"), "{}", page.body);
    assert_eq!((stored(&server).await, files_on_disk(&server)), (Vec::new(), 0));

    clamd.now(SCANS);
    let page = upload(&visitor, &sitting, "毕业证.pdf", PDF).await;
    assert!(!page.body.contains("没有保存"), "{}", page.body);
    assert_eq!(stored(&server).await, [(true, None)]);
    assert!(page.body.contains(&sitting), "what was typed stays");
}

#[tokio::test]
async fn staff_open_an_older_file_only_after_a_scan_and_a_harmful_one_is_removed() {
    let clamd = Clamd::start().await;
    let server = start(&clamd).await;
    let visitor = server.signed_in("张小三").await;
    let sitting = visitor.sitting_of("一级建造师").await;
    let number = visitor.apply_for_number(&sitting).await;
    let detail = format!("{LIST}/{number}");
    let path = format!("/files/{}", visitor.open(&detail).await.between("href=\"/files/", "\""));
    // As if it had been stored before there was a scanner.
    let forget = diesel::update(attachments::table).set(attachments::scanned_at.eq(None::<Timestamp>));
    let forgotten = server.parts.store.write(move |tx| Ok::<_, Error>(forget.execute(tx.conn)?)).await;
    assert!(forgotten.expect("rows") > 0);
    let reviewer = server.signed_in("周明远").await;

    clamd.now(CUTS_OFF);
    let refused = reviewer.step(&path).await;
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("这份材料还没有通过安全检查"), "{}", refused.body);
    assert_eq!(visitor.step(&path).await.status, 200, "its owner may open it");
    clamd.now(SCANS);
    assert_eq!(reviewer.step(&path).await.status, 200);
    assert_eq!(stored(&server).await.iter().filter(|(scanned, _)| *scanned).count(), 1);
    clamd.now(FINDS_IN_ALL);
    assert_eq!(reviewer.step(&path).await.status, 200, "it was scanned");

    let others: Vec<String> =
        visitor.open(&detail).await.body.split("href=\"/files/").skip(1).map(first_word).collect();
    let harmful = others.iter().map(|id| format!("/files/{id}")).find(|other| *other != path);
    let harmful = harmful.expect("another file");
    let before = files_on_disk(&server);
    let refused = reviewer.step(&harmful).await;
    assert_eq!(refused.status, 410);
    assert!(refused.body.contains("这份文件含有恶意代码，已经删除"), "{}", refused.body);
    assert!(files_on_disk(&server) < before);
    let noted = findings_in_the_audit(&server).await;
    assert!(
        noted.len() == 1 && noted[0].starts_with(&number) && noted[0].ends_with(" Eicar-Test-Signature"),
        "{noted:?}"
    );
    assert_eq!(reviewer.step(&harmful).await.status, 410);
    assert_eq!(findings_in_the_audit(&server).await.len(), 1);
    let page = visitor.open(&detail).await;
    assert!(page.body.contains("文件含有恶意代码，已经删除"), "{}", page.body);
    assert_eq!(visitor.step(&harmful).await.status, 410);
}

fn first_word(text: &str) -> String {
    text.split(['"', '?']).next().unwrap_or_default().to_owned()
}
