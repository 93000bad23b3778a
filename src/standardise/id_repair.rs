//! Ids that one typing error away from a damaged one are right again, located by the check character (MOD 11-2).
//!
//! One wrong digit, two neighbours swapped, one digit left out or typed twice, letters typed or scanned for digits. The
//! check character detects every single wrong digit and every swap of neighbours, so a damaged id never passes as
//! another's whole one, and for each place at most one digit makes it right: some 35 readings, not thousands.
//! Which reading is somebody on the register, and whether name and birth date bear it out, is decided in `linkage`.

use crate::kernel::CitizenId;
use crate::model::link::Repairs;

/// Weights of GB 11643 for all eighteen places: 2^(17 − place) mod 11. An id is right if the weighted sum is 1 mod 11.
const WEIGHTS: [u32; 18] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, 1];

/// Readings of a damaged id: right form, right check character, real birth date. Sorted, each once, with the repair.
///
/// `text` is cleaned ASCII of 17 to 19 characters; any other length gives nothing (two errors are not guessed at).
pub fn candidates(text: &[u8]) -> Vec<(CitizenId, Repairs)> {
    let mut found = match text.len() {
        17 => left_out(text),
        18 if text[..17].iter().all(u8::is_ascii_digit) && (text[17].is_ascii_digit() || text[17] == b'X') => {
            mistyped(text)
        }
        18 if matches!(text[16], b'X' | b'x') && text[17].is_ascii_digit() => last_two_swapped(text),
        18 => letters_for_digits(text),
        19 => typed_twice(text),
        _ => Vec::new(),
    };
    found.sort_unstable_by_key(|(id, repairs)| (*id, repairs.0));
    found.dedup_by_key(|(id, _)| *id);
    found
}

/// The value of each character: 0 to 9, X = 10.
fn values(text: &[u8]) -> Option<[u32; 18]> {
    let mut values = [0; 18];
    if text.len() != 18 {
        return None;
    }
    for (at, byte) in text.iter().enumerate() {
        values[at] = match byte {
            b'0'..=b'9' => u32::from(byte - b'0'),
            b'X' if at == 17 => 10,
            _ => return None,
        };
    }
    Some(values)
}

fn weighted_sum(values: &[u32; 18]) -> u32 {
    values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum()
}

/// The id, if the check character and the birth date are right.
fn id_of(values: &[u32; 18]) -> Option<CitizenId> {
    if weighted_sum(values) % 11 != 1 {
        return None;
    }
    let text = values.map(|value| if value == 10 { b'X' } else { b'0' + value as u8 });
    CitizenId::from_ascii(&text).filter(|id| id.birth().is_some())
}

/// The one value at `place` that makes the check character right; the others are taken as given. `None` if that value is
/// ten (only the check character can be), or the birth date is no day.
fn solve(values: &[u32; 18], place: usize) -> Option<CitizenId> {
    let others = weighted_sum(values) - values[place] * WEIGHTS[place];
    let value = (0..11).find(|value| (others + value * WEIGHTS[place]) % 11 == 1).expect("11 is prime");
    if value == 10 && place != 17 {
        return None;
    }
    let mut solved = *values;
    solved[place] = value;
    id_of(&solved)
}

fn mistyped(text: &[u8]) -> Vec<(CitizenId, Repairs)> {
    let Some(values) = values(text) else { return Vec::new() };
    let wrong = (0..18).filter_map(|place| Some((solve(&values, place)?, Repairs::ONE_DIGIT)));
    let swapped = (0..17).filter(|place| values[*place] != values[place + 1]).filter_map(|place| {
        let mut swapped = values;
        swapped.swap(place, place + 1);
        Some((id_of(&swapped)?, Repairs::SWAP))
    });
    wrong.chain(swapped).collect()
}

/// A check character X before the last digit.
fn last_two_swapped(text: &[u8]) -> Vec<(CitizenId, Repairs)> {
    let mut text = text.to_ascii_uppercase();
    text.swap(16, 17);
    values(&text).and_then(|values| id_of(&values)).map(|id| (id, Repairs::SWAP)).into_iter().collect()
}

fn left_out(text: &[u8]) -> Vec<(CitizenId, Repairs)> {
    let filled = |place: usize| {
        let mut full = text.to_vec();
        full.insert(place, b'0');
        solve(&values(&full)?, place)
    };
    (0..18).filter_map(|place| Some((filled(place)?, Repairs::ONE_DIGIT))).collect()
}

fn typed_twice(text: &[u8]) -> Vec<(CitizenId, Repairs)> {
    let without = |place: usize| {
        let mut rest = text.to_vec();
        rest.remove(place);
        id_of(&values(&rest)?)
    };
    (0..19).filter_map(|place| Some((without(place)?, Repairs::ONE_DIGIT))).collect()
}

