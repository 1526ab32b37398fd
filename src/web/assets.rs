//! Stylesheet, scripts, icons and manifest: embedded, named by a hash of their content, compressed once.

use std::io::Write;
use std::sync::LazyLock;

use poem::http::{HeaderMap, StatusCode, header};
use poem::web::Path;
use poem::{Response, handler};
use sha2::{Digest, Sha256};

use super::encoding::Encoding;
use crate::paths;

/// One file in every encoding that is served.
struct Asset {
    name: String,
    mime: &'static str,
    plain: Vec<u8>,
    gzip: Vec<u8>,
    brotli: Vec<u8>,
}

pub struct Assets {
    pub css: String,
    /// In the order in which pages load them.
    pub scripts: Vec<String>,
    pub icon: String,
    /// For the home screen of iOS.
    pub touch_icon: String,
    pub manifest: String,
    /// Of the page that checks codes, in order.
    pub verify: Vec<String>,
    files: Vec<Asset>,
}

const HTMX: &[u8] = include_bytes!("../../assets/vendor/htmx-2.0.11.min.js");

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let css = Asset::new("app", "css", "text/css; charset=utf-8", crate::ui::stylesheet().into_bytes());
    let script = "text/javascript; charset=utf-8";
    // In the script and not in each page, which is a ninth smaller without it.
    let configured: [&[u8]; 3] = [HTMX, b"\n", include_bytes!("../../assets/htmx-config.js")];
    let htmx = Asset::new("htmx", "js", script, configured.concat());
    let app = Asset::new("app", "js", script, include_bytes!("../../assets/app.js").into());
    let tools = include_bytes!("../../assets/vendor/code-tools.min.js");
    let tools = Asset::new("code-tools", "js", script, tools.into());
    let verify = Asset::new("verify", "js", script, include_bytes!("../../assets/verify.js").into());
    let icon = Asset::new("icon", "svg", "image/svg+xml", include_bytes!("../../assets/icon.svg").into());
    let png = |stem, bytes: &[u8]| Asset::new(stem, "png", "image/png", bytes.into());
    let touch = png("icon-180", include_bytes!("../../assets/icon-180.png"));
    let small = png("icon-192", include_bytes!("../../assets/icon-192.png"));
    let large = png("icon-512", include_bytes!("../../assets/icon-512.png"));
    let manifest = manifest(&icon, &small, &large);
    Assets {
        css: css.url(),
        scripts: vec![htmx.url(), app.url()],
        icon: icon.url(),
        touch_icon: touch.url(),
        manifest: manifest.url(),
        verify: vec![tools.url(), verify.url()],
        files: vec![css, htmx, app, icon, touch, small, large, manifest, tools, verify],
    }
});

/// The manifest of the site as an app of the home screen.
fn manifest(icon: &Asset, small: &Asset, large: &Asset) -> Asset {
    let picture = |asset: &Asset, sizes: &str, purpose: &str| serde_json::json!({ "src": asset.url(), "sizes": sizes, "type": asset.mime, "purpose": purpose });
    let text = serde_json::json!({
        "name": "考证通",
        "lang": "zh-CN",
        "start_url": paths::HOME,
        "display": "browser",
        "background_color": "#f5f7f8",
        "theme_color": "#0b5a73",
        "icons": [
            picture(icon, "any", "any"),
            picture(small, "192x192", "any"),
            picture(large, "512x512", "maskable"),
        ],
    });
    Asset::new("manifest", "webmanifest", "application/manifest+json", text.to_string().into_bytes())
}

/// `GET /favicon.ico`, for browsers that do not read the SVG icon of pages.
#[handler]
pub fn favicon() -> Response {
    Response::builder()
        .header(header::CONTENT_TYPE, "image/x-icon")
        .header(header::CACHE_CONTROL, "public, max-age=86400")
        .body(&include_bytes!("../../assets/favicon.ico")[..])
}

/// The assets. The first call compresses them, which takes some 40 ms.
pub fn get() -> &'static Assets {
    &ASSETS
}

impl Asset {
    fn new(stem: &str, extension: &str, mime: &'static str, plain: Vec<u8>) -> Asset {
        let hash: String = Sha256::digest(&plain).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{stem}.{hash}.{extension}");
        Asset { name, mime, gzip: gzip(&plain), brotli: brotli(&plain), plain }
    }

    fn url(&self) -> String {
        paths::asset(&self.name)
    }

    fn encoded(&self, encoding: Option<Encoding>) -> &[u8] {
        match encoding {
            Some(Encoding::Brotli) => &self.brotli,
            Some(Encoding::Gzip) => &self.gzip,
            None => &self.plain,
        }
    }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).and_then(|()| encoder.finish()).expect("writing to memory does not fail")
}

/// Quality 10 makes the files a twentieth smaller than quality 9. The window of 64 KB holds each file; with
/// it the encoder takes 6 MB of memory instead of 40 MB.
fn brotli(plain: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 10, lgwin: 16, ..Default::default() };
    brotli::BrotliCompress(&mut &plain[..], &mut packed, &params).expect("writing to memory does not fail");
    packed
}

/// `GET /assets/{name}`. Immutable, because a file with other content has another name.
#[handler]
pub fn serve(Path(name): Path<String>, headers: &HeaderMap) -> Response {
    let Some(asset) = ASSETS.files.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into();
    };
    let encoding = Encoding::preferred(headers, Encoding::Brotli);
    let mut response = Response::builder()
        .header(header::CONTENT_TYPE, asset.mime)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .header(header::VARY, "Accept-Encoding");
    if let Some(encoding) = encoding {
        response = response.header(header::CONTENT_ENCODING, encoding.name());
    }
    response.body(asset.encoded(encoding))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of htmx.org 2.0.11 on npm.
    const HTMX_SHA256: &str = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717";

    #[test]
    fn htmx_is_the_published_file() {
        let digest = Sha256::digest(HTMX);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, HTMX_SHA256);
    }

    #[test]
    fn stylesheet_has_less_than_8_kb() {
        assert!(get().files[0].brotli.len() < 8_000, "{}", get().files[0].brotli.len());
    }
}
