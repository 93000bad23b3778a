//! Single characters as names need them: private-use codes, forms, readings, look-alikes. Tables are this program's own.
//!
//! Everything here serves comparing. No name is ever printed in a form that comes out of this file.
//! Simplified forms come from OpenCC, one character at a time (its phrases know no names), with exceptions: characters
//! whose simplified form is another surname or another name altogether (於/于, 餘/余, 範/范, 乾/干) stay apart.

use std::sync::OnceLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use pinyin::{Pinyin, ToPinyinMulti};

/// Ideographs: the two blocks of the BMP that names use, compatibility forms, 〇, and the supplementary planes.
pub fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}' | '〇')
}

/// The name dot (间隔号, U+00B7 by the 2016 notice of twelve ministries) in the shapes people and converters give it.
pub fn is_name_dot(character: char) -> bool {
    matches!(character, '·' | '•' | '・' | '･' | '‧' | '∙' | '●' | '⋅' | '˙' | '᛫' | '．' | '.' | '、' | '。' | '｡')
}

/// A character that stands where another could not be stored. Private-use codes count: nobody knows what they were.
pub fn is_unreadable(character: char) -> bool {
    matches!(character, '?' | '*' | '□' | '■' | '◇' | '#' | '_' | '〓' | '\u{FFFD}' | '\u{E000}'..='\u{F8FF}')
}

/// GB 18030 gave the 80 codes FE50…FEA0 private-use values (U+E815…U+E864) until Unicode had the characters; old
/// Windows and Oracle chains still write them. The encoding's own table, asked for the same bytes, tells the real ones
/// (U+E863 → 䶮). Other private-use codes are nobody's standard and stay.
pub fn real_character(character: char) -> char {
    const FIRST: u32 = 0xE815;
    let Some(offset) = (character as u32).checked_sub(FIRST).filter(|offset| *offset < 80) else { return character };
    // Trail bytes run 50…7E, skip 7F, and go on 80…A0.
    let trail = 0x50 + offset + u32::from(offset >= 0x2F);
    let bytes = [0xFE, trail as u8];
    // Six characters of the supplementary planes are private in the web's table of the encoding.
    match bytes[1] {
        0x51 => return '\u{20087}',
        0x52 => return '\u{20089}',
        0x53 => return '\u{200CC}',
        0x6C => return '\u{215D7}',
        0x76 => return '\u{2298F}',
        0x91 => return '\u{241FE}',
        _ => {}
    }
    let (text, _) = encoding_rs::GB18030.decode_without_bom_handling(&bytes);
    text.chars().next().unwrap_or(character)
}

/// Different names in print and in law; only one of each pair is what OpenCC would make of the other.
const KEPT_APART: &str = "乾幹於餘範後徵穀";

/// Forms of one character beyond what OpenCC knows, wherever it stands in a name: the first of a pair becomes the second.
const VARIANTS: &str = "峯峰 堃坤 喆哲 頴颖 颕颖 穎颖 珎珍 羣群 邨村 昇升 陞升 晧皓 皜皓 璿璇 叡睿 栢柏 煕熙 熈熙 恆恒 囯国 圀国 \
    髙高 呉吴 吳吴 黃黄 郞郎 彊强 強强 溫温 戸户 戶户 眞真 靑青 淸清 敎教 儁俊 秌秋 珤宝 寳宝 斈学 亜亚 沢泽 燿耀 勲勋 鋭锐 \
    脩修 甦苏 蘓苏 冨富 凃涂 逹达 祿禄 淥渌 緑绿 晉晋 寕宁 甯宁 仝同 竝并 並并 併并 鳯凤 徳德 惪德 鍳鉴 啟启 啓启 繡绣 綉绣 \
    荘庄 莊庄 薫薰 嶽岳 崐昆 崑昆 菓果 皞昊 錬炼 巌岩 嵓岩 朶朵 砕碎 衞卫 槑梅 楳梅 笻筇 韮韭 裵裴 鑑鉴 濬浚 陽阳 碁棋 棊棋";

/// The form that stands for all forms of a character when names are compared; `surname` says it is the first one.
pub fn comparing_form(character: char, surname: bool) -> char {
    let plain = plain_form(character);
    if surname { surname_form(plain) } else { plain }
}

/// Surnames that the character reform or habit split in two; one family uses both, so they are one when comparing.
fn surname_form(character: char) -> char {
    match character {
        '萧' => '肖',
        '闫' => '阎',
        '付' => '傅',
        '代' => '戴',
        '兰' => '蓝',
        '丘' => '邱',
        '锺' => '钟',
        other => other,
    }
}

const TABLE: std::ops::Range<u32> = 0x3400..0xA000;

fn plain_form(character: char) -> char {
    static FORMS: OnceLock<Vec<char>> = OnceLock::new();
    match (character as u32).checked_sub(TABLE.start).filter(|_| (character as u32) < TABLE.end) {
        Some(at) => FORMS.get_or_init(forms)[at as usize],
        None if character == '𠮷' => '吉',
        None => character,
    }
}

/// The simplified form of every BMP ideograph, by code. One conversion: a line feed keeps characters from forming phrases.
fn forms() -> Vec<char> {
    let every: Vec<char> = TABLE.filter_map(char::from_u32).collect();
    let lines: String = every.iter().flat_map(|character| [*character, '\n']).collect();
    let opencc = OpenCC::from_config(BuiltinConfig::T2s).expect("the dictionary is compiled in");
    let converted = opencc.convert(&lines);
    let mut forms: Vec<char> = every.clone();
    for (at, line) in converted.lines().enumerate().take(every.len()) {
        let mut characters = line.chars();
        if let (Some(simplified), None) = (characters.next(), characters.next())
            && !KEPT_APART.contains(every[at])
        {
            forms[at] = simplified;
        }
    }
    for pair in VARIANTS.split_whitespace() {
        let mut pair = pair.chars();
        if let (Some(from), Some(to)) = (pair.next(), pair.next()) {
            forms[(from as u32 - TABLE.start) as usize] = to;
        }
    }
    forms
}

