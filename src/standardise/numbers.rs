//! Numbers of things: accounts, plates, records. Not of persons, which `ids` reads, nor sums, which `amounts` does.

/// A number that a spreadsheet has rounded (`2.02611E+17`), under which many things would be one. In capitals and usual width.
pub fn is_rounded(number: &str) -> bool {
    number.split_once("E+").is_some_and(|(digits, exponent)| {
        digits.starts_with(|first: char| first.is_ascii_digit()) && exponent.parse::<u32>().is_ok()
    })
}
