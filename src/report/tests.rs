//! Packages as a whole: written from a small run and read back, file by file.

use super::fixture::{ALL_FORMATS, Centre, PEOPLE, id, push_row};
use super::*;
use crate::kernel::{Digest, ErrorKind, Silent};
use crate::model::outcome::Discrepancy;
use crate::model::table::FieldType;

fn written(view: &RunView) -> (tempfile::TempDir, Vec<Package>) {
    let dir = tempfile::tempdir().unwrap();
    let packages = write(dir.path(), view, &ALL_FORMATS, &Seals::default(), &Silent, &Cancel::default()).unwrap();
    (dir, packages.counties)
}

/// All files below a folder with their digests, read again.
fn lying(top: &Path) -> Vec<Filed> {
    let mut folders = vec![top.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let name = path.strip_prefix(top).unwrap().to_string_lossy().replace('\\', "/");
            files.push((name, Digest::of(&bytes), bytes.len() as u64));
        }
    }
    files.sort();
    files
}

/// All text of a file a reader sees: cells of a workbook, else the bytes.
fn readable(path: &Path) -> String {
    use calamine::Reader;
    if path.extension().is_none_or(|extension| extension != "xlsx") {
        // What a PDF says is checked where it is worded (`household`).
        return String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    }
    let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(path).unwrap();
    let mut text = String::new();
    for (sheet, range) in workbook.worksheets() {
        text.push_str(&format!("[{sheet}]\n"));
        for row in range.rows() {
            let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
            text.push_str(&(cells.join("\t") + "\n"));
        }
    }
    text
}

fn texts(dir: &Path, packages: &[Package], county: usize) -> Vec<(String, String)> {
    let folder = dir.join(&packages[county].folder);
    packages[county].files.iter().map(|file| (file.0.clone(), readable(&folder.join(&file.0)))).collect()
}

