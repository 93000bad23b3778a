//! 核查反馈 end to end: a night finds, a county answers in the list it got, later nights respect it until the fact changes.

use std::collections::BTreeMap;

use super::world::{World, records, text};

type Row = BTreeMap<String, String>;

/// Days of the nights; the first is the world's own.
const DAYS: [&str; 4] = ["2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"];

pub(super) fn night(world: &World, day: usize, more: &[&str]) -> serde_json::Value {
    let mut arguments = vec!["run", "--as-of", DAYS[day], "--no-progress", "--json", "--formats", "csv,xlsx"];
    arguments.extend(more);
    let output = world.hedui(&arguments);
    assert!(matches!(output.status.code(), Some(0 | 1)), "run: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// One list of all counties' packages.
pub(super) fn listed(world: &World, run: &serde_json::Value, file: &str) -> Vec<Row> {
    let packages = run["packages"].as_array().unwrap().iter();
    let folders =
        packages.map(|package| format!("{}/{}", run["outbox"].as_str().unwrap(), package["folder"].as_str().unwrap()));
    folders.flat_map(|folder| records(&std::fs::read(world.path(&format!("{folder}/{file}"))).unwrap())).collect()
}

fn change(rows: &[Row], id: &str) -> Option<String> {
    rows.iter().find(|row| row["疑点编号"] == id).map(|row| row["变化"].clone())
}

fn import(world: &World, name: &str, bytes: &[u8]) -> (Option<i32>, serde_json::Value) {
    std::fs::write(world.path(name), bytes).unwrap();
    let output = world.hedui(&["verdict", "import", name, "--json"]);
    let answer = serde_json::from_slice(&output.stdout);
    (output.status.code(), answer.unwrap_or_else(|_| panic!("{}", text(&output.stderr))))
}

/// As a clerk returns a list: some columns, moved, one renamed.
fn filled(answers: &[(&str, &str, &str)]) -> String {
    let mut csv = "调查人,核查日期,疑点编号,核查结果,适用条款/说明\n".to_owned();
    for (id, verdict, clause) in answers {
        csv.push_str(&format!("王核查,2024/11/24,{id},{verdict},{clause}\n"));
    }
    csv
}

/// The rows of an extract that hold a text, with another text put in the place of one.
fn edit(world: &World, source: &str, edit: impl Fn(&str) -> Option<String>) {
    let path = world.extract(source);
    let bytes = std::fs::read(&path).unwrap();
    let mut changed = Vec::new();
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        // ASCII parts stand as they are in every encoding of the world's files.
        let latin: String = line.iter().map(|&byte| char::from(byte)).collect();
        if let Some(edited) = edit(&latin) {
            changed.extend(edited.chars().map(|letter| letter as u8));
        }
    }
    assert_ne!(changed, bytes, "the extract says something else now");
    std::fs::write(&path, changed).unwrap();
}

#[test]
fn answers_settle_a_fact_until_it_changes() {
    let world = World::made(3_000, 20_000, 21);
    let first = night(&world, 0, &[]);
    let rows = listed(&world, &first, "worklist.csv");
    assert!(rows.iter().all(|row| row["变化"] == "新增"), "nothing to compare with");
    let found = rows.len() as u64;
    assert_eq!(first["standing"]["new"], found);
    let of_rule = |rule: &str| {
        let row = rows.iter().find(|row| row["规则"] == rule).unwrap_or_else(|| panic!("a {rule} in the world"));
        row["疑点编号"].clone()
    };
    let (vehicle, pension, business) = (of_rule("V001"), of_rule("P001"), of_rule("B001"));

    let mangled = format!(" {} ", vehicle.to_lowercase());
    let list = filled(&[
        (&mangled, "不属实-已处分", "已过户"),
        (&pension, "属实-适用豁免", ""),
        (&business, "属实-应调整", ""),
        ("V001-AAAAAAAAAA", "无法核实", ""),
    ]);
    let (code, counts) = import(&world, "回复.csv", list.as_bytes());
    assert_eq!((code, &counts["returned"]), (Some(1), &2.into()), "{counts}");
    assert_eq!((&counts["stored"]["false_disposed"], &counts["stored"]["true_adjust"]), (&1.into(), &1.into()));
    let returned = records(&std::fs::read(world.path("回复.csv.returned.csv")).unwrap());
    assert!(returned[0]["Reason"].contains("clause") && returned[1]["Reason"].contains("no run found"), "{returned:?}");
    let (code, counts) = import(&world, "二.csv", filled(&[(&pension, "属实-适用豁免", "第九条")]).as_bytes());
    assert_eq!((code, &counts["stored"]["true_exempt"]), (Some(0), &1.into()), "{counts}");
    let (_, again) = import(&world, "二.csv", filled(&[(&pension, "属实-适用豁免", "第九条")]).as_bytes());
    assert_eq!((&again["known"], &again["stored"]), (&1.into(), &serde_json::json!({})), "nothing is stored twice");
    let before = filled(&[(&pension, "无法核实", "")]).replace("2024/11/24", "2024/11/23");
    let (code, counts) = import(&world, "旧.csv", before.as_bytes());
    assert_eq!(
        (code, &counts["returned"], &counts["stored"]),
        (Some(1), &1.into(), &serde_json::json!({})),
        "an old list"
    );
    let returned = records(&std::fs::read(world.path("旧.csv.returned.csv")).unwrap());
    assert!(returned[0]["Reason"].contains("an answer of a later day stands already"), "{returned:?}");

    let second = night(&world, 1, &[]);
    let rows = listed(&world, &second, "worklist.csv");
    assert_eq!((&second["standing"]["answered"], &second["standing"]["against"]), (&2.into(), &first["run"]));
    assert_eq!((change(&rows, &vehicle), change(&rows, &pension)), (None, None));
    assert!(change(&rows, &business).unwrap().starts_with("未变；已答复：属实-应调整"));
    assert_eq!(listed(&world, &second, "answered.csv").len(), 2);
    assert!(rows.iter().any(|row| row["变化"] == "未变"));

    let report = |run: &serde_json::Value, list: &str, id: &str| {
        let household = &listed(&world, run, list).into_iter().find(|row| row["疑点编号"] == id).unwrap();
        world.report_page(&household["家庭编号"], &format!("{id}-{}", run["run"].as_str().unwrap()))
    };
    let settled = report(&second, "answered.csv", &vehicle);
    assert!(settled.contains("2024-11-24：不属实-已处分") && settled.contains("已有核查答复"), "{settled}");
    assert!(!settled.contains(&format!("疑点 {vehicle}：")), "said once");

    let output = world.hedui(&["verdict", "object", &vehicle, "--by", "李某", "--reason", "x", "--on", "2024-12-01"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let third = night(&world, 2, &[]);
    let words = change(&listed(&world, &third, "worklist.csv"), &vehicle).expect("raised again");
    assert!(words.contains("异议待复核"), "{words}");
    let objected = report(&third, "worklist.csv", &vehicle);
    assert!(objected.contains(&format!("疑点 {vehicle}：2024-12-01 提出异议，待复核")));
    assert!(!objected.contains("已有核查答复"), "asked about again");
    let adjusted = report(&third, "worklist.csv", &business);
    assert!(adjusted.contains(&format!("疑点 {business}：2024-11-24 核查反馈为“属实-应调整”")));
    let precision = world.hedui(&["verdict", "precision", "--json"]);
    let precision: Vec<serde_json::Value> = serde_json::from_slice(&precision.stdout).unwrap();
    let of = |rule: &str| precision.iter().find(|line| line["rule"] == rule).unwrap();
    assert_eq!((&of("B001")["confirmed"], &of("V001")["unverified"]), (&1.into(), &1.into()));
    let ledger = text(&world.hedui(&["ledger", "show", "--json"]).stdout);
    assert!(!ledger.contains("王核查") && !ledger.contains("李某"), "the ledger names nobody");
    assert!(world.hedui(&["ledger", "verify"]).status.success());
}

#[test]
fn gone_changed_and_not_checked_are_three_things() {
    let world = World::made(3_000, 20_000, 21);
    let first = night(&world, 0, &[]);
    let rows = listed(&world, &first, "worklist.csv");
    let vehicles: Vec<&Row> = rows.iter().filter(|row| row["规则"] == "V001").collect();
    let id = vehicles[0]["疑点编号"].clone();

    let missing = night(&world, 1, &["--only", "bank,business,housing,pension"]);
    let absent = listed(&world, &missing, "absent.csv");
    let why = |rows: &[Row], id: &str| rows.iter().find(|row| row["疑点编号"] == id).map(|row| row["情况"].clone());
    assert!(why(&absent, &id).unwrap().starts_with("未能核对"), "a source that did not come says nothing");
    assert_eq!(missing["standing"]["gone"], 0, "{}", missing["standing"]);

    let back = night(&world, 2, &[]);
    assert_eq!(change(&listed(&world, &back, "worklist.csv"), &id).unwrap(), "未变", "it was kept");
    let diff = |before: &serde_json::Value, after: &serde_json::Value| {
        let run = |run: &serde_json::Value| run["run"].as_str().unwrap().to_owned();
        let diff = world.hedui(&["diff", &run(before), &run(after), "--json"]);
        let diff: serde_json::Value =
            serde_json::from_slice(&diff.stdout).unwrap_or_else(|_| panic!("{}", text(&diff.stderr)));
        let lines = diff["lines"].as_array().unwrap().clone();
        ["new", "same", "changed", "gone", "kept"]
            .map(|of| lines.iter().map(|line| line[of].as_u64().unwrap()).sum::<u64>())
    };
    let [.., kept] = diff(&first, &missing);
    assert_eq!(kept, missing["standing"]["kept"].as_u64().unwrap());
    assert_eq!(diff(&first, &missing)[1..].iter().sum::<u64>(), rows.len() as u64);
    assert_eq!(
        diff(&missing, &back),
        [0, rows.len() as u64, 0, 0, 0],
        "what was kept is not new when it is found again"
    );

    let links = world.export("links");
    let lines: Vec<usize> = links
        .iter()
        .filter(|link| link["source"] == "vehicle" && link["household_id"] == vehicles[0]["家庭编号"])
        .map(|link| link["line"].parse().unwrap())
        .collect();
    assert!(!lines.is_empty());
    let number = std::cell::Cell::new(0);
    edit(&world, "vehicle", |line| {
        number.set(number.get() + 1);
        (!lines.contains(&number.get())).then(|| line.to_owned())
    });
    let gone = night(&world, 3, &[]);
    assert!(why(&listed(&world, &gone, "absent.csv"), &id).unwrap().starts_with("已消失"));
}

/// Its new county has never seen what the old one has on its list.
#[test]
fn a_household_that_moves_to_another_county_is_new_there_and_told_here() {
    let world = World::made(3_000, 20_000, 21);
    let first = night(&world, 0, &[]);
    let found = &listed(&world, &first, "worklist.csv")[0];
    let (id, household) = (&found["疑点编号"], &found["家庭编号"]);
    let counties: Vec<&str> =
        first["packages"].as_array().unwrap().iter().map(|package| package["folder"].as_str().unwrap()).collect();
    let (here, there) = (counties[0], counties[1]);
    assert!(household.starts_with(here), "the first county's list comes first");
    super::known::edit(&world, "inbox/register/persons.csv", |text| {
        let moved = |line: &str| {
            let mut cells: Vec<&str> = line.split(',').collect();
            if cells[2] == household {
                cells[7] = there;
            }
            cells.join(",")
        };
        text.split("\r\n")
            .map(|line| if line.is_empty() { String::new() } else { moved(line) })
            .collect::<Vec<_>>()
            .join("\r\n")
    });
    let second = night(&world, 1, &[]);
    let of = |county: &str, file: &str| {
        let path = format!("{}/{county}/{file}", second["outbox"].as_str().unwrap());
        records(&std::fs::read(world.path(&path)).unwrap())
    };
    assert_eq!(change(&of(there, "worklist.csv"), id).as_deref(), Some("新增"));
    assert_eq!(change(&of(here, "worklist.csv"), id), None);
    let told: Vec<Row> = of(here, "absent.csv").into_iter().filter(|row| row["疑点编号"] == *id).collect();
    assert!(told.len() == 1 && told[0]["情况"].starts_with("已转出"), "{told:?}");
}

/// The workbook as it was written, answered on the sheet it came on, saved again.
#[test]
fn the_workbook_comes_back_and_a_changed_sum_is_raised() {
    use calamine::Reader;
    let world = World::made(3_000, 20_000, 21);
    let first = night(&world, 0, &[]);
    let rows = listed(&world, &first, "worklist.csv");
    let pension = rows.iter().find(|row| row["规则"] == "P001").expect("a pension");
    let id = &pension["疑点编号"];
    let folder = first["packages"].as_array().unwrap().iter().map(|package| package["folder"].as_str().unwrap());
    let mut answered = false;
    for folder in folder {
        let path = world.path(&format!("{}/{folder}/worklist.xlsx", first["outbox"].as_str().unwrap()));
        let mut book: calamine::Xlsx<_> = calamine::open_workbook(&path).unwrap();
        let mut back = rust_xlsxwriter::Workbook::new();
        let mut has_it = false;
        for (name, range) in book.worksheets() {
            let sheet = back.add_worksheet().set_name(&name).unwrap();
            let mut heading: Vec<String> = Vec::new();
            for (at, row) in range.rows().enumerate() {
                let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
                if cells.iter().any(|cell| cell == "核查结果") {
                    heading.clone_from(&cells);
                }
                for (column, cell) in cells.iter().enumerate() {
                    sheet.write_string(at as u32, column as u16, cell).unwrap();
                }
                if let (true, false) = (cells.contains(id), heading.is_empty()) {
                    has_it = true;
                    let column = |name: &str| heading.iter().position(|cell| cell == name).unwrap() as u16;
                    let answer = [("核查结果", "不属实-同名或错号"), ("核查人", "王"), ("核查日期", "2024年11月24日")];
                    for (heading, text) in answer {
                        sheet.write_string(at as u32, column(heading), text).unwrap();
                    }
                }
            }
        }
        if has_it {
            let (code, counts) = import(&world, "回复.xlsx", &back.save_to_buffer().unwrap());
            assert_eq!((code, &counts["stored"]["false_identity"]), (Some(0), &1.into()), "{counts}");
            answered = true;
        }
    }
    assert!(answered, "the workbook names the discrepancy");

    let second = night(&world, 1, &[]);
    assert_eq!(change(&listed(&world, &second, "worklist.csv"), id), None);
    let doubted = records(
        &std::fs::read(world.path(&format!("{}/review_answered.csv", second["outbox"].as_str().unwrap()))).unwrap(),
    );
    assert_eq!(doubted.len(), 1, "the centre's reviewers see the doubt");

    let links = world.export("links");
    let lines: Vec<usize> = links
        .iter()
        .filter(|link| link["source"] == "pension" && link["household_id"] == pension["家庭编号"])
        .map(|link| link["line"].parse().unwrap())
        .collect();
    let measure = world.export("outcomes").into_iter().find(|one| one["id"] == *id).unwrap()["measure"].clone();
    let sum = format!("{}.{}", &measure[..measure.len() - 2], &measure[measure.len() - 2..]);
    let number = std::cell::Cell::new(0);
    edit(&world, "pension", |line| {
        number.set(number.get() + 1);
        Some(if lines.contains(&number.get()) { line.replace(&sum, "9876.50") } else { line.to_owned() })
    });
    let third = night(&world, 2, &[]);
    let words = change(&listed(&world, &third, "worklist.csv"), id).expect("raised again");
    assert!(words.starts_with("事实有变；事实变化前曾答复：不属实-同名或错号"), "{words}");
}

/// The hint of the message is followed, and it helps.
#[test]
fn a_damaged_run_stops_the_next_night_until_its_day_is_made_again() {
    let world = World::made(400, 2_500, 9);
    let first = night(&world, 0, &[]);
    let table = world.path(&format!("store/runs/{}/outcomes.parquet", first["run"].as_str().unwrap()));
    let mut bytes = std::fs::read(&table).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&table, bytes).unwrap();
    let stopped = world.hedui(&["run", "--as-of", DAYS[1], "--no-progress"]);
    assert_eq!(stopped.status.code(), Some(4));
    assert!(text(&stopped.stderr).contains("hedui run --as-of"), "{}", text(&stopped.stderr));
    let shown = world.hedui(&["export", "outcomes"]);
    assert_eq!((shown.status.code(), shown.stdout.len()), (Some(4), 0), "nothing of it is shown");
    let again = night(&world, 0, &[]);
    let second = night(&world, 1, &[]);
    assert_eq!(second["standing"]["against"], again["run"]);
    assert_eq!((&second["standing"]["new"], &second["standing"]["gone"]), (&0.into(), &0.into()));

    assert!(!world.hedui(&["ledger", "verify"]).status.success(), "the damaged one is still kept");
    std::fs::remove_dir_all(table.parent().unwrap()).unwrap();
    assert!(world.hedui(&["ledger", "verify"]).status.success());
    let folder = |run: &serde_json::Value| world.path(&format!("store/runs/{}", run["run"].as_str().unwrap()));
    std::fs::copy(folder(&again).join("run.json"), folder(&second).join("run.json")).unwrap();
    let verified = world.hedui(&["ledger", "verify"]);
    assert!(!verified.status.success() && text(&verified.stdout).contains("run.json"), "{}", text(&verified.stdout));
    let other = world.hedui(&["coverage"]);
    assert_eq!(other.status.code(), Some(4), "another run's record");
    std::fs::remove_file(folder(&second).join("run.json")).unwrap();
    assert!(text(&world.hedui(&["coverage"]).stderr).contains("hedui run --as-of"));
}

/// 暂存 outlives the second run of a day, which has less to say than the first.
#[test]
fn what_nobody_can_answer_is_held_through_two_runs_of_a_day() {
    let world = World::made(3_000, 20_000, 21);
    let first = night(&world, 0, &[]);
    let rows = listed(&world, &first, "worklist.csv");
    let id = rows.iter().find(|row| row["规则"] == "V001").expect("a V001 in the world")["疑点编号"].clone();
    let found = rows.iter().filter(|row| row["规则"] == "V001").count();
    let again = night(&world, 0, &["--only", "bank,business,housing,pension"]);
    let held = |run: &serde_json::Value| {
        let absent = listed(&world, run, "absent.csv");
        absent.iter().filter(|row| row["疑点编号"].starts_with("V001") && row["情况"].starts_with("未能核对")).count()
    };
    assert_eq!((held(&again), &again["standing"]["gone"]), (found, &0.into()));
    let next = night(&world, 1, &["--only", "bank,business,housing,pension"]);
    assert_eq!(held(&next), found);
    let back = night(&world, 2, &[]);
    assert_eq!(change(&listed(&world, &back, "worklist.csv"), &id).unwrap(), "未变");
}

/// A night, and then a second car of somebody whose household it found one of, at the end of the extract. Gives the ground of the one,
/// its line, and the extract before.
fn with_a_second_car(world: &World) -> (Row, Vec<u8>, Vec<u8>) {
    let grounds = listed(world, &night(world, 0, &[]), "grounds.csv");
    let of_one = |id: &str| grounds.iter().filter(|ground| ground["疑点编号"] == id).count() == 1;
    let car = grounds.iter().find(|ground| ground["规则"] == "V001" && of_one(&ground["疑点编号"])).unwrap();
    let extract = world.extract("vehicle");
    let before = std::fs::read(&extract).unwrap();
    let line = before.split_inclusive(|byte| *byte == b'\n').nth(car["行号"].parse::<usize>().unwrap() - 1).unwrap();
    let plate = line.iter().position(|byte| *byte == b',').unwrap();
    std::fs::write(&extract, [&before[..], &line[..plate - 4], b"TWO6", &line[plate..]].concat()).unwrap();
    (car.clone(), line.to_vec(), before)
}

/// Of two cars one is sold: the rule raises the other under a number of its own, and nothing that was said of both is forgotten.
#[test]
fn what_was_said_of_two_facts_stays_in_view_when_one_of_them_goes() {
    let world = World::made(3_000, 20_000, 21);
    let (car, line, before) = with_a_second_car(&world);
    let extract = world.extract("vehicle");
    let household = |run: &serde_json::Value| -> Vec<Row> {
        let rows = listed(&world, run, "worklist.csv").into_iter();
        rows.filter(|row| row["规则"] == "V001" && row["家庭编号"] == car["家庭编号"]).collect()
    };
    let why = |run: &serde_json::Value, id: &str| {
        let absent = listed(&world, run, "absent.csv");
        absent.into_iter().find(|row| row["疑点编号"] == id).map(|row| row["情况"].clone()).unwrap()
    };

    let two = household(&night(&world, 1, &[]));
    assert_eq!((two.len(), two[0]["变化"].as_str()), (1, "事实有变"), "a car more than the day before");
    let id = two[0]["疑点编号"].clone();
    import(&world, "一.csv", filled(&[(&id, "不属实-已处分", "两辆均已过户")]).as_bytes());
    let objected = world.hedui(&["verdict", "object", &id, "--by", "李某", "--reason", "x", "--on", "2024-12-01"]);
    assert!(objected.status.success());
    let (_, again) = import(&world, "一.csv", filled(&[(&id, "不属实-已处分", "两辆均已过户")]).as_bytes());
    assert_eq!((&again["known"], &again["stored"]), (&1.into(), &serde_json::json!({})), "it answers no objection");
    std::fs::write(&extract, &before).unwrap();
    let third = night(&world, 2, &[]);
    let [one] = &household(&third)[..] else { panic!("one car is left") };
    assert_ne!(one["疑点编号"], id);
    assert!(
        one["变化"].starts_with("事实有变；事实变化前曾答复：不属实-已处分（2024-11-24）；异议待复核"),
        "{}",
        one["变化"]
    );
    assert!(why(&third, &id).contains("按同一规则已列有别的疑点；已答复：不属实-已处分"), "{}", why(&third, &id));
    assert_eq!((&third["standing"]["objections"], &third["standing"]["gone"]), (&1.into(), &0.into()), "none is gone");
    // Nothing answers: what was found last is held, and what is objected to is still to be looked into.
    let ahead = world.copy();
    let fourth = night(&world, 3, &["--only", "bank,business,housing,pension"]);
    assert!(why(&fourth, &one["疑点编号"]).contains("暂存"), "{}", why(&fourth, &one["疑点编号"]));
    assert!(why(&fourth, &id).contains("；异议待复核"), "{}", why(&fourth, &id));
    assert_eq!(fourth["standing"]["objections"], 1);
    let page = world.report_page(&car["家庭编号"], "核对报告");
    assert!(page.contains(&format!("疑点 {id}：2024-11-24 核查反馈为“不属实-已处分”。")), "as it was answered");
    assert!(page.contains(&format!("疑点 {id}：2024-12-01 提出异议，待复核")));

    // Everything answers again: the objection waits where the other car stands now, until that is answered.
    let waiting = night(&ahead, 3, &[]);
    let row =
        listed(&ahead, &waiting, "worklist.csv").into_iter().find(|row| row["疑点编号"] == one["疑点编号"]).unwrap();
    assert_eq!(row["变化"], "未变；异议待复核（2024-12-01 提出，最迟 2024-12-06 办结）");
    assert_eq!((&waiting["standing"]["objections"], &waiting["standing"]["gone"]), (&1.into(), &0.into()));
    let answer = filled(&[(&one["疑点编号"], "属实-应调整", "")]).replace("2024/11/24", "2024/12/02");
    import(&ahead, "二.csv", answer.as_bytes());
    let closed = night(&ahead, 3, &[]);
    assert_eq!(closed["standing"]["objections"], 0);
    assert!(listed(&ahead, &closed, "absent.csv").iter().all(|row| row["疑点编号"] != id));

    // Objected to once more, and no car is left at all: it is gone, and the objection waits, night after night.
    let ahead = world.copy();
    let without: Vec<u8> =
        before.split_inclusive(|byte| *byte == b'\n').filter(|row| *row != line).flatten().copied().collect();
    std::fs::write(ahead.extract("vehicle"), without).unwrap();
    for again in 0..2 {
        let gone = night(&ahead, 3, &[]);
        let rows = listed(&ahead, &gone, "worklist.csv");
        assert!(rows.iter().all(|row| row["规则"] != "V001" || row["家庭编号"] != car["家庭编号"]));
        let absent = listed(&ahead, &gone, "absent.csv");
        let told = absent.iter().find(|row| row["疑点编号"] == id).map(|row| row["情况"].as_str());
        assert!(told.is_some_and(|told| told.contains("；异议待复核")), "{again}: {told:?}");
        assert_eq!(gone["standing"]["objections"], 1, "{again}");
    }
}

/// Of two cars that a county looked into, a delivery that was cut shows one: that is nothing new.
#[test]
fn what_a_cut_delivery_leaves_of_an_answered_discrepancy_is_not_raised() {
    let world = World::made(3_000, 20_000, 21);
    let (car, _, one_car) = with_a_second_car(&world);
    let extract = world.extract("vehicle");
    let of_household = |run: &serde_json::Value, list: &str| -> Vec<(String, String)> {
        let rows = listed(&world, run, list).into_iter();
        let of_it = rows.filter(|row| row["疑点编号"].starts_with("V001") && row["家庭编号"] == car["家庭编号"]);
        of_it.map(|row| (row["疑点编号"].clone(), row.get("情况").cloned().unwrap_or_default())).collect()
    };
    let id = of_household(&night(&world, 0, &[]), "worklist.csv")[0].0.clone();
    import(&world, "一.csv", filled(&[(&id, "不属实-已处分", "两辆均已过户")]).as_bytes());
    let settled = night(&world, 1, &[]);
    assert_eq!(of_household(&settled, "answered.csv")[0].0, id);

    // The second car stood in the end that is missing; the layout says how many rows there should be.
    std::fs::write(&extract, &one_car).unwrap();
    super::known::edit(&world, "sources/vehicle.toml", |layout| {
        layout.replacen("cycle_days", "min_rows = 999999\ncycle_days", 1)
    });
    for day in [2, 3] {
        let cut = night(&world, day, &[]);
        assert_eq!(of_household(&cut, "worklist.csv"), [], "{day}");
        let answered = of_household(&cut, "answered.csv");
        assert!(answered.len() == 1 && answered[0].0 != id, "{answered:?}");
        let held = of_household(&cut, "absent.csv");
        assert!(held.len() == 1 && held[0].0 == id && held[0].1.contains("暂存"), "{held:?}");
    }
    // Nothing at all comes: the whole is held, and not its part beside it.
    let ahead = world.copy();
    std::fs::write(ahead.extract("vehicle"), one_car.split_inclusive(|byte| *byte == b'\n').next().unwrap()).unwrap();
    let nothing = ahead.hedui(&["run", "--as-of", "2026-11-28", "--no-progress", "--json", "--formats", "csv"]);
    let nothing: serde_json::Value = serde_json::from_slice(&nothing.stdout).unwrap();
    let told: Vec<String> = listed(&ahead, &nothing, "absent.csv")
        .into_iter()
        .filter(|row| row["疑点编号"].starts_with("V001") && row["家庭编号"] == car["家庭编号"])
        .map(|row| row["情况"].clone())
        .collect();
    assert_eq!(told.iter().filter(|why| why.contains("暂存")).count(), 1, "{told:?}");
    // A whole delivery with one car is another fact, and is raised.
    super::known::edit(&world, "sources/vehicle.toml", |layout| {
        layout.replacen("min_rows = 999999\n", "min_rows = 1\n", 1)
    });
    let whole = world.hedui(&["run", "--as-of", "2026-11-28", "--no-progress", "--json", "--formats", "csv"]);
    let whole: serde_json::Value = serde_json::from_slice(&whole.stdout).unwrap();
    let raised: Vec<String> = listed(&world, &whole, "worklist.csv")
        .into_iter()
        .filter(|row| row["规则"] == "V001" && row["家庭编号"] == car["家庭编号"])
        .map(|row| row["变化"].clone())
        .collect();
    assert!(raised.len() == 1 && raised[0].starts_with("事实有变；事实变化前曾答复：不属实-已处分"), "{raised:?}");
}
