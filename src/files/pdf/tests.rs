use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::*;

/// Whose password is set, the file identifier and the encryption dictionary of documents that pypdf 6 wrote with
/// RC4 of 40 and 128 bits, and AES of 128 and 256 bits.
const ENCRYPTION: &str = include_str!("encryption.txt");

const PAGE: &str = "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type /Pages/Kids[3 0 R]/Count 1>>endobj\n\
    3 0 obj<</Parent 2 0 R /Type\n/Page>>endobj\n";

fn told(body: &str, trailer: &str) -> Result<(), &'static str> {
    check(format!("%PDF-1.4\n{body}trailer<</Root 1 0 R{trailer}>>\nstartxref\n0\n%%EOF\n").as_bytes())
}

fn deflated(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A document whose objects are in compressed object streams.
fn compressed(streams: &[&[u8]]) -> Vec<u8> {
    let mut file = b"%PDF-1.5\n".to_vec();
    for content in streams {
        let content = deflated(content);
        let head = format!(
            "9 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length {}>>stream\r\n",
            content.len()
        );
        file = [&file, head.as_bytes(), &content, b"\nendstream endobj\n"].concat();
    }
    [&file[..], b"startxref\n0\n%%EOF\n"].concat()
}

#[test]
fn document_with_a_page_is_accepted() {
    assert_eq!(told(PAGE, ""), Ok(()));
    assert_eq!(check(&compressed(&[b"1 0 <</Type/Catalog>>", b"2 0 <</Type/Page>>"])), Ok(()));
}

#[test]
fn start_and_end_are_required() {
    let whole = format!("%PDF-1.4\n{PAGE}%%EOF");
    assert_eq!(check(whole.as_bytes()), Ok(()));
    assert_eq!(check(&whole.as_bytes()[..whole.len() - 5]), Err(BROKEN));
    assert_eq!(check(&whole.as_bytes()[..whole.len() / 2]), Err(BROKEN));
    assert_eq!(check(whole.replace("PDF-", "PDF ").as_bytes()), Err(BROKEN));
    assert_eq!(check(format!("<script>1</script>{whole}").as_bytes()), Err(BROKEN));
    assert_eq!(check(format!("{whole}{}", " ".repeat(2000)).as_bytes()), Err(BROKEN));
}

#[test]
fn document_without_pages_is_refused() {
    let none = PAGE.split("3 0 obj").next().unwrap();
    assert_eq!(told(none, ""), Err(EMPTY));
    assert_eq!(told("", ""), Err(BROKEN));
    assert_eq!(check(&compressed(&[b"1 0 <</Type/Catalog>>", b"2 0 <</Type/Pages/Count 0>>"])), Err(EMPTY));
    assert_eq!(check(&compressed(&[b"text"])), Err(BROKEN));
}

#[test]
fn password_of_the_owner_is_no_obstacle_and_that_of_a_user_is() {
    for line in ENCRYPTION.lines() {
        let [whose, id, dictionary] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let expected = if whose == "owner" { Ok(()) } else { Err(LOCKED) };
        let ids = format!("/ID[<{id}><{id}>]");
        let apart = format!("{PAGE}15 0 obj<</Encrypt null>>endobj\n5 0 obj\n{dictionary}\nendobj\n");
        assert_eq!(told(&apart, &format!("/Encrypt 5 0 R{ids}")), expected, "{line}");
        assert_eq!(told(PAGE, &format!("{ids}/Encrypt {dictionary}")), expected, "{line}");
        let stream = format!("{apart}6 0 obj<</Type/XRef{ids}/Encrypt 5 0 R>>stream\nendstream endobj\n");
        assert_eq!(check(format!("%PDF-1.5\n{stream}startxref\n0\n%%EOF").as_bytes()), expected, "{line}");
    }
    assert_eq!(ENCRYPTION.lines().count(), 10);
    let certificate = "/Encrypt<</Filter/Adobe.PubSec/V 4/R 4>>";
    assert_eq!(told(PAGE, certificate), Err(LOCKED));
}

#[test]
fn bomb_is_neither_inflated_nor_refused() {
    let bomb = compressed(&[&vec![b' '; INFLATED + (1 << 20)]]);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(check(&bomb), Ok(()));
    let full: &[u8] = &vec![b' '; INFLATED - 100];
    assert_eq!(check(&compressed(&[full, &[b' '; 200]])), Ok(()));
    let many = ["%PDF-1.5\n", &"/ObjStm".repeat(STREAMS + 1), "\n%%EOF"].concat();
    assert_eq!(check(many.as_bytes()), Ok(()));
}

#[test]
fn type_across_two_pieces_is_found() {
    for shift in 0..8 {
        let content = [&vec![b' '; (64 << 10) - shift][..], b"/Type /Page>>", &[b' '; 70_000]].concat();
        assert_eq!(check(&compressed(&[&content])), Ok(()), "{shift}");
    }
}
