//! Lists with no, one, twenty, twenty-one and many items.

use diesel::prelude::*;
use kaozheng::store::Tx;
use kaozheng::store::schema::{applications as a, candidates};
use kaozheng::web::Failure;

use crate::authority_records::replace_certificates;
use crate::filing::start_demo;
use crate::server::{Server, Visitor};

const COUNTS: [usize; 5] = [0, 1, 20, 21, 500];

/// A candidate without records.
const NEWCOMER: &str = "SCHMIDT ANNA";

fn newcomer(tx: &mut Tx) -> Result<(String, String), Failure> {
    let own = candidates::table.filter(candidates::name.eq(NEWCOMER));
    Ok(own.select((candidates::id, candidates::document_hash)).first(tx.conn)?)
}

/// Submits `count` refunds, each with a subject of its own.
fn insert_refunds(tx: &mut Tx, count: usize) -> Result<(), Failure> {
    let (candidate, _) = newcomer(tx)?;
    for at in 0..count {
        let row = (
            a::id.eq(tx.id()),
            a::number.eq(kaozheng::casework::number::format(
                "TF",
                &tx.today(),
                u32::try_from(at).expect("few"),
            )),
            a::kind.eq("refund"),
            a::candidate_id.eq(&candidate),
            a::parent_id.eq(""),
            a::subject.eq(format!("subject-{at}")),
            a::title.eq(format!("一级建造师 {at}")),
            a::summary.eq("一级 · 建筑工程"),
            a::status.eq("submitted"),
            a::version.eq(1),
            a::round.eq(1),
            a::created_at.eq(tx.now),
            a::updated_at.eq(tx.now),
            a::submitted_at.eq(Some(tx.now)),
        );
        diesel::insert_into(a::table).values(row).execute(tx.conn)?;
    }
    Ok(())
}

/// Follows 加载更多 to the end. Returns the number of cards on each page.
async fn cards_per_page(visitor: &Visitor, path: &str) -> Vec<usize> {
    let (mut next, mut shown) = (path.to_owned(), Vec::new());
    loop {
        let page = visitor.open(&next).await;
        assert_eq!(page.status, 200, "{next}");
        shown.push(page.body.matches("<article class=\"card\"").count());
        if !page.body.contains("加载更多") {
            return shown;
        }
        next = page.between("class=\"button more\" data-look=\"plain\" href=\"", "\"").replace("&amp;", "&");
    }
}

async fn server_with_items(server: &Server, count: usize) -> Visitor {
    let fill = move |tx: &mut Tx| {
        insert_refunds(tx, count)?;
        replace_certificates(tx, NEWCOMER, count)
    };
    server.parts.store.write(fill).await.expect("rows");
    server.signed_in(NEWCOMER).await
}

#[tokio::test]
async fn every_list_shows_all_items_in_pages_of_twenty() {
    for count in COUNTS {
        let server = start_demo().await;
        let visitor = server_with_items(&server, count).await;
        for path in ["/services/refund", "/progress", "/certificates"] {
            let shown = cards_per_page(&visitor, path).await;
            assert_eq!(shown.iter().sum::<usize>(), count, "{path}");
            let full = shown.iter().rev().skip(1).all(|cards| *cards == 20);
            assert!(full && shown.len() == count.div_ceil(20).max(1), "{path} with {count}: {shown:?}");
        }
        let empty = visitor.open("/certificates").await.body.contains("还没有证书");
        assert_eq!(empty, count == 0);
    }
}

#[tokio::test]
async fn address_of_an_extended_list_shows_all_of_it() {
    let server = start_demo().await;
    let visitor = server_with_items(&server, 45).await;
    for (path, most) in [("/services/refund", 45), ("/progress?kind=refund", 45), ("/certificates", 45)] {
        let first = visitor.open(path).await;
        let grown = first.between("hx-replace-url=\"", "\"").replace("&amp;", "&");
        let cards = |page: &str| page.matches("<article class=\"card\"").count();
        assert_eq!(cards(&visitor.open(&grown).await.body), 40, "{grown}");
        let all = visitor.open(&grown.replace("page=1", "page=2")).await.body;
        assert_eq!(cards(&all), most, "{grown}");
        assert!(!all.contains("加载更多"), "{grown}");
    }
}
