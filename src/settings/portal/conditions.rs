//! Conditions on the portal's claims: `/level=L2|L3 /user/type=1`.

use serde_json::Value;

/// Each claim must have one of its values. Without conditions every account passes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions(Vec<Condition>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    /// A JSON pointer (RFC 6901).
    pointer: String,
    values: Vec<String>,
}

/// Conditions on the claims of an account.
#[derive(Clone, Debug, Default)]
pub struct ClaimRules {
    /// An account that fails one is refused.
    pub required: Conditions,
    /// An account that fails one belongs to a company.
    pub person: Conditions,
    /// An account that meets all of them is verified. `None`: no account is verified.
    pub verified: Option<Conditions>,
}

impl Conditions {
    /// Parses conditions separated by spaces. `None` unless each is `pointer=value|value`.
    pub fn parse(text: &str) -> Option<Conditions> {
        text.split_whitespace().map(Condition::parse).collect::<Option<_>>().map(Conditions)
    }

    /// The pointer of the first condition that the claims do not meet.
    pub fn failed_by(&self, claims: &Value) -> Option<&str> {
        self.0.iter().find(|condition| !condition.holds(claims)).map(|failed| failed.pointer.as_str())
    }
}

impl Condition {
    fn parse(text: &str) -> Option<Condition> {
        let (pointer, values) = text.split_once('=').filter(|(pointer, _)| pointer.starts_with('/'))?;
        let values: Vec<String> = values.split('|').map(str::to_owned).collect();
        let pointer = pointer.to_owned();
        values.iter().all(|value| !value.is_empty()).then_some(Condition { pointer, values })
    }

    fn holds(&self, claims: &Value) -> bool {
        let value = match claims.pointer(&self.pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(flag)) => flag.to_string(),
            _ => return false,
        };
        self.values.contains(&value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_condition_needs_one_of_its_values() {
        let conditions = Conditions::parse("/level=L2|L3  /user/type=1 /real=true").unwrap();
        let claims = |level: Value, kind: Value, real: Value| json!({ "level": level, "user": { "type": kind }, "real": real });
        for (level, kind, real) in
            [(json!("L2"), json!("1"), json!("true")), (json!("L3"), json!(1), json!(true))]
        {
            assert_eq!(conditions.failed_by(&claims(level, kind, real)), None);
        }
        let table = [
            (json!("L1"), json!(1), json!(true), "/level"),
            (json!(null), json!(1), json!(true), "/level"),
            (json!(["L2"]), json!(1), json!(true), "/level"),
            (json!("L2|L3"), json!(1), json!(true), "/level"),
            (json!("L2"), json!(2), json!(true), "/user/type"),
            (json!("L2"), json!(1), json!(false), "/real"),
        ];
        for (level, kind, real, failed) in table {
            assert_eq!(conditions.failed_by(&claims(level, kind, real)), Some(failed));
        }
        assert_eq!(Conditions::default().failed_by(&json!({})), None);
    }

    #[test]
    fn malformed_conditions_are_refused() {
        for text in ["level=1", "/level", "/level=", "/level=1|", "/a=1 b"] {
            assert_eq!(Conditions::parse(text), None, "{text}");
        }
        assert_eq!(Conditions::parse(" "), Some(Conditions::default()));
    }
}
