//! The code on an electronic certificate: a signed statement of its facts, which anybody checks without asking us.
//!
//! It is a CBOR Web Token (RFC 8392) in COSE_Sign1 (RFC 9052) with Ed25519, compressed with zlib and written in
//! base45 (RFC 9285). `docs/certificate-code.md` describes it for those who write a verifier.
//!
//! | file | what it has |
//! | --- | --- |
//! | `claims` | what a code says, as CBOR |
//! | `token` | signing and verifying |
//! | `text` | the text of a code, and the link in which a QR code has it |
//! | `keys` | the keys in the database, and the set of public keys |
//! | `status` | the list of codes that are not valid any more (IETF Token Status List) |

pub mod claims;
pub mod keys;
pub mod status;
pub mod text;
pub mod token;
