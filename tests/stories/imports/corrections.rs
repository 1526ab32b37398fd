//! Values changed by an approved correction (信息修改) survive the import of older files.

use super::Installation;
use crate::filing::{correction, start_demo};
use crate::server::Server;

const NOTICE: &str = "/services/correction/notice";

/// Corrects 张小三's name to 张晓三 and the document number.
async fn correct(server: &Server) {
    let candidate = server.signed_in("张小三").await;
    candidate.agree_to_notice(NOTICE).await;
    let number = candidate.file_for_number(&correction()).await;
    server
        .signed_in("周明远")
        .await
        .decide_application(&number, "approve:0", &[])
        .await
        .assert_shows("已办理：通过");
}

fn exported(installation: &Installation, kind: &str, file: &str) {
    assert!(installation.run(&["export", kind, "--output", file]).success);
}

/// Imports a file after replacing text in it. Returns the output.
fn import_changed(installation: &Installation, kind: &str, file: &str, changes: &[(&str, &str)]) -> String {
    let text = changes.iter().fold(installation.text(file), |text, (from, to)| {
        assert!(text.contains(from), "{from} is not in\n{text}");
        text.replace(from, to)
    });
    installation.file("changed.csv", text);
    installation.import(kind, "changed.csv")
}

#[tokio::test(flavor = "multi_thread")]
async fn older_file_does_not_undo_a_correction() {
    let server = start_demo().await;
    let installation = Installation::at(&server.parts.settings.database_url);
    for kind in ["certificates", "registrations"] {
        exported(&installation, kind, kind);
    }
    correct(&server).await;
    let corrected = installation.all_rows();
    for kind in ["certificates", "registrations"] {
        let output = import_changed(&installation, kind, kind, &[]);
        assert!(output.starts_with("0 new, 0 changed, "), "{kind}: {output}");
    }
    assert_eq!(installation.all_rows(), corrected);
    let page = server.signed_in("张小三").await.open("/certificates/certificate-00").await;
    page.assert_shows("张晓三");
    page.assert_shows("440***********4611");
}

/// Other values of an older file are imported, and so is a name that is newer than the correction.
#[tokio::test(flavor = "multi_thread")]
async fn values_without_a_correction_are_imported() {
    let server = start_demo().await;
    let installation = Installation::at(&server.parts.settings.database_url);
    exported(&installation, "certificates", "old");
    exported(&installation, "registrations", "registrations");
    correct(&server).await;
    exported(&installation, "certificates", "new");
    let names = || {
        let shown = "holder_name || document_mask || gender || issuing_body";
        installation.rows(&format!("SELECT {shown} AS line FROM certificates WHERE id = 'certificate-00'"))
    };
    import_changed(&installation, "certificates", "old", &[("示范市考试院", "示范省考试院")]);
    assert_eq!(names(), ["张晓三440***********4611male示范省考试院"]);
    import_changed(&installation, "certificates", "new", &[("张晓三", "张大三")]);
    assert_eq!(names(), ["张大三440***********4611male示范市考试院"]);
    import_changed(&installation, "registrations", "registrations", &[("张小三", "张大三")]);
    let coming = "SELECT holder_name AS line FROM registrations WHERE id = 'registration-03'";
    assert_eq!(installation.rows(coming), ["张大三"]);
}