#[test]
fn packages_add_up_to_the_run() {
    let centre = Centre::new();
    let (dir, packages) = written(&centre.view());
    assert_eq!(packages.iter().map(|package| package.folder.as_str()).collect::<Vec<_>>(), ["370102", "370103"]);
    assert_eq!(packages.iter().map(|package| package.flagged).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(packages.iter().map(|package| package.persons).collect::<Vec<_>>(), [3, 2]);
    // Households, persons, fully, partly and not checked, flags, high, medium, low, flagged households, B, pending.
    let summary = std::fs::read_to_string(dir.path().join("summary.csv")).unwrap();
    assert!(summary.contains("370102,历下区,1,3,1,1,1,2,1,1,0,1,0,0\n"), "{summary}");
    assert!(summary.contains("370103,,1,2,0,2,0,1,1,0,0,1,1,1\n"), "{summary}");
    assert!(summary.ends_with("合计,,2,5,1,3,1,3,2,1,0,2,1,1\n"), "{summary}");
    let cover = readable(&dir.path().join("summary.xlsx"));
    assert!(cover.contains("5 人 × 3 个来源 = 15 项，各状态合计 15 项"), "{cover}");
    let coverage = std::fs::read_to_string(dir.path().join("370102/coverage.csv")).unwrap();
    assert_eq!(coverage.lines().count(), 1 + 3);
    assert!(coverage.contains("未授权,未授权,未授权"));
}

#[test]
fn a_package_holds_only_its_own_people_and_no_whole_id() {
    let centre = Centre::new();
    let (dir, packages) = written(&centre.view());
    for county in 0..2 {
        for (name, text) in texts(dir.path(), &packages, county) {
            for (place, (body, person, household, _)) in PEOPLE.into_iter().enumerate() {
                let id = id(body).to_string();
                assert!(!text.contains(&id), "a whole id in {name}");
                assert!(!text.contains(person), "a whole name in {name}");
                // The spouse in the record of the other county's wife shows masked; nobody else may show at all.
                if household as usize != county && ![0, 4].contains(&place) {
                    let masked = crate::kernel::masked::mask_id(&id);
                    assert!(!text.contains(&masked), "person {place} of another county in {name}");
                }
            }
        }
    }
}

#[test]
fn whole_ids_only_when_asked_for_and_third_persons_never() {
    let centre = Centre::new();
    let view = RunView { masked: false, ..centre.view() };
    let (dir, packages) = written(&view);
    let own = texts(dir.path(), &packages, 0);
    let worklist = &own.iter().find(|file| file.0 == "worklist.csv").unwrap().1;
    assert!(worklist.contains(&id(PEOPLE[0].0).to_string()) && worklist.contains("张建国"));
    for (name, text) in own {
        assert!(!text.contains(&id(PEOPLE[4].0).to_string()) && !text.contains("赵桂兰"), "the wife in {name}");
    }
}

#[test]
fn the_work_list_says_what_was_found_and_what_was_set_aside() {
    let centre = Centre::new();
    let (dir, packages) = written(&centre.view());
    let worklist = std::fs::read_to_string(dir.path().join("370102/worklist.csv")).unwrap();
    for part in [
        "家庭成员名下有机动车：1 辆（对照标准 0 辆），数据截至 2026-11-02。",
        "登记死亡后仍在发放：1,200.00 元，涉及金额 1,200.00 元。",
        "公安交管（机动车）：号牌号码 鲁A12345，机动车状态 正常；反馈时间 2026-11-02",
        "inbox/vehicle/2026-11.csv 第 2 行",
        "已注销、报废或转出：号牌号码 鲁A54321，机动车状态 注销",
        "配偶姓名 赵*兰",
        "整户",
    ] {
        assert!(worklist.contains(part), "{part} is not in {worklist}");
    }
    let high = worklist.find("D002-abcdef0123").unwrap();
    assert!(high < worklist.find("V001-0123456789").unwrap(), "the severe one comes first");
    let first = texts(dir.path(), &packages, 0).pop().unwrap().1;
    assert!(
        first.contains("未授权：民政（婚姻登记）、人社（养老待遇）、公安交管（机动车）"),
        "why the wife is unchecked"
    );
    let workbook = texts(dir.path(), &packages, 1).pop().unwrap().1;
    for sheet in ["封面", "疑点清单-红", "同号异名", "待人工判定", "核对覆盖", "规则说明"] {
        assert!(workbook.contains(&format!("[{sheet}]")), "{sheet}");
    }
    assert!(workbook.contains("王*福\t") && workbook.contains("王*力\t"), "both names of the identity case");
    assert!(workbook.contains("号牌号码 =鲁A99999"), "text in a workbook is text");
    let rejects = std::fs::read_to_string(dir.path().join("rejects/vehicle.csv")).unwrap();
    assert!(rejects.contains("inbox/vehicle/2026-11.csv,,5,,整行退回,整行退回,不是身份证号|某某"), "{rejects}");
}

#[test]
fn every_file_is_vouched_for_down_to_the_packages() {
    let centre = Centre::new();
    let (dir, _) = written(&centre.view());
    assert_eq!(verify(dir.path(), &Expected::default()).unwrap(), Verified::default());
    std::fs::write(dir.path().join("370103/grounds.csv"), b"x").unwrap();
    let fault = Fault { path: "370103/grounds.csv".to_owned(), kind: FaultKind::Changed };
    assert_eq!(verify(dir.path(), &Expected::default()).unwrap().faults, [fault]);
}

#[test]
fn a_signed_run_is_whole_only_with_the_centre_s_own_signatures() {
    let centre = Centre::new();
    let dir = tempfile::tempdir().unwrap();
    let signer = Signer::from_seed(&[3; 32]);
    let seals = Seals { signer: Some(signer.clone()), password: None };
    write(dir.path(), &centre.view(), &ALL_FORMATS, &seals, &Silent, &Cancel::default()).unwrap();
    let check = |key: Option<PublicKey>| {
        let found = verify(dir.path(), &Expected { key, password: None }).unwrap();
        let faults = found.faults.into_iter().map(|fault| (fault.path, fault.kind)).collect::<Vec<_>>();
        (faults, found.signer.is_some())
    };
    assert_eq!(check(None), (vec![], true));
    assert_eq!(check(Some(signer.public())), (vec![], true));
    let other = check(Some(Signer::from_seed(&[4; 32]).public())).0;
    assert_eq!(other.len(), 3, "the run and both counties");
    assert!(other.iter().all(|fault| fault.1 == FaultKind::OtherKey));
    // A county's signature taken away, and then a manifest changed together with its file's digest.
    std::fs::remove_file(dir.path().join("370103/manifest.sig")).unwrap();
    assert_eq!(check(None).0, [("370103/manifest.sig".to_owned(), FaultKind::Unsigned)]);
    let manifest = std::fs::read_to_string(dir.path().join("370102/manifest.json")).unwrap();
    std::fs::write(dir.path().join("370102/manifest.json"), manifest.replace("2026-11-24", "2026-11-25")).unwrap();
    let county = verify(&dir.path().join("370102"), &Expected::default()).unwrap();
    assert_eq!(county.faults, [Fault { path: "manifest.sig".to_owned(), kind: FaultKind::Forged }]);
}

#[test]
fn whole_ids_stand_in_the_sealed_archive_only() {
    let centre = Centre::new();
    let dir = tempfile::tempdir().unwrap();
    let password = Password::new("correct horse").unwrap();
    let seals = Seals { signer: Some(Signer::from_seed(&[3; 32])), password: Some(password.clone()) };
    let told = write(dir.path(), &centre.view(), &ALL_FORMATS, &seals, &Silent, &Cancel::default()).unwrap();
    assert_eq!(told.all_files(), lying(dir.path()), "the ledger names every file by its own digest");
    let county = dir.path().join("370102");
    assert!(!county.join(sealed::OPEN).exists(), "nothing open is left");
    let worklist = std::fs::read_to_string(county.join("worklist.csv")).unwrap();
    let id = id(PEOPLE[0].0).to_string();
    assert!(!worklist.contains(&id));
    let archive = std::fs::read(county.join(sealed::SEALED)).unwrap();
    assert!(!archive.windows(id.len()).any(|bytes| bytes == id.as_bytes()));
    let inside = sealed::open(&county.join(sealed::SEALED), &password).unwrap().unwrap();
    assert!(String::from_utf8_lossy(&inside["worklist.csv"]).contains(&id));
    let check = |password: Option<&str>| {
        let password = password.map(|text| Password::new(text).unwrap());
        verify(dir.path(), &Expected { key: None, password }).unwrap()
    };
    assert_eq!((check(None).faults, check(None).unopened), (vec![], 2));
    assert_eq!((check(Some("correct horse")).faults, check(Some("correct horse")).unopened), (vec![], 0));
    assert_eq!(check(Some("another horse")).faults[0].kind, FaultKind::Unopened);
    // Another county's archive under this one's name opens with the same password and is still found out.
    std::fs::copy(dir.path().join("370103/sealed.zip"), county.join("sealed.zip")).unwrap();
    let changed = Fault { path: "370102/sealed.zip".to_owned(), kind: FaultKind::Changed };
    assert_eq!(check(Some("correct horse")).faults, [changed]);
}

#[test]
fn the_same_bytes_at_any_thread_count() {
    let centre = Centre::new();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (dir, _) = pool.install(|| written(&centre.view()));
        std::fs::read_to_string(dir.path().join(MANIFEST)).unwrap()
    };
    let one = run(1);
    assert_eq!(one, run(3));
    assert_eq!(one.matches("sha256").count(), 11, "five summaries, three review lists, one of rejects, two packages");
}

