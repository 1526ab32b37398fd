//! Encryption and keyed hashing of personal data.
//!
//! An ID number is stored twice: sealed in GCM, with a new nonce each time so that equal numbers look different, and
//! blinded with HMAC, so that it can be searched. All keys are derived from a data key with HKDF (RFC 5869), which is
//! not in the database.
//!
//! A data key can be replaced. A sealed value names the generation of its key. A hash cannot be computed anew,
//! because most numbers are not stored; its successor is therefore a hash of the hash, with the next key. While keys
//! turn, hashes are replaced in their order, and [`HashState`] says how far.

mod data_key;
mod ring;
mod suite;

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub use data_key::KeyError;
use data_key::{BlindKey, DataKey};
use ring::{Generation, Ring};
use suite::{NONCE, TAG};
pub use suite::{Suite, Unreadable};

/// Bytes before the ciphertext of a file: the generation of the key, and the nonce.
const HEAD: usize = 1 + NONCE;
/// Bytes that sealing adds to a file.
pub const SEALING_BYTES: usize = HEAD + TAG;

/// Begins a hash of a later generation than the first. It is greater than every character of a hash, so that the
/// hashes of a generation come after those of the ones before.
const HASH_MARK: char = '~';

/// Separates hashes of hashes from hashes of texts.
const HASH_OF_HASH: &str = "hash of the former data key";

/// The keys of one installation. Cheap to clone. The last clone wipes them from memory.
#[derive(Clone)]
pub struct Vault {
    ring: Arc<Ring>,
    /// What the database said at the beginning of the transaction; `None` if only one key is given, because the
    /// keys cannot turn then.
    state: Option<HashState>,
}

/// Which hashes are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashState {
    /// The newest generation. Its key seals.
    pub generation: u8,
    /// Hashes of the generation before, up to this one, have been replaced; `None` if all have.
    pub turned_to: Option<String>,
}

/// A generation of data keys, as the database has it.
#[derive(Clone, Debug)]
pub struct StoredGeneration {
    pub fingerprint: String,
    pub suite: Suite,
    /// Sealed by [`Vault::sealed_blind_key`]; empty for the newest generation.
    pub blind_key: String,
    /// Nothing is sealed with the keys before this one any more.
    pub is_finished: bool,
}

const BLIND_KEY_SEALED_AS: &str = "data_keys.blind_key";

impl Vault {
    /// The master key should be random.
    pub fn from_key(master: &[u8; 32]) -> Vault {
        Vault::of(vec![DataKey::new(Suite::Aes, master)]).expect("one key")
    }

    /// Parses the data keys of the settings, separated by commas or white space: each 64 hex digits, or base64 of 32
    /// bytes in either alphabet, with or without padding. A key after `sm4:` is for the national algorithms.
    pub fn parse(text: &str) -> Result<Vault, KeyError> {
        let words = text.split([',', ' ', '\n', '\r', '\t']).filter(|word| !word.is_empty());
        Vault::of(words.map(DataKey::parse).collect::<Result<_, _>>()?)
    }

    fn of(keys: Vec<DataKey>) -> Result<Vault, KeyError> {
        Ok(Vault { ring: Arc::new(Ring::of(keys)?), state: None })
    }

    /// Notes the generations that the database has.
    ///
    /// # Errors
    /// A key that the database needs is not given.
    pub fn learn(&self, stored: &[StoredGeneration]) -> Result<(), Unreadable> {
        let newest = stored.last().ok_or(Unreadable)?;
        let needed = if newest.is_finished { 1 } else { 2 };
        let mut found = Vec::new();
        for (at, generation) in stored.iter().enumerate() {
            let is_needed = at + needed >= stored.len();
            found.push(match self.ring.given(&generation.fingerprint) {
                Some(key) => Generation::Given(key.clone()),
                None if is_needed => return Err(Unreadable),
                None => Generation::Replaced(Arc::new(self.blind_key(stored, generation)?)),
            });
        }
        self.ring.learn(found);
        Ok(())
    }

    /// While keys turn, the values of replaced keys are sealed with the newest key or the one before.
    fn blind_key(
        &self,
        stored: &[StoredGeneration],
        generation: &StoredGeneration,
    ) -> Result<BlindKey, Unreadable> {
        let number = sealed_with(&generation.blind_key).ok_or(Unreadable)?;
        let sealer = stored.get(usize::from(number).checked_sub(1).ok_or(Unreadable)?).ok_or(Unreadable)?;
        let key = self.ring.given(&sealer.fingerprint).ok_or(Unreadable)?;
        let plain = open(key, BLIND_KEY_SEALED_AS, &generation.blind_key)?;
        BlindKey::read(generation.suite, &plain).ok_or(Unreadable)
    }

