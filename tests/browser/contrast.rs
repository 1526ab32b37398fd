//! Forced colours, as Windows has them in its contrast themes: what is current is not told by a background alone.

use serde_json::json;

use crate::browser::{Browser, Scheme};
use crate::steps;

/// The borders and outlines that are seen on an element or in it, without those of the focus.
const EDGES: &str = "
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.backgroundColor = 'Canvas';
    const canvas = getComputedStyle(probe).backgroundColor;
    probe.remove();
    const isSeen = (width, style, color) => parseFloat(width) > 0 && style !== 'none' && color !== canvas
        && !/, 0\\)$/.test(color);
    const edgesOf = one => [null, '::before', '::after'].flatMap(part => {
        const style = getComputedStyle(one, part);
        if (part ? style.content === 'none' : !one.checkVisibility()) return [];
        return ['Top', 'Right', 'Bottom', 'Left'].filter(side => isSeen(
            style['border' + side + 'Width'], style['border' + side + 'Style'], style['border' + side + 'Color']
        )).map(side => `${part || ''}${side} ${style['border' + side + 'Width']}`);
    });
    const edges = one => [one, ...one.querySelectorAll('*')].flatMap(edgesOf).join();";

/// The edges of the only element that matches a selector.
async fn edges(browser: &Browser, css: &str) -> String {
    browser.run("document.activeElement.blur()").await;
    let script = format!("{EDGES} return edges(document.querySelector({}));", json!(css));
    browser.run(&script).await.as_str().unwrap_or_default().to_owned()
}

/// Whether the current one among several elements has edges that no other has.
async fn current_is_seen(browser: &Browser, among: &str) -> bool {
    browser.run("document.activeElement.blur()").await;
    let script = format!(
        "{EDGES}
        const all = Array.from(document.querySelectorAll({among})).filter(one => one.checkVisibility());
        const [current] = all.filter(one => one.matches('[aria-current]'));
        const others = all.filter(one => one !== current);
        return !!current && others.length > 0 && edges(current) !== ''
            && others.every(other => edges(other) !== edges(current));",
        among = json!(among)
    );
    browser.run(&script).await == true
}

#[tokio::test]
async fn current_tab_is_seen_in_forced_colours() {
    let server = steps::start_demo().await;
    for browser in [Browser::phone().await, Browser::desktop().await] {
        steps::sign_in(&server, &browser, steps::CANDIDATE).await;
        for scheme in [Scheme::Light, Scheme::Dark] {
            browser.force_colors(scheme).await;
            for path in ["/", "/services", "/certificates", "/me"] {
                browser.open(&format!("{}{path}", server.base)).await;
                assert!(current_is_seen(&browser, "#tabs a").await, "{path}, {scheme:?}");
            }
        }
        browser.screenshot("forced-colours-tabs").await;
    }
}

#[tokio::test]
async fn current_case_and_pressed_button_are_seen_in_forced_colours() {
    let server = steps::start_demo().await;
    for person in [steps::CANDIDATE, "陳大文"] {
        let candidate = server.signed_in(person).await;
        let sitting = candidate.sitting_of("一级建造师").await;
        candidate.apply_for_number(&sitting).await;
    }
    let desk = steps::desk(&server, steps::REVIEWER).await;
    steps::take_next(&server, &desk).await;
    let case = desk.url().await;
    for scheme in [Scheme::Light, Scheme::Dark] {
        desk.force_colors(scheme).await;
        desk.open(&case).await;
        desk.see("放回").await;
        assert!(current_is_seen(&desk, ".desk-queue a").await, "{scheme:?}");
    }
    desk.screenshot("forced-colours-desk").await;
    desk.open(&format!("{}/staff/queue", server.base)).await;
    let off = edges(&desk, "[aria-pressed]").await;
    desk.press("键盘快捷键").await;
    desk.see("已打开").await;
    assert_ne!(edges(&desk, "[aria-pressed]").await, off);
}
