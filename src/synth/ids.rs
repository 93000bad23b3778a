//! Made-up numbers: citizen ids, unified social credit codes, telephone numbers, plates.
//!
//! Check characters are right (GB 11643, GB 32100). The ranges are ones that nobody was given: county codes 41 to 79 below
//! Shandong's city prefixes stand in no edition of GB/T 2260, no mobile number begins with 12, no plate with 鲁Z.

use super::dice::Dice;
use crate::kernel::credit_code::check_character;
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

/// A unified social credit code (GB 32100-2015) of a made-up enterprise: class 91 (enterprise) or 92 (sole trader).
pub fn credit_code(dice: &mut Dice, class: &str, division6: u32) -> String {
    let mut text = format!("{class}{division6:06}MA{:07}", dice.below(10_000_000));
    let body: &[u8; 17] = text.as_bytes().try_into().expect("2 + 6 + 2 + 7 characters were written");
    text.push(char::from(check_character(body).expect("digits, M and A are of the alphabet")));
    text
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

    #[test]
    fn credit_codes_check() {
        let code = credit_code(&mut Dice::new(1, Purpose::Feed, 1), "92", 370_141).into_bytes();
        assert_eq!(check_character(code[..17].try_into().unwrap()), Some(code[17]));
        assert_eq!(code.len(), 18);
    }
}
