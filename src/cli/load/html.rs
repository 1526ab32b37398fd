//! What browsers read from the pages of the site.

use super::browser::{Answer, Fault, Fields};

/// The text between the first occurrences of two marks.
pub(super) fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    Some(text.split_once(from)?.1.split_once(to)?.0)
}

/// [`between`] of a page that must have it.
pub(super) fn part(answer: &Answer, from: &str, to: &str, what: &'static str) -> Result<String, Fault> {
    let text = answer.text()?;
    between(&text, from, to).map(str::to_owned).ok_or_else(|| answer.unexpected(what))
}

/// Names and values of the hidden fields of the form that goes to `action`.
pub(super) fn hidden_fields(page: &str, action: &str) -> Option<Fields> {
    let form = between(page, &format!("action=\"{action}\""), "</form>")?;
    let tags = form.split("<input type=\"hidden\" ").skip(1);
    let value = |tag: &str, name: &str| between(tag, &format!("{name}=\""), "\"").map(unescape);
    tags.map(|tag| Some((value(tag, "name")?, value(tag, "value")?))).collect()
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// The files that a browser loads for a page: stylesheet, scripts, icon and manifest.
pub(super) fn files(page: &str) -> Vec<String> {
    let head = page.split("</head>").next().unwrap_or_default();
    let tags = head.split('<').filter(|tag| is_loaded(tag));
    let address =
        |tag: &str| between(tag, "href=\"", "\"").or(between(tag, "src=\"", "\"")).map(str::to_owned);
    tags.filter_map(address).collect()
}

fn is_loaded(tag: &str) -> bool {
    let links = ["rel=\"stylesheet\"", "rel=\"icon\"", "rel=\"manifest\""];
    tag.starts_with("script") || tag.starts_with("link") && links.iter().any(|rel| tag.contains(rel))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_fields_are_those_of_one_form() {
        let page = "<form action=\"/senior\"><input type=\"hidden\" name=\"next\" value=\"/\"></form>\
                    <form method=\"post\" action=\"/me/consent\"><input type=\"hidden\" name=\"next\" \
                    value=\"/me?a=1&amp;b=2\"><input type=\"hidden\" name=\"version\" value=\"3\"></form>";
        let fields = hidden_fields(page, "/me/consent").unwrap();
        let wanted = [("next", "/me?a=1&b=2"), ("version", "3")];
        assert_eq!(fields, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(hidden_fields(page, "/logout"), None);
    }

    #[test]
    fn files_of_a_page_are_what_browsers_load() {
        let page = "<head><link rel=\"stylesheet\" href=\"/assets/app.1.css\">\
                    <link rel=\"apple-touch-icon\" href=\"/assets/icon-180.1.png\">\
                    <script src=\"/assets/app.1.js\" defer></script></head>\
                    <body><a href=\"/lookup\"></a></body>";
        assert_eq!(files(page), ["/assets/app.1.css", "/assets/app.1.js"]);
    }
}
