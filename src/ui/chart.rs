//! Bar charts, drawn on the server. The numbers are written beside the bars, and a table beside the chart has them too.

use maud::{Markup, html};

/// A chart with a horizontal bar for each row.
pub struct Chart<'a> {
    /// Its id, unique on the page.
    pub id: &'static str,
    pub title: &'static str,
    /// What the chart says, in a sentence.
    pub about: String,
    pub bars: &'a [Bar],
}

pub struct Bar {
    pub label: String,
    pub value: i64,
    /// A part of the value that is hatched, and its word, if there is one.
    pub part: Option<(i64, &'static str)>,
}

/// In units of the drawing, which are pixels on a phone.
const WIDTH: i64 = 360;
const ROW: i64 = 22;
const LABEL: i64 = 118;
const LONGEST_BAR: i64 = 150;
const GAP: i64 = 6;

/// Characters of a label that fit.
const LABEL_LENGTH: usize = 9;

pub fn chart(chart: &Chart) -> Markup {
    let height = ROW * i64::try_from(chart.bars.len()).unwrap_or_default();
    let most = chart.bars.iter().map(|bar| bar.value).max().unwrap_or_default().max(1);
    html! {
        svg.chart viewBox={ "0 0 " (WIDTH) " " (height) } role="img"
            aria-labelledby={ (chart.id) "-title " (chart.id) "-about" } {
            title id={ (chart.id) "-title" } { (chart.title) }
            desc id={ (chart.id) "-about" } { (chart.about) }
            pattern id={ (chart.id) "-hatch" } width="6" height="6" patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)" {
                rect.chart-bar width="6" height="6" {}
                rect.chart-hatch width="3" height="6" {}
            }
            @for (at, bar) in (0..).zip(chart.bars) { (row(chart.id, at, bar, most)) }
        }
    }
}

fn row(id: &str, at: i64, bar: &Bar, most: i64) -> Markup {
    let width = |value: i64| value * LONGEST_BAR / most;
    let (top, base, part) = (at * ROW + 4, at * ROW + 15, bar.part.unwrap_or_default());
    html! {
        text x=(LABEL - GAP) y=(base) text-anchor="end" { (shortened(&bar.label)) }
        rect.chart-bar x=(LABEL) y=(top) width=(width(bar.value)) height=(ROW - 8) {}
        @if part.0 > 0 {
            rect x=(LABEL) y=(top) width=(width(part.0)) height=(ROW - 8) fill={ "url(#" (id) "-hatch)" } {}
        }
        text x=(LABEL + width(bar.value) + GAP) y=(base) {
            (bar.value)
            @if part.0 > 0 { "（" (part.1) " " (part.0) "）" }
        }
    }
}

fn shortened(label: &str) -> String {
    match label.char_indices().nth(LABEL_LENGTH) {
        Some((end, _)) if label.chars().count() > LABEL_LENGTH + 1 => format!("{}…", &label[..end]),
        _ => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chart_is_named_and_described_and_writes_its_numbers() {
        let bars = [
            Bar { label: "考试退费".into(), value: 8, part: Some((2, "逾期")) },
            Bar { label: "一二三四五六七八九十一".into(), value: 0, part: None },
        ];
        let about = "考试退费最多。".to_owned();
        let shown = chart(&Chart { id: "waiting", title: "待办", about, bars: &bars }).into_string();
        assert!(shown.contains(r#"role="img" aria-labelledby="waiting-title waiting-about""#));
        assert!(shown.contains("8（逾期 2）") && shown.contains("一二三四五六七八九…"), "{shown}");
        assert!(!shown.contains("style="), "the Content-Security-Policy allows none");
        assert!(
            chart(&Chart { id: "none", title: "", about: String::new(), bars: &[] })
                .into_string()
                .contains("svg")
        );
    }
}
