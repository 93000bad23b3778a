//! `hedui probe`: a layout drafted from a delivered file, held against the layouts that ship with the made-up centre.

use std::collections::BTreeMap;

use serde_json::Value;

use super::world::{World, hedui, text};

fn layout_of(world: &World, file: &str) -> String {
    let output = world.hedui(&["probe", file]);
    assert_eq!(output.status.code(), Some(0), "{file}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Headings by field, of a layout or of one table in it.
fn columns(layout: &str, table: Option<&str>) -> BTreeMap<String, String> {
    let layout: toml::Table = layout.parse().unwrap();
    let layout = table.map_or(&layout, |table| layout[table].as_table().unwrap());
    layout["columns"]
        .as_table()
        .unwrap()
        .iter()
        .map(|(field, heading)| (field.clone(), heading.as_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn drafts_map_what_the_layouts_that_ship_map_and_a_centre_of_drafts_finds_the_same() {
    let world = World::made(2_000, 16_000, 41);
    let first = world.summary();
    let (mut drafted, mut mapped) = (0, 0);
    for entry in std::fs::read_dir(world.path("sources")).unwrap() {
        let path = entry.unwrap().path();
        let (code, shipped) = (path.file_stem().unwrap().to_str().unwrap(), std::fs::read_to_string(&path).unwrap());
        let draft = layout_of(&world, world.extract(code).to_str().unwrap());
        assert_eq!(columns(&draft, None), columns(&shipped, None), "{code}");
        let shipped: toml::Table = shipped.parse().unwrap();
        let filled = draft.replace("department = \"\"", &format!("department = {}", shipped["department"]));
        // A unit that the file does not name has to be filled in.
        let filled = filled
            .replace("= \"\"    # 必填：元", if code == "business" { "= \"万元\"    #" } else { "= \"元\"    #" });
        let draft: toml::Table = filled.parse().unwrap();
        assert_eq!(draft["kind"], shipped["kind"]);
        let pattern = draft["connector"]["path"].as_str().unwrap().rsplit_once('.').unwrap().0;
        assert_eq!(pattern, format!("inbox/{code}/{code}_*"));
        // Each code with a known meaning means what the centre says it means.
        let codes =
            |layout: &toml::Table| layout.get("codes").and_then(|codes| codes.as_table().cloned()).unwrap_or_default();
        for (field, own) in codes(&draft) {
            for (value, meaning) in own.as_table().unwrap() {
                mapped += 1;
                if let Some(known) = codes(&shipped).get(&field).and_then(|known| known.get(value)) {
                    assert_eq!(meaning, known, "{code}.{field} {value}");
                }
            }
        }
        std::fs::write(&path, filled).unwrap();
        drafted += 1;
    }
    assert_eq!(drafted, 11);
    assert!(mapped > 30, "{mapped}");
    let output = world.hedui(&["validate"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    // The same rows reach the same bins: what is left to people is the meaning of codes.
    let second = world.summary();
    let bins = |summary: &Value| -> BTreeMap<String, (u64, u64)> {
        let sources = summary["sources"].as_array().unwrap().iter();
        let of = |source: &Value| {
            let bins = &source["bins"];
            (
                source["source"].as_str().unwrap().to_owned(),
                (bins["read"].as_u64().unwrap(), bins["rejected"].as_u64().unwrap()),
            )
        };
        sources.map(of).collect()
    };
    assert_eq!(bins(&first), bins(&second));
}

#[test]
fn the_registers_own_files_get_a_table_of_their_own() {
    let world = World::made(300, 2_000, 42);
    let shipped = std::fs::read_to_string(world.path("register.toml")).unwrap();
    for (file, table) in [("persons", "persons"), ("mandates", "mandates")] {
        let draft = layout_of(&world, &format!("inbox/register/{file}.csv"));
        assert_eq!(columns(&draft, Some(table)), columns(&shipped, Some(table)));
    }
}

#[test]
fn nothing_personal_is_said_and_damage_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "协查清单\n公民身份号码,姓名,号牌号码,状态,性别\n\
        11010519491231002X,张三,鲁A00001,A,男\n\
        110105491231002,李四,鲁A00002,EP,女\n\
        110105********002X,王五,鲁A00003,Z,男\n\
        1.10105E+17,赵六,鲁A00004,A,男\n\
        11010519491231002X,张三,鲁A00005,Z,男\n\
        11010519491231002X,张三,鲁A00006,A,男\n\
        1,2\n";
    std::fs::write(folder.path().join("车辆.txt"), rows).unwrap();
    let output = hedui(folder.path(), &["probe", "车辆.txt", "--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["heading_line"], 2);
    assert_eq!((found["rows"].as_u64(), found["uneven"].as_u64()), (Some(7), Some(1)));
    assert_eq!(found["kind"][0], "vehicle");
    let id = &found["columns"][0];
    assert_eq!((id["fields"][0].as_str(), id["like"].as_str()), (Some("owner_id"), Some("id")));
    assert_eq!(id["remarks"].to_string(), r#"[["old_ids",1],["masked_ids",1],["lost_tails",1]]"#);
    let layout = found["layout"].as_str().unwrap();
    assert!(layout.contains("# \"Z\" = \"\"") && layout.contains("\"A\" = \"normal\""), "{layout}");
    assert!(!layout.contains("\"EP\""), "two letters that are known need no line, but each of them one");
    assert!(layout.contains("\"E\" = \"cancelled\"") && layout.contains("\"P\" = \"scrapped\""), "{layout}");
    assert!(layout.contains("path = \"inbox/vehicle/车辆.txt\""), "{layout}");
    let output = hedui(folder.path(), &["probe", "车辆.txt"]);
    for said in [text(&output.stdout), text(&output.stderr), found.to_string()] {
        for personal in ["张三", "110105", "王五", "鲁A"] {
            assert!(!said.contains(personal), "{said}");
        }
    }
}

#[test]
fn what_is_no_list_is_refused_and_an_unknown_list_is_drafted_as_a_custom_kind() {
    let folder = tempfile::tempdir().unwrap();
    let probe = |name: &str, bytes: &[u8], more: &[&str]| {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        hedui(folder.path(), &[&["probe", name], more].concat())
    };
    let records = "11010519491231002X,张三,20240101\n110105194912310046,李四,20240102\n";
    for (name, bytes) in [
        ("empty.csv", &b""[..]),
        ("utf16.csv", b"\xFF\xFE1\0"),
        ("old.xls", b"\xD0\xCF\x11\xE0"),
        ("zip.xlsx", b"PK\x03\x04"),
        ("bare.csv", records.as_bytes()),
        ("macintosh.csv", format!("公民身份号码,姓名\r{}", records.replace('\n', "\r").repeat(9)).as_bytes()),
        ("first.csv", format!("公民身份号码,姓名,11010519491231002X\n{records}").as_bytes()),
        ("utf16le.csv", &"公民身份号码,姓名\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()),
        ("names.csv", "张三,李四\n王五,赵六\n".as_bytes()),
    ] {
        let output = probe(name, bytes, &[]);
        assert_eq!(output.status.code(), Some(3), "{name}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty() && !text(&output.stderr).contains("张三"), "{name}");
    }
    assert_eq!(probe("a.csv", records.as_bytes(), &["--kind", "cars"]).status.code(), Some(2));
    let list = "证件号,奖项,姓名,奖金（万元）,日期\n11010519491231002X,小麦,张三,100,2024-01-01\n110105194912310046,玉米,李四,20,2024-01-02\n";
    let output = probe("prizes.csv", list.as_bytes(), &[]);
    let draft = text(&output.stdout);
    let layout: toml::Table = draft.parse().unwrap();
    assert_eq!(layout["kind"].as_str(), Some("custom"));
    assert_eq!(
        (layout["columns"]["owner_id"].as_str(), layout["columns"]["owner_name"].as_str()),
        (Some("证件号"), Some("姓名"))
    );
    assert_eq!(layout["custom"]["fields"]["field_5"]["type"].as_str(), Some("date"));
    assert_eq!(layout["custom"]["fields"]["field_4"]["type"].as_str(), Some("money"));
    assert_eq!(layout["units"]["field_4"].as_str(), Some("万元"));
    assert_eq!(layout["custom"]["fields"]["field_2"]["type"].as_str(), Some("text"));
}

#[test]
fn a_unit_above_the_heading_is_read_and_one_that_nothing_names_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "存款清单").unwrap();
    sheet.write(1, 2, "单位：万元").unwrap();
    sheet.write_row(2, 0, ["证件号码", "姓名", "开户银行", "账号", "存款余额"]).unwrap();
    sheet.write_row(3, 0, ["11010519491231002X", "张三", "演示银行", "6222020200112233445", "26"]).unwrap();
    book.add_worksheet().write(0, 0, "说明").unwrap();
    book.save(folder.path().join("存款.xlsx")).unwrap();
    let output = hedui(folder.path(), &["probe", "存款.xlsx", "--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((found["heading_line"].as_u64(), found["other_sheets"].as_u64()), (Some(3), Some(1)));
    let layout: toml::Table = found["layout"].as_str().unwrap().parse().unwrap();
    assert_eq!(layout["units"]["balance"].as_str(), Some("万元"));
    std::fs::write(
        folder.path().join("存款.csv"),
        "证件号码,姓名,开户银行,存款余额\n11010519491231002X,张三,演示银行,26\n",
    )
    .unwrap();
    let layout: toml::Table = text(&hedui(folder.path(), &["probe", "存款.csv"]).stdout).parse().unwrap();
    assert_eq!(layout["units"]["balance"].as_str(), Some(""), "validate asks for it");
}

#[test]
fn one_heading_that_a_single_kind_has_tells_the_kind() {
    let folder = tempfile::tempdir().unwrap();
    let kind = |headings: &str| {
        std::fs::write(folder.path().join("a.csv"), format!("身份证号,姓名,{headings}\n11010519491231002X,张三,x\n"))
            .unwrap();
        let output = hedui(folder.path(), &["probe", "a.csv", "--json"]);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        found["kind"][0].as_str().map(str::to_owned)
    };
    assert_eq!(kind("号牌号码").as_deref(), Some("vehicle"));
    assert_eq!(kind("状态"), None, "cars and flats have one");
    assert_eq!(kind("备注"), None);
    assert_eq!(kind("户号,与户主关系,曾用名,婚姻状况"), None, "the police's households are not the centre's register");
}

#[test]
fn whose_number_it_is_a_heading_says_and_values_that_do_not_return_are_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let draft = |rows: &str| {
        std::fs::write(folder.path().join("a.csv"), rows).unwrap();
        text(&hedui(folder.path(), &["probe", "a.csv"]).stdout)
    };
    let others = draft(
        "车主,经办人身份证号,号牌号码,状态\n张三,11010519491231002X,鲁A00001,A\n李四,110105194912310046,鲁A00002,A\n",
    );
    let layout: toml::Table = others.parse().unwrap();
    assert_eq!(layout["columns"].get("owner_id"), None, "{others}");
    assert!(others.contains("# 像证件号码的列：\"经办人身份证号\""), "{others}");
    // Two columns that were swapped.
    let swapped = draft(
        "姓名,身份证号,号牌号码,状态\n11010519491231002X,张三,鲁A00001,李明\n110105194912310046,李四,鲁A00002,王芳\n",
    );
    let layout: toml::Table = swapped.parse().unwrap();
    assert_eq!(layout["columns"].get("owner_id"), None);
    assert!(swapped.contains("# owner_id = \"身份证号\"") && !swapped.contains("李明"), "{swapped}");
    let twice = draft("身份证号,姓名,号牌号码,姓名\n11010519491231002X,张三,鲁A00001,李四\n");
    assert!(twice.contains("\"姓名\" 出现不止一次"), "{twice}");
}
