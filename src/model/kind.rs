//! Kinds of evidence: which fields a department's record has, and who the persons in it are.
//!
//! A kind is data. The built-in ones stand in [`builtin`]; a centre declares others in `sources/*.toml` (`kind = "custom"`).
//! Field names are the words that layouts map headings to and rules use as columns; labels are what reports print.
//! Fields follow the feedback columns of real verification reports and MZ/T 073 where the identifier is known.

use super::table::FieldType;

/// One field of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Column name in layouts and rules, `snake_case`.
    pub name: String,
    /// Chinese label in reports.
    pub label: String,
    pub ty: FieldType,
}

/// Which fields of a row describe one of its persons. The other attributes are optional and often absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFields {
    pub id: usize,
    pub name: usize,
    pub birth: Option<usize>,
    pub sex: Option<usize>,
    pub address: Option<usize>,
    pub phone: Option<usize>,
}

/// A kind of evidence, or of register file: its fields and its persons (two in a marriage).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    pub code: String,
    pub label: String,
    pub fields: Vec<Field>,
    pub persons: Vec<PersonFields>,
    /// Fields that together say "the same fact" in the next delivery (plate, deed number …): discrepancy ids hang on them.
    /// The last one is what tells records apart: without it, two rows are not taken for one.
    pub fact: Vec<usize>,
}

impl Kind {
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    pub fn types(&self) -> impl Iterator<Item = FieldType> + '_ {
        self.fields.iter().map(|field| field.ty)
    }
}

/// Fields every kind has, before its own: the person, and what an exchange platform says about the row.
/// `operation` D means that the record of the row's `record_id` was deleted at the source; `as_of` is the 反馈时间 or update time of
/// the row.
const COMMON: &[(&str, &str, FieldType)] = &[
    ("owner_id", "证件号码", FieldType::Text),
    ("owner_name", "姓名", FieldType::Text),
    ("owner_id_type", "证件类型", FieldType::Code),
    ("owner_birth", "出生日期", FieldType::Date),
    ("owner_sex", "性别", FieldType::Code),
    ("owner_address", "住址", FieldType::Text),
    ("owner_phone", "联系电话", FieldType::Text),
    ("operation", "操作标识", FieldType::Code),
    ("as_of", "反馈时间", FieldType::Date),
    (RECORD_ID, "记录编号", FieldType::Text),
];

/// The exchange platform's own number of a record, one of its source's, under which it says later that the record was deleted.
pub const RECORD_ID: &str = "record_id";

/// Whether every kind of evidence has the field.
pub fn is_common(field: &str) -> bool {
    COMMON.iter().any(|(name, ..)| *name == field)
}

