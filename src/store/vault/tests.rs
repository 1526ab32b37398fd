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
    assert_eq!(Vault::parse("notakey!").unwrap_err(), KeyError::Spelling);
    assert_eq!(Vault::parse(&STANDARD.encode([1; 16])).unwrap_err(), KeyError::Length(16));
    assert_eq!(Vault::parse("").unwrap_err(), KeyError::Missing);
}

#[test]
fn subkeys_differ_and_debug_hides_keys() {
    assert_ne!(vault().subkeys("login"), vault().subkeys("link"));
    assert_eq!(vault().subkeys("login"), vault().subkeys("login"));
    assert_eq!(format!("{:?}", vault()), "Vault(..)");
}

const OLD: &str = "0707070707070707070707070707070707070707070707070707070707070707";
const NEW: &str = "sm4:0808080808080808080808080808080808080808080808080808080808080808";

fn generation(key: &str, blind_key: String, is_finished: bool) -> StoredGeneration {
    let vault = Vault::parse(key).unwrap();
    let (fingerprint, suite) =
        vault.fingerprints().next().map(|(key, suite)| (key.to_owned(), suite)).unwrap();
    StoredGeneration { fingerprint, suite, blind_key, is_finished }
}

/// Both keys, while the second replaces the first.
fn turning() -> Vault {
    let vault = Vault::parse(&format!("{OLD},{NEW}")).unwrap();
    vault.learn(&[generation(OLD, String::new(), true), generation(NEW, String::new(), false)]).unwrap();
    vault
}

/// The new key alone, after it has replaced the first.
fn turned() -> Vault {
    let kept = turning().sealed_blind_key(1).unwrap();
    let vault = Vault::parse(NEW).unwrap();
    vault.learn(&[generation(OLD, kept, true), generation(NEW, String::new(), true)]).unwrap();
    vault
}

#[test]
fn newest_key_seals_and_both_open() {
    let (old, sealed_before) = (vault(), vault().seal("number", "11010519491231002X"));
    let sealed = turning().seal("number", "11010519491231002X");
    assert!(sealed.starts_with("v2:"), "{sealed}");
    for value in [&sealed, &sealed_before] {
        assert_eq!(turning().open("number", value).as_deref(), Ok("11010519491231002X"));
    }
    assert_eq!(old.open("number", &sealed), Err(Unreadable));
    assert_eq!(turned().open("number", &sealed_before), Err(Unreadable), "the old key is gone");
    assert_eq!(turned().open("number", &sealed).as_deref(), Ok("11010519491231002X"));
    let file = turning().seal_bytes("a", b"picture".to_vec());
    assert_eq!(file[0], 2);
    assert_eq!(turned().open_bytes("a", file).as_deref(), Ok(&b"picture"[..]));
}

#[test]
fn hash_has_one_form_at_every_moment_of_the_turn() {
    let former = vault().blind("number", "13800138000");
    let at = |turned_to: Option<&str>| {
        let turned_to = turned_to.map(str::to_owned);
        turning().in_state(HashState { generation: 2, turned_to })
    };
    let present = turned().blind("number", "13800138000");
    assert!(present.starts_with("~002.") && present > former);
    assert_eq!(at(Some("")).blind("number", "13800138000"), former, "before its step");
    assert_eq!(at(Some(&former)).blind("number", "13800138000"), present, "after its step");
    assert_eq!(at(None).blind("number", "13800138000"), present);
    assert_eq!(at(None).present_hash(&former), present, "what was read before the step");
    assert_eq!(at(None).present_hash(&present), present);
    assert!(former < end_of_hashes(1) && end_of_hashes(1) < present && present < end_of_hashes(2));
    let alone = Vault::parse(NEW).unwrap();
    assert_ne!(alone.blind("number", "13800138000"), present, "the former hash is needed for it");
}

#[test]
fn authenticated_text_stays_genuine_when_its_key_is_replaced() {
    let hash = vault().authenticate("entry", "1 sign-in");
    assert!(turning().is_authentic(&hash, "entry", "1 sign-in"));
    assert!(turned().is_authentic(&hash, "entry", "1 sign-in"));
    assert!(!turned().is_authentic(&hash, "entry", "2 sign-in"));
    let later = turned().authenticate("entry", "1 sign-in");
    assert_ne!(later, hash);
    assert!(!vault().is_authentic(&later, "entry", "1 sign-in"), "made by a key that it does not have");
}

#[test]
fn keys_that_a_database_needs_are_demanded() {
    let kept = turning().sealed_blind_key(1).unwrap();
    let unfinished = [generation(OLD, kept.clone(), true), generation(NEW, String::new(), false)];
    let finished = [generation(OLD, kept, true), generation(NEW, String::new(), true)];
    let learn = |keys: &str, stored: &[StoredGeneration]| Vault::parse(keys).unwrap().learn(stored);
    assert_eq!(learn(OLD, &finished), Err(Unreadable), "the new one is missing");
    assert_eq!(learn(NEW, &unfinished), Err(Unreadable), "the old one is needed until all is sealed");
    assert_eq!(learn(NEW, &finished), Ok(()));
    assert_eq!(learn(&format!("{NEW} {OLD}"), &unfinished), Ok(()), "in any order");
    assert_eq!(Vault::parse(&format!("{OLD},{OLD}")).unwrap_err(), KeyError::Twice);
}

/// The values were made with OpenSSL's SM3 and SM4.
#[test]
fn national_algorithms_are_used_after_the_mark() {
    let vault = Vault::parse(NEW).unwrap();
    assert_eq!(vault.suite(), Suite::Sm4);
    let sealed = vault.seal("number", "张小三");
    assert_eq!(vault.open("number", &sealed).as_deref(), Ok("张小三"));
    let made_elsewhere = "v1:AAECAwQFBgcICQoLrEewFyWrQ5TBxo-2xzPzA5q0vfd30jcdEw";
    assert_eq!(vault.open("number", made_elsewhere).as_deref(), Ok("张小三"));
    assert_eq!(vault.blind("number", "张小三"), "LewaaxIYrFvA1_-4z_P6QGvDyzHFg5Ub4IfSU3gPXJ8");
    let aes = Vault::parse(&NEW.replace("sm4:", "")).unwrap();
    assert_eq!(aes.open("number", &sealed), Err(Unreadable));
    assert_ne!(aes.blind("number", "张小三"), vault.blind("number", "张小三"));
}
