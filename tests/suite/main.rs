//! The one integration-test binary (polars makes every further binary slow to link): the house's order, the command line,
//! whole runs over made-up centres, faults, and other programs' test vectors.

mod answers;
mod completeness;
mod faults;
mod filings;
mod fuzz;
mod golden;
mod known;
mod mandates;
mod night;
mod plan;
mod probe;
mod register;
mod reports;
mod review;
mod simulate;
mod tables;
mod tidy;
mod vectors;
mod world;
