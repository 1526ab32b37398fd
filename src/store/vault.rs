//! Encryption and keyed hashing of personal data.
//!
//! An ID number is stored twice: sealed with AES-256-GCM, with a new nonce each time so that equal numbers look
//! different, and blinded with HMAC-SHA256, so that it can be searched. Both keys are derived from one master
//! key with HKDF (RFC 5869), which is not in the database.

use std::fmt;
use std::sync::Arc;

use aes_gcm::aead::{Aead, AeadInOut, Generate, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

/// Prefix of a sealed text.
const TEXT_VERSION: &str = "v1:";
/// First byte of a sealed file.
const BYTES_VERSION: u8 = 1;
/// Bytes of a nonce: 96 bits, as NIST SP 800-38D §8.2 recommends.
const NONCE: usize = 12;
/// Bytes of AES-GCM's tag.
const TAG: usize = 16;
/// Bytes before the ciphertext of a file.
const HEAD: usize = 1 + NONCE;
/// Bytes that sealing adds to a file.
pub const SEALING_BYTES: usize = HEAD + TAG;
/// Accepts keys with or without padding.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// The keys of one installation. Cheap to clone. The last clone wipes them from memory.
#[derive(Clone)]
pub struct Vault(Arc<Keys>);

struct Keys {
    master: Zeroizing<[u8; 32]>,
    text: Aes256Gcm,
    bytes: Aes256Gcm,
    blind: Hmac<Sha256>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the data key is neither 64 hex digits nor base64")]
    Spelling,
    /// The number of bytes it has.
    #[error("the data key has {0} bytes instead of 32")]
    Length(usize),
}

/// A sealed value was made with another key or for another column, or was altered. AES-GCM cannot tell which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open: wrong key, wrong column or altered")]
pub struct Unreadable;

impl Vault {
    /// The master key should be random.
    pub fn from_key(master: &[u8; 32]) -> Vault {
        let cipher = |purpose| Aes256Gcm::new(&(*derive(master, purpose)).into());
        Vault(Arc::new(Keys {
            text: cipher("seal text"),
            bytes: cipher("seal bytes"),
            blind: mac(&derive(master, "blind")),
            master: Zeroizing::new(*master),
        }))
    }

    /// Parses a master key: 64 hex digits, or base64 of 32 bytes in either alphabet, with or without padding.
    /// Surrounding space is ignored.
    pub fn parse(text: &str) -> Result<Vault, KeyError> {
        let text = text.trim();
        let mut bytes = from_hex(text).map_or_else(|| from_base64(text), Ok)?;
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| KeyError::Length(bytes.len()));
        bytes.zeroize();
        Ok(Vault::from_key(&Zeroizing::new(key?)))
    }

    /// Seals a text for one column: `v1:` and base64 of nonce, ciphertext and tag.
    ///
    /// The column is authenticated, so a value copied to another column does not open.
    pub fn seal(&self, column: &'static str, plain: &str) -> String {
        let sealed = seal(&self.0.text, column, plain.as_bytes());
        format!("{TEXT_VERSION}{}", URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens a text of [`Vault::seal`] for the same column.
    pub fn open(&self, column: &'static str, sealed: &str) -> Result<String, Unreadable> {
        let code = sealed.strip_prefix(TEXT_VERSION).ok_or(Unreadable)?;
        let bytes = URL_SAFE_NO_PAD.decode(code).map_err(|_| Unreadable)?;
        String::from_utf8(open(&self.0.text, column, &bytes)?).map_err(|_| Unreadable)
    }

    /// Seals a file: one version byte, nonce, ciphertext and tag, [`SEALING_BYTES`] longer than `file`. With so
    /// much spare capacity `file` is not copied.
    ///
    /// `context` is authenticated: the file opens only with the same one.
    pub fn seal_bytes(&self, context: &str, mut file: Vec<u8>) -> Vec<u8> {
        let nonce = Nonce::generate();
        file.reserve_exact(SEALING_BYTES);
        let tag = self
            .0
            .bytes
            .encrypt_inout_detached(&nonce, context.as_bytes(), file.as_mut_slice().into())
            .expect("far below the 64 GiB of AES-GCM");
        file.extend_from_slice(&tag);
        file.splice(0..0, [BYTES_VERSION].into_iter().chain(nonce));
        file
    }

    /// Opens a file of [`Vault::seal_bytes`] with the same context, in its buffer.
    pub fn open_bytes(&self, context: &str, mut sealed: Vec<u8>) -> Result<Vec<u8>, Unreadable> {
        let (head, rest) = sealed.split_first_chunk_mut::<HEAD>().ok_or(Unreadable)?;
        let (&mut version, nonce) = head.split_first_mut().ok_or(Unreadable)?;
        let (plain, tag) = rest.split_last_chunk_mut::<TAG>().ok_or(Unreadable)?;
        let nonce = <[u8; NONCE]>::try_from(&*nonce).map_err(|_| Unreadable)?;
        if version != BYTES_VERSION {
            return Err(Unreadable);
        }
        let (aad, tag) = (context.as_bytes(), (*tag).into());
        self.0
            .bytes
            .decrypt_inout_detached(&nonce.into(), aad, plain.into(), &tag)
            .map_err(|_| Unreadable)?;
        sealed.truncate(sealed.len() - TAG);
        sealed.drain(..HEAD);
        Ok(sealed)
    }

    /// A keyed hash to search by: 43 characters of base64url. The caller normalises the text. `what` separates
    /// kinds of texts.
    pub fn blind(&self, what: &'static str, normalised: &str) -> String {
        let mut mac = self.0.blind.clone();
        mac.update(what.as_bytes());
        mac.update(&[0]); // `what` has no zero byte, so different pairs have different inputs
        mac.update(normalised.as_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }

    /// A check value of the master key. The database stores it, so that a start with another key is refused. It
    /// does not reveal the key.
    pub fn fingerprint(&self) -> String {
        self.blind("fingerprint", "")
    }

    /// A derived key for another purpose, such as login codes.
    pub fn subkey(&self, purpose: &'static str) -> [u8; 32] {
        *derive(&self.0.master, &format!("subkey {purpose}"))
    }
}

/// Keys are never printed.
impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

fn derive(master: &[u8; 32], purpose: &str) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(b"kaozheng v1"), master)
        .expand(purpose.as_bytes(), key.as_mut())
        .expect("32 bytes are within HKDF's 255 blocks");
    key
}

fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn seal(cipher: &Aes256Gcm, column: &str, plain: &[u8]) -> Vec<u8> {
    let nonce = Nonce::generate();
    let payload = Payload { msg: plain, aad: column.as_bytes() };
    let ciphertext = cipher.encrypt(&nonce, payload).expect("far below the 64 GiB of AES-GCM");
    let mut sealed = Vec::with_capacity(1 + NONCE + ciphertext.len());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&ciphertext);
    sealed
}

