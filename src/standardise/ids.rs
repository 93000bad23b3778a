//! What a department typed into an id column → what can be made of it.
//!
//! Lossless differences (case, width, blanks, quotes, 15 digits, a disability certificate's two extra digits) are undone
//! here and recorded as [`Repairs`]. Damage (a wrong digit, a mask, a spreadsheet's zeroed tail) is only recognised and
//! what is left of the id is handed on as [`Remains`]; who it may belong to is for `linkage`, who knows the register.
//! Readings that one typing error apart would give are listed by `standardise::id_repair`.
//!
//! The division in the first six digits is never judged: divisions change, ids stay (GB 11643-1999).

use crate::kernel::citizen_id::{CitizenId, check_character};
use crate::kernel::{Date, Sex};
use crate::model::link::Repairs;

/// What an id cell says.
#[derive(Clone, PartialEq, Eq)]
pub enum IdReading {
    /// Nothing, or a word for nothing.
    Missing,
    /// Eighteen characters of the right form after lossless cleaning. The check character may fail: ask `id.is_valid()`.
    Whole { id: CitizenId, repairs: Repairs },
    /// Some characters hidden on purpose (`370102********1234`).
    Masked { remains: Remains, repairs: Repairs },
    /// A spreadsheet turned it into a number: the last digits are gone (`3.70102E+17`, `370102199001011000`).
    TailLost { remains: Remains, repairs: Repairs },
    /// Meant as an id, but of wrong length or with letters in it. Cleaned ASCII, at most 24 characters.
    Broken { text: String, repairs: Repairs },
    /// Another kind of document (passport, officer's card …), upper case, blanks removed.
    Foreign { text: String },
    /// Typed to fill the field: 111111111111111111, 123456789012345678 …
    Placeholder,
}

/// The kind of reading only: a panic or a log must not carry an id.
impl std::fmt::Debug for IdReading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Missing => "Missing",
            Self::Whole { .. } => "Whole",
            Self::Masked { .. } => "Masked",
            Self::TailLost { .. } => "TailLost",
            Self::Broken { .. } => "Broken",
            Self::Foreign { .. } => "Foreign",
            Self::Placeholder => "Placeholder",
        })
    }
}

/// The characters of an 18-character id that can still be read; `?` where one cannot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Remains([u8; 18]);

/// Where a date of birth stands in the eighteen characters.
const BIRTH: std::ops::Range<usize> = 6..14;

impl Remains {
    /// The characters, `?` for unknown.
    pub fn characters(&self) -> &[u8; 18] {
        &self.0
    }

    /// Every character that can be read is the one the id has there.
    pub fn agrees(&self, id: CitizenId) -> bool {
        self.0.iter().zip(id.to_ascii()).all(|(left, whole)| *left == b'?' || *left == whole)
    }

    /// Digits 7 to 14 are all there and form a real date.
    pub fn birth(&self) -> Option<Date> {
        if self.0[BIRTH].contains(&b'?') {
            return None;
        }
        let number = self.0[BIRTH].iter().fold(0u32, |number, digit| number * 10 + u32::from(digit - b'0'));
        Date::from_ymd((number / 10_000) as i32, number / 100 % 100, number % 100)
    }

    /// From the 17th digit, if it is there.
    pub fn sex(&self) -> Option<Sex> {
        match self.0[16] {
            b'?' => None,
            digit if digit % 2 == 1 => Some(Sex::Male),
            _ => Some(Sex::Female),
        }
    }

    /// How many characters can be read.
    pub fn kept(&self) -> usize {
        self.0.iter().filter(|character| **character != b'?').count()
    }

    fn nothing() -> Self {
        Self([b'?'; 18])
    }

    fn prefix(digits: &[u8]) -> Self {
        let mut remains = Self::nothing();
        remains.0[..digits.len()].copy_from_slice(digits);
        remains
    }
}

/// Masked like any id: a panic or a log must not carry what is left of one.
impl std::fmt::Debug for Remains {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Remains({} of 18)", self.kept())
    }
}

/// The fast path for the many well-written ids: exactly 18 ASCII characters, 17 digits and a digit or X.
///
/// `None` means "look closer with [`read`]": that includes tails of three zeros, which a spreadsheet may have made.
pub fn read_plain(raw: &[u8]) -> Option<CitizenId> {
    let raw: &[u8; 18] = raw.try_into().ok()?;
    if raw[15..] == *b"000" {
        return None;
    }
    if raw[17] == b'x' {
        let mut text = *raw;
        text[17] = b'X';
        return CitizenId::from_ascii(&text);
    }
    CitizenId::from_ascii(raw)
}

