//! Provinces, cities and districts (GB/T 2260, with Hong Kong, Macao and Taiwan).
//!
//! The data is that of china-division, unmodified. It is parsed at the first use.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

const MAINLAND: &str = include_str!("../../assets/vendor/china-division-2.7.0/pca-code.json");
const HK_MO_TW: &str = include_str!("../../assets/vendor/china-division-2.7.0/HK-MO-TW.json");

#[derive(Deserialize)]
struct Region {
    name: String,
    #[serde(default)]
    children: Vec<Region>,
}

static REGIONS: LazyLock<Vec<Region>> = LazyLock::new(|| {
    let mut regions: Vec<Region> = serde_json::from_str(MAINLAND).expect("a test reads this file");
    let others: BTreeMap<String, BTreeMap<String, Vec<String>>> =
        serde_json::from_str(HK_MO_TW).expect("a test reads this file");
    let district = |name: String| Region { name, children: Vec::new() };
    regions.extend(others.into_iter().map(|(name, cities)| {
        Region {
            name,
            children: cities
                .into_iter()
                .map(|(name, districts)| Region {
                    name,
                    children: districts.into_iter().map(district).collect(),
                })
                .collect(),
        }
    }));
    regions
});

/// The names below a path: provinces below `[]`, cities below a province, districts below a province
/// and a city. Empty for a path that does not exist.
pub fn below(path: &[&str]) -> Vec<&'static str> {
    let mut regions: &'static [Region] = &REGIONS;
    for step in path {
        regions = regions.iter().find(|region| region.name == *step).map_or(&[], |region| &region.children);
    }
    regions.iter().map(|region| region.name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn every_city_has_districts() {
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
    fn files_are_the_published_ones() {
        let sum =
            |text: &str| Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(sum(MAINLAND), "83b7536f853ad16beb4d37b92890a3fd7bb9d33d4f37e7c8885fb948749a9bc4");
        assert_eq!(sum(HK_MO_TW), "546616aa6ec7239d9bcf02cb063539652604162b1ab74ef65293537c54ea3534");
    }
}