fn open(cipher: &Aes256Gcm, column: &str, sealed: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE>().ok_or(Unreadable)?;
    let payload = Payload { msg: ciphertext, aad: column.as_bytes() };
    cipher.decrypt(&(*nonce).into(), payload).map_err(|_| Unreadable)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..64).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

fn from_base64(text: &str) -> Result<Vec<u8>, KeyError> {
    [alphabet::STANDARD, alphabet::URL_SAFE]
        .iter()
        .find_map(|letters| GeneralPurpose::new(letters, LENIENT).decode(text).ok())
        .ok_or(KeyError::Spelling)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn vault() -> Vault {
        Vault::from_key(&[7; 32])
    }

    #[test]
    fn what_is_sealed_opens_and_never_looks_the_same_twice() {
        let (once, twice) =
            (vault().seal("number", "11010519491231002X"), vault().seal("number", "11010519491231002X"));
        assert_ne!(once, twice);
        assert!(once.starts_with("v1:") && !once.contains("1949"));
        assert_eq!(vault().open("number", &once).as_deref(), Ok("11010519491231002X"));
    }

    #[test]
    fn another_key_another_column_and_any_change_are_refused() {
        let sealed = vault().seal("number", "13800138000");
        assert_eq!(Vault::from_key(&[8; 32]).open("number", &sealed), Err(Unreadable));
        assert_eq!(vault().open("phone", &sealed), Err(Unreadable));
        assert_eq!(vault().open("number", &sealed[3..]), Err(Unreadable));
        assert_eq!(vault().open("number", ""), Err(Unreadable));
        for at in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(bytes).unwrap();
            assert_eq!(vault().open("number", &altered), Err(Unreadable), "changed at {at}");
        }
    }

    #[test]
    fn files_open_only_with_their_context() {
        let sealed = vault().seal_bytes("a", b"picture".to_vec());
        assert_eq!(sealed.len(), b"picture".len() + 29);
        assert_eq!(vault().open_bytes("a", sealed.clone()).as_deref(), Ok(&b"picture"[..]));
        assert_eq!(vault().open_bytes("b", sealed.clone()), Err(Unreadable));
        let written_out = [&[BYTES_VERSION][..], &seal(&vault().0.bytes, "a", b"picture")].concat();
        assert_eq!(vault().open_bytes("a", written_out).as_deref(), Ok(&b"picture"[..]));
        for cut in 0..sealed.len() {
            assert_eq!(vault().open_bytes("a", sealed[..cut].to_vec()), Err(Unreadable));
        }
    }

    #[test]
    fn blind_depends_on_kind_text_and_key() {
        assert_eq!(vault().blind("phone", "138"), vault().blind("phone", "138"));
        assert_ne!(vault().blind("phone", "138"), vault().blind("number", "138"));
        assert_ne!(vault().blind("a", "bc"), vault().blind("ab", "c"));
        assert_ne!(vault().blind("phone", "138"), Vault::from_key(&[8; 32]).blind("phone", "138"));
        assert_eq!(vault().blind("phone", "138").len(), 43);
    }

    /// Stored values must stay readable after an update. These were made by another implementation.
    #[test]
    fn values_of_another_implementation_open() {
        let sealed = "v1:AAECAwQFBgcICQoLREi5_Z2jGq7lUoTW9bW8Q4SEc8uOG271Kw";
        assert_eq!(vault().open("number", sealed).as_deref(), Ok("张小三"));
        assert_eq!(vault().blind("number", "张小三"), "77U4VjiQO1roSdnGgDmH0PxjPXwKENLMint3kx6tC-A");
    }

    #[test]
    fn keys_are_parsed_from_hex_and_base64() {
        let key = [0xfb; 32];
        let spellings = [
            "fb".repeat(32),
            "FB".repeat(32),
            STANDARD.encode(key),
            URL_SAFE_NO_PAD.encode(key),
            format!(" {}\n", STANDARD.encode(key)),
        ];
        for text in spellings {
            let vault = Vault::parse(&text).unwrap();
            assert_eq!(vault.fingerprint(), Vault::from_key(&key).fingerprint(), "{text}");
        }
        assert_eq!(Vault::parse("not a key!").unwrap_err(), KeyError::Spelling);
        assert_eq!(Vault::parse(&STANDARD.encode([1; 16])).unwrap_err(), KeyError::Length(16));
        assert_eq!(Vault::parse("").unwrap_err(), KeyError::Length(0));
    }

    #[test]
    fn subkeys_differ_and_debug_hides_keys() {
        assert_ne!(vault().subkey("login"), vault().subkey("link"));
        assert_eq!(vault().subkey("login"), vault().subkey("login"));
        assert_eq!(format!("{:?}", vault()), "Vault(..)");
    }
}
