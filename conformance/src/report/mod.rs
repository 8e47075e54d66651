//! What a run says. One stream of results, several writers.

pub mod console;
pub mod json;
pub mod lanes;
mod summary;

pub use summary::{RequirementResult, Summary, summarise};
