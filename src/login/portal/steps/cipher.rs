//! Decryption of answers. The ciphers are those of RustCrypto.
//!
//! CBC and ECB do not authenticate what they encrypt; TLS to the portal does.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyInit, KeyIvInit};
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PublicKeyParts;
use sm2::pke::{DecryptingKey, Mode};
use sm4::Sm4;

use crate::settings::{Cipher, Decryption, Values};

/// Base64 with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of a point that is not compressed: 04 and two coordinates (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;

/// The first byte of an ASN.1 sequence.
const SEQUENCE: u8 = 0x30;

/// Decrypts hex or base64.
///
/// # Errors
/// What is wrong, for the log.
pub fn decrypt(decryption: &Decryption, values: &Values, text: &str) -> Result<Vec<u8>, &'static str> {
    let bytes = bytes(text).ok_or("neither hex nor base64")?;
    let key = decryption.key.fill(values);
    match decryption.cipher {
        Cipher::Sm4Ecb => sm4_ecb(&block(&key).ok_or("the key has not 16 bytes")?, &bytes),
        Cipher::Sm4Cbc => {
            let iv = block(&decryption.iv.fill(values)).ok_or("the first block has not 16 bytes")?;
            sm4_cbc(&block(&key).ok_or("the key has not 16 bytes")?, &iv, &bytes)
        }
        Cipher::Sm2 => sm2(&key, bytes, Mode::C1C3C2),
        Cipher::Sm2C1C2C3 => sm2(&key, bytes, Mode::C1C2C3),
        Cipher::Rsa => rsa_blocks(&key, &bytes, |key, block| key.pkcs1v15_decrypt(block)),
        Cipher::RsaOaep => rsa_blocks(&key, &bytes, |key, block| key.oaep_decrypt::<sha1::Sha1>(block)),
    }
}

fn sm4_ecb(key: &[u8; 16], bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    ecb::Decryptor::<Sm4>::new(key.into()).decrypt_padded_vec::<Pkcs7>(bytes).map_err(|_| "wrong padding")
}

fn sm4_cbc(key: &[u8; 16], iv: &[u8; 16], bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    let decryptor = cbc::Decryptor::<Sm4>::new(key.into(), iv.into());
    decryptor.decrypt_padded_vec::<Pkcs7>(bytes).map_err(|_| "wrong padding")
}

/// Many libraries leave out the first byte, 04.
fn sm2(key: &str, mut bytes: Vec<u8>, mode: Mode) -> Result<Vec<u8>, &'static str> {
    let secret = hex(key.trim()).ok_or("the key is not hex")?;
    let secret = sm2::SecretKey::from_slice(&secret).map_err(|_| "the key is not an SM2 key")?;
    let key = DecryptingKey::new_with_mode(secret.to_nonzero_scalar(), mode);
    if bytes.first() == Some(&SEQUENCE)
        && let Ok(clear) = key.decrypt_der(&bytes)
    {
        return Ok(clear);
    }
    if bytes.first() == Some(&UNCOMPRESSED)
        && let Ok(clear) = key.decrypt(&bytes)
    {
        return Ok(clear);
    }
    bytes.insert(0, UNCOMPRESSED);
    key.decrypt(&bytes).map_err(|_| "not encrypted for this key")
}

/// Long texts are encrypted block by block.
fn rsa_blocks(
    key: &str,
    bytes: &[u8],
    decrypt: impl Fn(&rsa::PrivateKey, &[u8]) -> rsa::Result<Vec<u8>>,
) -> Result<Vec<u8>, &'static str> {
    let key = rsa_key(key).ok_or("the key is not an RSA key")?;
    if bytes.is_empty() || !bytes.len().is_multiple_of(key.size()) {
        return Err("not whole blocks");
    }
    let blocks = bytes.chunks(key.size()).map(|block| decrypt(&key, block));
    let clear: rsa::Result<Vec<Vec<u8>>> = blocks.collect();
    clear.map(|blocks| blocks.concat()).map_err(|_| "not encrypted for this key")
}

fn rsa_key(text: &str) -> Option<rsa::PrivateKey> {
    let pem = || {
        let pkcs8 = rsa::PrivateKey::from_pkcs8_pem(text).ok();
        pkcs8.or_else(|| rsa::PrivateKey::from_pkcs1_pem(text).ok())
    };
    let der = || {
        let der = BASE64.decode(text.trim()).ok()?;
        rsa::PrivateKey::from_pkcs8_der(&der).ok()
    };
    pem().or_else(der)
}

/// 16 bytes: 32 hex digits, 16 characters, or base64.
fn block(text: &str) -> Option<[u8; 16]> {
    let text = text.trim();
    let bytes = match text.len() {
        16 => text.as_bytes().to_vec(),
        _ => hex(text).or_else(|| BASE64.decode(text).ok())?,
    };
    bytes.try_into().ok()
}

/// Hex or base64, also with line breaks.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_whitespace().collect();
    hex(&text).or_else(|| BASE64.decode(&text).ok())
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let is_hex =
        !digits.is_empty() && digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit);
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).ok();
    if is_hex { (0..digits.len()).step_by(2).map(byte).collect() } else { None }
}
