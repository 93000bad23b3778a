//! 人工判定 end to end: a night asks, people answer in the list they got, the next night respects it until facts change.

use std::collections::BTreeMap;

use super::known::runs_as_if_read_anew;
use super::world::{AS_OF, World, records, text};

type Row = BTreeMap<String, String>;

/// The review list of a run, as written for people.
fn asked(world: &World, summary: &serde_json::Value) -> Vec<Row> {
    let path = format!("{}/review.csv", summary["outbox"].as_str().unwrap());
    records(&std::fs::read(world.path(&path)).unwrap())
}

fn keys(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row["判定编号"].as_str()).collect()
}

/// The list with answers to some keys, only the columns that come back, in another order.
fn answered(answers: &[(&str, &str)]) -> String {
    let mut csv = "判定人,判定日期,判定编号,人工判定,判定说明\n".to_owned();
    for (key, answer) in answers {
        csv.push_str(&format!("王审核,2024-11-24,{key},{answer},\n"));
    }
    csv
}

fn import(world: &World, name: &str, bytes: &[u8]) -> (Option<i32>, serde_json::Value) {
    std::fs::write(world.path(name), bytes).unwrap();
    let output = world.hedui(&["verdict", "import", name, "--json"]);
    let answer = serde_json::from_slice(&output.stdout);
    (output.status.code(), answer.unwrap_or_else(|_| panic!("{}", text(&output.stderr))))
}

/// Links under a key, by what was judged and whether they are accepted.
fn links(world: &World, key: &str) -> Vec<(String, String)> {
    let links = world.export("links").into_iter().filter(|link| link["judgement_key"] == key);
    links.map(|link| (link["judgement"].clone(), link["accepted"].clone())).collect()
}

#[test]
fn judgements_are_respected_until_the_facts_change() {
    let world = World::made(3_000, 20_000, 21);
    let first = world.summary();
    let rows = asked(&world, &first);
    assert!(rows.len() >= 4, "the made-up centre leaves questions: {}", rows.len());
    let [same, other, unclear] = [0, 1, 2].map(|at| rows[at]["判定编号"].clone());
    assert!(links(&world, &same).iter().all(|(judged, accepted)| judged.is_empty() && accepted == "false"));

    let answers = [(same.as_str(), "同一人"), (other.as_str(), "不是同一人"), (unclear.as_str(), "无法判断")];
    let (code, counts) = import(&world, "回复.csv", answered(&answers).as_bytes());
    assert_eq!(code, Some(0), "{counts}");
    assert_eq!((&counts["same"], &counts["other"], &counts["unclear"]), (&1.into(), &1.into(), &1.into()));
    let (code, again) = import(&world, "回复.csv", answered(&answers).as_bytes());
    assert_eq!((code, &again["known"], &again["same"]), (Some(0), &3.into(), &0.into()), "nothing is stored twice");
    let old = answered(&[(&same, "不是同一人")]).replace("2024-11-24", "2024-11-23");
    let (code, counts) = import(&world, "旧.csv", old.as_bytes());
    assert_eq!((code, &counts["returned"], &counts["other"]), (Some(1), &1.into(), &0.into()), "an old list");

    let second = world.summary();
    let still = asked(&world, &second);
    assert!(!keys(&still).contains(&same.as_str()) && !keys(&still).contains(&other.as_str()), "asked again");
    assert!(keys(&still).contains(&unclear.as_str()), "an open question stays");
    assert_eq!(still.len(), rows.len() - 2, "and nothing else changed");
    assert!(links(&world, &same).iter().all(|link| *link == ("same".into(), "true".into())));
    assert!(links(&world, &other).iter().all(|link| *link == ("other".into(), "false".into())));
    assert_eq!(second["reviews"]["in_force"], 3);
    let ledger = text(&world.hedui(&["ledger", "show", "--json"]).stdout);
    let entries: Vec<serde_json::Value> = serde_json::from_str(&ledger).unwrap();
    assert_eq!(entries.last().unwrap()["body"]["judgements"]["in_force"], 3);
    assert!(!ledger.contains("王审核"), "the ledger names no judge");
    assert!(world.hedui(&["ledger", "verify"]).status.success());

    let (code, counts) = import(&world, "改判.csv", answered(&[(&same, "不是同一人")]).as_bytes());
    assert_eq!((code, &counts["other"]), (Some(0), &1.into()));
    world.summary();
    assert!(links(&world, &same).iter().all(|link| *link == ("other".into(), "false".into())), "the latest counts");
}

/// Every possible link judged to be one: what rules found before is not what they find now.
#[test]
fn a_judgement_is_evaluated_though_nothing_is_linked_anew() {
    let world = World::made(3_000, 20_000, 22);
    let flagged = |run: &serde_json::Value| run["flagged"].as_array().unwrap().iter().filter_map(|n| n.as_u64()).sum();
    let first = world.summary();
    let rows = asked(&world, &first);
    let answers: Vec<(&str, &str)> = keys(&rows).into_iter().map(|key| (key, "同一人")).collect();
    let (code, counts) = import(&world, "回复.csv", answered(&answers).as_bytes());
    assert_eq!(code, Some(0), "{counts}");
    runs_as_if_read_anew(&world, AS_OF);
    let [before, after]: [u64; 2] = [flagged(&first), flagged(&world.summary())];
    assert!(after > before, "{before} and then {after}: no judgement made a discrepancy");
}

