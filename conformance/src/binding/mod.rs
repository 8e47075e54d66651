//! Bindings: how a target's wire carries the protocol. Each is a TOML file (docs/bindings.md), compiled before the run.

mod adapt;
mod choice;
mod error;
mod plan;
pub mod schema;
mod speaker;
pub mod template;

use std::sync::{Arc, LazyLock};

use include_dir::{Dir, include_dir};
use serde::Deserialize;

pub use adapt::NotApplicable;
pub(crate) use adapt::adapt_to;
pub use choice::{Binding, NoBinding};
pub use error::BindingError;
pub use plan::Plan;
pub(crate) use plan::{Identity, TransportPlan};
pub(crate) use schema::Frames;
pub use speaker::Unsayable;
pub(crate) use speaker::{Names, Outgoing, Reaction, Speaker, Wire};
pub(crate) use template::Disfigurement;

use self::{error::Fault, schema::BindingFile};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/bindings");

impl Plan {
    /// Reads a binding; `name` is its file's name, for errors.
    ///
    /// # Errors
    /// [`BindingError`] points at the first fault.
    pub fn read(name: &str, text: &str) -> Result<Self, BindingError> {
        let parsed = toml::Deserializer::parse(text).and_then(BindingFile::deserialize);
        let file = parsed.map_err(|error| {
            let fault = Fault { place: error.span(), ..Fault::missing(error.message()) };
            fault
                .help("`glare bindings show NAME` shows a working one; docs/bindings.md explains each table")
                .of(name, text)
        })?;
        Self::compile(file).map_err(|fault| fault.of(name, text))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }
}

fn read_file(file: &'static include_dir::File<'static>) -> (Arc<Plan>, &'static str) {
    let text = file.contents_utf8().expect("a test reads the same files");
    let plan = Plan::read(&file.path().display().to_string(), text);
    (Arc::new(plan.unwrap_or_else(|error| panic!("{}", error.render(false)))), text)
}

/// The bindings in this binary, with their texts, by name.
#[must_use]
pub fn library() -> &'static [(Arc<Plan>, &'static str)] {
    static PLANS: LazyLock<Vec<(Arc<Plan>, &'static str)>> = LazyLock::new(|| {
        let mut files: Vec<_> =
            FILES.files().filter(|file| file.path().extension().is_some_and(|it| it == "toml")).collect();
        files.sort_by_key(|file| file.path());
        files.into_iter().map(read_file).collect()
    });
    &PLANS
}
