//! cargo-fuzz's way to the property of the same name.
#![no_main]

#[path = "../properties/ids.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|text: &str| property::holds(text));
