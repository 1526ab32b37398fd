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

/// PKCS#8 or PKCS#1, in PEM or as bare base64. A variable may have `\n` for a line break.
fn rsa_key(text: &str) -> Option<rsa::PrivateKey> {
    let text = text.replace("\\n", "\n");
    let body = text.lines().filter(|line| !line.starts_with("-----"));
    let der = BASE64.decode(body.flat_map(str::split_whitespace).collect::<String>()).ok()?;
    let pkcs8 = rsa::PrivateKey::from_pkcs8_der(&der).ok();
    pkcs8.or_else(|| rsa::PrivateKey::from_pkcs1_der(&der).ok())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Template;

    /// What OpenSSL 3.0 encrypted.
    const CLEAR: &str = "{\"xm\":\"张三\",\"zjhm\":\"11010519491231002X\"}";

    const SM4_KEY: &str = "0123456789abcdef";
    const SM2_KEY: &str = "114e87384d97031e9b19e81e43f63c64d07c1124a0d0098557375796dd6ab98f";
    const RSA_KEY: &str = "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAMeSQl5bt7L71GIG65omMfuaDNTxefHPuSTFbVeGBk \
         iyKxTrEXjf5j0+W8pSLFvTdU26a5n+oECYREDP6ju+r55yKQYtkLSJX2TM7lYMXSbP4Zzu0mlokSecW+zCvJXxPZca \
         rIS9HBtY0kOjaJO/C/W7b03CJa4/hqh+beUbOhRdAgMBAAECgYEAt69GptKEIZjnwdHcx+Sf3JPNe7FGK+qk3dNY8F \
         XLMt3KCVbSng52O6hJk85ORbY7IW+T2gkiNlHvgDfdv1+jAvK6VkyisdVAymi/1TWvGEvUFDBPEjJYtn1Do95j8sNA \
         hs/6z7wLwoQIchrfbNwyeOZZiuV4pARP66qZTxT8xYECQQDinlleZWMZ+Y+TcYNU1tv+iQ84CJERA67QzWIBsZxGh5 \
         wv7qxmzLkFIp4/o7XUQBDL88osx2n90d0fz7NtpQO3AkEA4XIw6/2OlVhjpdHZJPfnst9GqtLMP71f/BDHLjM83JtR \
         oP2Ka+w/5nL7NPnvdIJ3xoaTv7nC+rqzwxhy8QdwiwJBAMkcHdNXxorWnkQLCLHRu4o3t/nSIGspCYrjuYYnSLiOwF \
         0JQpY4ODoGbsmrT0H9WOqmf1Ud40INbF8+w80aFCECQF7jcTPixOCXE1n3uS2WKi9fSp8bmlw5mOy/IxaO+k7gELtx \
         +5DxHvQf8RubFu4y+7bTbdyEk0x0yLSU1cwdFYECQDXj80zQvD66k+puk3TyMYRck3knJrw+nXDBjXtl55ZOFja5Ia \
         jqjMyQuNxzBbvEQgCjVeKt32+jIoGTiDzSqd4=";

    fn decrypted(cipher: Cipher, key: &str, text: &str) -> Result<String, &'static str> {
        let template = |text: &str| Template::parse(text).unwrap();
        let iv = template("fedcba9876543210");
        let decryption = Decryption { at: String::new(), cipher, key: template("{key}"), iv };
        let values = [("key".to_owned(), key.to_owned())].into();
        decrypt(&decryption, &values, text).map(|clear| String::from_utf8(clear).unwrap())
    }

    #[test]
    fn sm4_is_decrypted_by_keys_of_every_spelling() {
        let ecb = "lM4TPab5rBMFsP8R90zaIaNs5RhxFX+WMHXx8QhDa4RoTj01i/vSqqLWGhg8ks+K";
        let cbc = "c75fd53a1504fe2d0899b62ebfb6586ea11b0c6cf80899a4bfdce04297620d735a88502bec3dfd71df18cd514fb106b7";
        for key in [SM4_KEY, "30313233343536373839616263646566", "MDEyMzQ1Njc4OWFiY2RlZg=="] {
            assert_eq!(decrypted(Cipher::Sm4Ecb, key, ecb).as_deref(), Ok(CLEAR));
            assert_eq!(decrypted(Cipher::Sm4Cbc, key, &cbc.to_uppercase()).as_deref(), Ok(CLEAR));
        }
        assert!(decrypted(Cipher::Sm4Ecb, "0123456789abcdeX", ecb).is_err());
        assert_eq!(decrypted(Cipher::Sm4Ecb, "short", ecb), Err("the key has not 16 bytes"));
        assert_eq!(decrypted(Cipher::Sm4Ecb, SM4_KEY, "不是密文"), Err("neither hex nor base64"));
    }

    #[test]
    fn sm2_is_decrypted_in_every_order_and_form() {
        let (x, y) = (
            "45ea3916885364af38467a3a57d170deb9fe77f905793ebc09d36adc204316ba",
            "c1cde31ef0a7a2dd14b07bcf9276d9f65911aa1f7cbac10f2b63c505806af277",
        );
        let hash = "d27cd4e4b68842a3472fdcfb6f5a7dfb88d41ecbb42ab18cd934b65427eb8c9b";
        let text = "dd7c65bafd03c5e66b6cfbb1ccbcd65dd5b6339c0ec05b5de9fd708580554dc9ce1bb60ea5793887489248";
        let der = format!("3081940220{x}022100{y}0420{hash}042b{text}");
        for ordered in [format!("04{x}{y}{hash}{text}"), format!("{x}{y}{hash}{text}"), der] {
            assert_eq!(decrypted(Cipher::Sm2, SM2_KEY, &ordered).as_deref(), Ok(CLEAR), "{ordered}");
        }
        for ordered in [format!("04{x}{y}{text}{hash}"), format!("{x}{y}{text}{hash}")] {
            assert_eq!(decrypted(Cipher::Sm2C1C2C3, SM2_KEY, &ordered).as_deref(), Ok(CLEAR));
            assert!(decrypted(Cipher::Sm2, SM2_KEY, &ordered).is_err());
        }
        assert!(decrypted(Cipher::Sm2, &SM2_KEY.replace("114e", "114f"), x).is_err());
    }

    #[test]
    fn rsa_is_decrypted_block_by_block() {
        let pkcs1 = "P5hVwRguyRZQIxlfwhHktqcQ8YYCzHJGDTn+H1AHFAoLjIIVjnl8QxMV5Aaco2doeFU7ApFP6Mah2mRknBuAmDV8E+ \
         beR5tE0aKRoDYyvEYXaPmcEgEp2Y4pTBZNHRH/IliXpHQR+V75W1jKin4ZdvieVQqgLFJ7bxfhZ5EP/8o=";
        let oaep = "Ze36DSy7XL23gcdz7Uv5WvDR7pHN8RY8gQdzKlV2s5J38eZgwBL/DDdZ6xW0uYsldkfmrhmOxJMiwQ0DJ9ssfynewE \
         xDZm5j8Ozl22k+vLhYoj4RUJxciYQnabuFvzjz+CzK1W7i40EAF8QDnlr665w3ulEJzRoEpfsMnJdij3M=";
        assert_eq!(decrypted(Cipher::Rsa, RSA_KEY, pkcs1).as_deref(), Ok(CLEAR));
        assert_eq!(decrypted(Cipher::RsaOaep, RSA_KEY, oaep).as_deref(), Ok(CLEAR));
        let block = hex_of(&bytes(pkcs1).unwrap());
        assert_eq!(decrypted(Cipher::Rsa, RSA_KEY, &format!("{block}{block}")), Ok(CLEAR.repeat(2)));
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{RSA_KEY}\n-----END PRIVATE KEY-----\n");
        for pem in [wrapped(&pem), pem.replace('\n', "\\n")] {
            assert_eq!(decrypted(Cipher::Rsa, &pem, pkcs1).as_deref(), Ok(CLEAR));
        }
        assert_eq!(decrypted(Cipher::Rsa, RSA_KEY, &block[2..]), Err("not whole blocks"));
        assert_eq!(decrypted(Cipher::Rsa, "key", pkcs1), Err("the key is not an RSA key"));
        assert_eq!(decrypted(Cipher::RsaOaep, RSA_KEY, pkcs1), Err("not encrypted for this key"));
    }

    fn hex_of(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// PEM with lines of 64 characters (RFC 7468 §2).
    fn wrapped(pem: &str) -> String {
        let lines = pem.lines().flat_map(|line| {
            let letters: Vec<char> = line.chars().collect();
            letters.chunks(64).map(|chunk| chunk.iter().collect::<String>()).collect::<Vec<_>>()
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}
