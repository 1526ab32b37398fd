//! With real pictures, made here.

use image::{GenericImageView, Rgb, RgbImage, RgbaImage};

use super::*;
use crate::files::{Limits, memory_needed, prepare as prepare_upload};

const TOO_MANY: Result<Prepared, &str> = Err("图片尺寸太大，请缩小到 4000 万像素以内再上传");

/// Red on the left half, blue on the right.
fn halves(width: u32, height: u32) -> DynamicImage {
    let half = |x| if x < width / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) };
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, _| half(x)))
}

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    encode(&halves(width, height), 90).unwrap()
}

fn png(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// The JPEG with a segment right after its start marker.
fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, content, &jpeg[2..]].concat()
}

/// Exif with the one tag 0x0112, orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let entry = [0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0];
    [&b"Exif\0\0II*\0\x08\0\0\0\x01\0"[..], &entry, b"\0\0\0\0"].concat()
}

fn upload(bytes: Vec<u8>) -> Result<Prepared, &'static str> {
    prepare_upload(bytes, &UploadRules::DOCUMENT)
}

fn pixel(jpeg: &[u8], x: u32, y: u32) -> [u8; 3] {
    let [r, g, b, _] = image::load_from_memory(jpeg).unwrap().get_pixel(x, y).0;
    [r, g, b]
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

#[test]
fn a_photo_is_kept_with_a_thumbnail() {
    let kept = upload(jpeg(800, 600)).unwrap();
    assert_eq!((kept.kind, kept.mime, kept.width, kept.height), (FileKind::Picture, "image/jpeg", 800, 600));
    let thumb = image::load_from_memory(&kept.thumb.unwrap()).unwrap();
    assert_eq!(thumb.dimensions(), (320, 240));
    assert!(pixel(&kept.bytes, 10, 10)[0] > 200);
}

#[test]
fn a_long_side_is_shortened_and_a_long_screenshot_stays_readable() {
    let cases = [
        ((2400, 1800), (2400, 1800)),
        ((3000, 2000), (2400, 1600)),
        ((6000, 4500), (2400, 1800)),
        ((1080, 16_000), (1080, 16_000)),
        ((3000, 100), (3000, 100)),
    ];
    for (sent, kept) in cases {
        let upload = upload(png(&halves(sent.0, sent.1))).unwrap();
        assert_eq!((upload.width, upload.height), kept);
        assert_eq!(image::load_from_memory(&upload.bytes).unwrap().dimensions(), kept);
        let red = pixel(&upload.bytes, kept.0 / 4, kept.1 / 2);
        assert!(red[0] > 180 && red[2] < 80, "{sent:?}: {red:?}");
    }
}

#[test]
fn a_turned_photo_is_put_upright_and_forgets_its_metadata() {
    let sent = with_segment(&jpeg(64, 32), 0xe1, &exif(6));
    let kept = upload(sent).unwrap();
    assert_eq!((kept.width, kept.height), (32, 64));
    assert!(pixel(&kept.bytes, 16, 5)[0] > 180, "the left half is on top");
    assert!(pixel(&kept.bytes, 16, 58)[2] > 180);
    assert!(!holds(&kept.bytes, "Exif"));
    let thumb = kept.thumb.unwrap();
    assert_eq!(image::load_from_memory(&thumb).unwrap().dimensions(), (32, 64));
}

#[test]
fn what_hides_behind_or_inside_a_picture_is_gone() {
    let page = "<html><script>alert(1)</script></html>";
    let behind = [&jpeg(40, 40)[..], page.as_bytes()].concat();
    let inside = with_segment(&jpeg(40, 40), 0xfe, page.as_bytes());
    let behind_png = [&png(&halves(40, 40))[..], page.as_bytes()].concat();
    for sent in [behind, inside, behind_png] {
        assert!(holds(&sent, "<script>"));
        assert!(!holds(&upload(sent).unwrap().bytes, "script"));
    }
}

#[test]
fn cut_and_broken_pictures_are_refused() {
    let whole = jpeg(400, 300);
    let whole_png = png(&halves(400, 300));
    for part in [3, 2, 1] {
        assert_eq!(upload(whole[..whole.len() * part / 4].to_vec()), Err(BROKEN));
        assert_eq!(upload(whole_png[..whole_png.len() * part / 4].to_vec()), Err(BROKEN));
    }
    assert_eq!(upload([&whole[..20], &[0xff, 0xd9]].concat()), Err(BROKEN));
    let mut damaged = whole_png.clone();
    damaged[60] ^= 0xff;
    assert_eq!(upload(damaged), Err(BROKEN));
}

#[test]
fn a_bomb_is_refused_by_its_header() {
    let mut bomb = jpeg(16, 16);
    let frame = bomb.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    bomb[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
    assert_eq!(upload(bomb), Err("图片太长，请分成几张上传"));
    let wide = DynamicImage::ImageLuma8(image::GrayImage::new(1001, 1000));
    let narrow = Limits { pixels: 1_000_000, ..Limits::STANDARD };
    assert_eq!(
        prepare_upload(png(&wide), &UploadRules { limits: narrow, ..UploadRules::DOCUMENT }),
        TOO_MANY
    );
    let line = DynamicImage::ImageLuma8(image::GrayImage::new(39_000_000, 1));
    assert_eq!(upload(png(&line)), Err("图片太长，请分成几张上传"));
}

#[test]
fn transparency_becomes_white_and_grey_and_deep_pictures_are_welcome() {
    let glass = DynamicImage::ImageRgba8(RgbaImage::from_pixel(32, 32, Rgba([0, 0, 0, 0])));
    let kept = upload(png(&glass)).unwrap();
    assert!(pixel(&kept.bytes, 16, 16).iter().all(|&part| part > 250));
    let mut half = DynamicImage::ImageRgba8(RgbaImage::from_pixel(1, 1, Rgba([0, 100, 255, 128])));
    put_on_white(&mut half);
    assert_eq!(half.get_pixel(0, 0).0[..3], [127, 177, 255]);
    for picture in [
        DynamicImage::new_luma8(20, 20),
        DynamicImage::new_luma_a8(20, 20),
        DynamicImage::new_luma_a16(3000, 2000),
        DynamicImage::new_rgb16(20, 20),
        DynamicImage::new_rgba16(3000, 2000),
    ] {
        assert!(upload(png(&picture)).is_ok(), "{:?}", picture.color());
    }
}

#[test]
fn a_portrait_is_five_by_seven_and_large_enough() {
    let cases = [
        ((295, 413), true),
        ((1000, 1400), true),
        ((413, 531), true), // two inches: 7:9, just within 10 %
        ((480, 640), true),
        ((480, 600), false), // 4:5
        ((294, 413), false),
        ((295, 412), false),
        ((1400, 1000), false),
        ((400, 413), false),
    ];
    for ((width, height), holds) in cases {
        let ok = check_portrait((width, height)).is_ok();
        assert_eq!(ok, holds, "{width}×{height}");
    }
    let turned = with_segment(&jpeg(413, 295), 0xe1, &exif(8));
    assert!(prepare_upload(turned, &UploadRules::PORTRAIT).is_ok());
    assert!(prepare_upload(jpeg(413, 295), &UploadRules::PORTRAIT).is_err());
}

#[test]
fn damage_anywhere_is_an_error_and_no_panic() {
    let turned = with_segment(&jpeg(40, 30), 0xe1, &exif(6));
    let small =
        UploadRules { limits: Limits { pixels: 100_000, ..Limits::STANDARD }, ..UploadRules::DOCUMENT };
    for whole in [turned, png(&halves(40, 30))] {
        let refused = (0..whole.len()).filter(|&at| {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            prepare_upload(damaged, &small).is_err()
        });
        assert!(refused.count() > 20);
    }
}

#[test]
fn what_a_picture_needs_is_known_from_its_header() {
    let needed = |bytes: Vec<u8>| {
        let size = bytes.len() as u64;
        (memory_needed(&mut Cursor::new(bytes), size, &UploadRules::DOCUMENT) - (1 << 20), size)
    };
    let (plain, size) = needed(jpeg(1000, 800));
    assert_eq!(plain, 1000 * 800 * 12, "it is as large as what is kept");
    let (large, _) = needed(jpeg(4000, 3000));
    assert_eq!(large, 4000 * 3000 * 3 + 2400 * (3000 + 1800) * 3);
    // A thumbnail in the metadata is another picture.
    let inner = with_segment(&jpeg(4000, 3000), 0xe1, &jpeg(160, 120)[..]);
    assert_eq!(needed(inner).0, large);
    // Progressive, by its marker: three bytes of a pixel and two for each of its samples.
    let mut progressive = jpeg(4000, 3000);
    let frame = progressive.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    progressive[frame + 1] = 0xc2;
    let size_of = progressive.len() as u64;
    assert_eq!(needed(progressive).0, 2 * size_of + 4000 * 3000 * (3 + 6));
    assert!(size < 1 << 20);
}