/// Words that departments write where there is no id. Compared after cleaning, upper case.
const NOTHING: [&str; 12] = ["NULL", "\\N", "NONE", "NA", "N/A", "NAN", "/", "\\", "无", "暂无", "不详", "未知"];

/// Reads one id cell. Allocates; see [`read_plain`] for the hot path.
pub fn read(raw: &str) -> IdReading {
    let Cleaned { text, mut repairs } = clean(raw);
    if text.chars().all(|character| matches!(character, '*' | '0' | '.')) || is_nothing(&text) {
        return IdReading::Missing;
    }
    if !text.is_ascii() {
        return from_annotated(&text, repairs);
    }
    if let Some(reading) = from_number(&text, repairs) {
        return reading;
    }
    if text.contains('*') || has_letter_mask(&text) {
        return from_mask(&text, repairs);
    }
    let mut upper = text.clone().into_bytes();
    if upper.last() == Some(&b'x') && upper[..upper.len() - 1].iter().all(u8::is_ascii_digit) {
        *upper.last_mut().expect("a last character was just seen") = b'X';
        repairs.insert(Repairs::CASE);
    }
    from_digits(&upper, repairs).unwrap_or_else(|| from_letters(text, repairs))
}

/// All one digit, ascending digits, or a long run of one digit: nobody's id, however the check character falls.
pub fn is_placeholder(digits: &[u8]) -> bool {
    const RUN: usize = 11; // a real id's longest run is ten: born 1911-11-11, sequence 111, check 1
    if digits.len() < 6 {
        return false;
    }
    let ascending = digits.windows(2).take(16).all(|pair| pair[1] == if pair[0] == b'9' { b'0' } else { pair[0] + 1 });
    let all_one = digits.iter().all(|digit| *digit == digits[0]);
    let long_run = digits.windows(RUN).any(|run| run.iter().all(|digit| *digit == run[0]));
    ascending || all_one || long_run
}

struct Cleaned {
    text: String,
    repairs: Repairs,
}

/// Folds width, drops blanks, separators and quotes, turns every mask character into `*`. Case is kept: `l` is not `L`.
fn clean(raw: &str) -> Cleaned {
    let mut text = String::with_capacity(raw.len());
    let mut repairs = Repairs::default();
    for character in raw.trim().chars() {
        let narrow = match character {
            '\u{FF01}'..='\u{FF5E}' => {
                repairs.insert(Repairs::WIDTH);
                char::from_u32(character as u32 - 0xFEE0).expect("full-width forms mirror ASCII")
            }
            // Cyrillic, Greek, Roman: input methods offer them.
            'Х' | 'х' | 'Χ' | 'χ' | 'Ⅹ' | 'ⅹ' => {
                repairs.insert(Repairs::WIDTH);
                'X'
            }
            other => other,
        };
        match narrow {
            _ if narrow.is_whitespace() => repairs.insert(Repairs::BLANKS),
            '\u{FEFF}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' => {
                repairs.insert(Repairs::BLANKS);
            }
            '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}' | ',' | '，' | ';' => repairs.insert(Repairs::BLANKS),
            '\'' | '"' | '`' | '=' | '‘' | '’' | '“' | '”' | '\u{B4}' => repairs.insert(Repairs::QUOTES),
            '*' | '#' | '?' | '●' | '•' | '×' | '╳' | '■' | '□' | '✱' | '\u{FFFD}' => text.push('*'),
            _ => text.push(narrow),
        }
    }
    Cleaned { text, repairs }
}

fn is_nothing(text: &str) -> bool {
    let upper = text.to_uppercase();
    NOTHING.contains(&upper.as_str())
}

/// Chinese words around the number (`身份证370102…`): taken off if exactly one id stands between them.
fn from_annotated(text: &str, mut repairs: Repairs) -> IdReading {
    let mut ids = text.split(|character: char| !character.is_ascii_alphanumeric()).filter_map(|part| {
        let mut part = part.as_bytes().to_vec();
        part.make_ascii_uppercase();
        CitizenId::from_ascii(&part).filter(|id| id.is_valid())
    });
    match (ids.next(), ids.next()) {
        (Some(id), None) => {
            repairs.insert(Repairs::QUOTES);
            IdReading::Whole { id, repairs }
        }
        _ => IdReading::Foreign { text: text.to_uppercase() },
    }
}

