//! How a target speaks: by a binding, or as the rules in this process.

use std::{fmt, path::Path, sync::Arc};

use super::{BindingError, Plan, library};

/// How a target speaks.
#[derive(Clone, Debug)]
pub enum Binding {
    /// As a binding says, one of this binary or one of a file.
    Bound(Arc<Plan>),
    /// A room core in this process.
    Memory,
    /// As an adapter does, a child process.
    Exec,
}

/// No binding is to be had under a name.
#[derive(Debug, thiserror::Error)]
pub enum NoBinding {
    /// None is called so.
    #[error("no binding is called {0:?}; `glare bindings list` shows them, and ./FILE.toml names a file")]
    Unknown(String),
    /// A file cannot be read.
    #[error("cannot read the binding {path}: {source}")]
    Unreadable {
        /// Its path.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is none.
    #[error("{} is no binding:\n{}", .0, .1.render(false))]
    Wrong(String, BindingError),
}

impl Binding {
    /// The name of the rules in this process.
    pub const MEMORY: &str = "memory";
    /// The name before the command of an adapter.
    pub const EXEC: &str = "exec";

    /// The wire of docs/protocol.md over Socket.IO.
    #[must_use]
    pub fn tutorial() -> Self {
        Self::bundled("tutorial").expect("it is in this binary, and a test reads it")
    }

    /// The wire of docs/protocol.md as JSON over WebSocket.
    #[must_use]
    pub fn glare() -> Self {
        Self::bundled("glare").expect("it is in this binary, and a test reads it")
    }

    fn bundled(name: &str) -> Option<Self> {
        library().iter().find(|(plan, _)| plan.name() == name).map(|(plan, _)| Self::Bound(Arc::clone(plan)))
    }

    /// The name by which a target selects it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Bound(plan) => plan.name(),
            Self::Memory => Self::MEMORY,
            Self::Exec => Self::EXEC,
        }
    }

    /// The binding of a name, or of a file: a name that ends with .toml.
    ///
    /// # Errors
    /// [`NoBinding`].
    pub fn by_name(name: &str) -> Result<Self, NoBinding> {
        match name {
            "sio" => Ok(Self::tutorial()),
            Self::MEMORY => Ok(Self::Memory),
            Self::EXEC => Ok(Self::Exec),
            path if path.ends_with(".toml") => Self::read(Path::new(path)),
            name => Self::bundled(name).ok_or_else(|| NoBinding::Unknown(name.to_owned())),
        }
    }

    fn read(path: &Path) -> Result<Self, NoBinding> {
        let shown = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|source| NoBinding::Unreadable { path: shown.clone(), source })?;
        let plan = Plan::read(&shown, &text).map_err(|error| NoBinding::Wrong(shown, error))?;
        Ok(Self::Bound(Arc::new(plan)))
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
