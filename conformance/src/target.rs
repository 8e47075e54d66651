//! Where the target is and how it speaks: `[binding:]url`.

use std::{fmt, num::NonZeroU16, str::FromStr};

use glare_model::room::{HostLeaves, RoomRules};
use url::Url;

use crate::{
    binding::{Binding, NoBinding},
    capability::Profile,
    transport::{Bound, Memory, ModelCore, Transport},
};

/// An implementation under test.
#[derive(Clone, Debug)]
pub struct Target {
    /// How it speaks.
    pub binding: Binding,
    /// Where it is.
    pub place: Place,
}

/// See [`Target::place`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At an address.
    Url(Url),
    /// The reference server, started by the runner on a free port.
    Embedded,
    /// In this process, under these rules.
    Rules(&'static str, RoomRules),
    /// Behind an adapter with this command line, which knows where.
    Adapter(String),
}

/// What stands in the place of a URL for the reference server in this process.
const EMBEDDED: &str = "embedded";

/// A text names no target.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// No such binding.
    #[error(transparent)]
    Binding(#[from] NoBinding),
    /// Not a URL.
    #[error(
        "{url:?} is no URL ({problem}); a target looks like tutorial:http://127.0.0.1:3000, ws://127.0.0.1:3000/ws or embedded"
    )]
    NotAUrl {
        /// The text.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Another scheme.
    #[error("the scheme {0:?} cannot be tested; use http, ws, or put a plain-text proxy before a TLS server")]
    UnsupportedScheme(String),
    /// No such rules.
    #[error(
        "no rules are called {0:?}; there are memory:reference, memory:tutorial, and with a capability each \
         memory:host-close, memory:host-transfer and memory:capacity, of rooms for three"
    )]
    UnknownRules(String),
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let (binding, rest) = match text.split_once(':') {
            // `http://..` is a URL and not a binding called http.
            Some((name, rest)) if !rest.starts_with("//") => (Some(Binding::by_name(name)?), rest),
            _ => (None, text),
        };
        if let Some(Binding::Memory) = binding {
            let rules = |host_leaves| RoomRules { host_leaves, ..RoomRules::REFERENCE };
            let rules = match rest {
                "reference" => ("reference", RoomRules::REFERENCE),
                "tutorial" => ("tutorial", RoomRules::TUTORIAL),
                "host-close" => ("host-close", rules(HostLeaves::CloseRoom)),
                "host-transfer" => ("host-transfer", rules(HostLeaves::HandOver)),
                "capacity" => ("capacity", RoomRules { capacity: NonZeroU16::new(3), ..RoomRules::REFERENCE }),
                other => return Err(TargetError::UnknownRules(other.to_owned())),
            };
            return Ok(Self { binding: Binding::Memory, place: Place::Rules(rules.0, rules.1) });
        }
        if let Some(Binding::Exec) = binding {
            return Ok(Self { binding: Binding::Exec, place: Place::Adapter(rest.to_owned()) });
        }
        if rest == EMBEDDED {
            return Ok(Self { binding: binding.unwrap_or_else(Binding::tutorial), place: Place::Embedded });
        }
        let not_a_url = |problem: &str| TargetError::NotAUrl { url: rest.to_owned(), problem: problem.to_owned() };
        let url = Url::parse(rest).map_err(|error| not_a_url(&error.to_string()))?;
        let by_scheme = match url.scheme() {
            "http" => Binding::tutorial,
            "ws" => Binding::glare,
            other => return Err(TargetError::UnsupportedScheme(other.to_owned())),
        };
        if url.host().is_none() {
            return Err(not_a_url("it names no host"));
        }
        Ok(Self { binding: binding.unwrap_or_else(by_scheme), place: Place::Url(url) })
    }
}

impl Target {
    /// A server at an address.
    #[must_use]
    pub fn at(binding: Binding, url: Url) -> Self {
        Self { binding, place: Place::Url(url) }
    }

    /// How to connect to it. Each call for rules in memory makes a new server; the embedded server has to be started
    /// first, and is then at a URL, and so has an adapter ([`crate::transport::Exec::start`]).
    #[must_use]
    pub fn transport(&self) -> Option<Transport> {
        match (&self.place, &self.binding) {
            (Place::Embedded | Place::Adapter(_), _) | (Place::Url(_), Binding::Memory | Binding::Exec) => None,
            (Place::Rules(_, rules), _) => Some(Transport::Memory(Memory::new(ModelCore::with_rules(*rules)))),
            (Place::Url(url), Binding::Bound(plan)) => {
                Some(Transport::Bound(Bound::new(std::sync::Arc::clone(plan), url.clone())))
            }
        }
    }

    /// What the target's binding declares.
    #[must_use]
    pub fn profile(&self) -> Profile {
        match &self.binding {
            Binding::Bound(plan) => plan.profile(),
            Binding::Memory | Binding::Exec => Profile::CORE,
        }
    }

    /// Whether nothing can be late there.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        matches!(self.place, Place::Rules(..))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Url(url) => write!(f, "{}:{url}", self.binding),
            Place::Embedded => write!(f, "{}:{EMBEDDED}", self.binding),
            Place::Rules(name, _) => write!(f, "{}:{name}", self.binding),
            Place::Adapter(command) => write!(f, "{}:{command}", self.binding),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_chooses_the_binding_where_none_is_named() {
        for (text, binding) in [
            ("http://127.0.0.1:1", "tutorial"),
            ("ws://127.0.0.1:1/ws", "glare"),
            ("glare:http://127.0.0.1:1", "glare"),
            ("sio:http://127.0.0.1:1", "tutorial"),
            ("memory:reference", "memory"),
            ("glare:embedded", "glare"),
            ("embedded", "tutorial"),
        ] {
            assert_eq!(text.parse::<Target>().unwrap().binding.name(), binding, "{text}");
        }
    }

    #[test]
    fn what_is_no_target_is_named() {
        for (text, culprit) in [
            ("", "URL"),
            ("localhost:3000", "localhost"),
            ("tutorial:", "URL"),
            ("tutorial:127.0.0.1:3000", "127.0.0.1:3000"),
            ("ftp://127.0.0.1/", "ftp"),
            ("wss://127.0.0.1/", "wss"),
            ("memory:perfect", "perfect"),
            ("carrier-pigeon:http://127.0.0.1:1", "carrier-pigeon"),
            ("./no/such.toml:http://127.0.0.1:1", "./no/such.toml"),
        ] {
            let error = text.parse::<Target>().unwrap_err().to_string();
            assert!(error.contains(culprit), "{text}: {error}");
        }
    }
}
