//! Recognises sound and film by their content, as phones and recorders write them.

use memchr::memmem;

/// The formats of recordings, as hints and messages name them.
pub const RECORDING_NAMES: &str = "MP3、M4A、AAC、WAV、AMR、MP4、MOV、3GP";

/// The media type of a recording, or `None` if it is not one.
pub(super) fn media_type(bytes: &[u8]) -> Option<&'static str> {
    let named = SIGNATURES.iter().find(|(start, _)| bytes.starts_with(start));
    named
        .map(|(_, media_type)| *media_type)
        .or_else(|| is_wave(bytes).then_some("audio/wav"))
        .or_else(|| container(bytes))
        .or_else(|| audio_frame(bytes))
}

/// Whether a file of the ISO base media format (ISO/IEC 14496-12) is a still picture: HEIC, AVIF or Canon's CR3.
/// MP4 has the same structure; the brands tell them apart.
pub(super) fn is_still_picture(bytes: &[u8]) -> bool {
    brands(bytes).any(|brand| STILL_BRANDS.contains(&brand))
}

const SIGNATURES: &[(&[u8], &str)] =
    &[(b"#!AMR-WB", "audio/amr-wb"), (b"#!AMR", "audio/amr"), (b"ID3", "audio/mpeg")];

/// ISO/IEC 23008-12, AVIF 1.2 and MIAF (ISO/IEC 23000-22).
const STILL_BRANDS: &[&[u8]] = &[
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"mif3",
    b"msf1", b"miaf", b"avif", b"avis", b"avio", b"crx ",
];

const SOUND_BRANDS: &[&[u8]] = &[b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "];

/// First boxes of QuickTime files, which may have no `ftyp`.
const QUICKTIME_BOXES: &[&[u8]] = &[b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"];

fn is_wave(bytes: &[u8]) -> bool {
    let riff = bytes.starts_with(b"RIFF") || bytes.starts_with(b"RF64");
    riff && bytes.get(8..12) == Some(b"WAVE")
}

/// MP4, M4A, 3GP and MOV.
fn container(bytes: &[u8]) -> Option<&'static str> {
    let Some(major) = brands(bytes).next() else { return is_quicktime(bytes).then_some("video/quicktime") };
    match major {
        b"qt  " => Some("video/quicktime"),
        _ if SOUND_BRANDS.contains(&major) || has_sound_alone(bytes) => Some("audio/mp4"),
        _ => Some("video/mp4"),
    }
}

/// The major brand of the `ftyp` box, then the compatible ones.
fn brands(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let length = first_box(bytes).filter(|(kind, _)| *kind == b"ftyp").map_or(0, |(_, length)| length);
    let brands = bytes.get(8..length).unwrap_or_default().chunks_exact(4);
    // The second word is the version of the major brand.
    brands.enumerate().filter(|(at, _)| *at != 1).map(|(_, brand)| brand)
}

/// Type and length of the box at the start of a slice, if it fits.
fn first_box(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let length = match u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?) {
        // The length is in the next 64 bits.
        1 => usize::try_from(u64::from_be_bytes(bytes.get(8..16)?.try_into().ok()?)).ok()?,
        length => length as usize,
    };
    (8..=bytes.len()).contains(&length).then(|| (&bytes[4..8], length))
}

/// Whether the boxes are those of a movie without `ftyp`.
fn is_quicktime(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some((kind, length)) = first_box(rest) {
        if !QUICKTIME_BOXES.contains(&kind) {
            return false;
        }
        if kind == b"moov" {
            return true;
        }
        rest = &rest[length..];
    }
    false
}

/// Whether there is a track of sound and none of film. The handler boxes name the kinds of tracks.
fn has_sound_alone(bytes: &[u8]) -> bool {
    let handlers = memmem::find_iter(bytes, b"hdlr").filter_map(|at| bytes.get(at + 12..at + 16));
    let (mut sound, mut film) = (false, false);
    for handler in handlers {
        sound |= handler == b"soun";
        film |= handler == b"vide";
    }
    sound && !film
}

