//! One flat, one key: the same flat appears under an old 房产证 (no unit number) and a new 不动产权证, and once per owner.
//!
//! The unit number (不动产单元号) decides. A row without one takes the unit number of another row of the same household at
//! the same place and area, else place and area are its key, else the row itself: an unknown flat is never two flats' one.

use std::collections::BTreeMap;

use rayon::prelude::*;
use unicode_normalization::UnicodeNormalization;

/// What a housing row says of its flat. Empty text and `None`: not given.
pub struct Flat<'a> {
    pub household: u32,
    pub unit_number: &'a str,
    pub location: &'a str,
    /// m².
    pub area: Option<f64>,
    /// The row itself, as a last resort.
    pub record: String,
}

/// A key for each flat, in the order given. Rows of one household stand together.
pub fn dwelling_keys(flats: &[Flat]) -> Vec<String> {
    flats.par_chunk_by(|a, b| a.household == b.household).flat_map_iter(household_keys).collect()
}

fn household_keys(flats: &[Flat]) -> Vec<String> {
    if flats.iter().all(|flat| !flat.unit_number.is_empty()) {
        return flats.iter().map(|flat| flat.unit_number.to_owned()).collect(); // nearly always: no place is needed
    }
    let places: Vec<Option<String>> = flats.iter().map(place).collect();
    let mut units = BTreeMap::new();
    for (flat, place) in flats.iter().zip(&places) {
        if let (Some(place), false) = (place, flat.unit_number.is_empty()) {
            units.entry(place).or_insert(flat.unit_number);
        }
    }
    let key = |(flat, place): (&Flat, &Option<String>)| match place {
        _ if !flat.unit_number.is_empty() => flat.unit_number.to_owned(),
        Some(place) => units.get(place).map_or_else(|| place.clone(), |unit| (*unit).to_owned()),
        None => flat.record.clone(),
    };
    flats.iter().zip(&places).map(key).collect()
}

/// Place and area with writing differences taken away: width, blanks, punctuation, case. Area to a tenth of a m².
fn place(flat: &Flat) -> Option<String> {
    let folded: String = flat.location.nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let area = flat.area.map(|area| format!("/{area:.1}")).unwrap_or_default();
    (!folded.is_empty()).then(|| folded + &area)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat<'a>(household: u32, unit_number: &'a str, location: &'a str, area: Option<f64>) -> Flat<'a> {
        Flat { household, unit_number, location, area, record: format!("{household}/{location}/{area:?}") }
    }

    #[test]
    fn an_old_certificate_takes_the_unit_number_of_the_new_one() {
        let keys = dwelling_keys(&[
            flat(1, "", "演示路１号 2-301", Some(80.0)),
            flat(1, "370102U1", "演示路1号2－301", Some(80.02)),
            flat(2, "", "演示路1号2-301", Some(80.0)),
        ]);
        assert_eq!(keys[0], "370102U1");
        assert_eq!(keys[1], "370102U1");
        assert_ne!(keys[2], "370102U1", "another household's row lends nothing");
    }

    #[test]
    fn flats_without_a_place_stay_apart() {
        let keys = dwelling_keys(&[flat(1, "", "", None), flat(1, "", "", Some(3.0))]);
        assert_ne!(keys[0], keys[1]);
        let keys = dwelling_keys(&[flat(1, "", "演示村", Some(60.0)), flat(1, "", "演示村", Some(90.0))]);
        assert_ne!(keys[0], keys[1], "a village's name is no flat");
    }
}
