//! The memory that uploads take: twenty pictures of 40 megapixels at once, while one candidate holds
//! twelve unfinished uploads. Prints the peak of the program's memory.
//!
//!     cargo bench --bench uploads
//!
//! The server is `kaozheng demo` in a process of its own.

#[path = "../tests/support/applicant.rs"]
mod applicant;
#[path = "../tests/support/database.rs"]
mod database;
#[path = "../tests/support/process.rs"]
mod process;
#[path = "../tests/support/server.rs"]
mod server;

use std::io::Cursor;
use std::time::Instant;

use applicant::{LIST, file, form};
use futures_util::future::join_all;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, RgbaImage};
use kaozheng::demo::sandbox::people::PEOPLE;
use process::{Process, host_of};
use server::{PHONE, Visitor};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

const PICTURES: usize = 20;
const HELD: usize = 12;
const HELD_BYTES: usize = 45 << 20;

/// Part of the answer to a picture that waited too long for memory.
const BUSY: &str = "现在上传的人很多";

/// 40 megapixels.
const WIDTH: u32 = 7300;
const HEIGHT: u32 = 5475;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let (demo, _) = Process::demo(&folder.path().join("data"), &folder.path().join("log")).await;
    let pictures = [jpeg(), png()];
    println!("at the start        {:>5} MB", demo.peak_memory() >> 20);
    let candidates: Vec<_> = PEOPLE.iter().filter(|person| person.role == "考生").collect();
    let (holder, senders) = candidates.split_first().expect("candidates");
    let held = hold(&signed_in(&demo, holder.name).await, &demo).await;
    let visitors = join_all(senders.iter().map(|person| signed_in(&demo, person.name))).await;
    let began = Instant::now();
    let sent = (0..PICTURES).map(|number| {
        let (visitor, picture) = (&visitors[number % visitors.len()], pictures[number % 2].clone());
        send(visitor, picture)
    });
    let refusals: Vec<String> = join_all(sent).await.into_iter().filter_map(Result::err).collect();
    let kept = PICTURES - refusals.len();
    println!("{PICTURES} pictures kept  {kept:>5} after {:.1} s", began.elapsed().as_secs_f64());
    println!("peak                {:>5} MB", demo.peak_memory() >> 20);
    held.iter().for_each(JoinHandle::abort);
    // Waiting too long for memory is a figure. Any other refusal means that something else was measured.
    let unexpected: Vec<&String> = refusals.iter().filter(|refusal| !refusal.contains(BUSY)).collect();
    assert!(unexpected.is_empty(), "{} pictures were refused: {}", unexpected.len(), unexpected[0]);
}

async fn signed_in(demo: &Process, name: &str) -> Visitor {
    let visitor = Visitor::new(&demo.base, PHONE);
    visitor.sign_in("/login/portal", name).await;
    visitor
}

/// Uploads a picture without scripts, and opens the form that the answer leads to. The error is a page that does not
/// show the picture.
async fn send(visitor: &Visitor, picture: Vec<u8>) -> Result<(), String> {
    let form = file(form("", "upload", &[]), "diploma", "毕业证.jpg", picture);
    let answer = visitor.upload(&format!("{LIST}/new"), form).await;
    if answer.status != 303 {
        return Err(format!("{} {}", answer.status, answer.body));
    }
    let page = visitor.open(&answer.location).await;
    if page.body.contains("毕业证.jpg") { Ok(()) } else { Err(format!("{} {}", page.status, page.body)) }
}

/// Forms that stop before their end.
async fn hold(visitor: &Visitor, demo: &Process) -> Vec<JoinHandle<()>> {
    let head = format!(
        "POST {LIST}/new HTTP/1.1\r\nHost: exam.example\r\nCookie: {}\r\nContent-Length: 100000000\r\n\
         Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n\
         Content-Disposition: form-data; name=\"file.diploma\"; filename=\"a.jpg\"\r\n\r\n",
        visitor.cookie()
    );
    let mut held = Vec::new();
    for _ in 0..HELD {
        let mut stream = TcpStream::connect(host_of(&demo.base)).await.expect("a connection");
        stream.write_all(head.as_bytes()).await.expect("a head");
        held.push(tokio::spawn(async move {
            // Those for whom there is no place are not read, and wait here.
            let _ = stream.write_all(&vec![0xff; HELD_BYTES]).await;
            std::future::pending().await
        }));
    }
    held
}

fn jpeg() -> Vec<u8> {
    let picture = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| Rgb([(x / 29) as u8, (y / 23) as u8, 90]));
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(&picture).expect("a picture");
    bytes
}

/// Transparent, so that a pixel has four bytes.
fn png() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::ImageRgba8(RgbaImage::new(WIDTH, HEIGHT));
    picture.write_to(&mut bytes, ImageFormat::Png).expect("a picture");
    bytes.into_inner()
}
