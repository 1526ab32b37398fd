//! Signatures of requests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use md5::Md5;
use sha2::{Digest, Sha256};
use sm3::Sm3;

use crate::settings::{Encoding, Signature, SignatureHash, Values};

/// The signature of a request whose parts are `signed`.
pub fn sign(signature: &Signature, values: &Values, signed: Values) -> String {
    let parts: Values = values.clone().into_iter().chain(signed).collect();
    let text = signature.text.fill(&parts);
    let key = signature.key.fill(values);
    let bytes = match signature.hash {
        SignatureHash::Md5 => Md5::digest(&text).to_vec(),
        SignatureHash::Sha256 => Sha256::digest(&text).to_vec(),
        SignatureHash::Sm3 => Sm3::digest(&text).to_vec(),
        SignatureHash::HmacSha256 => mac::<Hmac<Sha256>>(&key, &text),
        SignatureHash::HmacSm3 => mac::<Hmac<Sm3>>(&key, &text),
    };
    match signature.encoding {
        Encoding::Hex => hex(&bytes),
        Encoding::UpperHex => hex(&bytes).to_uppercase(),
        Encoding::Base64 => STANDARD.encode(bytes),
    }
}

fn mac<M: Mac + KeyInit>(key: &str, text: &str) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key.as_bytes()).expect("an HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