/// Numbers as spreadsheets print them: `3.70102E+17`, `3.70102199001011E+17`, `370102199001011000.0`.
fn from_number(text: &str, repairs: Repairs) -> Option<IdReading> {
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent.trim_start_matches('+').parse::<usize>().ok()?)),
        None => (text, None),
    };
    let (whole, fraction) = match (number.split_once('.'), exponent) {
        (Some(parts), _) => parts,
        (None, Some(_)) => (number, ""),
        (None, None) => return None,
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let Some(exponent) = exponent else {
        // A fraction of zeros on a whole id: it went through a double, which holds 15 digits.
        let plain = fraction.bytes().all(|digit| digit == b'0');
        return match (plain, whole.len()) {
            (true, 18) => Some(tail_lost(&whole.as_bytes()[..15], repairs)),
            (true, _) => from_digits(whole.as_bytes(), repairs),
            _ => None,
        };
    };
    if whole.len() != 1 {
        return None;
    }
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    match exponent {
        14 if digits.len() == 15 => from_digits(&digits, repairs),
        // Fifteen digits are exact: spreadsheets cut there. Seven to fourteen were rounded at the last one; six were
        // not, because a year begins with 1 or 2.
        17 => Some(match digits.len() {
            15.. => tail_lost(&digits[..15], repairs),
            7..15 => tail_lost(&digits[..digits.len() - 1], repairs),
            _ => tail_lost(&digits, repairs),
        }),
        _ => None,
    }
}

fn tail_lost(digits: &[u8], mut repairs: Repairs) -> IdReading {
    repairs.insert(Repairs::TAIL_LOST);
    IdReading::TailLost { remains: Remains::prefix(digits), repairs }
}

/// Two or more x among digits hide something (`370102xxxxxxxx1234`); a single last X is the check character.
fn has_letter_mask(text: &str) -> bool {
    let others = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'x' | b'X'));
    others && text.bytes().filter(|byte| matches!(byte, b'x' | b'X')).count() >= 2
}

/// Places the characters of a masked id. With eighteen characters each stands in its place; with fifteen in its place of
/// the old form; with any other number the stars were shortened, and what stands before and after them is kept.
fn from_mask(text: &str, mut repairs: Repairs) -> IdReading {
    let mut bytes: Vec<u8> = text.bytes().collect();
    let last = bytes.len() - 1;
    let check_is_x = matches!(bytes[last], b'x' | b'X') && last > 0 && bytes[last - 1].is_ascii_digit();
    let stars = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(0);
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = match *byte {
            b'x' | b'X' if at == last && check_is_x => b'X',
            b'*' | b'x' | b'X' => b'?',
            digit if digit.is_ascii_digit() => digit,
            _ => return IdReading::Foreign { text: text.to_ascii_uppercase() },
        };
    }
    let mut remains = Remains::nothing();
    let kept_after = bytes.iter().rev().take_while(|byte| **byte != b'?').count();
    match bytes.len() {
        18 => remains.0.copy_from_slice(&bytes),
        15 => {
            remains.0[..6].copy_from_slice(&bytes[..6]);
            remains.0[6..8].copy_from_slice(b"19");
            remains.0[8..17].copy_from_slice(&bytes[6..]);
        }
        _ if stars + kept_after < 18 => {
            remains.0[..stars].copy_from_slice(&bytes[..stars]);
            remains.0[18 - kept_after..].copy_from_slice(&bytes[bytes.len() - kept_after..]);
        }
        _ => return IdReading::Foreign { text: text.to_ascii_uppercase() },
    }
    if remains.kept() == 0 {
        return IdReading::Missing;
    }
    repairs.insert(Repairs::MASKED);
    IdReading::Masked { remains, repairs }
}

