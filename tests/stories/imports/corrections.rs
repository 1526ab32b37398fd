//! What an approved correction (信息修改) has changed stays changed, whatever older files say.

use super::Office;
use crate::filing::{authority, correction};
use crate::server::Server;

const NOTICE: &str = "/services/correction/notice";

/// 张小三 becomes 张晓三, with another number.
async fn correct(server: &Server) {
    let candidate = server.signed_in("张小三").await;
    candidate.agrees(NOTICE).await;
    let number = candidate.filed(&correction()).await;
    server.signed_in("周明远").await.decides(&number, "approve:0", &[]).await.tells("已办理：通过");
}

fn exported(office: &Office, kind: &str, file: &str) {
    assert!(office.run(&["export", kind, "--output", file]).success);
}

/// Imports a file of the office with other words in it; answers with what was told.
fn imported(office: &Office, kind: &str, file: &str, changes: &[(&str, &str)]) -> String {
    let text = changes.iter().fold(office.text(file), |text, (from, to)| {
        assert!(text.contains(from), "{from} is not in\n{text}");
        text.replace(from, to)
    });
    office.file("changed.csv", text);
    office.imported(kind, "changed.csv")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_file_does_not_undo_a_correction() {
    let server = authority().await;
    let office = Office::at(&server.parts.settings.database_url);
    for kind in ["certificates", "registrations"] {
        exported(&office, kind, kind);
    }
    correct(&server).await;
    let corrected = office.everything();
    for kind in ["certificates", "registrations"] {
        let told = imported(&office, kind, kind, &[]);
        assert!(told.starts_with("0 new, 0 changed, "), "{kind}: {told}");
    }
    assert_eq!(office.everything(), corrected);
    let page = server.signed_in("张小三").await.open("/certificates/certificate-00").await;
    page.tells("张晓三");
    page.tells("440***********4611");
}

/// What else an older file says counts, and so does a name that is newer than the correction.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_correction_has_replaced_the_file_may_change() {
    let server = authority().await;
    let office = Office::at(&server.parts.settings.database_url);
    exported(&office, "certificates", "old");
    exported(&office, "registrations", "registrations");
    correct(&server).await;
    exported(&office, "certificates", "new");
    let names = || {
        let shown = "holder_name || document_mask || gender || issuing_body";
        office.rows(&format!("SELECT {shown} AS line FROM certificates WHERE id = 'certificate-00'"))
    };
    imported(&office, "certificates", "old", &[("示范市考试院", "示范省考试院")]);
    assert_eq!(names(), ["张晓三440***********4611male示范省考试院"]);
    imported(&office, "certificates", "new", &[("张晓三", "张大三")]);
    assert_eq!(names(), ["张大三440***********4611male示范市考试院"]);
    imported(&office, "registrations", "registrations", &[("张小三", "张大三")]);
    let coming = "SELECT holder_name AS line FROM registrations WHERE id = 'registration-03'";
    assert_eq!(office.rows(coming), ["张大三"]);
}
