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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Template;

    fn signed(hash: SignatureHash, encoding: Encoding, key: &str, text: &str) -> String {
        let template = |text: &str| Template::parse(text).unwrap();
        let signature = Signature { hash, key: template("{key}"), text: template("{body}"), encoding };
        let value = |name: &str, value: &str| [(name.to_owned(), value.to_owned())].into();
        sign(&signature, &value("key", key), value("body", text))
    }

    /// RFC 1321 §A.5, FIPS 180-4, GB/T 32905-2016 §A.1, RFC 4231 §4.3; HMAC-SM3 by OpenSSL 3.0.
    #[test]
    fn hashes_give_the_values_of_their_standards() {
        use SignatureHash::*;
        let jefe = "what do ya want for nothing?";
        let table = [
            (Md5, "", "abc", "900150983cd24fb0d6963f7d28e17f72"),
            (Sha256, "", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (Sm3, "", "abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
            (HmacSha256, "Jefe", jefe, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                HmacSm3,
                "key",
                "{\"xm\":\"张三\",\"zjhm\":\"11010519491231002X\"}",
                "0f69d1dbca8f6417181fed55edf28ed7504c6fc6925a5c6115cb117cccaf6071",
            ),
        ];
        for (hash, key, text, expected) in table {
            assert_eq!(signed(hash, Encoding::Hex, key, text), expected);
            assert_eq!(signed(hash, Encoding::UpperHex, key, text), expected.to_uppercase());
        }
        assert_eq!(signed(Md5, Encoding::Base64, "", "abc"), "kAFQmDzST7DWlj99KOF/cg==");
    }
}
