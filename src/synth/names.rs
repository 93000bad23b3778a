//! Made-up names with the shape of real ones: few surnames carry most people, popular given names repeat, so namesakes
//! are plenty; some names hold a dot (minority names) or a rare character. No real person is meant.

use super::dice::Dice;
use crate::kernel::Sex;

/// Most common first; the order is all that is used.
const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "孙", "周", "徐", "于", "马", "朱", "高", "郭", "宋", "吴", "姜", "韩",
    "胡", "林", "何", "罗", "梁", "郑", "谢", "唐", "冯", "董", "程", "曹", "袁", "邓", "许", "傅", "沈", "曾", "彭",
    "吕", "苏", "卢", "蒋", "蔡", "贾", "丁", "魏", "薛", "叶", "阎", "余", "潘", "杜", "戴", "夏", "钟", "汪", "田",
    "任", "范", "方", "石", "姚", "谭", "廖", "邹", "熊", "金", "陆", "郝", "孔", "白", "崔", "康", "毛", "邱", "秦",
    "江", "史", "顾", "侯", "邵", "孟", "龙", "万", "段", "钱", "汤", "尹", "黎", "常", "武", "乔", "贺", "龚", "文",
    "庞", "单", "仇", "盖", "亓", "逄", "臧", "欧阳", "诸葛", "司马", "上官",
];

const MALE: &[&str] = &[
    "建", "国", "志", "明", "军", "伟", "强", "德", "文", "永", "平", "海", "春", "玉", "华", "金", "庆", "成", "福",
    "林", "宝", "学", "立", "新", "树", "祥", "东", "荣", "光", "振", "生", "兴", "杰", "刚", "辉", "鹏", "浩", "波",
    "斌", "宇", "凯", "涛", "磊", "超", "勇", "洪", "俊", "峰", "龙", "飞", "健", "翔", "岩", "晨", "瑞", "泽", "玮",
    "诚", "枫", "宏", "钧", "栋", "义", "忠", "贵", "财",
];

const FEMALE: &[&str] = &[
    "秀", "英", "桂", "兰", "玉", "华", "淑", "芳", "红", "丽", "霞", "梅", "燕", "珍", "萍", "凤", "爱", "云", "荣",
    "芝", "翠", "花", "敏", "静", "艳", "娟", "玲", "娜", "慧", "雪", "琴", "春", "月", "莲", "美", "香", "素", "洁",
    "颖", "婷", "欣", "佳", "怡", "雨", "涵", "琳", "倩", "莉", "蕾", "晶", "巧", "贞", "清", "菊", "荷", "彩", "晓",
    "文", "青", "喜", "银", "惠", "瑛", "妍", "蓉", "岚",
];

const POPULAR_MALE: &[&str] = &[
    "伟", "强", "军", "建国", "建华", "建军", "志强", "勇", "杰", "涛", "明", "超", "平", "刚", "国强", "玉林", "德华",
    "洪军",
];

const POPULAR_FEMALE: &[&str] = &[
    "秀英", "桂英", "秀兰", "玉兰", "桂兰", "敏", "静", "芳", "丽", "艳", "娟", "霞", "秀珍", "凤英", "玉珍", "淑英",
    "红梅", "海燕",
];

/// Characters that many departments' systems cannot hold. The first has a private-use form in old code tables.
pub const RARE: [char; 3] = ['䶮', '㛃', '𬍛'];

const DOTTED_FIRST: &[&str] = &[
    "买买提",
    "阿卜杜拉",
    "吐尔逊",
    "艾山",
    "古丽娜尔",
    "阿依古丽",
    "热合曼",
    "卡德尔",
    "玛依拉",
    "帕提古丽",
    "库尔班",
    "哈斯木",
];

const DOTTED_LAST: &[&str] = &[
    "阿布都热依木",
    "吾买尔",
    "托合提",
    "伊明",
    "司马义",
    "尼亚孜",
    "玉素甫",
    "牙生",
    "哈力克",
    "依米提",
    "肉孜",
    "赛买提",
];

/// The dot of GB 18030 and the civil registry.
pub const DOT: char = '·';

/// A surname by frequency.
pub fn surname(dice: &mut Dice) -> &'static str {
    dice.skewed(SURNAMES, 7)
}

/// A given name of one or two characters; now and then with a rare one.
pub fn given(dice: &mut Dice, sex: Sex) -> String {
    let (singles, popular) = match sex {
        Sex::Male => (MALE, POPULAR_MALE),
        Sex::Female => (FEMALE, POPULAR_FEMALE),
    };
    if dice.chance(30_000) {
        return dice.skewed(popular, 2).to_owned();
    }
    let mut given = String::new();
    if dice.chance(78_000) {
        given.push_str(dice.skewed(singles, 3));
    }
    if dice.chance(400) {
        given.push(dice.skewed(&RARE, 2));
    } else {
        given.push_str(dice.skewed(singles, 2));
    }
    given
}

/// A name of two parts with a dot between.
pub fn dotted(dice: &mut Dice) -> String {
    format!("{}{DOT}{}", dice.pick(DOTTED_FIRST), dice.pick(DOTTED_LAST))
}

/// Anybody's name.
pub fn anyone(dice: &mut Dice, sex: Sex) -> String {
    if dice.chance(1_200) {
        return dotted(dice);
    }
    let surname = surname(dice);
    format!("{surname}{}", given(dice, sex))
}
