//! An account in the words of 广东.

use serde_json::{Value, json};

use crate::demo::sandbox::people::Account;
use crate::demo::sandbox::portal::Portal;

/// The answer about an account. `uid` is its name for signing in, `useridcode` never changes.
pub fn described(portal: &Portal, account: &Account) -> Value {
    let level = json!({ "creditable_level_of_account": account.level });
    json!({
        "errcode": 0,
        "errmsg": "",
        "userobj": {
            "uid": format!("gd_{}", account.id),
            "cn": account.name,
            "idcardtype": portal.code(account),
            "idcardnumber": account.number,
            "telephonenumber": account.phone,
            "mail": "",
            "usertype": if account.is_person { "1" } else { "2" },
            "useridcode": account.id,
            "isreal": account.is_verified().to_string(),
            "creditable_level_of_account": account.level,
            "extproperties": ["origin=gdbs", "area=440300"],
        },
        "pareobj": {},
        "user_creditable_level": level,
    })
}