/// Digits that a letter is typed or scanned for; the likelier first.
fn digits_like(letter: u8) -> &'static [u8] {
    match letter {
        b'O' | b'o' | b'Q' | b'D' | b'U' => b"0",
        b'l' | b'I' | b'i' | b'|' | b'!' | b'L' | b'J' | b'j' => b"1",
        b'Z' | b'z' => b"27",
        b'E' => b"3",
        b'A' | b'h' | b'y' => b"4",
        b'S' | b's' => b"5",
        b'b' => b"6",
        b'G' => b"69",
        b'T' | b't' | b'Y' | b'?' => b"7",
        b'B' => b"8",
        b'g' => b"9",
        b'q' | b'p' => b"9",
        _ => b"",
    }
}

/// Letters, each read as a digit it looks like; a single unknown letter is solved for like a wrong digit.
fn letters_for_digits(text: &[u8]) -> Vec<(CitizenId, Repairs)> {
    let places: Vec<usize> = (0..18).filter(|place| !text[*place].is_ascii_digit()).collect();
    let check = |place: usize, letter: u8| place == 17 && matches!(letter, b'x' | b'X' | b'K' | b'k' | b'*');
    let mut readings = vec![text.to_vec()];
    for place in &places {
        let letter = text[*place];
        let digits: &[u8] = if check(*place, letter) { b"X" } else { digits_like(letter) };
        readings = readings
            .iter()
            .flat_map(|reading| {
                digits.iter().map(move |digit| {
                    let mut reading = reading.clone();
                    reading[*place] = *digit;
                    reading
                })
            })
            .collect();
    }
    let found: Vec<_> =
        readings.iter().filter_map(|reading| Some((id_of(&values(reading)?)?, Repairs::LOOKALIKE))).collect();
    let unknown: Vec<usize> = places.into_iter().filter(|place| !check(*place, text[*place])).collect();
    match unknown[..] {
        [place] if found.is_empty() => {
            let mut text = text.to_ascii_uppercase();
            text[place] = b'0';
            values(&text)
                .and_then(|values| solve(&values, place))
                .map(|id| (id, Repairs::ONE_DIGIT))
                .into_iter()
                .collect()
        }
        _ => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &[u8; 18] = b"11010519491231002X";

    fn repaired_as(text: &[u8]) -> Option<Repairs> {
        let whole = CitizenId::from_ascii(WHOLE).unwrap();
        candidates(text).into_iter().find(|(id, _)| *id == whole).map(|(_, repairs)| repairs)
    }

    #[test]
    fn weights_agree_with_the_standard() {
        for text in [WHOLE, b"440524188001010014"] {
            assert!(id_of(&values(text).unwrap()).is_some());
        }
    }

    #[test]
    fn every_single_error_is_found_again() {
        for place in 0..18 {
            for digit in b'0'..=b'9' {
                let mut text = *WHOLE;
                text[place] = digit;
                if text != *WHOLE {
                    assert_eq!(repaired_as(&text), Some(Repairs::ONE_DIGIT), "place {place}");
                    assert!(candidates(&text).len() <= 35);
                }
            }
            let mut short = WHOLE.to_vec();
            let doubled = short[place];
            short.remove(place);
            assert_eq!(repaired_as(&short), Some(Repairs::ONE_DIGIT), "left out {place}");
            let mut long = WHOLE.to_vec();
            long.insert(place, doubled);
            if place < 17 {
                assert_eq!(repaired_as(&long), Some(Repairs::ONE_DIGIT), "typed twice {place}");
            }
        }
    }

    #[test]
    fn every_swap_of_neighbours_is_found_again() {
        for place in 0..17 {
            let mut text = *WHOLE;
            text.swap(place, place + 1);
            if text != *WHOLE {
                assert!(repaired_as(&text).is_some(), "place {place}");
            }
        }
    }

    #[test]
    fn letters_read_as_digits() {
        for text in [b"1l0105194912310O2X", b"I10105194912310o2x", b"11010S19491231002X", b"11O1O51949123lOO2X"] {
            assert_eq!(repaired_as(text), Some(Repairs::LOOKALIKE), "{}", String::from_utf8_lossy(text));
        }
        assert_eq!(repaired_as(b"11010K19491231002X"), Some(Repairs::ONE_DIGIT), "an unknown letter is solved for");
    }

    #[test]
    fn two_errors_are_not_guessed_at() {
        assert_eq!(repaired_as(b"21010519491231092X"), None);
        assert!(candidates(b"1101051949123").is_empty());
    }
}