    /// What a database must keep of a generation before its key is replaced, sealed with the newest key.
    pub fn sealed_blind_key(&self, generation: u8) -> Result<String, Unreadable> {
        let generation = self.ring.generation(generation).ok_or(Unreadable)?;
        Ok(self.seal(BLIND_KEY_SEALED_AS, &generation.blind().write()))
    }

    /// Whether more than one key is given, so that keys may turn at any moment.
    pub fn may_turn(&self) -> bool {
        self.ring.given.len() > 1
    }

    /// This vault in a transaction in which the database is in `state`.
    pub fn in_state(&self, state: HashState) -> Vault {
        Vault { ring: self.ring.clone(), state: Some(state) }
    }

    /// Whether the key of a generation is known.
    pub fn knows(&self, generation: u8) -> bool {
        generation <= self.ring.newest()
    }

    /// The generation whose key seals.
    pub fn generation(&self) -> u8 {
        self.state.as_ref().map_or_else(|| self.ring.newest(), |state| state.generation)
    }

    /// The algorithms of the key that seals.
    pub fn suite(&self) -> Suite {
        self.sealing_key().suite
    }

    /// Check values of the given keys. The database stores them, so that a start with other keys is refused. They do not
    /// reveal the keys.
    pub fn fingerprints(&self) -> impl Iterator<Item = (&str, Suite)> {
        self.ring.given.iter().map(|key| (&*key.fingerprint, key.suite))
    }

    /// The check value of the key that seals.
    pub fn fingerprint(&self) -> String {
        self.sealing_key().fingerprint.clone()
    }

    /// The check value of the key of a generation.
    pub fn fingerprint_of(&self, generation: u8) -> Option<String> {
        self.ring.generation(generation).map(|generation| generation.blind().fingerprint())
    }

    /// The generation whose key has a check value, also if the key has been replaced.
    pub fn generation_with(&self, is_wanted: impl Fn(&str) -> bool) -> Option<u8> {
        let all = self.ring.fingerprints();
        all.into_iter().find(|(_, fingerprint)| is_wanted(fingerprint)).map(|(number, _)| number)
    }

    fn sealing_key(&self) -> Arc<DataKey> {
        // `learn` demands the newest key, and nothing else changes the generations.
        self.ring.key(self.generation()).expect("the newest key is given")
    }

    /// Seals a text for one column: `v`, the generation of the key, `:` and base64 of nonce, ciphertext and tag.
    ///
    /// The column is authenticated, so a value copied to another column does not open.
    pub fn seal(&self, column: &'static str, plain: &str) -> String {
        let mut bytes = vec![0; NONCE];
        bytes.extend_from_slice(plain.as_bytes());
        let (nonce, tag) = self.sealing_key().text.seal(column.as_bytes(), &mut bytes[NONCE..]);
        bytes[..NONCE].copy_from_slice(&nonce);
        bytes.extend_from_slice(&tag);
        format!("{}{}", self.sealed_prefix(), URL_SAFE_NO_PAD.encode(bytes))
    }

    /// How a text begins that the newest key has sealed.
    pub fn sealed_prefix(&self) -> String {
        format!("v{}:", self.generation())
    }

    /// Opens a text of [`Vault::seal`] for the same column.
    pub fn open(&self, column: &'static str, sealed: &str) -> Result<String, Unreadable> {
        let generation = sealed_with(sealed).ok_or(Unreadable)?;
        open(&*self.ring.key(generation).ok_or(Unreadable)?, column, sealed)
    }

    /// Seals a file: one byte for the generation of the key, nonce, ciphertext and tag, [`SEALING_BYTES`] longer than
    /// `file`. With so much spare capacity `file` is not copied.
    ///
    /// `context` is authenticated: the file opens only with the same one.
    pub fn seal_bytes(&self, context: &str, mut file: Vec<u8>) -> Vec<u8> {
        file.reserve_exact(SEALING_BYTES);
        let generation = self.generation();
        let (nonce, tag) = self.sealing_key().bytes.seal(context.as_bytes(), &mut file);
        file.extend_from_slice(&tag);
        file.splice(0..0, [generation].into_iter().chain(nonce));
        file
    }

    /// Opens a file of [`Vault::seal_bytes`] with the same context, in its buffer.
    pub fn open_bytes(&self, context: &str, mut sealed: Vec<u8>) -> Result<Vec<u8>, Unreadable> {
        let (head, rest) = sealed.split_first_chunk_mut::<HEAD>().ok_or(Unreadable)?;
        let (&mut generation, nonce) = head.split_first_mut().ok_or(Unreadable)?;
        let (plain, tag) = rest.split_last_chunk_mut::<TAG>().ok_or(Unreadable)?;
        let nonce = <[u8; NONCE]>::try_from(&*nonce).map_err(|_| Unreadable)?;
        let key = self.ring.key(generation).ok_or(Unreadable)?;
        key.bytes.open(context.as_bytes(), plain, nonce, *tag)?;
        sealed.truncate(sealed.len() - TAG);
        sealed.drain(..HEAD);
        Ok(sealed)
    }

