//! One data key of the settings.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use zeroize::{Zeroize, Zeroizing};

use super::suite::{Cipher, Hasher, Suite};

/// Accepts keys with or without padding.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Begins a key of the national algorithms.
const SM4_MARK: &str = "sm4:";

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("there is no data key")]
    Missing,
    #[error("a data key is neither 64 hex digits nor base64")]
    Spelling,
    /// The number of bytes it has.
    #[error("a data key has {0} bytes instead of 32")]
    Length(usize),
    #[error("a data key is named twice")]
    Twice,
}

/// Everything that is derived from a master key.
pub(super) struct DataKey {
    pub(super) suite: Suite,
    master: Zeroizing<[u8; 32]>,
    pub(super) text: Cipher,
    pub(super) bytes: Cipher,
    pub(super) blind: BlindKey,
    pub(super) fingerprint: String,
}

/// The part of a data key that is kept after the key has been replaced, because hashes are made of hashes.
pub(super) struct BlindKey {
    key: Zeroizing<[u8; 32]>,
    hasher: Hasher,
}

impl DataKey {
    pub(super) fn new(suite: Suite, master: &[u8; 32]) -> DataKey {
        let cipher = |purpose| Cipher::new(suite, &suite.derive(master, purpose));
        let blind = BlindKey::new(suite, suite.derive(master, "blind"));
        DataKey {
            suite,
            text: cipher("seal text"),
            bytes: cipher("seal bytes"),
            fingerprint: blind.fingerprint(),
            blind,
            master: Zeroizing::new(*master),
        }
    }

    /// 64 hex digits, or base64 of 32 bytes in either alphabet, with or without padding; after `sm4:` if the key is for
    /// the national algorithms.
    pub(super) fn parse(text: &str) -> Result<DataKey, KeyError> {
        let (suite, text) = match text.strip_prefix(SM4_MARK) {
            Some(rest) => (Suite::Sm4, rest),
            None => (Suite::Aes, text),
        };
        let mut bytes = from_hex(text).map_or_else(|| from_base64(text), Ok)?;
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| KeyError::Length(bytes.len()));
        bytes.zeroize();
        Ok(DataKey::new(suite, &Zeroizing::new(key?)))
    }

    pub(super) fn subkey(&self, purpose: &str) -> [u8; 32] {
        *self.suite.derive(&self.master, &format!("subkey {purpose}"))
    }
}

impl BlindKey {
    fn new(suite: Suite, key: Zeroizing<[u8; 32]>) -> BlindKey {
        BlindKey { hasher: Hasher::new(suite, &key), key }
    }

    /// Reads what [`BlindKey::write`] wrote.
    pub(super) fn read(suite: Suite, text: &str) -> Option<BlindKey> {
        let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let key = <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new);
        bytes.zeroize();
        key.map(|key| BlindKey::new(suite, key))
    }

    /// The key itself, which must be sealed.
    pub(super) fn write(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.key.as_slice()))
    }

    pub(super) fn fingerprint(&self) -> String {
        self.hash("fingerprint", "")
    }

    /// 43 characters of base64url.
    pub(super) fn hash(&self, what: &str, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.hasher.hash(what, text))
    }
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
