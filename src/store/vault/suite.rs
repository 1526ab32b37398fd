//! The algorithms of a data key: those of NIST, or the Chinese national ones (国密).

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut, Generate};
use aes_gcm::{Aes256Gcm, AesGcm, KeyInit, Nonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use sm3::Sm3;
use sm4::Sm4;
use zeroize::Zeroizing;

use crate::store::codes;

/// Bytes of a nonce: 96 bits, as NIST SP 800-38D §8.2 recommends.
pub(super) const NONCE: usize = 12;
/// Bytes of the tag of GCM.
pub(super) const TAG: usize = 16;

const SALT: &[u8] = b"kaozheng v1";

codes! {
    /// What seals and hashes with a data key.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Suite {
        /// AES-256 in GCM (NIST SP 800-38D) and HMAC-SHA256.
        Aes = "aes", "AES-256-GCM, HMAC-SHA256";
        /// SM4 (GB/T 32907-2016) in GCM and HMAC-SM3 (GB/T 32905-2016).
        Sm4 = "sm4", "SM4-GCM, HMAC-SM3";
    }
}

/// A sealed value was made with another key or for another column, or was altered. GCM cannot tell which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open: wrong key, wrong column or altered")]
pub struct Unreadable;

impl Suite {
    /// Derives a key with HKDF (RFC 5869).
    pub(super) fn derive(self, master: &[u8; 32], purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let (salt, purpose) = (Some(SALT), purpose.as_bytes());
        match self {
            Suite::Aes => Hkdf::<Sha256>::new(salt, master).expand(purpose, key.as_mut()),
            Suite::Sm4 => Hkdf::<Sm3>::new(salt, master).expand(purpose, key.as_mut()),
        }
        .expect("32 bytes are within HKDF's 255 blocks");
        key
    }
}

pub(super) enum Cipher {
    Aes(Box<Aes256Gcm>),
    Sm4(Box<AesGcm<Sm4, U12>>),
}

impl Cipher {
    /// SM4 takes the first 16 bytes of the key.
    pub(super) fn new(suite: Suite, key: &[u8; 32]) -> Cipher {
        match suite {
            Suite::Aes => Cipher::Aes(Box::new(Aes256Gcm::new(key.into()))),
            Suite::Sm4 => {
                let (key, _) = key.split_first_chunk::<16>().expect("32 bytes");
                Cipher::Sm4(Box::new(AesGcm::new(key.into())))
            }
        }
    }

    /// Encrypts in place with a new nonce.
    pub(super) fn seal(&self, context: &[u8], plain: &mut [u8]) -> ([u8; NONCE], [u8; TAG]) {
        let nonce = Nonce::generate();
        let tag = match self {
            Cipher::Aes(cipher) => cipher.encrypt_inout_detached(&nonce, context, plain.into()),
            Cipher::Sm4(cipher) => cipher.encrypt_inout_detached(&nonce, context, plain.into()),
        };
        (nonce.into(), tag.expect("far below the 64 GiB of GCM").into())
    }

    /// Decrypts in place.
    pub(super) fn open(
        &self,
        context: &[u8],
        sealed: &mut [u8],
        nonce: [u8; NONCE],
        tag: [u8; TAG],
    ) -> Result<(), Unreadable> {
        let (nonce, tag) = (nonce.into(), tag.into());
        match self {
            Cipher::Aes(cipher) => cipher.decrypt_inout_detached(&nonce, context, sealed.into(), &tag),
            Cipher::Sm4(cipher) => cipher.decrypt_inout_detached(&nonce, context, sealed.into(), &tag),
        }
        .map_err(|_| Unreadable)
    }
}

/// Keyed hashes of 32 bytes.
pub(super) enum Hasher {
    Sha256(Hmac<Sha256>),
    Sm3(Hmac<Sm3>),
}

impl Hasher {
    pub(super) fn new(suite: Suite, key: &[u8; 32]) -> Hasher {
        const ANY: &str = "HMAC takes a key of any length";
        match suite {
            Suite::Aes => Hasher::Sha256(KeyInit::new_from_slice(key).expect(ANY)),
            Suite::Sm4 => Hasher::Sm3(KeyInit::new_from_slice(key).expect(ANY)),
        }
    }

    /// `what` has no zero byte, so different pairs have different inputs.
    pub(super) fn hash(&self, what: &str, text: &str) -> [u8; 32] {
        match self {
            Hasher::Sha256(mac) => hash(mac.clone(), what, text),
            Hasher::Sm3(mac) => hash(mac.clone(), what, text),
        }
    }
}

fn hash<M: Mac<OutputSize = aes_gcm::aead::consts::U32>>(mut mac: M, what: &str, text: &str) -> [u8; 32] {
    mac.update(what.as_bytes());
    mac.update(&[0]);
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}