/// How a surname is read where that is not how the character is usually read.
const SURNAME_READINGS: [(char, &str); 35] = [
    ('单', "shan"),
    ('仇', "qiu"),
    ('区', "ou"),
    ('曾', "zeng"),
    ('解', "xie"),
    ('查', "zha"),
    ('任', "ren"),
    ('华', "hua"),
    ('朴', "piao"),
    ('盖', "ge"),
    ('尉', "wei"),
    ('乐', "yue"),
    ('冼', "xian"),
    ('缪', "miao"),
    ('宓', "mi"),
    ('逄', "pang"),
    ('员', "yun"),
    ('贠', "yun"),
    ('种', "chong"),
    ('秘', "bi"),
    ('繁', "po"),
    ('折', "she"),
    ('召', "shao"),
    ('那', "na"),
    ('覃', "qin"),
    ('黑', "he"),
    ('卜', "bu"),
    ('祭', "zhai"),
    ('呙', "guo"),
    ('郇', "xun"),
    ('乜', "nie"),
    ('翟', "zhai"),
    ('车', "che"),
    ('柏', "bai"),
    ('宁', "ning"),
];

/// Readings of a character without tones (pinyin as people type it, ü as v). None where none is known; one that differs
/// only in tones may come twice.
pub fn readings(character: char, surname: bool) -> impl Iterator<Item = &'static str> {
    let own = || SURNAME_READINGS.iter().find(|(other, _)| *other == character).map(|(_, reading)| *reading);
    let own = if surname { own() } else { None };
    let usual = if own.is_none() { character.to_pinyin_multi() } else { None };
    own.into_iter().chain(usual.into_iter().flatten().map(Pinyin::plain))
}

/// The two characters can be read alike, tones aside: what a typist who hears or types pinyin confuses.
pub fn sound_alike(a: char, b: char, surname: bool) -> bool {
    readings(a, surname).any(|of_a| readings(b, surname).any(|of_b| of_a == of_b))
}

/// Groups of characters that scans and tired eyes confuse. Modest on purpose: only pairs that occur in names.
const LOOK_ALIKE: &str = "未末 己已巳 日曰 戊戌戍 人入八 士土 干千于 大太犬 天夭 王玉主 午牛 田由甲申 木本 刀力 贝见 今令 冼洗 候侯 \
    晢晰皙 徽微 崇祟 茶荼 幸辛 享亨 宜宣 晴睛 折拆 淮准 薛薜 颖颍 昊吴 林材 英央 玲铃 瑞端 婷停 波彼 凤风 荣荥 萍苹 刚钢 \
    连莲 明朋 义又 平乎 少小 兵乒 鸟乌 问间 季李 梁粱 毋母 冷泠 治冶 祖租 杨扬场 清请 郎朗 萧箫 仑仓 傅博 璐潞 竟竞 景影 \
    陈阵 洪供 丹舟 云去 文丈 元无 斤斥 旦且 子孑 史吏 兴典 桂柱 海诲 淑椒 胜性 佳住 丽而 雪霄 霞霰 荃茎 栋拣 桓恒 汪江";

/// The two characters look alike to a scanner or a tired eye.
pub fn look_alike(a: char, b: char) -> bool {
    let confused = |character| LOOK_ALIKE.contains::<char>(character);
    a != b
        && confused(a)
        && confused(b)
        && LOOK_ALIKE.split_whitespace().any(|group| group.contains(a) && group.contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_use_codes_become_real() {
        assert_eq!(real_character('\u{E863}'), '䶮');
        assert_eq!(real_character('\u{E81E}'), '\u{9FB4}'); // FE59
        assert_eq!(real_character('\u{E844}'), '䜣'); // FE80, the first behind the gap
        assert_eq!(real_character('\u{E4C6}'), '\u{E4C6}', "not in the region: left alone");
        for code in 0xE815..=0xE864 {
            let private = char::from_u32(code).unwrap();
            assert_ne!(real_character(private), private, "U+{code:04X}");
        }
    }

    #[test]
    fn forms_meet_and_distinct_names_stay_apart() {
        for (a, b) in [('張', '张'), ('歐', '欧'), ('蘭', '兰'), ('𠮷', '吉'), ('峯', '峰'), ('雲', '云')]
        {
            assert_eq!(comparing_form(a, false), comparing_form(b, false), "{a}{b}");
        }
        for (a, b) in [('乾', '干'), ('於', '于'), ('餘', '余'), ('範', '范'), ('萧', '肖'), ('代', '戴')] {
            assert_ne!(comparing_form(a, false), comparing_form(b, false), "{a}{b}");
        }
        for (a, b) in [('蕭', '肖'), ('闫', '閻'), ('傅', '付'), ('戴', '代')] {
            assert_eq!(comparing_form(a, true), comparing_form(b, true), "{a}{b}");
        }
        assert_ne!(comparing_form('於', true), comparing_form('于', true));
    }

    #[test]
    fn surnames_are_read_as_surnames() {
        assert!(sound_alike('单', '山', true) && !sound_alike('单', '丹', true));
        assert!(sound_alike('仇', '邱', true) && !sound_alike('仇', '愁', true));
        assert!(sound_alike('曾', '增', true));
        assert!(sound_alike('伟', '玮', false) && !sound_alike('伟', '强', false));
        assert!(!sound_alike('𠮷', '吉', false), "no reading known: no evidence");
    }
}