/// The header of a frame of MPEG audio without a container: layer III of versions 1, 2 and 2.5
/// (ISO/IEC 11172-3 §2.4.2.3), or AAC in ADTS (ISO/IEC 13818-7 §6.2).
fn audio_frame(bytes: &[u8]) -> Option<&'static str> {
    let [0xff, second, third, ..] = *bytes else { return None };
    let is_layer_3 = second & 0xe6 == 0xe2 && second & 0x18 != 0x08;
    if is_layer_3 && third & 0xf0 != 0xf0 && third & 0x0c != 0x0c {
        return Some("audio/mpeg");
    }
    let is_adts = second & 0xf6 == 0xf0 && (third >> 2) & 0x0f < 13;
    is_adts.then_some("audio/aac")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_brands(major: &str, compatible: &str) -> Vec<u8> {
        let length = 16 + compatible.len() as u32;
        let head = [&length.to_be_bytes()[..], b"ftyp", major.as_bytes(), &[0; 4], compatible.as_bytes()];
        [&head.concat()[..], b"\0\0\0\x08free", &[0; 64]].concat()
    }

    fn track(handler: &str) -> Vec<u8> {
        [&b"\0\0\0\x20hdlr\0\0\0\0\0\0\0\0"[..], handler.as_bytes(), &[0; 12]].concat()
    }

    #[test]
    fn films_of_every_brand_are_recognised() {
        for major in ["isom", "iso2", "iso8", "mp41", "mp42", "avc1", "hvc1", "cmfc", "dash", "M4V ", "MSNV"]
        {
            assert_eq!(media_type(&with_brands(major, "isommp41")), Some("video/mp4"), "{major}");
        }
        for major in ["3gp4", "3gp5", "3gp6", "3g2a"] {
            assert_eq!(media_type(&with_brands(major, "isom3gp4")), Some("video/mp4"), "{major}");
        }
        assert_eq!(media_type(&with_brands("qt  ", "qt  ")), Some("video/quicktime"));
    }

    #[test]
    fn container_without_film_is_sound() {
        assert_eq!(media_type(&with_brands("M4A ", "isommp42")), Some("audio/mp4"));
        let recorder = [with_brands("3gp4", "isom3gp4"), track("soun")].concat();
        assert_eq!(media_type(&recorder), Some("audio/mp4"));
        let camera = [with_brands("isom", "isom"), track("soun"), track("vide")].concat();
        assert_eq!(media_type(&camera), Some("video/mp4"));
    }

    #[test]
    fn quicktime_needs_no_brand() {
        let old = b"\0\0\0\x08wide\0\0\0\x0cmdat....\0\0\0\x08moov";
        assert_eq!(media_type(old), Some("video/quicktime"));
        let long = b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x14....\0\0\0\x08moov";
        assert_eq!(media_type(long), Some("video/quicktime"));
        for other in [
            &b"\0\0\0\x08wide\0\0\0\x08html"[..],
            b"\0\0\0\x08free",
            b"\0\0\0\x04moov",
            b"\xff\xff\xff\xffmoov",
        ] {
            assert_eq!(media_type(other), None, "{other:?}");
        }
    }

    #[test]
    fn sound_of_phones_and_recorders_is_recognised() {
        let cases: [(&[u8], &str); 14] = [
            (b"#!AMR\n<<<<", "audio/amr"),
            (b"#!AMR-WB\n<<<<", "audio/amr-wb"),
            (b"RIFF\xdc\x0b\0\0WAVEfmt ", "audio/wav"),
            (b"ID3\x03\0\0\0\0\0\0", "audio/mpeg"),
            (&[0xff, 0xfb, 0x90, 0], "audio/mpeg"),
            (&[0xff, 0xfa, 0x90, 0], "audio/mpeg"),
            (&[0xff, 0xf3, 0x40, 0], "audio/mpeg"),
            (&[0xff, 0xf2, 0x40, 0], "audio/mpeg"),
            (&[0xff, 0xe3, 0x18, 0], "audio/mpeg"),
            (&[0xff, 0xe2, 0x18, 0], "audio/mpeg"),
            (&[0xff, 0xfb, 0x00, 0], "audio/mpeg"),
            (&[0xff, 0xf1, 0x50, 0x80], "audio/aac"),
            (&[0xff, 0xf9, 0x50, 0x80], "audio/aac"),
            (&[0xff, 0xf0, 0x50, 0x80], "audio/aac"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(media_type(bytes), Some(expected), "{bytes:02x?}");
        }
        for other in
            [&[0xff, 0xd8, 0xff, 0xe0][..], &[0xff, 0xfe, b'<', 0], &[0xff, 0xff, 0xff, 0xff], &[0xff], b""]
        {
            assert_eq!(media_type(other), None, "{other:02x?}");
        }
    }

    #[test]
    fn still_pictures_are_told_from_films() {
        for major in ["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1", "avif", "avis"] {
            assert!(is_still_picture(&with_brands(major, "")), "{major}");
        }
        assert!(is_still_picture(&with_brands("isom", "mif1heic")));
        assert!(!is_still_picture(&with_brands("hvc1", "mp41")));
        assert!(!is_still_picture(b"\0\0\xff\xffftypheic"));
    }
}