/// Code, label, fields after the common ones, and which of them make the fact.
type Row = (&'static str, &'static str, &'static [(&'static str, &'static str, FieldType)], &'static [&'static str]);

const BUILTIN: &[Row] = &[
    (
        "vehicle",
        "机动车",
        &[
            ("plate", "号牌号码", FieldType::Text),
            ("plate_type", "号牌种类", FieldType::Code),
            ("brand", "中文品牌", FieldType::Text),
            ("model", "车辆型号", FieldType::Text),
            ("type_code", "车辆类型", FieldType::Code),
            ("usage", "使用性质", FieldType::Code),
            ("state", "机动车状态", FieldType::Code),
            ("registered_on", "初次登记日期", FieldType::Date),
        ],
        &["plate"],
    ),
    (
        "housing",
        "不动产",
        &[
            ("certificate", "不动产权证号", FieldType::Text),
            ("unit_number", "不动产单元号", FieldType::Text),
            ("location", "坐落", FieldType::Text),
            ("area", "建筑面积（平方米）", FieldType::Decimal),
            ("purpose", "规划用途", FieldType::Code),
            ("ownership", "共有方式", FieldType::Code),
            ("share", "份额", FieldType::Text),
            ("state", "登记状态", FieldType::Code),
            ("registered_on", "登记时间", FieldType::Date),
        ],
        &["unit_number", "location"],
    ),
    (
        "provident_fund",
        "住房公积金",
        &[
            ("account", "个人账号", FieldType::Text),
            ("employer", "单位名称", FieldType::Text),
            ("state", "账户状态", FieldType::Code),
            ("base", "缴存基数", FieldType::Money),
            ("monthly", "月缴存额", FieldType::Money),
            ("balance", "账户余额", FieldType::Money),
            ("paid_through", "缴至年月", FieldType::Month),
        ],
        &["account"],
    ),
    (
        "social_insurance",
        "社会保险缴费",
        &[
            ("employer", "单位名称", FieldType::Text),
            ("insurance", "险种类型", FieldType::Code),
            ("state", "参保状态", FieldType::Code),
            ("base", "缴费基数", FieldType::Money),
            ("month", "费款所属期", FieldType::Month),
            ("self_employed", "灵活就业", FieldType::Flag),
        ],
        &["employer", "insurance"],
    ),
    (
        "pension",
        "养老待遇",
        &[
            ("scheme", "待遇类别", FieldType::Code),
            ("item", "待遇项目", FieldType::Text),
            ("state", "发放状态", FieldType::Code),
            ("monthly", "发放金额", FieldType::Money),
            ("since", "待遇享受开始年月", FieldType::Month),
            ("month", "费款所属期", FieldType::Month),
        ],
        &["scheme"],
    ),
    (
        "business",
        "市场主体",
        &[
            ("company", "企业名称", FieldType::Text),
            ("credit_code", "统一社会信用代码", FieldType::Text),
            ("company_type", "企业类型", FieldType::Code),
            ("role", "担任角色", FieldType::Code),
            ("state", "登记状态", FieldType::Code),
            ("capital", "注册资本", FieldType::Money),
            ("paid_in", "实缴出资额", FieldType::Money),
            ("founded_on", "成立日期", FieldType::Date),
        ],
        &["credit_code", "role"],
    ),
    (
        "tax",
        "个人所得税",
        &[
            ("employer", "扣缴单位名称", FieldType::Text),
            ("item", "所得项目", FieldType::Code),
            ("income", "收入额", FieldType::Money),
            ("paid", "入库金额", FieldType::Money),
            ("period_from", "税款所属期起", FieldType::Date),
            ("period_to", "税款所属期止", FieldType::Date),
        ],
        &["employer", "period_from"],
    ),
    (
        "bank",
        "银行存款",
        &[
            ("bank", "开户银行", FieldType::Text),
            ("account", "账号", FieldType::Text),
            ("balance", "存款余额", FieldType::Money),
            ("over_limit", "个人存款是否超限", FieldType::Flag),
            ("household_over_limit", "家庭存款是否超限", FieldType::Flag),
            ("queried_on", "实际查询日期", FieldType::Date),
        ],
        &["bank", "account"],
    ),
    (
        "death",
        "死亡与殡葬",
        &[
            ("death_date", "死亡日期", FieldType::Date),
            ("cremated_on", "火化日期", FieldType::Date),
            ("category", "注销类别", FieldType::Code),
            ("place", "殡仪馆或派出所", FieldType::Text),
        ],
        &["category"],
    ),
    (
        "marriage",
        "婚姻登记",
        &[
            ("spouse_id", "配偶证件号码", FieldType::Text),
            ("spouse_name", "配偶姓名", FieldType::Text),
            ("registration", "登记类型", FieldType::Code),
            ("registered_on", "登记日期", FieldType::Date),
        ],
        &["registration", "registered_on"],
    ),
    (
        "payroll",
        "财政供养",
        &[
            ("employer", "单位名称", FieldType::Text),
            ("item", "发放项目", FieldType::Code),
            ("state", "在职状态", FieldType::Code),
            ("monthly", "月应发金额", FieldType::Money),
            ("month", "发放年月", FieldType::Month),
        ],
        &["employer", "item"],
    ),
];

/// The kind with this code, if it is built in.
pub fn builtin(code: &str) -> Option<Kind> {
    let (code, label, fields, fact) = BUILTIN.iter().find(|row| row.0 == code)?;
    let own = fields.iter().map(|(name, label, ty)| Field { name: (*name).into(), label: (*label).into(), ty: *ty });
    Some(with_common(code, label, own.collect(), fact))
}

/// Codes of all built-in kinds, in the order reports list them.
pub fn builtin_codes() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|row| row.0)
}

/// A kind of its own fields behind the common ones. A field pair `spouse_id`/`spouse_name` makes a second person.
pub fn with_common(code: &str, label: &str, own: Vec<Field>, fact: &[&str]) -> Kind {
    let mut fields: Vec<Field> = COMMON
        .iter()
        .map(|(name, label, ty)| Field { name: (*name).into(), label: (*label).into(), ty: *ty })
        .collect();
    fields.extend(own);
    let mut kind = Kind { code: code.into(), label: label.into(), fields, persons: Vec::new(), fact: Vec::new() };
    kind.persons.push(PersonFields {
        id: 0,
        name: 1,
        birth: kind.field("owner_birth"),
        sex: kind.field("owner_sex"),
        address: kind.field("owner_address"),
        phone: kind.field("owner_phone"),
    });
    if let (Some(id), Some(name)) = (kind.field("spouse_id"), kind.field("spouse_name")) {
        kind.persons.push(PersonFields { id, name, birth: None, sex: None, address: None, phone: None });
    }
    kind.fact = fact.iter().filter_map(|name| kind.field(name)).collect();
    kind
}

/// The last day of a mandate, in the register's rows and in the mandates file. Blank, or a word that says so, it does not
/// end; what cannot be read as a day must not mean the same (invariant I-1).
pub const MANDATE_END: &str = "mandate_to";

/// The first day of a mandate, likewise. Without one it covers nothing.
pub const MANDATE_START: &str = "mandate_from";

/// Code of the persons file's kind.
pub const REGISTER: &str = "register";

