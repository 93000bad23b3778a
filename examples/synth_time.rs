use hedui::{kernel::*, synth::*};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let t = std::time::Instant::now();
    let r = Recipe {
        people: a[2].parse().unwrap(),
        rows: a[3].parse().unwrap(),
        counties: a[4].parse().unwrap(),
        seed: 1,
        as_of: Date::from_ymd(2026, 11, 24).unwrap(),
    };
    println!("{:?}", make(std::path::Path::new(&a[1]), &r, &Silent, &Cancel::default()));
    println!("{:?}", t.elapsed());
    let s = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", s.lines().find(|l| l.starts_with("VmHWM")).unwrap());
}