    /// A keyed hash to search by, as it is stored at the moment: base64url, after the generation's mark if it is not the
    /// first. The caller normalises the text. `what` separates kinds of texts.
    ///
    /// While keys turn, it is right only within the transaction that the vault belongs to.
    pub fn blind(&self, what: &'static str, normalised: &str) -> String {
        self.present_hash(&self.first_hash(what, normalised))
    }

    /// The hash of the first generation, which never changes. It is for hashes of several hashes.
    pub fn first_hash(&self, what: &'static str, normalised: &str) -> String {
        self.ring.generation(1).expect("there is a first generation").blind().hash(what, normalised)
    }

    /// The hash that has replaced a hash of an earlier generation, or itself.
    pub fn present_hash(&self, hash: &str) -> String {
        let mut hash = hash.to_owned();
        for generation in generation_of(&hash)..self.generation() {
            let is_last = generation + 1 == self.generation();
            if is_last && !self.is_turned(&hash) {
                break;
            }
            hash = self.successor(&hash, generation + 1);
        }
        hash
    }

    fn is_turned(&self, hash: &str) -> bool {
        let state = self.state.as_ref();
        state.and_then(|state| state.turned_to.as_deref()).is_none_or(|end| hash <= end)
    }

    /// The hash of `generation` that replaces one of the generation before.
    pub fn successor(&self, hash: &str, generation: u8) -> String {
        let known = self.ring.generation(generation).expect("a generation of the database");
        mark(generation, &known.blind().hash(HASH_OF_HASH, hash))
    }

    /// A keyed hash that is never searched by, and that says which key made it. It stays when keys turn.
    pub fn authenticate(&self, what: &'static str, text: &str) -> String {
        mark(self.generation(), &self.sealing_key().blind.hash(what, text))
    }

    /// Whether [`Vault::authenticate`] made a hash of this text, with any key of this installation.
    pub fn is_authentic(&self, hash: &str, what: &'static str, text: &str) -> bool {
        let generation = generation_of(hash);
        let known = self.ring.generation(generation);
        known.is_some_and(|known| mark(generation, &known.blind().hash(what, text)) == hash)
    }

    /// Derived keys for another purpose, such as login codes, one for each given key. The first is for new values.
    pub fn subkeys(&self, purpose: &'static str) -> Vec<[u8; 32]> {
        self.ring.given.iter().map(|key| key.subkey(purpose)).collect()
    }
}

/// Keys are never printed.
impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

/// The generation of the key that has sealed a text.
fn sealed_with(sealed: &str) -> Option<u8> {
    sealed.strip_prefix('v')?.split_once(':')?.0.parse().ok()
}

fn open(key: &DataKey, column: &str, sealed: &str) -> Result<String, Unreadable> {
    let (_, code) = sealed.split_once(':').ok_or(Unreadable)?;
    let mut bytes = URL_SAFE_NO_PAD.decode(code).map_err(|_| Unreadable)?;
    let (nonce, rest) = bytes.split_first_chunk_mut::<NONCE>().ok_or(Unreadable)?;
    let (plain, tag) = rest.split_last_chunk_mut::<TAG>().ok_or(Unreadable)?;
    key.text.open(column.as_bytes(), plain, *nonce, *tag)?;
    String::from_utf8(plain.to_vec()).map_err(|_| Unreadable)
}

/// A hash with the mark of its generation, as it is stored.
pub fn mark(generation: u8, bare: &str) -> String {
    if generation == 1 { bare.to_owned() } else { format!("{HASH_MARK}{generation:03}.{bare}") }
}

/// The generation of the key that has made a stored hash, and the hash without its mark.
pub fn parts(hash: &str) -> (u8, &str) {
    let marked = hash.strip_prefix(HASH_MARK).and_then(|rest| rest.split_once('.'));
    let parts = marked.and_then(|(generation, bare)| Some((generation.parse().ok()?, bare)));
    parts.unwrap_or((1, hash))
}

/// The generation of the key that has made a stored hash.
pub fn generation_of(hash: &str) -> u8 {
    parts(hash).0
}

/// The least text that is greater than every hash of a generation.
pub fn end_of_hashes(generation: u8) -> String {
    format!("{HASH_MARK}{:03}.", generation + 1)
}

#[cfg(test)]
mod tests;
