//! What a run says. One stream of results, several writers.

pub mod console;
pub mod json;
pub mod lanes;
pub mod picture;
mod summary;

pub use summary::{RequirementResult, Summary, summarise};
