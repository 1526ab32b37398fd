//! The encoding that a client prefers (RFC 9110 §12.5.3).

use poem::http::{HeaderMap, header};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Brotli,
    Gzip,
}

impl Encoding {
    /// The value of `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Brotli => "br",
            Encoding::Gzip => "gzip",
        }
    }

    fn other(self) -> Encoding {
        match self {
            Encoding::Brotli => Encoding::Gzip,
            Encoding::Gzip => Encoding::Brotli,
        }
    }

    /// The accepted encoding of the highest weight; `favourite` if both have the same. `None` if neither is accepted,
    /// or if the client would rather have none.
    pub fn preferred(headers: &HeaderMap, favourite: Encoding) -> Option<Encoding> {
        let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let accepted: Vec<(&str, f32)> = lines.flat_map(|line| line.split(',')).map(weighted).collect();
        let stated = |name: &str| {
            let found = accepted.iter().find(|(coding, _)| coding.eq_ignore_ascii_case(name));
            found.map(|(_, weight)| *weight)
        };
        let any = stated("*").unwrap_or(0.0);
        let weight = |encoding: Encoding| stated(encoding.name()).unwrap_or(any);
        let other = favourite.other();
        let best = if weight(other) > weight(favourite) { other } else { favourite };
        let wanted = weight(best);
        (wanted > 0.0 && stated("identity").is_none_or(|plain| plain <= wanted)).then_some(best)
    }
}

/// A coding with its weight. A malformed weight counts as 0, so that the client gets what everybody reads.
fn weighted(item: &str) -> (&str, f32) {
    let (coding, parameter) = item.split_once(';').unwrap_or((item, "q=1"));
    let weight = parameter.trim().strip_prefix(['q', 'Q']).and_then(|rest| rest.trim().strip_prefix('='));
    let weight = weight.and_then(|weight| weight.trim().parse().ok());
    (coding.trim(), weight.filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_gets_the_encoding_of_the_highest_weight() {
        let table = [
            ("gzip, deflate, br, zstd", Some(Encoding::Brotli)),
            ("gzip;q=1.0, br;q=0.5", Some(Encoding::Gzip)),
            ("gzip;q=0.8, br;q=0", Some(Encoding::Gzip)),
            ("gzip; q=0.8 , br ; q=0.9", Some(Encoding::Brotli)),
            ("GZIP", Some(Encoding::Gzip)),
            ("*", Some(Encoding::Brotli)),
            ("br;q=0, *", Some(Encoding::Gzip)),
            ("gzip;q=0, *;q=0", None),
            ("identity, gzip;q=0.5", None),
            ("identity;q=0.5, gzip", Some(Encoding::Gzip)),
            ("deflate", None),
            ("gzip;q=high", None),
            ("xgzip, brotli", None),
            ("", None),
        ];
        for (accepted, encoding) in table {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepted.parse().unwrap())]);
            assert_eq!(Encoding::preferred(&headers, Encoding::Brotli), encoding, "{accepted}");
        }
        assert_eq!(Encoding::preferred(&HeaderMap::new(), Encoding::Brotli), None);
    }

    #[test]
    fn favourite_decides_between_equal_weights() {
        let gzip = |accepted: &str| {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepted.parse().unwrap())]);
            Encoding::preferred(&headers, Encoding::Gzip)
        };
        for accepted in ["gzip, deflate, br, zstd", "br;q=0.5, gzip;q=0.5", "*"] {
            assert_eq!(gzip(accepted), Some(Encoding::Gzip), "{accepted}");
        }
        assert_eq!(gzip("gzip;q=0.5, br"), Some(Encoding::Brotli));
        assert_eq!(gzip("br"), Some(Encoding::Brotli));
    }
}