/// Digits with at most a last X. `None` if there is anything else in it.
fn from_digits(text: &[u8], mut repairs: Repairs) -> Option<IdReading> {
    let (last, body) = text.split_last()?;
    if !body.iter().all(u8::is_ascii_digit) || !(last.is_ascii_digit() || *last == b'X') {
        return None;
    }
    if is_placeholder(text) {
        return Some(IdReading::Placeholder);
    }
    let broken = |text: &[u8]| IdReading::Broken { text: ascii(&text[..text.len().min(24)]), repairs };
    let reading = match text.len() {
        18 if text[15..] == *b"000" => tail_lost(&text[..15], repairs),
        18 => IdReading::Whole { id: CitizenId::from_ascii(text)?, repairs },
        15 => match widen(text) {
            Some(id) => {
                repairs.insert(Repairs::FIFTEEN);
                IdReading::Whole { id, repairs }
            }
            None => broken(text),
        },
        20 | 22 => match from_certificate(text) {
            Some(id) => {
                repairs.insert(Repairs::CERTIFICATE);
                IdReading::Whole { id, repairs }
            }
            None => broken(text),
        },
        _ => broken(text),
    };
    Some(reading)
}

fn ascii(text: &[u8]) -> String {
    text.iter().map(|byte| char::from(*byte)).collect()
}

/// The old id of 15 digits: the century was left out and there was no check character. Real dates only, because many
/// other numbers (a company's registration, an account) have fifteen digits too.
fn widen(text: &[u8]) -> Option<CitizenId> {
    let mut body = [0u8; 17];
    body[..6].copy_from_slice(text.get(..6)?);
    body[6..8].copy_from_slice(b"19");
    body[8..].copy_from_slice(text.get(6..15)?);
    CitizenId::from_body(&body).filter(|id| id.birth().is_some())
}

/// 残疾人证: the id, a category 1 to 8 and a level 1 to 4; a reissued certificate has two more characters (B1, B2 …).
fn from_certificate(text: &[u8]) -> Option<CitizenId> {
    let (category, level) = (*text.get(18)?, *text.get(19)?);
    if !(b'1'..=b'8').contains(&category) || !(b'1'..=b'4').contains(&level) {
        return None;
    }
    let id = text[..18].to_ascii_uppercase();
    CitizenId::from_ascii(&id).filter(|id| id.is_valid())
}

/// Letters in it: a certificate with a check character X, a few look-alike letters in an id, else another document.
fn from_letters(text: String, mut repairs: Repairs) -> IdReading {
    let bytes = text.as_bytes();
    if matches!(bytes.len(), 20 | 22)
        && let Some(id) = from_certificate(bytes)
    {
        repairs.insert(Repairs::CERTIFICATE);
        return IdReading::Whole { id, repairs };
    }
    let letters = bytes.iter().filter(|byte| !byte.is_ascii_digit()).count();
    if bytes.len() == 18 && letters <= 7 {
        return IdReading::Broken { text, repairs };
    }
    IdReading::Foreign { text: text.to_ascii_uppercase() }
}

