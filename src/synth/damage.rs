//! What happens to ids and names between a counter clerk and an extract, one damage a row, and the grade a link should
//! still get (`link::Grade`; `None`: too little is left to ask for a link).

use super::dice::Dice;
use super::names::{DOT, RARE};
use super::people::{Entry, Party};
use crate::model::link::Grade;

macro_rules! damages {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $rate:literal;)*) => {
        /// One kind of damage. The names stand in truth.csv.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Damage { None, $($(#[$doc])* $variant,)* }

        impl Damage {
            pub const ALL: &[Damage] = &[$(Damage::$variant,)*];

            pub fn name(self) -> &'static str {
                match self { Damage::None => "none", $(Damage::$variant => $name,)* }
            }

            /// Rows in 100,000 about people on the register.
            fn rate(self) -> u32 {
                match self { Damage::None => 0, $(Damage::$variant => $rate,)* }
            }
        }
    };
}

damages! {
    /// A lower-case x.
    Case = "case", 250;
    /// Full-width digits.
    Width = "width", 150;
    /// Blanks inside or behind.
    Blanks = "blanks", 200;
    /// An apostrophe in front, as spreadsheets keep text.
    Apostrophe = "apostrophe", 150;
    Fifteen = "fifteen", 500;
    OneDigit = "one_digit", 250;
    /// Two neighbouring digits in the other order.
    Swap = "swap", 150;
    /// O for 0 or l for 1.
    Lookalike = "lookalike", 100;
    Masked6And4 = "masked_6_4", 250;
    Masked3And4 = "masked_3_4", 60;
    Masked10And4 = "masked_10_4", 100;
    /// 3.70141E+17.
    Exponent = "exponent", 60;
    /// The last three digits became 000 in a spreadsheet.
    TailLost = "tail_lost", 150;
    MissingId = "missing_id", 500;
    /// Another dot in a minority name, or none.
    NameDot = "name_dot", 300;
    /// A private-use character of an old code table.
    NamePrivate = "name_private", 60;
    /// A question mark for a rare character.
    NameMark = "name_mark", 100;
    /// Traditional characters.
    NameTraditional = "name_traditional", 120;
    NameHomophone = "name_homophone", 200;
    NameFormer = "name_former", 150;
    /// Cut off at the column's width.
    NameCut = "name_cut", 50;
    /// The id of one person with the name of another: nothing may follow before somebody looked.
    WrongName = "wrong_name", 300;
}

/// What a feed tells of a person besides id and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carries {
    pub birth: bool,
    pub address: bool,
    pub phone: bool,
}

impl Carries {
    /// Enough to tell a person without an id from a namesake: two facts beside the name.
    fn tells_apart(self) -> bool {
        [self.birth, self.address, self.phone].into_iter().filter(|carried| *carried).count() >= 2
    }
}

impl Damage {
    /// The grade a link between the register person and the damaged row should get.
    pub fn expected(self, entry: Entry, carries: Carries) -> Option<Grade> {
        if self == Damage::WrongName {
            return matches!(entry, Entry::Whole | Entry::Fifteen).then_some(Grade::B);
        }
        match entry {
            // The register's own id is wrong: a row with the right one looks like somebody else's.
            Entry::Wrong => return None,
            // Without an id on the register, a row with one is another person's as far as anybody can tell.
            Entry::Missing => return (self == Damage::MissingId && carries.tells_apart()).then_some(Grade::D),
            Entry::Whole | Entry::Fifteen => {}
        }
        match self {
            Damage::OneDigit | Damage::Swap | Damage::Lookalike | Damage::TailLost => Some(Grade::C),
            // The mask hides the birth date: only a column of its own can confirm it.
            Damage::Masked6And4 | Damage::Masked10And4 if carries.birth => Some(Grade::C),
            // Three digits of division and four at the end do not single out a common name.
            Damage::Masked6And4 | Damage::Masked10And4 | Damage::Masked3And4 => Some(Grade::D),
            Damage::Exponent | Damage::MissingId => carries.tells_apart().then_some(Grade::D),
            _ => Some(Grade::A),
        }
    }

    /// Writes the damage into `party`; `false`, and no change, where it cannot befall this person.
    pub fn befall(self, party: &mut Party, former: Option<&str>, dice: &mut Dice) -> bool {
        let id = damaged_id(self, &party.id, dice);
        let name = damaged_name(self, &party.name, former, dice);
        let befell = id.is_some() || name.is_some() || matches!(self, Damage::None | Damage::WrongName);
        party.id = id.unwrap_or_else(|| std::mem::take(&mut party.id));
        party.name = name.unwrap_or_else(|| std::mem::take(&mut party.name));
        befell
    }
}

