//! The keys that sign codes.
//!
//! A private key is in the database, sealed with the data key, so that all processes have it, and a backup too.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde_json::json;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::store::schema::certificate_keys::dsl as k;
use crate::store::{Error, Timestamp, Tx};

const COLUMN: &str = "certificate_keys.private_key";

/// Bytes of the hash in a key's id.
const ID: usize = 8;

/// The first bytes of the SHA-256 of a public key, as base64url. A token has this text as its `kid`.
pub fn key_id(key: &VerifyingKey) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(key.as_bytes())[..ID])
}

/// A key in the database.
#[derive(Queryable)]
pub struct Key {
    /// Its id as base64url.
    pub id: String,
    pub created_at: Timestamp,
    pub retired_at: Option<Timestamp>,
}

/// Every key, the newest first.
pub fn list(tx: &mut Tx) -> Result<Vec<Key>, Error> {
    let keys = k::certificate_keys.order((k::created_at.desc(), k::id));
    Ok(keys.select((k::id, k::created_at, k::retired_at)).load(tx.conn)?)
}

/// Makes a key, which signs from now on. Returns its id.
pub fn make(tx: &mut Tx) -> Result<String, Error> {
    let key = SigningKey::from_bytes(&random(tx));
    let public = key.verifying_key();
    let id = key_id(&public);
    let private = Zeroizing::new(URL_SAFE_NO_PAD.encode(Zeroizing::new(key.to_bytes())));
    let row = (
        k::id.eq(&id),
        k::public_key.eq(URL_SAFE_NO_PAD.encode(public.as_bytes())),
        k::private_key.eq(tx.vault.seal(COLUMN, &private)),
        k::created_at.eq(tx.now),
    );
    diesel::insert_into(k::certificate_keys).values(row).execute(tx.conn)?;
    Ok(id)
}

fn random(tx: &Tx) -> Zeroizing<[u8; 32]> {
    let text = Zeroizing::new(tx.ids.token(32));
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(&*text).unwrap_or_default());
    Zeroizing::new(bytes.as_slice().try_into().expect("a token of 32 bytes"))
}

/// Retires a key: it signs no more, and what it has signed stays valid. False if no key in use has this id.
pub fn retire(tx: &mut Tx, id: &str) -> Result<bool, Error> {
    let key = k::certificate_keys.find(id).filter(k::retired_at.is_null());
    Ok(diesel::update(key).set(k::retired_at.eq(tx.now)).execute(tx.conn)? > 0)
}

/// The newest key that is not retired; it is made if there is none.
pub fn current(tx: &mut Tx) -> Result<SigningKey, Error> {
    if let Some(key) = newest(tx)? {
        return Ok(key);
    }
    make(tx)?;
    newest(tx)?.ok_or(Error::Corrupt(COLUMN))
}

/// The newest key that is not retired.
pub fn newest(tx: &mut Tx) -> Result<Option<SigningKey>, Error> {
    let in_use = k::certificate_keys.filter(k::retired_at.is_null());
    let in_use = in_use.order((k::created_at.desc(), k::id)).select(k::private_key);
    let sealed: Option<String> = in_use.first(tx.conn).optional()?;
    let Some(sealed) = sealed else { return Ok(None) };
    let text = Zeroizing::new(tx.vault.open(COLUMN, &sealed)?);
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(&*text).map_err(|_| Error::Corrupt(COLUMN))?);
    let bytes = bytes.as_slice().try_into().map_err(|_| Error::Corrupt(COLUMN))?;
    Ok(Some(SigningKey::from_bytes(bytes)))
}

/// Public keys by their ids.
#[derive(Clone, Debug, Default)]
pub struct PublicKeys(Vec<VerifyingKey>);

impl PublicKeys {
    /// Those of the database, retired ones too.
    pub fn load(tx: &mut Tx) -> Result<PublicKeys, Error> {
        let keys = k::certificate_keys.order((k::created_at.desc(), k::id)).select(k::public_key);
        let texts: Vec<String> = keys.load(tx.conn)?;
        let keys = texts.iter().map(|text| parse(text).ok_or(Error::Corrupt("certificate_keys.public_key")));
        Ok(PublicKeys(keys.collect::<Result<_, _>>()?))
    }

    /// A set of JSON Web Keys (RFC 7517, RFC 8037). `None` if it is none, or has no Ed25519 key.
    pub fn from_json(text: &str) -> Option<PublicKeys> {
        let set: serde_json::Value = serde_json::from_str(text).ok()?;
        let keys = set.get("keys")?.as_array()?.iter();
        let keys = keys.filter(|key| key["crv"] == "Ed25519").filter_map(|key| parse(key["x"].as_str()?));
        let keys = PublicKeys(keys.collect());
        (!keys.0.is_empty()).then_some(keys)
    }

    pub fn to_json(&self) -> String {
        let key = |key: &VerifyingKey| {
            json!({
                "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
                "kid": key_id(key), "x": URL_SAFE_NO_PAD.encode(key.as_bytes()),
            })
        };
        json!({ "keys": self.0.iter().map(key).collect::<Vec<_>>() }).to_string()
    }

    pub(super) fn get(&self, id: &[u8]) -> Option<&VerifyingKey> {
        self.0.iter().find(|key| key_id(key).as_bytes() == id)
    }
}

impl From<VerifyingKey> for PublicKeys {
    fn from(key: VerifyingKey) -> PublicKeys {
        PublicKeys(vec![key])
    }
}

fn parse(text: &str) -> Option<VerifyingKey> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    VerifyingKey::from_bytes(bytes.as_slice().try_into().ok()?).ok()
}
