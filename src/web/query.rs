//! Addresses without the empty parameters that forms with GET send.

use poem::http::Uri;

/// The address without its empty parameters, if it has any.
pub fn without_empty(address: &Uri) -> Option<String> {
    let query = address.query()?;
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_empty(pair)).collect();
    let kept = kept.join("&");
    let path = address.path();
    match kept.len() {
        same if same == query.len() => None,
        0 => Some(path.to_owned()),
        _ => Some(format!("{path}?{kept}")),
    }
}

/// Whether a parameter has a name and no value. One without `=`, such as `?check`, is complete.
fn is_empty(pair: &str) -> bool {
    pair.is_empty() || pair.split_once('=').is_some_and(|(_, value)| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_empty_parameters_are_removed() {
        let table = [
            ("/progress", None),
            ("/progress?kind=refund&page=1", None),
            ("/form?check", None),
            ("/progress?", None),
            ("/progress?kind=&status=&number=", Some("/progress")),
            ("/progress?kind=refund&status=&q=%E4%B8%80", Some("/progress?kind=refund&q=%E4%B8%80")),
            ("/progress?&kind=refund&", Some("/progress?kind=refund")),
        ];
        for (address, expected) in table {
            assert_eq!(without_empty(&address.parse().unwrap()).as_deref(), expected, "{address}");
        }
    }
}