fn damaged_id(damage: Damage, id: &str, dice: &mut Dice) -> Option<String> {
    let replaced = |at: usize, with: &str| format!("{}{with}{}", &id[..at], &id[at + 1..]);
    let bytes = id.as_bytes();
    Some(match damage {
        Damage::Case => id.strip_suffix('X').map(|body| format!("{body}x"))?,
        Damage::Width => id.chars().map(full_width).collect(),
        Damage::Blanks if dice.chance(50_000) => format!("{} {} {}", &id[..6], &id[6..14], &id[14..]),
        Damage::Blanks => format!("{id}  "),
        Damage::Apostrophe => format!("'{id}"),
        Damage::Fifteen => (&id[6..8] == "19").then(|| format!("{}{}", &id[..6], &id[8..17]))?,
        Damage::OneDigit => {
            let at = dice.below(17) as usize;
            let other = (bytes[at] - b'0' + 1 + dice.below(9) as u8) % 10;
            replaced(at, &other.to_string())
        }
        Damage::Swap => {
            let places: Vec<usize> = (6..16).filter(|at| bytes[*at] != bytes[at + 1]).collect();
            let at = *places.get(dice.below(places.len().max(1) as u64) as usize)?;
            format!("{}{}{}{}", &id[..at], &id[at + 1..at + 2], &id[at..at + 1], &id[at + 2..])
        }
        Damage::Lookalike => {
            let places: Vec<usize> = (0..17).filter(|at| matches!(bytes[*at], b'0' | b'1')).collect();
            let at = *places.get(dice.below(places.len().max(1) as u64) as usize)?;
            replaced(at, if bytes[at] == b'0' { "O" } else { "l" })
        }
        Damage::Masked6And4 => format!("{}********{}", &id[..6], &id[14..]),
        Damage::Masked3And4 => format!("{}***********{}", &id[..3], &id[14..]),
        Damage::Masked10And4 => format!("{}****{}", &id[..10], &id[14..]),
        Damage::Exponent => format!("{}.{}E+17", &id[..1], &id[1..6]),
        Damage::TailLost => (&id[15..] != "000").then(|| format!("{}000", &id[..15]))?,
        Damage::MissingId => String::new(),
        _ => return None,
    })
}

/// A digit or X as typed with the input method on.
pub fn full_width(character: char) -> char {
    match character {
        '0'..='9' => {
            char::from_u32(u32::from(character) - u32::from('0') + u32::from('０')).expect("a full-width digit")
        }
        'X' => 'Ｘ',
        other => other,
    }
}

fn damaged_name(damage: Damage, name: &str, former: Option<&str>, dice: &mut Dice) -> Option<String> {
    match damage {
        Damage::NameDot => {
            name.contains(DOT).then(|| name.replace(DOT, dice.pick(&["•", "・", "‧", "∙", ".", " ", ""])))
        }
        Damage::NamePrivate => name.contains('䶮').then(|| name.replace('䶮', "\u{E863}")),
        Damage::NameMark => name.contains(RARE).then(|| name.replace(RARE, "?")),
        Damage::NameTraditional => exchange(name, 0, TRADITIONAL),
        // The surname is what clerks get right.
        Damage::NameHomophone => exchange(name, 1, HOMOPHONES),
        Damage::NameFormer => former.map(str::to_owned),
        Damage::NameCut => {
            let length = name.chars().count();
            (length >= 7).then(|| name.chars().take(length - 1).collect())
        }
        _ => None,
    }
}

/// The two names share no character: no clerk wrote one for the other.
pub fn full_name_apart(one: &str, other: &str) -> bool {
    !one.chars().any(|character| character != DOT && other.contains(character))
}

/// The first character from `from` on that the table knows, exchanged.
fn exchange(name: &str, from: usize, table: &[(char, char)]) -> Option<String> {
    let known = |character: char| table.iter().find(|(plain, _)| *plain == character).map(|(_, other)| *other);
    let mut characters: Vec<char> = name.chars().collect();
    let (at, other) = (from..characters.len()).find_map(|at| Some((at, known(characters[at])?)))?;
    characters[at] = other;
    Some(characters.into_iter().collect())
}

const TRADITIONAL: &[(char, char)] = &[
    ('张', '張'),
    ('刘', '劉'),
    ('陈', '陳'),
    ('杨', '楊'),
    ('赵', '趙'),
    ('孙', '孫'),
    ('马', '馬'),
    ('吴', '吳'),
    ('韩', '韓'),
    ('罗', '羅'),
    ('郑', '鄭'),
    ('谢', '謝'),
    ('冯', '馮'),
    ('许', '許'),
    ('邓', '鄧'),
    ('苏', '蘇'),
    ('卢', '盧'),
    ('蒋', '蔣'),
];

const HOMOPHONES: &[(char, char)] = &[
    ('伟', '玮'),
    ('芳', '方'),
    ('英', '瑛'),
    ('红', '洪'),
    ('燕', '艳'),
    ('霞', '侠'),
    ('军', '君'),
    ('辉', '晖'),
    ('明', '铭'),
    ('梅', '枚'),
    ('静', '敬'),
    ('丽', '莉'),
    ('兰', '岚'),
    ('玲', '铃'),
    ('娟', '涓'),
    ('华', '骅'),
    ('平', '萍'),
    ('文', '雯'),
];

