//! 关联: a person of the register and a person in a department's row, with the grade and the grounds.

/// 匹配等级. Ordered: the first that holds is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Grade {
    /// The id, and a consistent name.
    A,
    /// The id, but another person's name: for identity review.
    B,
    /// A damaged id that one reading repairs, with name and birth date.
    C,
    /// No id: name, birth date and a third fact.
    D,
    /// The name alone: nothing follows.
    E,
}

impl Grade {
    pub const ALL: [Grade; 5] = [Grade::A, Grade::B, Grade::C, Grade::D, Grade::E];

    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::E => "E",
        }
    }
}

/// What cleaning did to a delivered id. Several may apply; a set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Repairs(pub u16);

impl Repairs {
    pub const CASE: Repairs = Repairs(1);
    pub const WIDTH: Repairs = Repairs(1 << 1);
    pub const BLANKS: Repairs = Repairs(1 << 2);
    pub const QUOTES: Repairs = Repairs(1 << 3);
    pub const FIFTEEN: Repairs = Repairs(1 << 4);
    pub const CERTIFICATE: Repairs = Repairs(1 << 5);
    /// From here on the id was damaged, not just written differently: grade C.
    pub const ONE_DIGIT: Repairs = Repairs(1 << 6);
    pub const SWAP: Repairs = Repairs(1 << 7);
    pub const LOOKALIKE: Repairs = Repairs(1 << 8);
    pub const MASKED: Repairs = Repairs(1 << 9);
    pub const TAIL_LOST: Repairs = Repairs(1 << 10);

    /// Name of each bit, as `export` and `trace` print it (wording key `linkage.repair_<name>`).
    pub const NAMES: [(Repairs, &'static str); 11] = [
        (Self::CASE, "case"),
        (Self::WIDTH, "width"),
        (Self::BLANKS, "blanks"),
        (Self::QUOTES, "quotes"),
        (Self::FIFTEEN, "fifteen"),
        (Self::CERTIFICATE, "certificate"),
        (Self::ONE_DIGIT, "one_digit"),
        (Self::SWAP, "swap"),
        (Self::LOOKALIKE, "lookalike"),
        (Self::MASKED, "masked"),
        (Self::TAIL_LOST, "tail_lost"),
    ];

    pub fn insert(&mut self, other: Repairs) {
        self.0 |= other.0;
    }

    pub fn contains(self, other: Repairs) -> bool {
        self.0 & other.0 == other.0
    }

    /// Names of the bits set, in the order of [`Repairs::NAMES`].
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(bit, _)| self.contains(*bit)).map(|(_, name)| name)
    }
}

/// 一致程度 of two names, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NameLevel {
    /// Equal as delivered (trimmed).
    Equal,
    /// Equal after folding width, blanks, the name dot, private-use characters, case.
    Folded,
    /// Equal in variant or traditional forms.
    Variant,
    /// Equal to a former name.
    Former,
    /// One character is damaged (? □ ＊, pinyin) or cut off at the column's width; the rest is equal.
    Damaged,
    /// The same reading, or one look-alike character.
    Homophone,
    /// One side gives no name.
    Absent,
    Different,
}

impl NameLevel {
    pub const ALL: [NameLevel; 8] = [
        Self::Equal,
        Self::Folded,
        Self::Variant,
        Self::Former,
        Self::Damaged,
        Self::Homophone,
        Self::Absent,
        Self::Different,
    ];

    /// The two may be one person's name: what grade A asks for.
    pub fn is_consistent(self) -> bool {
        self < Self::Absent
    }

    /// One letter, the second of the outcome code.
    pub fn letter(self) -> char {
        match self {
            Self::Equal => 'E',
            Self::Folded => 'F',
            Self::Variant => 'V',
            Self::Former => 'O',
            Self::Damaged => 'D',
            Self::Homophone => 'H',
            Self::Absent => 'N',
            Self::Different => 'X',
        }
    }
}

/// One person of the register × one person in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Index in the register.
    pub person: u32,
    /// Index of the source in the plan.
    pub source: u16,
    /// Row in that source's [`super::evidence::Evidence::table`].
    pub row: u32,
    /// Index in the kind's persons (owner 0, spouse 1).
    pub slot: u8,
    /// Index in that source's [`super::evidence::Evidence::parties`].
    pub party: u32,
    pub grade: Grade,
    /// Three letters: how the id agrees, how the name agrees, what else agrees. See `linkage::decide`.
    pub code: [u8; 3],
    pub repairs: Repairs,
    pub name_level: NameLevel,
    /// 匹配权重: log2 of how much likelier the agreement is for one person than for two.
    pub weight_bits: f32,
    /// The link may enter a case: its grade is accepted, or a reviewer accepted it (invariant I-5).
    pub accepted: bool,
}

impl Link {
    pub fn code_text(&self) -> &str {
        std::str::from_utf8(&self.code).expect("outcome codes are ASCII")
    }

    /// Its id is one of many names' ([`SharedId`]).
    pub fn is_shared(&self) -> bool {
        self.code[0] == b'U'
    }
}

/// An id that cannot stand for one person: a placeholder, or one id under many names. Set aside and listed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SharedId {
    pub source: u16,
    pub id: String,
    pub rows: u64,
    pub names: u64,
}

/// A name that too many rows without id and birth date share with too many persons: not compared, and said so.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CrowdedName {
    pub source: u16,
    /// As one of the rows delivers it.
    pub name: String,
    /// Persons of this name on the register, and persons of this name in the source's rows without id and birth date.
    pub persons: u64,
    pub parties: u64,
}

/// The links of one source.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SourceLinks {
    /// Sorted by row, party, person.
    pub links: Vec<Link>,
    /// Sorted by id.
    pub shared: Vec<SharedId>,
    /// Sorted by name.
    pub crowded: Vec<CrowdedName>,
    /// Persons in rows of whom nothing but a name on the register is known (grade E).
    pub name_only: u64,
}
