//! Response sizes: the lookup form fits TCP's first flight.

use reqwest::Method;

use super::*;
use crate::filing::start_demo;

/// The bytes of a response as sent to a browser.
async fn transferred_bytes(request: reqwest::RequestBuilder) -> usize {
    let answer = request.header("accept-encoding", "gzip, deflate, br").send().await.expect("an answer");
    answer.bytes().await.expect("a body").len()
}

#[tokio::test]
async fn form_fits_the_first_flight_and_the_result_is_small() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let page = visitor.open(EXAM).await;
    let css = page.between("rel=\"stylesheet\" href=\"", "\"").to_owned();
    let style = transferred_bytes(visitor.request(Method::GET, &css)).await;
    for path in ["/lookup", EXAM, "/en/lookup/02"] {
        let html = transferred_bytes(visitor.request(Method::GET, path)).await;
        println!("{path}: {html} bytes of HTML, {style} of CSS");
        assert!(html + style <= 14_000, "{path}: {html} bytes of HTML, {style} of CSS");
    }
    let form = [("name", NAME), ("document", DOCUMENT), ("number", PRINT)];
    let result = transferred_bytes(visitor.request(Method::POST, EXAM).form(&form)).await;
    println!("result: {result} bytes");
    assert!(result <= 6_000, "{result} bytes of result");
}
