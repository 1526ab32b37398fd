//! Error summaries: every link of one leads to an element of the page.

use kaozheng::business::ALL;
use kaozheng::casework::business::Origin;
use reqwest::multipart::Form;

use crate::filing::start_demo;
use crate::server::{Answer, DESKTOP, Visitor};

/// Together they have returned applications of every business that returns any.
const CANDIDATES: [&str; 6] = ["张小三", "陳大文", "林美玲", "欧阳嘉敏", "SCHMIDT ANNA", "DUPONT MARIE"];

/// Ids that the page's summary links to.
fn linked(page: &Answer) -> Vec<String> {
    let Some((_, rest)) = page.body.split_once("class=\"summary\"") else { return Vec::new() };
    let summary = rest.split("</section>").next().unwrap_or_default();
    summary.split("href=\"#").skip(1).filter_map(|link| Some(link.split_once('"')?.0.to_owned())).collect()
}

/// Asserts that a refused form links to its fields. Returns the number of links.
fn check(page: &Answer) -> usize {
    let links = linked(page);
    assert_eq!(links.is_empty(), !page.body.contains("class=\"summary\""), "{}\n{}", page.url, page.body);
    for id in &links {
        assert!(page.body.contains(&format!("id=\"{id}\"")), "#{id} is linked and missing at {}", page.url);
    }
    links.len()
}

/// The first option of each choice that the form offers, as a browser would send it.
fn first_options(page: &Answer) -> Vec<(String, String)> {
    let value = |tag: &str, name: &str| {
        Some(tag.split_once(&format!(" {name}=\""))?.1.split_once('"')?.0.replace("&amp;", "&"))
    };
    let (mut chosen, mut select) = (Vec::<(String, String)>::new(), None);
    for tag in page.body.split('<') {
        let one = match tag.split([' ', '>']).next() {
            Some("select") => {
                select = value(tag, "name");
                None
            }
            Some("option") => select.clone().zip(value(tag, "value").filter(|value| !value.is_empty())),
            Some("input") if tag.contains("type=\"radio\"") => value(tag, "name").zip(value(tag, "value")),
            _ => None,
        };
        chosen.extend(one.filter(|(name, _)| chosen.iter().all(|(taken, _)| taken != name)));
    }
    chosen
}

fn form(answers: &[(String, String)], action: &str) -> Form {
    let start = Form::new().text("action", action.to_owned());
    answers.iter().fold(start, |form, (name, value)| form.text(name.clone(), value.clone()))
}

/// Sends a form empty, and with more and more of its choices made. Returns the number of links in the answers.
async fn refuse(visitor: &Visitor, path: &str) -> usize {
    let (mut answers, mut links) = (Vec::new(), 0);
    for _ in 0..4 {
        for action in ["review", "submit"] {
            let sent = form(&answers, action);
            let refused = visitor.send(visitor.request(reqwest::Method::POST, path).multipart(sent)).await;
            links += check(&refused);
            if refused.status == 422 {
                answers = first_options(&refused);
            }
        }
    }
    links
}

#[tokio::test]
async fn every_link_of_an_error_summary_has_a_target() {
    let server = start_demo().await;
    for business in ALL.iter() {
        let mut links = 0;
        for name in CANDIDATES {
            let visitor = server.signed_in(name).await;
            let list = format!("/services/{}", business.slug);
            visitor.agree_to_notice(&format!("{list}/notice")).await;
            if business.origin == Origin::Nothing {
                links += refuse(&visitor, &format!("{list}/new")).await;
            }
            let page = visitor.open(&list).await.body;
            let edits = page.split("href=\"").filter_map(|link| link.split_once('"'));
            for (edit, _) in edits.filter(|(link, _)| link.ends_with("/edit")) {
                links += refuse(&visitor, edit).await;
            }
        }
        let has_form = business.origin == Origin::Nothing;
        assert!(links > 0 || !has_form, "{} was never refused", business.slug);
    }
}

#[tokio::test]
async fn lookup_links_to_its_blank_fields() {
    let server = start_demo().await;
    let visitor = server.visitor(DESKTOP);
    for path in ["/lookup/02", "/en/lookup/02"] {
        let refused = visitor.submit(path, &[("name", ""), ("document", " "), ("number", "")]).await;
        assert_eq!(check(&refused), 3, "{path}");
    }
}