/// Spreads the damages evenly over the rows about people on the register, so that a small centre, too, shows each.
///
/// Every row adds its rate to each damage's debt; the damage with the greatest debt of a whole row is tried first.
pub struct Schedule {
    debts: Vec<(Damage, u32)>,
}

const WHOLE_ROW: u32 = 100_000;

impl Schedule {
    pub fn new() -> Self {
        // Nearly due from the start: each shows as soon as a row can bear it.
        Self { debts: Damage::ALL.iter().map(|damage| (*damage, WHOLE_ROW - damage.rate())).collect() }
    }

    /// The damages that are due at this row, the most overdue first.
    pub fn due(&mut self) -> impl Iterator<Item = Damage> + use<> {
        self.debts.iter_mut().for_each(|(damage, debt)| *debt += damage.rate());
        let mut due: Vec<(Damage, u32)> = self.debts.iter().copied().filter(|(_, debt)| *debt >= WHOLE_ROW).collect();
        due.sort_by_key(|(damage, debt)| (std::cmp::Reverse(*debt), *damage));
        due.into_iter().map(|(damage, _)| damage)
    }

    /// `damage` befell the row.
    pub fn pay(&mut self, damage: Damage) {
        if let Some((_, debt)) = self.debts.iter_mut().find(|(of, _)| *of == damage) {
            *debt -= WHOLE_ROW;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dice::Purpose;
    use super::*;
    use crate::kernel::{CitizenId, Date, Sex};

    fn party() -> Party {
        Party {
            id: "11010519491231002X".to_owned(),
            name: "古丽·䶮".to_owned(),
            birth: Date::from_ymd(1949, 12, 31).unwrap(),
            sex: Sex::Female,
            address: String::new(),
            phone: String::new(),
        }
    }

    fn damaged(damage: Damage) -> (String, String) {
        let mut party = party();
        assert!(damage.befall(&mut party, Some("古兰"), &mut Dice::new(2, Purpose::Damage, 0)), "{damage:?}");
        (party.id, party.name)
    }

    #[test]
    fn forms() {
        assert_eq!(damaged(Damage::Case).0, "11010519491231002x");
        assert_eq!(damaged(Damage::Fifteen).0, "110105491231002");
        assert_eq!(damaged(Damage::Masked6And4).0, "110105********002X");
        assert_eq!(damaged(Damage::Masked10And4).0, "1101051949****002X");
        assert_eq!(damaged(Damage::Exponent).0, "1.10105E+17");
        assert_eq!(damaged(Damage::TailLost).0, "110105194912310000");
        assert_eq!(damaged(Damage::NameMark).1, "古丽·?");
        assert_eq!(damaged(Damage::NameFormer).1, "古兰");
    }

    // MOD 11-2 finds every single wrong digit and every swap of two neighbours.
    #[test]
    fn typing_errors_show_in_the_check_character() {
        for damage in [Damage::OneDigit, Damage::Swap] {
            let (id, _) = damaged(damage);
            assert!(!CitizenId::from_ascii(id.as_bytes()).unwrap().check_holds(), "{damage:?}");
        }
    }

    #[test]
    fn what_cannot_befall_changes_nothing() {
        let mut party = party();
        party.id = "440524188001010014".to_owned();
        assert!(!Damage::Case.befall(&mut party, None, &mut Dice::new(2, Purpose::Damage, 0)));
        assert!(!Damage::NameFormer.befall(&mut party, None, &mut Dice::new(2, Purpose::Damage, 0)));
        assert_eq!((party.id.as_str(), party.name.as_str()), ("440524188001010014", "古丽·䶮"));
    }

    #[test]
    fn grades_follow_what_is_left() {
        let birth = Carries { birth: true, ..Carries::default() };
        assert_eq!(Damage::Fifteen.expected(Entry::Whole, Carries::default()), Some(Grade::A));
        assert_eq!(Damage::Masked6And4.expected(Entry::Whole, birth), Some(Grade::C));
        assert_eq!(Damage::MissingId.expected(Entry::Whole, Carries { phone: true, ..birth }), Some(Grade::D));
        assert_eq!(Damage::MissingId.expected(Entry::Whole, birth), None);
        assert_eq!(Damage::MissingId.expected(Entry::Whole, Carries::default()), None);
        assert_eq!(Damage::WrongName.expected(Entry::Whole, birth), Some(Grade::B));
        assert_eq!(Damage::Masked3And4.expected(Entry::Whole, birth), Some(Grade::D));
        assert_eq!(Damage::None.expected(Entry::Wrong, birth), None);
        assert_eq!(Damage::None.expected(Entry::Missing, birth), None);
    }

    #[test]
    fn the_schedule_keeps_its_rates() {
        let mut schedule = Schedule::new();
        let mut fifteen = 0;
        for _ in 0..10_000 {
            if let Some(damage) = schedule.due().find(|damage| *damage == Damage::Fifteen) {
                schedule.pay(damage);
                fifteen += 1;
            }
        }
        assert_eq!(fifteen, 50);
    }
}