/// The persons file of the register, read by the same reader as the extracts.
pub fn register_persons() -> Kind {
    let fields: &[(&str, &str, FieldType)] = &[
        ("person_id", "身份证号", FieldType::Text),
        ("name", "姓名", FieldType::Text),
        ("household_id", "家庭编号", FieldType::Text),
        ("relation", "与户主关系", FieldType::Code),
        ("role", "人员类别", FieldType::Code),
        ("programme", "救助类型", FieldType::Code),
        ("state", "救助状态", FieldType::Code),
        ("division", "行政区划代码", FieldType::Text),
        ("former_name", "曾用名", FieldType::Text),
        ("birth", "出生日期", FieldType::Date),
        ("sex", "性别", FieldType::Code),
        ("address", "住址", FieldType::Text),
        ("phone", "联系电话", FieldType::Text),
        ("marital", "婚姻状况", FieldType::Code),
        ("employer", "工作单位", FieldType::Text),
        ("disability", "残疾等级", FieldType::Code),
        ("declared_vehicles", "申报车辆数", FieldType::Count),
        ("declared_dwellings", "申报住房套数", FieldType::Count),
        ("declared_income", "申报月收入", FieldType::Money),
        ("declared_deposits", "申报存款", FieldType::Money),
        ("monthly_amount", "月救助金额", FieldType::Money),
        ("paid_from", "享受开始年月", FieldType::Month),
        ("paid_through", "最近发放年月", FieldType::Month),
        (MANDATE_START, "授权起始日期", FieldType::Date),
        (MANDATE_END, "授权截止日期", FieldType::Date),
    ];
    plain(REGISTER, "对象名册", fields)
}

/// Code of the mandates file's kind.
pub const MANDATE: &str = "mandate";

/// The mandates file, where a centre keeps authorisations apart from the register.
pub fn register_mandates() -> Kind {
    let fields: &[(&str, &str, FieldType)] = &[
        ("person_id", "身份证号", FieldType::Text),
        ("name", "姓名", FieldType::Text),
        ("number", "授权书编号", FieldType::Text),
        (MANDATE_START, "授权起始日期", FieldType::Date),
        (MANDATE_END, "授权截止日期", FieldType::Date),
    ];
    plain(MANDATE, "核对授权", fields)
}

/// 经办人员名册: those who handle social assistance, and village and neighbourhood officials.
pub fn register_officials() -> Kind {
    let fields: &[(&str, &str, FieldType)] = &[
        ("person_id", "身份证号", FieldType::Text),
        ("name", "姓名", FieldType::Text),
        ("post", "职务", FieldType::Text),
        ("unit", "单位", FieldType::Text),
        ("division", "行政区划代码", FieldType::Text),
    ];
    plain("officials", "经办人员名册", fields)
}

/// 近亲属备案: declared relatives of officials, with number and day where the relation is filed.
pub fn register_filings() -> Kind {
    let fields: &[(&str, &str, FieldType)] = &[
        ("person_id", "近亲属身份证号", FieldType::Text),
        ("name", "近亲属姓名", FieldType::Text),
        ("relation", "与经办人员关系", FieldType::Text),
        ("official_id", "经办人员身份证号", FieldType::Text),
        ("number", "备案号", FieldType::Text),
        ("filed_on", "备案日期", FieldType::Date),
    ];
    plain("filings", "近亲属备案", fields)
}

/// A review list as it comes back (`hedui verdict import`), read by the same reader.
pub fn judgements() -> Kind {
    let fields: &[(&str, &str, FieldType)] = &[
        ("key", "判定编号", FieldType::Text),
        ("answer", "人工判定", FieldType::Code),
        ("judge", "判定人", FieldType::Text),
        ("judged_on", "判定日期", FieldType::Text),
        ("note", "判定说明", FieldType::Text),
    ];
    plain("judgement", "人工判定", fields)
}

/// A county's work list as it comes back, likewise.
pub fn verdicts() -> Kind {
    let fields: &[(&str, &str, FieldType)] = &[
        ("discrepancy", "疑点编号", FieldType::Text),
        ("verdict", "核查结果", FieldType::Text),
        ("clause", "适用条款/说明", FieldType::Text),
        ("checker", "核查人", FieldType::Text),
        ("checked_on", "核查日期", FieldType::Text),
    ];
    plain("verdict", "核查反馈", fields)
}

fn plain(code: &str, label: &str, fields: &[(&str, &str, FieldType)]) -> Kind {
    let fields = fields.iter().map(|(name, label, ty)| Field { name: (*name).into(), label: (*label).into(), ty: *ty });
    let person = PersonFields { id: 0, name: 1, birth: None, sex: None, address: None, phone: None };
    Kind { code: code.into(), label: label.into(), fields: fields.collect(), persons: vec![person], fact: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_names_a_field() {
        for (code, _, _, fact) in BUILTIN {
            assert_eq!(builtin(code).unwrap().fact.len(), fact.len(), "{code}");
        }
    }

    #[test]
    fn a_marriage_holds_two_persons() {
        assert_eq!(builtin("marriage").unwrap().persons.len(), 2);
        assert_eq!(builtin("vehicle").unwrap().persons.len(), 1);
    }
}