#[test]
fn a_changed_fact_is_asked_again() {
    let world = World::made(3_000, 20_000, 21);
    let first = world.summary();
    let rows = asked(&world, &first);
    // A question about one vehicle, and the row it is about.
    let question =
        rows.iter().find(|row| row["来源文件与行号"].contains("inbox/vehicle/")).expect("a vehicle to judge");
    let key = question["判定编号"].clone();
    let link = world.export("links").into_iter().find(|link| link["judgement_key"] == key).unwrap();
    let (code, _) = import(&world, "a.csv", answered(&[(&key, "不是同一人")]).as_bytes());
    assert_eq!(code, Some(0));
    let register = world.path("inbox/register");
    let persons = std::fs::read_dir(register).unwrap().map(|entry| entry.unwrap().path());
    let persons = persons.into_iter().find(|path| path.to_string_lossy().contains("person")).unwrap();
    assert!(!keys(&asked(&world, &world.summary())).contains(&key.as_str()));

    let before = std::fs::read(&persons).unwrap();
    let name = world.export("register").into_iter().find(|person| person["person_id"] == link["person_id"]).unwrap();
    let (id, name) = (&link["person_id"], &name["name"]);
    let changed: Vec<Vec<u8>> = before
        .split_inclusive(|&byte| byte == b'\n')
        .map(|line| match String::from_utf8_lossy(line) {
            whole if whole.contains(id.as_str()) => whole.replacen(name.as_str(), "欧阳另名", 1).into_bytes(),
            _ => line.to_vec(),
        })
        .collect();
    let changed = changed.concat();
    assert_ne!(changed, before, "the register names the person under another name now");
    std::fs::write(&persons, changed).unwrap();
    world.summary();
    let now = world
        .export("links")
        .into_iter()
        .find(|now| ["person_id", "source", "file", "line"].iter().all(|column| now[*column] == link[*column]));
    if let Some(now) = now {
        assert_ne!(now["judgement_key"], key, "another name on the register is another question");
        assert_eq!(now["judgement"], "");
    }
    assert!(links(&world, &key).is_empty(), "nothing is judged under the old key");
}

#[test]
fn lines_at_fault_come_back_and_can_be_mended() {
    let world = World::made(3_000, 20_000, 21);
    let rows = asked(&world, &world.summary());
    let key = rows[0]["判定编号"].as_str();
    let mut list = answered(&[(key, "大概是"), ("J-AAAAAAAAAAAAAAAA", "同一人"), ("乱写", "同一人")]);
    list.push_str("残行\n");
    let (code, counts) = import(&world, "回复.csv", list.as_bytes());
    assert_eq!((code, &counts["returned"]), (Some(1), &4.into()), "{counts}");
    let path = world.path("回复.csv.returned.csv");
    let returned = records(&std::fs::read(&path).unwrap());
    let reasons: Vec<(&str, &str)> =
        returned.iter().map(|row| (row["Line"].as_str(), row["Reason"].as_str())).collect();
    assert_eq!(reasons[0], ("2", "the judgement is none of the three answers offered"));
    assert_eq!(reasons[1].0, "3");
    assert!(reasons[1].1.starts_with("no run asked under this key"), "{reasons:?}");
    assert_eq!(reasons[2], ("4", "not a judgement key"));
    assert_eq!(reasons[3].0, "5");

    let mended = std::fs::read_to_string(&path).unwrap().replace("大概是", "same person");
    let (code, counts) = import(&world, "mended.csv", mended.as_bytes());
    assert_eq!((code, &counts["same"]), (Some(1), &1.into()), "{counts}");
    let missing = world.hedui(&["verdict", "import", "none.csv"]);
    assert_eq!(missing.status.code(), Some(4), "{}", text(&missing.stderr));
    for (name, bytes, said) in [
        ("旧.xls", &b"\xD0\xCF\x11\xE0\xA1\xB1"[..], "save it as .xlsx"),
        ("别的.csv", "甲,乙\n1,2\n".as_bytes(), "neither a work list nor a review list"),
    ] {
        std::fs::write(world.path(name), bytes).unwrap();
        let refused = world.hedui(&["verdict", "import", name]);
        assert_eq!(refused.status.code(), Some(3), "{}", text(&refused.stderr));
        assert!(text(&refused.stderr).contains(said), "{}", text(&refused.stderr));
    }
}

