//! The calls of a portal that does not follow OAuth 2, as data.

use super::{Conditions, Template};

/// How a portal that does not follow OAuth 2 signs people in: where browsers go, what they bring back, and
/// the calls that follow. The answer to the last call has the claims.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// The parameters of the address that browsers go to.
    pub authorize: Vec<(String, Template)>,
    pub redirect: Template,
    pub returns: Returns,
    pub steps: Vec<Step>,
    /// The way in for pages that the government app opens.
    pub in_app: Option<InApp>,
}

/// The query of the address that browsers return to.
#[derive(Clone, Debug)]
pub struct Returns {
    /// The parameter with the authorization code.
    pub code: String,
    /// The parameter in which `state` comes back. `None` if it is in the path or does not come back.
    pub state: Option<String>,
    /// Whether `state` may be missing. The attempt is then found by a cookie, and its person must confirm it.
    pub state_may_be_missing: bool,
    /// The parameter with the portal's error code.
    pub error: String,
    /// The error codes that mean that the person declined.
    pub declined: Vec<String>,
}

/// The exchange of a one-off token with which the government app opens a page.
#[derive(Clone, Debug)]
pub struct InApp {
    /// The parameter with the token.
    pub token: String,
    pub steps: Vec<Step>,
}

/// One call of the portal.
#[derive(Clone, Debug)]
pub struct Step {
    /// The name of the endpoint in the log.
    pub name: String,
    pub method: Method,
    pub url: Template,
    pub headers: Vec<(String, Value)>,
    pub query: Vec<(String, Value)>,
    pub form: Vec<(String, Value)>,
    /// The members of a JSON object.
    pub json: Vec<(String, Value)>,
    pub signature: Option<Signature>,
    pub decryption: Option<Decryption>,
    /// JSON pointers to texts that contain JSON.
    pub embedded: Vec<String>,
    /// What a successful answer says.
    pub success: Conditions,
    /// Values of the answer that later calls use: placeholder and JSON pointer.
    pub take: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

/// A value that is sent. Where text is expected, a table or list is sent as JSON text.
#[derive(Clone, Debug)]
pub enum Value {
    Text(Template),
    Json(serde_json::Value),
    Table(Vec<(String, Value)>),
    List(Vec<Value>),
}

/// The signature of a request, which is the placeholder `{sign}`.
#[derive(Clone, Debug)]
pub struct Signature {
    pub hash: SignatureHash,
    /// The key of an HMAC.
    pub key: Template,
    /// The text that is signed.
    pub text: Template,
    pub encoding: Encoding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureHash {
    Md5,
    Sha256,
    Sm3,
    HmacSha256,
    HmacSm3,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Hex,
    UpperHex,
    Base64,
}

/// A part of an answer that is encrypted JSON.
#[derive(Clone, Debug)]
pub struct Decryption {
    /// A JSON pointer to the encrypted text; empty for the whole answer.
    pub at: String,
    pub cipher: Cipher,
    /// SM4: 16 bytes as text, hex or base64. SM2: 32 bytes as hex. RSA: PEM, or base64 of PKCS#8.
    pub key: Template,
    /// The first block of CBC.
    pub iv: Template,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    Sm4Ecb,
    Sm4Cbc,
    /// C1C3C2 (GB/T 32918.4-2016), with or without the leading byte 04, or ASN.1 (GB/T 35276-2017).
    Sm2,
    /// The order C1C2C3 of older libraries.
    Sm2C1C2C3,
    /// PKCS#1 v1.5.
    Rsa,
    /// OAEP with SHA-1, as most libraries mean it.
    RsaOaep,
}

impl Value {
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            Value::Text(template) => vec![template],
            Value::Json(_) => Vec::new(),
            Value::Table(members) => members.iter().flat_map(|(_, value)| value.templates()).collect(),
            Value::List(items) => items.iter().flat_map(Value::templates).collect(),
        }
    }
}

impl Step {
    /// Everything that is sent beside the address.
    pub fn fields(&self) -> impl Iterator<Item = &(String, Value)> {
        self.headers.iter().chain(&self.query).chain(&self.form).chain(&self.json)
    }
}
