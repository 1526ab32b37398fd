//! Signs tokens and verifies them (RFC 9052, COSE_Sign1 with EdDSA).

use coset::{
    CborSerializable, CoseSign1, CoseSign1Builder, Header, HeaderBuilder, TaggedCborSerializable, iana,
};
use ed25519_dalek::{Signature, Signer, SigningKey};

use super::claims::Claims;
use super::keys::{PublicKeys, key_id};

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("no code of a certificate was found")]
    NoCode,
    #[error("the code cannot be read completely: a part is missing or was changed")]
    Broken,
    #[error("the code was signed with a key that is not among the public keys of the authority")]
    UnknownKey,
    #[error("the signature does not fit: the code was changed, or the authority has not made it")]
    Forged,
}

/// The token of a certificate's claims.
pub fn sign(claims: &Claims, key: &SigningKey) -> Vec<u8> {
    sign_bytes(claims.to_cbor(), key, HeaderBuilder::new())
}

/// Signs a payload. `header` may have a type.
pub(super) fn sign_bytes(payload: Vec<u8>, key: &SigningKey, header: HeaderBuilder) -> Vec<u8> {
    let id = key_id(&key.verifying_key());
    let header: Header = header.algorithm(iana::Algorithm::EdDSA).key_id(id.into_bytes()).build();
    let signed = CoseSign1Builder::new().protected(header).payload(payload);
    let signed = signed.create_signature(b"", |bytes| key.sign(bytes).to_bytes().to_vec()).build();
    signed.to_tagged_vec().expect("writing to memory does not fail")
}

/// The claims of a certificate's token.
pub fn verify(token: &[u8], keys: &PublicKeys) -> Result<Claims, Refused> {
    let payload = verify_bytes(token, keys)?;
    Claims::from_cbor(&payload).ok_or(Refused::NoCode)
}

/// The payload, if the signature is that of the key that the token names.
pub(super) fn verify_bytes(token: &[u8], keys: &PublicKeys) -> Result<Vec<u8>, Refused> {
    let parsed = CoseSign1::from_tagged_slice(token).or_else(|_| CoseSign1::from_slice(token));
    let signed = parsed.map_err(|_| Refused::Broken)?;
    let header = &signed.protected.header;
    if header.alg != Some(coset::RegisteredLabelWithPrivate::Assigned(iana::Algorithm::EdDSA)) {
        return Err(Refused::Forged);
    }
    let key = keys.get(&header.key_id).ok_or(Refused::UnknownKey)?;
    signed.verify_signature(b"", |signature, bytes| {
        let signature = Signature::from_slice(signature).map_err(|_| Refused::Forged)?;
        key.verify_strict(bytes, &signature).map_err(|_| Refused::Forged)
    })?;
    signed.payload.ok_or(Refused::Broken)
}