/// The workbook as it was written, one answer typed in, saved again.
#[test]
fn the_workbook_comes_back_too() {
    use calamine::Reader;
    let world = World::made(3_000, 20_000, 21);
    let summary = world.summary();
    let path = world.path(&format!("{}/review.xlsx", summary["outbox"].as_str().unwrap()));
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(&path).unwrap();
    let (_, range) = book.worksheets().remove(0);
    let mut back = rust_xlsxwriter::Workbook::new();
    let sheet = back.add_worksheet();
    let heading: Vec<String> = range.rows().next().unwrap().iter().map(ToString::to_string).collect();
    let column = |name: &str| heading.iter().position(|cell| cell == name).unwrap() as u16;
    for (at, row) in range.rows().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            sheet.write_string(at as u32, column as u16, cell.to_string()).unwrap();
        }
    }
    sheet.write_string(1, column("人工判定"), "同一人").unwrap();
    sheet.write_string(1, column("判定人"), "王").unwrap();
    sheet.write_string(1, column("判定日期"), "2024年11月24日").unwrap();
    let (code, counts) = import(&world, "回复.xlsx", &back.save_to_buffer().unwrap());
    assert_eq!((code, &counts["same"]), (Some(0), &1.into()), "{counts}");
    assert_eq!(counts["open"].as_u64().unwrap() as usize, range.height() - 2, "the rest waits");
}

/// A county answers in its workbook, also on the sheets of links: nothing that somebody wrote is passed over.
#[test]
fn the_sheets_of_links_in_a_countys_workbook_come_back_with_its_work_list() {
    let world = World::made(3_000, 20_000, 21);
    let summary = world.summary();
    let outbox = world.path(summary["outbox"].as_str().unwrap());
    let has_links = |county: &str| {
        use calamine::Reader as _;
        let mut book: calamine::Xlsx<_> = calamine::open_workbook(outbox.join(county).join("worklist.xlsx")).unwrap();
        let sheets = book.worksheets();
        sheets.iter().any(|(name, range)| name == "待人工判定" && range.height() > 2).then_some(sheets)
    };
    let counties = summary["packages"].as_array().unwrap().iter();
    let sheets = counties.filter_map(|package| has_links(package["division"].as_str().unwrap())).next().unwrap();
    let mut back = rust_xlsxwriter::Workbook::new();
    for (name, range) in &sheets {
        let sheet = back.add_worksheet().set_name(name).unwrap();
        let mut filled = name != "待人工判定";
        let mut heading: Vec<String> = Vec::new();
        for (at, row) in range.rows().enumerate() {
            let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
            for (column, cell) in cells.iter().enumerate() {
                sheet.write_string(at as u32, column as u16, cell).unwrap();
            }
            if let (false, Some(answer)) = (filled, heading.iter().position(|cell| cell == "人工判定")) {
                let column = |name: &str| heading.iter().position(|cell| cell == name).unwrap() as u16;
                sheet.write_string(at as u32, answer as u16, "也许").unwrap();
                sheet.write_string(at as u32, column("判定人"), "王").unwrap();
                sheet.write_string(at as u32, column("判定日期"), "2024-11-24").unwrap();
                filled = true;
            }
            if cells.iter().any(|cell| cell == "人工判定") {
                heading = cells;
            }
        }
    }
    let (code, counts) = import(&world, "回复.xlsx", &back.save_to_buffer().unwrap());
    assert_eq!(code, Some(1), "{counts}");
    let [work, links] = &counts.as_array().unwrap()[..] else { panic!("{counts}") };
    assert_eq!((&work["open"], &work["returned"]), (&work["lines"], &0.into()));
    assert_eq!((&links["returned"], &links["same"]), (&1.into(), &0.into()), "也许 is none of the three");
    let returned = text(&std::fs::read(world.path("回复.xlsx.returned.csv")).unwrap());
    assert!(returned.contains("待人工判定,") && returned.contains("也许"), "{returned}");
}

/// By the number alone, another person's record under it passed for that of the one whom the register has there; and with
/// the name, 无记录 stood beside the record that waits for a judgement.
#[test]
fn another_persons_record_under_a_number_is_pending_in_the_night_and_at_the_window() {
    let world = World::made(3_000, 20_000, 21);
    let summary = world.summary();
    let link = world.export("links").into_iter().find(|link| link["grade"] == "B").unwrap();
    let (id, source) = (&link["person_id"], &link["source"]);
    let covered = world.export("coverage").into_iter().find(|person| person["person_id"] == *id).unwrap();
    assert_eq!(covered[source], "pending");
    assert!(summary["fully_checked"].as_u64() < summary["persons"].as_u64());
    let args =
        ["check", "--id", id, "--reason", "窗口", "--as-of", AS_OF, "--json", "--no-progress", "--html", "a.html"];
    let output = world.hedui(&args);
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let states = answer["people"][0]["sources"].as_array().unwrap();
    let state = states.iter().find(|state| state["source"] == source.as_str()).unwrap();
    assert_eq!(state["state"], "pending", "{answer:#}");
    let page = std::fs::read_to_string(world.path("a.html")).unwrap();
    assert!(page.contains("尚待人工判定") && page.contains("（待人工判定）"), "{page}");
}
