//! The stylesheet of every page, put together from one file a component.

macro_rules! files {
    ($($name:literal)*) => { [$(include_str!(concat!("../../assets/css/", $name, ".css"))),*] };
}

/// In the order of the cascade: of two rules with equal specificity the later one applies. There is no
/// `@layer`: Chromium knows it from version 99, and pages work from 72 on.
const FILES: [&str; 61] = files![
    "tokens" "tone" "reset" "base"
    "skip-link" "top-bar" "pill" "tabs" "action-bar" "live-region" "loading"
    "icon" "badge" "tag" "button" "text-button" "actions" "kbd"
    "facts" "panel" "heading" "banner" "marks" "notice" "prose" "empty" "confirmation" "dialog"
    "card" "timeline" "tiles" "rows" "door"
    "field" "input" "options" "summary" "upload"
    "columns" "qr-card" "choices" "steps" "number-entry" "certificate"
    "desk" "desk-viewer" "desk-queue" "desk-bar" "desk-case" "desk-filters" "saved-views" "figures" "bulk" "listed"
    "footer" "utilities" "senior" "motion" "forced-colors" "print" "old-engines"
];

/// All files in one text, without comments, line breaks and the spaces beside them. A library was tried: it takes the
/// space out of `@supports not (…)`.
pub fn stylesheet() -> String {
    let files = FILES.concat();
    let mut pieces = files.split("/*");
    let first = pieces.next().unwrap_or_default();
    let rest = pieces.filter_map(|piece| piece.split_once("*/")).map(|(_, rules)| rules);
    let rules: String = [first].into_iter().chain(rest).collect();
    rules.lines().map(str::trim).map(minified).collect::<String>().replace(";}", "}")
}

