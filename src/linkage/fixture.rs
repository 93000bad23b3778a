//! Registers and extracts for this module's tests: made-up people only.

use crate::kernel::{CitizenId, Date, Division};
use crate::model::evidence::{Delivery, Evidence};
use crate::model::kind::{self, Kind};
use crate::model::register::{Households, Person, Register, Role, State};
use crate::model::table::{Column, Table, Texts};

/// One line of a made-up register; empty texts are blanks.
#[derive(Debug, Clone, Default)]
pub(super) struct Enrolled {
    pub id: String,
    pub name: String,
    pub former: String,
    pub birth: String,
    pub sex: String,
    pub address: String,
    pub phone: String,
    pub relation: String,
    pub division: String,
    pub household: u32,
    pub without_mandate: bool,
}

/// One row of a made-up extract.
#[derive(Debug, Clone, Default)]
pub(super) struct Delivered {
    pub id: String,
    pub name: String,
    pub birth: String,
    pub sex: String,
    pub address: String,
    pub phone: String,
}

fn push(kind: &Kind, table: &mut Table, values: &[(&str, &str)]) {
    for (field, column) in kind.fields.iter().zip(&mut table.columns) {
        let value = values.iter().find(|(name, _)| *name == field.name).map_or("", |(_, value)| value);
        match column {
            Column::Text(texts) => texts.push(value),
            Column::Date(dates) => dates.push(Date::parse_iso(value)),
            other => other.push_none(),
        }
    }
    table.end_row();
}

pub(super) fn register(people: &[Enrolled]) -> Register {
    let kind = kind::register_persons();
    let mut table = Table::new(kind.types());
    let mut persons = Vec::new();
    let households = people.iter().map(|person| person.household).max().map_or(0, |last| last + 1);
    let division = |text: &str| Division::parse(if text.is_empty() { "370112" } else { text }).unwrap();
    let mut codes = Texts::default();
    (0..households).for_each(|code| codes.push(&code.to_string()));
    for person in people {
        let id = CitizenId::from_ascii(person.id.as_bytes());
        let values = [
            ("person_id", &person.id),
            ("name", &person.name),
            ("former_name", &person.former),
            ("birth", &person.birth),
            ("sex", &person.sex),
            ("address", &person.address),
            ("phone", &person.phone),
            ("relation", &person.relation),
        ];
        push(&kind, &mut table, &values.map(|(field, value)| (field, value.as_str())));
        persons.push(Person {
            id,
            household: person.household,
            role: Role::Member,
            state: State::Recipient,
            programme: 0,
            division: division(&person.division),
            birth: id.and_then(CitizenId::birth).or_else(|| Date::parse_iso(&person.birth)),
            mandated: !person.without_mandate,
        });
    }
    Register {
        lines: (0..people.len() as u32).map(|line| line + 2).collect(),
        faulty: Vec::new(),
        households: Households::new(
            codes,
            vec![0; households as usize],
            vec![division(""); households as usize],
            &persons,
        ),
        persons,
        programmes: vec!["低保".into()],
        table,
        as_of: Date::parse_iso("2026-11-24").unwrap(),
    }
}

/// An extract of one person a row, in the columns every kind has.
pub(super) fn evidence(rows: &[Delivered]) -> Evidence {
    let mut evidence = empty(kind::builtin("death").unwrap());
    for (at, row) in rows.iter().enumerate() {
        let values = [
            ("owner_id", &row.id),
            ("owner_name", &row.name),
            ("owner_birth", &row.birth),
            ("owner_sex", &row.sex),
            ("owner_address", &row.address),
            ("owner_phone", &row.phone),
        ];
        let kind = evidence.kind.clone();
        push(&kind, &mut evidence.table, &values.map(|(field, value)| (field, value.as_str())));
        evidence.parties.push(at as u32, 0, &row.id, &row.name);
    }
    evidence
}

/// A marriage: two persons in one row, neither with an id.
pub(super) fn marriage(names: [&str; 2], ids: [&str; 2]) -> Evidence {
    let mut evidence = empty(kind::builtin("marriage").unwrap());
    let kind = evidence.kind.clone();
    let values = [("owner_id", ids[0]), ("owner_name", names[0]), ("spouse_id", ids[1]), ("spouse_name", names[1])];
    push(&kind, &mut evidence.table, &values);
    evidence.parties.push(0, 0, ids[0], names[0]);
    evidence.parties.push(0, 1, ids[1], names[1]);
    evidence
}

fn empty(kind: Kind) -> Evidence {
    Evidence::absent("made_up", "测试", kind, Delivery::Missing)
}

/// Numbers that look random and are the same everywhere (splitmix64).
pub(super) struct Numbers(pub u64);

impl Numbers {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    /// The smaller of two draws: early entries are common, as common names are.
    fn skewed(&mut self, limit: usize) -> usize {
        self.below(limit).min(self.below(limit))
    }

    pub(super) fn name(&mut self) -> String {
        const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文";
        const GIVEN: &str = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂珍玉梅红建国华文辉力永健世广志义兴良海山仁波宁贵福生龙元全胜学祥才发武新利清飞彬富顺信子昌成康星光天达安岩中茂进林有坚和彪博诚先敬震振壮会思群豪心邦承乐绍功松善厚庆民友裕河哲江浩亮政谦亨奇固之轮翰朗伯宏言若鸣朋斌梁栋维启克伦翔旭鹏泽晨辰士以家致树炎德行时泰盛雄琛钧冠策腾楠榕风航弘";
        let pick = |text: &str, at: usize| text.chars().nth(at).unwrap();
        let mut name = String::from(pick(SURNAMES, self.skewed(SURNAMES.chars().count())));
        for _ in 0..1 + usize::from(self.below(4) > 0) {
            name.push(pick(GIVEN, self.skewed(GIVEN.chars().count())));
        }
        name
    }

    pub(super) fn id(&mut self) -> String {
        const DIVISIONS: [&str; 6] = ["370112", "370103", "370181", "370203", "371302", "372901"];
        let division = DIVISIONS[self.below(6)];
        let (year, month, day) = (1935 + self.below(80), 1 + self.below(12), 1 + self.below(28));
        // Three zeros at the end are left out here: they are a class of their own.
        loop {
            let body = format!("{division}{year}{month:02}{day:02}{:03}", 1 + self.below(999));
            let id = CitizenId::from_body(body.as_bytes()).unwrap().to_string();
            if !id.ends_with("000") {
                return id;
            }
        }
    }

    pub(super) fn person(&mut self) -> Enrolled {
        let id = self.id();
        let sex = if (id.as_bytes()[16] - b'0') % 2 == 1 { "male" } else { "female" };
        let counties = [("370112", "济南市历城区"), ("370103", "济南市市中区"), ("370203", "青岛市市北区")];
        let (division, county) = counties[self.below(3)];
        let village = self.name();
        let address = format!("山东省{county}{village}村{}号", 1 + self.below(300));
        let phone = format!("13{:09}", self.below(1_000_000_000));
        let birth = format!("{}-{}-{}", &id[6..10], &id[10..12], &id[12..14]);
        Enrolled {
            id,
            name: self.name(),
            sex: sex.into(),
            division: division.into(),
            address,
            phone,
            birth,
            ..Enrolled::default()
        }
    }
}
