//! The office's SMS gateway.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use url::Url;

use super::Check;

/// Unchecked settings of the SMS gateway. Without them, messages are on the site only.
#[derive(Args, Clone, Debug, Default)]
pub struct RawSms {
    /// Where messages to candidates are sent for SMS; see docs/messages.md
    #[arg(long, env = "KAOZHENG_SMS_URL")]
    pub sms_url: Option<String>,
    /// Signs what is sent there: base64 of 24 to 64 random bytes, with or without `whsec_` in front
    #[arg(long, env = "KAOZHENG_SMS_SECRET", hide_env_values = true)]
    pub sms_secret: Option<String>,
}

#[derive(Clone)]
pub struct SmsSettings {
    pub url: Url,
    /// The key of the signatures.
    pub secret: Vec<u8>,
}

/// Neither the key nor the address, which may have another one in it, is printed.
impl fmt::Debug for SmsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmsSettings(..)")
    }
}

/// `None` if nothing is set, or if something is wrong.
pub(super) fn check(check: &mut Check, raw: &RawSms) -> Option<SmsSettings> {
    let is_set = |value: &Option<String>| value.as_deref().is_some_and(|text| !text.trim().is_empty());
    if !is_set(&raw.sms_url) && !is_set(&raw.sms_secret) {
        return None;
    }
    let url = check.url("KAOZHENG_SMS_URL", &raw.sms_url);
    let text = check.required("KAOZHENG_SMS_SECRET", &raw.sms_secret);
    let encoded = text.strip_prefix("whsec_").unwrap_or(&text);
    let secret = STANDARD.decode(encoded).ok().filter(|key| (24..=64).contains(&key.len()));
    if secret.is_none() && !text.is_empty() {
        check.problem("KAOZHENG_SMS_SECRET is wrong: expected base64 of 24 to 64 bytes");
    }
    Some(SmsSettings { url: url?, secret: secret? })
}