/// One line, as it is joined to the next one.
fn minified(line: &str) -> String {
    match line.chars().last() {
        Some('{') => line.replace(" {", "{"),
        Some(';') => line.replacen(": ", ":", 1),
        Some(',' | '}') | None => line.to_owned(),
        Some(_) => format!("{line} "),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use proc_macro2::{Delimiter, TokenStream, TokenTree};

    use super::*;

    type Classes = BTreeSet<String>;

    /// Classes that htmx sets.
    const OF_HTMX: &[&str] = &["htmx-request"];

    /// The class names of selectors, such as `.card a, .desk-bar`.
    fn selected(selectors: &str) -> Classes {
        let names = selectors.split('.').skip(1).map(|rest| {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
            rest[..end.unwrap_or(rest.len())].to_owned()
        });
        names.filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase())).collect()
    }

    /// The class names of an HTML text, such as `<svg class="icon">`.
    fn in_html(text: &str, classes: &mut Classes) {
        for rest in text.split("class=\"").skip(1) {
            let names = rest.split('"').next().unwrap_or_default();
            classes.extend(names.split_whitespace().map(str::to_owned));
        }
    }

    /// The class names of Rust source: those of every `html!`, and those of HTML in literals.
    fn in_rust(source: TokenStream, classes: &mut Classes) {
        let tokens: Vec<TokenTree> = source.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Literal(text) => in_html(&text.to_string(), classes),
                TokenTree::Group(group) => {
                    if at >= 2 && tokens[at - 2].to_string() == "html" && tokens[at - 1].to_string() == "!" {
                        in_maud(group.stream(), classes);
                    }
                    in_rust(group.stream(), classes);
                }
                _ => {}
            }
        }
    }

    /// The class names of maud's markup: `p.muted.small`, and the literals of `class=[…]`. Rust inside
    /// parentheses, in brackets, from `@` to the next block and in the guard of an arm contains none.
    fn in_maud(markup: TokenStream, classes: &mut Classes) {
        let mut tokens = markup.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token.to_string().as_str() {
                "@" => {
                    let ends = |token: &TokenTree| is_block(token) || token.to_string() == ";";
                    while tokens.next_if(|token| !ends(token)).is_some() {}
                }
                "if" => {
                    let mut last = String::new();
                    while let Some(next) = tokens.next().map(|next| next.to_string())
                        && !(last == "=" && next == ">")
                    {
                        last = next;
                    }
                }
                "." => classes.extend(class_name(&mut tokens)),
                "class" if tokens.next_if(|token| token.to_string() == "=").is_some() => {
                    let value = tokens.next().map(|value| value.to_string()).unwrap_or_default();
                    let literals = value.split('"').skip(1).step_by(2);
                    classes.extend(literals.flat_map(str::split_whitespace).map(str::to_owned));
                }
                _ => {}
            }
            if let TokenTree::Group(group) = token
                && group.delimiter() == Delimiter::Brace
            {
                in_maud(group.stream(), classes);
            }
        }
    }

    fn is_block(token: &TokenTree) -> bool {
        matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
    }

    /// A name after its dot: words with hyphens between them.
    fn class_name(tokens: &mut std::iter::Peekable<impl Iterator<Item = TokenTree>>) -> Option<String> {
        let mut name = tokens.next()?.to_string();
        while tokens.next_if(|token| token.to_string() == "-").is_some() {
            name = format!("{name}-{}", tokens.next()?);
        }
        Some(name)
    }

    fn of_directory(directory: &Path, classes: &mut Classes) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                of_directory(&path, classes);
            } else {
                in_rust(fs::read_to_string(&path).unwrap().parse().unwrap(), classes);
            }
        }
    }

    fn of_sources() -> Classes {
        let mut classes = Classes::new();
        of_directory(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut classes);
        classes
    }

    /// The class names in the strings of our script. It selects elements, it gives them no classes.
    fn of_script() -> Classes {
        let lines = include_str!("../../assets/app.js").lines();
        let code = lines.filter(|line| !line.trim_start().starts_with("//"));
        code.flat_map(|line| line.split('\'').skip(1).step_by(2)).flat_map(selected).collect()
    }

    fn difference<'a>(one: &'a Classes, other: &'a Classes) -> Vec<&'a String> {
        one.difference(other).collect()
    }

    #[test]
    fn every_css_file_is_in_the_stylesheet() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/css");
        let paths = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
        let missing: Vec<_> =
            paths.filter(|path| !FILES.contains(&fs::read_to_string(path).unwrap().as_str())).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn every_class_of_the_stylesheet_is_used() {
        let mut used = of_sources();
        used.extend(OF_HTMX.iter().map(|&name| name.to_owned()));
        let styled = selected(&stylesheet());
        assert!(styled.contains("desk-viewer") && styled.len() > 90, "{styled:?}");
        assert!(difference(&styled, &used).is_empty(), "unused: {:?}", difference(&styled, &used));
    }

    #[test]
    fn every_used_class_is_in_the_stylesheet_or_selected_by_the_script() {
        let (used, script) = (of_sources(), of_script());
        let mut known = selected(&stylesheet());
        known.extend(script.iter().cloned());
        assert!(difference(&used, &known).is_empty(), "undefined: {:?}", difference(&used, &known));
        assert!(difference(&script, &used).is_empty(), "only in app.js: {:?}", difference(&script, &used));
    }

    #[test]
    fn stylesheet_is_minified() {
        let css = stylesheet();
        assert!(!css.contains("/*") && !css.contains("  ") && !css.contains('\n'), "{css}");
        assert!(css.contains("}@media print{") && css.contains("@supports not ("));
        // A sum needs the spaces around its sign.
        assert!(css.contains("calc(var(--top) + var(--s4))"));
    }

    #[test]
    fn classes_are_found_in_every_form_of_markup() {
        let source = r###"
            fn page(page: &Page) -> Markup {
                let inner = || html! { b.inner { (page.title) } };
                html! {
                    // .comment
                    p.muted.two-words #id data-a=(page.back) hidden[page.wide] { (shown(html! { i.deep {} })) }
                    @if page.own { br.first; } @else if let Some(x) = &page.back { a.second href=(x.y) {} }
                    @match page.tab { Some(tab) if tab.at == page.at => span.third { (tab.name) }, None => em.fourth {} }
                    @let x = page.main.len();
                    h2 class=[page.bar.then_some("fifth")] { "a.b" }
                }
            }
            const SVG: &str = r#"<svg class="icon">"#;
        "###;
        let mut classes = Classes::new();
        in_rust(source.parse().unwrap(), &mut classes);
        let names = "deep fifth first fourth icon inner muted second third two-words";
        assert_eq!(classes.into_iter().collect::<Vec<_>>().join(" "), names);
    }
}
