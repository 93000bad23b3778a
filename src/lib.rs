//! hedui (核对): verifies the economic status of households that apply for or receive social assistance in China.
//!
//! ```text
//! extracts ──ingest──▶ evidence ──link──▶ links ──roll up──▶ households ──rules──▶ outcomes ──report──▶ county packages
//! (departments' files)    ▲         (person ↔ row)        (with parameters)   (clear / flagged /   (xlsx, csv, html, pdf)
//! register + mandates ────┘                                                    not checked)
//!                      every arrow writes its counts and digests to the run ledger
//! ```
//!
//! It verifies and never decides: what it finds is 疑似信息，供审核参考.
//!
//! Layers; a module names only layers above it in this list, and modules of one layer do not name each other
//! (`tests/tidy.rs` holds the same table and checks it):
//!
//! | layer | module | what it holds |
//! |---|---|---|
//! | 0 | [`kernel`] | ids, dates, money, divisions, digests, errors, wording, progress |
//! | 1 | [`model`] | register, kinds of evidence, links, coverage, outcomes: nouns, no work |
//! | 2 | [`standardise`] | raw text → comparable: ids, names, dates, amounts |
//! | 3 | [`ingest`] | departments' files → evidence, every row in one counted bin |
//! | 3 | [`linkage`] | register index, grades A to E, weights, explanations |
//! | 3 | [`policy`] | dated parameters, rules as data, coverage |
//! | 3 | [`store`] | workspace, lock, snapshots, key indexes, kept stages, hash-chained ledger |
//! | 3 | [`report`] | county packages, verification reports as PDF and HTML |
//! | 3 | [`synth`] | made-up centres of any size, with the truth beside them |
//! | 4 | [`config`] | hedui.toml, register.toml, sources, policy → a plan; all faults at once |
//! | 5 | [`pipeline`] | the nightly run, readable as prose |
//! | 6 | [`cli`] | one file per command; alone prints, reads the clock and the environment |

pub mod cli;
pub mod config;
pub mod ingest;
pub mod kernel;
pub mod linkage;
pub mod model;
pub mod pipeline;
pub mod policy;
pub mod report;
pub mod standardise;
pub mod store;
pub mod synth;
