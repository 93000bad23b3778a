#![no_main]

#[path = "../properties/ids.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|text: &str| property::holds(text));
