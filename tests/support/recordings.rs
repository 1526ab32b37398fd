//! Recordings to upload.

// Each test binary uses its own part of this.
#![allow(dead_code)]

/// A second of a sine of 440 Hz: WAV, mono, 8 bits, 8 kHz.
pub fn wav() -> Vec<u8> {
    const RATE: u32 = 8000;
    let sample = |at: u32| (f64::from(at) * 440.0 / f64::from(RATE) * std::f64::consts::TAU).sin();
    let samples: Vec<u8> = (0..RATE).map(|at| (128.0 + 60.0 * sample(at)) as u8).collect();
    let words = |words: [u32; 2]| words.map(u32::to_le_bytes).concat();
    let parts: [&[u8]; 9] = [
        b"RIFF",
        &(36 + RATE).to_le_bytes(),
        b"WAVEfmt ",
        &16_u32.to_le_bytes(),
        b"\x01\0\x01\0",
        &words([RATE, RATE]),
        b"\x01\0\x08\0data",
        &RATE.to_le_bytes(),
        &samples,
    ];
    parts.concat()
}

/// The head of a file of the ISO base media format, without content.
pub fn with_brand(brand: &str) -> Vec<u8> {
    [b"\0\0\0\x18ftyp", brand.as_bytes(), b"\0\0\x02\0", brand.as_bytes(), b"mp41\0\0\0\x08free", &[0; 3000]]
        .concat()
}
