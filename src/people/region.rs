//! Provinces, cities and districts (GB/T 2260, with Hong Kong, Macao and Taiwan).
//!
//! The data is that of china-division, unmodified; it is read once, at the first question.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

const MAINLAND: &str = include_str!("../../assets/vendor/china-division-2.7.0/pca-code.json");
const HK_MO_TW: &str = include_str!("../../assets/vendor/china-division-2.7.0/HK-MO-TW.json");

#[derive(Deserialize)]
struct Place {
    name: String,
    #[serde(default)]
    children: Vec<Place>,
}

static PLACES: LazyLock<Vec<Place>> = LazyLock::new(|| {
    let mut places: Vec<Place> = serde_json::from_str(MAINLAND).expect("a test reads this file");
    let others: BTreeMap<String, BTreeMap<String, Vec<String>>> =
        serde_json::from_str(HK_MO_TW).expect("a test reads this file");
    let district = |name: String| Place { name, children: Vec::new() };
    places.extend(others.into_iter().map(|(name, cities)| {
        Place {
            name,
            children: cities
                .into_iter()
                .map(|(name, districts)| Place {
                    name,
                    children: districts.into_iter().map(district).collect(),
                })
                .collect(),
        }
    }));
    places
});

/// What lies below a path of names: provinces below `[]`, cities below a province, districts
/// below a province and a city. Empty for a path that does not exist.
pub fn below(path: &[&str]) -> Vec<&'static str> {
    let mut places: &'static [Place] = &PLACES;
    for step in path {
        places = places.iter().find(|place| place.name == *step).map_or(&[], |place| &place.children);
    }
    places.iter().map(|place| place.name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_whole_country_is_here() {
        assert_eq!(below(&[]).len(), 34);
        for province in below(&[]) {
            let cities = below(&[province]);
            assert!(!cities.is_empty(), "{province}");
            for city in cities {
                assert!(!below(&[province, city]).is_empty(), "{province} {city}");
            }
        }
        assert!(below(&["广东省", "深圳市"]).contains(&"南山区"));
        assert!(below(&["香港特别行政区", "九龙"]).contains(&"观塘区"));
        assert!(below(&["广东省", "北京市"]).is_empty() && below(&["<script>"]).is_empty());
    }

    /// Published with china-division 2.7.0 on npm.
    #[test]
    fn the_data_is_the_published_file() {
        let sum =
            |text: &str| Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(sum(MAINLAND), "83b7536f853ad16beb4d37b92890a3fd7bb9d33d4f37e7c8885fb948749a9bc4");
        assert_eq!(sum(HK_MO_TW), "546616aa6ec7239d9bcf02cb063539652604162b1ab74ef65293537c54ea3534");
    }
}
