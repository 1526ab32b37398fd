//! What candidates are told when a file of the authority changes their records.

use super::*;
use crate::imports::Installation;

/// Sets cells of the row with a 证书管理号 in a file of certificates.
fn with_cells(file: &str, number: &str, cells: &[(&str, &str)]) -> String {
    let header: Vec<&str> = file.lines().next().unwrap_or_default().split(',').collect();
    let at = |name: &str| header.iter().position(|cell| cell.trim_start_matches('\u{feff}') == name);
    let mut lines: Vec<String> = file.lines().map(str::to_owned).collect();
    let line = lines.iter_mut().find(|line| line.split(',').any(|cell| cell == number)).expect("the row");
    let mut row: Vec<&str> = line.split(',').collect();
    for (name, value) in cells {
        row[at(name).expect("a column")] = value;
    }
    *line = row.join(",");
    lines.join("\n") + "\n"
}

/// The installation of a server, its exported certificates, and the 证书管理号 of the first.
fn exported(server: &Server) -> (Installation, String, String) {
    let installation = Installation::at(&server.parts.settings.database_url);
    let file = installation.run(&["export", "certificates"]).stdout;
    let number = "SELECT number AS line FROM certificates WHERE id = 'certificate-00'";
    let number = installation.rows(number).remove(0);
    (installation, file, number)
}

const ANNULLED: &[(&str, &str)] = &[("撤销日期", "2026-03-31"), ("撤销决定文号", "9号")];

async fn told(server: &Server) -> i64 {
    server
        .parts
        .store
        .read::<_, Error, _>(|tx| Ok(m::table.count().get_result(tx.conn)?))
        .await
        .expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn holder_is_told_once_of_an_annulment_that_a_file_brings() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let (installation, before, number) = exported(&server);
    installation.file("annulled.csv", with_cells(&before, &number, ANNULLED));

    assert!(installation.run(&["import", "certificates", "annulled.csv", "--dry-run"]).success);
    assert_eq!(told(&server).await, 0, "a dry run tells nobody");
    for changed in [1, 0] {
        let counts = installation.import("certificates", "annulled.csv");
        assert!(counts.starts_with(&format!("0 new, {changed} changed")), "{counts}");
        assert_eq!(
            (topics(&server).await, told(&server).await),
            (vec!["certificate_annulled".to_owned()], 1)
        );
    }
    let page = newest(&candidate).await;
    page.assert_shows("已被撤销，决定书文号请登录查看");
    assert_eq!(
        page.between("class=\"button\" data-look=\"primary\" href=\"", "\""),
        "/certificates/certificate-00"
    );
    candidate.open("/certificates/certificate-00").await.assert_shows("9号");

    installation.file("before.csv", before);
    installation.file(
        "amended.csv",
        with_cells(&installation.text("annulled.csv"), &number, &[("撤销决定文号", "10号")]),
    );
    installation.import("certificates", "before.csv");
    assert!(installation.import("certificates", "amended.csv").starts_with("0 new, 1 changed"));
    assert_eq!(told(&server).await, 1, "it was annulled before");
}

/// The authority's first file brings old annulments, of which nobody must hear today.
#[tokio::test(flavor = "multi_thread")]
async fn certificate_that_comes_annulled_tells_nobody() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let (installation, before, number) = exported(&server);
    let new = [("证书管理号", "M-NEW"), ("查询编号", ""), ("证书印制号", "")];
    installation.file("new.csv", with_cells(&before, &number, &[&new, ANNULLED].concat()));
    assert!(installation.import("certificates", "new.csv").starts_with("1 new, 0 changed"));
    assert_eq!(told(&server).await, 0);
    candidate.open("/certificates").await.assert_shows("已撤销");
}