#[test]
fn the_page_stands_alone_and_says_demo() {
    let mut centre = Centre::new();
    centre.cards[0].advice = "<script>alert(1)</script>".to_owned();
    let (dir, _) = written(&centre.view());
    let page = std::fs::read_to_string(dir.path().join("370102/index.html")).unwrap();
    assert!(page.contains("<div class=\"demo\">演示</div>"));
    assert!(page.contains("\\u003cscript>alert") && !page.contains("<script>alert"));
    for reference in ["src=", "href=", "@import", "url("] {
        assert!(!page.contains(reference), "{reference} fetches something");
    }
    assert!(!page.contains("{{") && !page.contains("{%"));
}

#[test]
fn english_reports_hold_no_chinese_of_ours() {
    let centre = Centre::new();
    let (dir, _) = written(&RunView { lang: Lang::En, ..centre.view() });
    let worklist = std::fs::read_to_string(dir.path().join("370102/worklist.csv")).unwrap();
    assert!(worklist.contains("1 辆 (held against 0 辆), records as of 2026-11-02."), "{worklist}");
}

#[test]
fn stopping_is_an_error_not_half_a_report() {
    let centre = Centre::new();
    let cancel = Cancel::default();
    cancel.cancel();
    let dir = tempfile::tempdir().unwrap();
    let error = write(dir.path(), &centre.view(), &ALL_FORMATS, &Seals::default(), &Silent, &cancel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(!dir.path().join(MANIFEST).exists());
}

#[test]
#[should_panic(expected = "rows were lost")]
fn rows_that_do_not_add_up_stop_the_report() {
    let mut centre = Centre::new();
    centre.evidences[2].bins.read += 1;
    written(&centre.view());
}

#[test]
fn no_sentence_decides() {
    for lang in [Lang::Zh, Lang::En] {
        for (key, sentence) in crate::kernel::wording::section(lang, "report") {
            for banned in ["应退出", "骗保", "不符合", "违规", "fraud", "eligib"] {
                assert!(!sentence.contains(banned), "{key}: {sentence}");
            }
        }
    }
}

/// A parameter of zero yuan means "told from the first fen on"; behind 对照标准 it was read as the law's. Of cars, none is a standard.
#[test]
fn a_sum_of_zero_is_no_standard() {
    let centre = Centre::new();
    let view = centre.view();
    let said = |place: usize, limit: i64| {
        let found = Discrepancy { limit: Some(limit), ..centre.outcomes.discrepancies[place].clone() };
        worklist::sentence(Lang::Zh, &found, &view.cards[usize::from(found.rule)])
    };
    let of_money = |found: &Discrepancy| view.cards[usize::from(found.rule)].money_unit;
    let money = centre.outcomes.discrepancies.iter().position(of_money).unwrap();
    let cars = centre.outcomes.discrepancies.iter().position(|found| !of_money(found)).unwrap();
    assert!(!said(money, 0).contains("对照标准") && said(money, 50_000).contains("（对照标准 500.00 元）"));
    assert!(said(cars, 0).contains("（对照标准 0 "));
}

/// A centre's own code, which nobody has given a name, was once a number with thousands separators.
#[test]
fn a_division_without_a_name_is_a_code_and_no_number() {
    use calamine::{Data, Reader};
    let mut centre = Centre::new();
    centre.places.clear();
    let (dir, _) = written(&centre.view());
    let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(dir.path().join("summary.xlsx")).unwrap();
    let (_, cover) = workbook.worksheets().swap_remove(0);
    let value = |label: &str| cover.rows().find(|row| row[0] == *label).map(|row| row[1].clone());
    assert_eq!(value("行政区划"), Some(Data::String("370100".to_owned())));
    assert_eq!(value("人数"), Some(Data::Float(5.0)));
    let page = std::fs::read_to_string(dir.path().join("summary.html")).unwrap();
    assert!(page.contains("<h1>济南市核对中心社会救助家庭经济状况核对报告</h1>"));
}

#[test]
fn values_are_said_in_words_to_the_centres_own_staff() {
    let mut centre = Centre::new();
    let said = |centre: &Centre, source: usize, field: &str, row: usize| {
        let evidence = &centre.evidences[source];
        let index = evidence.kind.field(field).unwrap();
        let value = evidence.table.columns[index].text(row);
        value_in_words(Lang::Zh, &evidence.kind.code, evidence.kind.fields[index].ty, &value)
    };
    assert_eq!(said(&centre, 2, "state", 1), "注销");
    assert_eq!(said(&centre, 2, "plate", 1), "鲁A54321");
    assert_eq!(said(&centre, 2, "owner_id", 0), id(PEOPLE[0].0).to_string(), "they have to compare it");
    assert_eq!(said(&centre, 2, "registered_on", 0), "");
    let of_vehicles = |code| value_in_words(Lang::Zh, "vehicle", FieldType::Code, code);
    assert_eq!(["K33", "H31", "52", "Q11"].map(of_vehicles), ["小型轿车", "轻型普通货车", "小型新能源汽车", "Q11"]);
    assert_eq!(value_in_words(Lang::Zh, "housing", FieldType::Code, "K33"), "K33", "another kind's code");
    let kind = centre.evidences[1].kind.clone();
    push_row(&mut centre.evidences[1].table, &kind, &[("monthly", "123450"), ("state", "unknown_code")]);
    assert_eq!(said(&centre, 1, "monthly", 0), "1,234.50 元");
    assert_eq!(said(&centre, 1, "state", 0), "unknown_code", "as the layout wrote it");
}