/// The check character stands for the 17 digits before it; asked on raw bytes, before anything is packed.
pub fn plain_check_holds(raw: &[u8; 18]) -> bool {
    let body: &[u8; 17] = raw[..17].try_into().expect("17 of 18 characters");
    check_character(body) == raw[17].to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "11010519491231002X"; // GB 11643-1999, section 4

    fn id(text: &str) -> CitizenId {
        CitizenId::from_ascii(text.as_bytes()).unwrap()
    }

    #[test]
    fn lossless_cleaning_names_what_it_did() {
        let cases = [
            ("11010519491231002x", Repairs::CASE),
            ("１１０１０５１９４９１２３１００２Ｘ", Repairs::WIDTH),
            ("110105 19491231 002X", Repairs::BLANKS),
            ("\u{FEFF}110105-19491231-002X", Repairs::BLANKS),
            ("11010519491231002Х", Repairs::WIDTH),
            ("11010519491231002χ", Repairs::WIDTH),
            ("11010519491231002ⅹ", Repairs::WIDTH),
            ("'11010519491231002X", Repairs::QUOTES),
            ("=\"11010519491231002X\"", Repairs::QUOTES),
            ("身份证：11010519491231002X", Repairs::QUOTES),
            ("11010519491231002X43", Repairs::CERTIFICATE),
            ("11010519491231002x43B1", Repairs::CERTIFICATE),
            ("110105491231002", Repairs::FIFTEEN),
            ("1.10105491231002E+14", Repairs::FIFTEEN),
        ];
        for (raw, repair) in cases {
            match read(raw) {
                IdReading::Whole { id: read, repairs } => {
                    assert_eq!(read, id(WHOLE), "{raw}");
                    assert!(repairs.contains(repair), "{raw}: {repairs:?}");
                }
                other => panic!("{raw}: {other:?}"),
            }
        }
        assert_eq!(read(WHOLE), IdReading::Whole { id: id(WHOLE), repairs: Repairs::default() });
    }

    #[test]
    fn masks_of_any_layout_keep_what_is_left() {
        for raw in [
            "110105********002X",
            "110105＊＊＊＊＊＊＊＊002x",
            "110105xxxxxxxx002X",
            "110105****002X",
            "110105???002X",
        ] {
            let IdReading::Masked { remains, .. } = read(raw) else { panic!("{raw}") };
            assert_eq!(remains.characters(), b"110105????????002X", "{raw}");
            assert!(remains.agrees(id(WHOLE)) && remains.birth().is_none());
        }
        let IdReading::Masked { remains, .. } = read("11010519491231XXXX") else { panic!() };
        assert_eq!(remains.birth(), Date::from_ymd(1949, 12, 31));
        assert_eq!(remains.kept(), 14);
        let IdReading::Masked { remains, .. } = read("110105******002") else { panic!("fifteen") };
        assert_eq!(remains.characters(), b"11010519??????002?");
    }

    #[test]
    fn spreadsheets_destroy_tails() {
        for (raw, left) in [
            ("3.70102E+17", "370102????????????"),
            ("3.70102199001011E+17", "370102199001011???"),
            ("3.701021990E+17", "370102199?????????"),
            ("370102199001011000", "370102199001011???"),
            ("370102199001011264.0", "370102199001011???"),
        ] {
            let IdReading::TailLost { remains, .. } = read(raw) else { panic!("{raw}") };
            assert_eq!(remains.characters(), left.as_bytes(), "{raw}");
        }
        // The check character of …100 may happen to be 0: still destroyed.
        let lucky = (0..10)
            .flat_map(|tens| (0..10).map(move |digit| format!("37010219900{tens}0{digit}100")))
            .filter_map(|body| CitizenId::from_body(body.as_bytes()))
            .find(|id| id.to_string().ends_with("000") && id.is_valid())
            .expect("one in eleven ends in 0");
        assert!(matches!(read(&lucky.to_string()), IdReading::TailLost { .. }));
        assert!(read_plain(lucky.to_string().as_bytes()).is_none());
    }

    #[test]
    fn nothing_placeholders_and_other_documents() {
        for raw in ["", "  ", "无", "NULL", "\\N", "——", "000000000000000000", "******"] {
            assert_eq!(read(raw), IdReading::Missing, "{raw}");
        }
        for raw in ["111111111111111111", "123456789012345678", "370102111111111111", "999999999999999", "111111"] {
            assert_eq!(read(raw), IdReading::Placeholder, "{raw}");
        }
        for raw in ["e12345678", "H0123456702", "军字第1234567号", "91330203MA2AGXYZ4Q"] {
            assert!(matches!(read(raw), IdReading::Foreign { .. }), "{raw}");
        }
        let resident = CitizenId::from_body(b"81000019900307123").unwrap();
        assert!(matches!(read(&resident.to_string()), IdReading::Whole { .. }), "港澳台居民居住证 is an id of its own");
    }

    #[test]
    fn broken_is_kept_for_repair() {
        for raw in ["1101051949123100X", "110105194912310022X", "11O10519491231002X", "110105491331002"] {
            assert!(matches!(read(raw), IdReading::Broken { .. }), "{raw}: {:?}", read(raw));
        }
        let IdReading::Whole { id, .. } = read("110105194912310021") else { panic!() };
        assert!(!id.is_valid());
    }

    #[test]
    fn what_is_left_prints_nothing_personal() {
        for raw in ["110105********002X", "11O10519491231002X", "E12345678", WHOLE] {
            assert!(!format!("{:?}", read(raw)).contains(&raw[..3]), "{raw}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_a_reading(raw in "[0-9xX*＊?OlE+.,'年 \\PC]{0,26}") {
            let reading = read(&raw);
            if let Some(id) = read_plain(raw.as_bytes()) && !is_placeholder(&id.to_ascii()) {
                let whole = matches!(&reading, IdReading::Whole { id: same, .. } if *same == id);
                proptest::prop_assert!(whole, "the fast path and the full reading agree");
            }
        }
    }
}
