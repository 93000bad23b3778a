//! Made-up counties, towns, villages and roads.

use super::dice::Dice;
use crate::kernel::Division;

/// Shandong's city prefixes; the county digits behind them are ones no edition of GB/T 2260 uses (see `ids`).
const CITIES: [u32; 16] =
    [3701, 3702, 3703, 3704, 3705, 3706, 3707, 3708, 3709, 3710, 3711, 3713, 3714, 3715, 3716, 3717];
const FIRST_COUNTY: u32 = 41;
const COUNTIES_PER_CITY: u32 = 39;

/// As many counties as can be made up.
pub const MOST_COUNTIES: u16 = (CITIES.len() as u32 * COUNTIES_PER_CITY) as u16;

const CLEAR: &[char] = &[
    '清', '青', '柳', '石', '白', '河', '兴', '永', '和', '平', '东', '西', '南', '北', '大', '新', '杏', '枣', '桃',
    '泉',
];
const PLAIN: &[char] = &[
    '溪', '山', '林', '桥', '沟', '湖', '隆', '安', '庄', '店', '峪', '岭', '坡', '埠', '洼', '湾', '屯', '园', '源',
    '台',
];
const ROADS: &[&str] = &["友谊路", "新华街", "文化路", "建设街", "团结路", "光明街", "解放路", "人民街"];

/// Six digits of county `index` (0 to [`MOST_COUNTIES`] − 1); neighbours in the count lie in different cities.
pub fn county(index: u16) -> u32 {
    let index = u32::from(index);
    let cities = CITIES.len() as u32;
    CITIES[(index % cities) as usize] * 100 + FIRST_COUNTY + index / cities % COUNTIES_PER_CITY
}

/// `演甲市`: the city that county `index` lies in.
pub fn city_name(index: u16) -> String {
    const STEMS: [char; 16] =
        ['甲', '乙', '丙', '丁', '戊', '己', '庚', '辛', '壬', '癸', '子', '丑', '寅', '卯', '辰', '巳'];
    format!("演{}市", STEMS[usize::from(index) % STEMS.len()])
}

/// What the cities lie in.
pub const PROVINCE: &str = "演示省";

/// `演示十二县`, for county `index`.
pub fn county_name(index: u16) -> String {
    format!("演示{}县", numeral(index + 1))
}

/// 1 to 999 in Chinese.
fn numeral(number: u16) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let (hundreds, tens, ones) = (number / 100 % 10, number / 10 % 10, number % 10);
    let mut text = String::new();
    if hundreds > 0 {
        text.push_str(DIGITS[hundreds as usize]);
        text.push('百');
        if tens == 0 && ones > 0 {
            text.push('〇');
        }
    }
    if tens > 1 || (tens == 1 && hundreds > 0) {
        text.push_str(DIGITS[tens as usize]);
    }
    if tens > 0 {
        text.push('十');
    }
    text.push_str(DIGITS[ones as usize]);
    text
}

/// Where somebody lives: county index, town and village number, house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub county: u16,
    pub town: u16,
    pub village: u16,
    pub house: u16,
}

impl Place {
    pub fn draw(dice: &mut Dice, county: u16) -> Self {
        Self {
            county,
            town: 1 + dice.below(14) as u16,
            village: 1 + dice.below(30) as u16,
            house: 1 + dice.below(480) as u16,
        }
    }

    /// The village's twelve digits.
    pub fn division(self) -> Division {
        let code =
            u64::from(county(self.county)) * 1_000_000 + u64::from(self.town) * 1_000 + 200 + u64::from(self.village);
        Division::from_code(code)
    }

    /// `演甲市演示一县清溪镇柳林村123号`; without city and county if `whole` is false, as many departments keep it.
    pub fn address(self, whole: bool) -> String {
        let county = if whole { city_name(self.county) + &county_name(self.county) } else { String::new() };
        let town = name(self.town + self.county * 3);
        match self.town {
            1..=3 => {
                let road = ROADS[usize::from(self.village) % ROADS.len()];
                format!("{county}{town}街道{road}{}号", self.house)
            }
            _ => format!("{county}{town}镇{}村{}号", name(self.village * 7 + self.town), self.house),
        }
    }
}

fn name(number: u16) -> String {
    let (number, clear, plain) = (usize::from(number), CLEAR.len(), PLAIN.len());
    [CLEAR[number % clear], PLAIN[(number / clear + number) % plain]].iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counties_are_distinct_and_made_up() {
        let codes: std::collections::BTreeSet<u32> = (0..MOST_COUNTIES).map(county).collect();
        assert_eq!(codes.len(), usize::from(MOST_COUNTIES));
        assert!(codes.iter().all(|code| (41..=79).contains(&(code % 100)) && code / 10_000 == 37));
        assert_eq!((county(0), county(16)), (370_141, 370_142));
    }

    #[test]
    fn numerals() {
        let said: Vec<String> = [1, 10, 12, 20, 101, 110, 137].into_iter().map(numeral).collect();
        assert_eq!(said, ["一", "十", "十二", "二十", "一百〇一", "一百一十", "一百三十七"]);
    }
}
