//! cargo-fuzz's way to the property of the same name.
#![no_main]

#[path = "../properties/extract.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| property::holds(bytes));
