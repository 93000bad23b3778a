//! Runs tests/cases/rules.
