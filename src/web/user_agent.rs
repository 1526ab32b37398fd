//! Browser and system of a User-Agent header.

use poem::Request;
use poem::http::header;
use woothee::parser::Parser;

/// The beginning of woothee's name of a system, and the name on our pages.
const SYSTEMS: &[(&str, &str)] = &[
    ("Windows", "Windows 电脑"),
    ("Mac OSX", "苹果电脑"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "安卓手机"),
    ("Linux", "Linux 电脑"),
    ("ChromeOS", "Chromebook"),
    (HARMONY, "鸿蒙手机"),
];

/// A system that woothee does not know yet.
const HARMONY: &str = "OpenHarmony";

/// The request's User-Agent; empty if there is none.
pub fn of(req: &Request) -> &str {
    req.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Whether it is a phone, or a tablet that identifies as one: it can open the government app itself.
pub fn is_phone(user_agent: &str) -> bool {
    let known = Parser::new().parse(user_agent).is_some_and(|found| found.category == "smartphone");
    // Also in the User-Agents of mobile browsers that woothee does not know.
    known || user_agent.contains("Mobile")
}

/// Such as `Windows 电脑 · Chrome`.
pub fn describe(user_agent: &str) -> String {
    let found = Parser::new().parse(user_agent).unwrap_or_default();
    let os = if user_agent.contains(HARMONY) { HARMONY } else { found.os };
    let system = SYSTEMS.iter().find(|(known, _)| os.starts_with(known)).map_or("未知系统", |row| row.1);
    let browser = browser(user_agent, found.name);
    format!("{system} · {browser}")
}

/// The browser's common name; woothee's name for those that are not listed here.
fn browser<'a>(user_agent: &str, name: &'a str) -> &'a str {
    let apple = ["iPhone", "iPad"].iter().any(|device| user_agent.contains(device));
    match name {
        _ if user_agent.contains("MicroMessenger") => "微信",
        // Web views of iOS do not call themselves Safari.
        _ if apple && !user_agent.contains("Safari/") => "App 内网页",
        "Webview" => "App 内网页",
        "" | "UNKNOWN" => "未知浏览器",
        known => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_user_agents_are_described() {
        let chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0";
        let table = [
            (format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chrome} Safari/537.36"), "Windows 电脑 · Chrome", false),
            (format!("Mozilla/5.0 (X11; Linux x86_64) {chrome} Safari/537.36"), "Linux 电脑 · Chrome", false),
            (format!("Mozilla/5.0 (Linux; Android 14; Pixel 8) {chrome} Mobile Safari/537.36"), "安卓手机 · Chrome", true),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/17.0 Mobile/15E148 Safari/604.1"
                    .into(),
                "iPhone · Safari",
                true,
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/17.0 Safari/605.1.15"
                    .into(),
                "苹果电脑 · Safari",
                false,
            ),
            (
                format!("Mozilla/5.0 (Phone; OpenHarmony 5.0) {chrome} Safari/537.36 ArkWeb/4.1.6.1 Mobile"),
                "鸿蒙手机 · Chrome",
                true,
            ),
            // WeChat, and a government app on an iPhone.
            (
                "Mozilla/5.0 (Linux; Android 10; VOG-AL00; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 \
                 Chrome/78.0.3904.62 XWEB/2691 Mobile Safari/537.36 MicroMessenger/8.0.49"
                    .into(),
                "安卓手机 · 微信",
                true,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 15_8 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Mobile/15E148 GovApp/7.1.0"
                    .into(),
                "iPhone · App 内网页",
                true,
            ),
            (String::new(), "未知系统 · 未知浏览器", false),
            ("<script>alert(1)</script>".into(), "未知系统 · 未知浏览器", false),
        ];
        for (agent, words, phone) in table {
            assert_eq!((describe(&agent).as_str(), is_phone(&agent)), (words, phone), "{agent}");
        }
    }
}
