//! Made-up numbers: citizen ids, unified social credit codes, telephone numbers, plates.
//!
//! Check characters are right (GB 11643, GB 32100). The ranges are ones that nobody was given: county codes 41 to 79 below
//! Shandong's city prefixes stand in no edition of GB/T 2260, no mobile number begins with 12, no plate with 鲁Z.

use super::dice::Dice;
use crate::kernel::{CitizenId, Date, Sex};

/// An id first registered in county `division6`, for a birth date and sex.
pub fn citizen(dice: &mut Dice, division6: u32, birth: Date, sex: Sex) -> CitizenId {
    let (year, month, day) = birth.ymd();
    let sequence = 1 + 2 * dice.below(499) + u64::from(sex == Sex::Female);
    body(division6, year, month, day, sequence)
}

fn body(division6: u32, year: i32, month: u32, day: u32, sequence: u64) -> CitizenId {
    let text = format!("{division6:06}{year:04}{month:02}{day:02}{sequence:03}");
    CitizenId::from_body(text.as_bytes()).expect("17 digits were written")
}

/// The id beside: one digit of the sequence code another one, with its own right check character.
pub fn neighbour(dice: &mut Dice, id: CitizenId) -> CitizenId {
    let mut text = id.to_ascii();
    let digit = &mut text[14];
    *digit = b'0' + (*digit - b'0' + 1 + dice.below(9) as u8) % 10;
    CitizenId::from_body(&text[..17]).expect("a digit took the place of a digit")
}

const CREDIT_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const CREDIT_WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// A unified social credit code (GB 32100-2015) of a made-up enterprise: class 91 (enterprise) or 92 (sole trader).
pub fn credit_code(dice: &mut Dice, class: &str, division6: u32) -> String {
    let mut text = format!("{class}{division6:06}MA{:07}", dice.below(10_000_000));
    let sum: u32 = text.bytes().zip(CREDIT_WEIGHTS).map(|(byte, weight)| place(byte) * weight).sum();
    text.push(char::from(CREDIT_ALPHABET[((31 - sum % 31) % 31) as usize]));
    text
}

fn place(byte: u8) -> u32 {
    CREDIT_ALPHABET.iter().position(|of| *of == byte).expect("written from the alphabet") as u32
}

pub fn phone(dice: &mut Dice) -> String {
    format!("12{:09}", dice.below(1_000_000_000))
}

/// `鲁Z` and five characters, six for a new-energy car.
pub fn plate(dice: &mut Dice, new_energy: bool) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
    let letter = char::from(dice.pick(LETTERS));
    match new_energy {
        true => format!("鲁ZD{letter}{:04}", dice.below(10_000)),
        false => format!("鲁Z{letter}{:04}", dice.below(10_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::dice::Purpose;
    use super::*;

    #[test]
    fn ids_hold_their_parts() {
        let mut dice = Dice::new(1, Purpose::Household, 0);
        let birth = Date::from_ymd(1957, 3, 9).unwrap();
        for _ in 0..200 {
            let id = citizen(&mut dice, 370_141, birth, Sex::Female);
            assert!(id.is_valid());
            assert_eq!((id.birth(), id.sex(), id.division6()), (Some(birth), Sex::Female, 370_141));
            let beside = neighbour(&mut dice, id);
            assert!(beside.is_valid() && beside != id && beside.birth() == id.birth());
        }
    }

    // A code that circulates as the worked example of GB 32100-2015: 91350100M000100Y43.
    #[test]
    fn credit_codes_check() {
        let sum: u32 =
            b"91350100M000100Y4".iter().zip(CREDIT_WEIGHTS).map(|(byte, weight)| place(*byte) * weight).sum();
        assert_eq!(CREDIT_ALPHABET[((31 - sum % 31) % 31) as usize], b'3');
        assert_eq!(credit_code(&mut Dice::new(1, Purpose::Feed, 1), "92", 370_141).len(), 18);
    }
}
