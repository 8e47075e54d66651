//! The clauses of docs/protocol.md as values.
//!
//! The ids are constants here, so that a citation in code is checked by the compiler. Level and text are read from the
//! document itself, so that a report quotes what the document says. A test keeps both sets of ids equal.

use std::{fmt, str::FromStr, sync::LazyLock};

/// The normative document, as shipped with this version of the code.
pub const PROTOCOL_DOCUMENT: &str = include_str!("../../docs/protocol.md");

/// The id of a clause, such as `ROOM-07`. Only ids of the protocol can be made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequirementId(u16);

/// How binding a clause is (RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// An implementation that breaks the clause does not conform.
    Must,
    /// There may be valid reasons to deviate.
    Should,
}

/// Whom a clause binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Signaling servers: judged on the wire by the suite.
    Server,
    /// Peers: checked in the model.
    Peer,
    /// Signaling servers that declare an optional capability: checked in the model, and judged on the wire of those.
    Capability,
}

/// A clause: id, level and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Its id.
    pub id: RequirementId,
    /// Its level.
    pub level: Level,
    /// Its text, as one line.
    pub text: String,
}

macro_rules! requirements {
    ($($name:ident = $text:literal),+ $(,)?) => {
        /// One constant for each clause.
        pub mod ids {
            use super::RequirementId;
            requirements!(@constants 0u16, $($name = $text),+);
        }
        const TEXTS: &[&str] = &[$($text),+];
        const IDS: &[RequirementId] = &[$(ids::$name),+];
    };
    (@constants $index:expr, $name:ident = $text:literal $(, $rest:ident = $rest_text:literal)*) => {
        #[doc = concat!("Clause ", $text, " of docs/protocol.md.")]
        pub const $name: RequirementId = RequirementId($index);
        requirements!(@constants $index + 1, $($rest = $rest_text),*);
    };
    (@constants $index:expr,) => {};
}

requirements! {
    ROOM_01 = "ROOM-01", ROOM_02 = "ROOM-02", ROOM_03 = "ROOM-03", ROOM_04 = "ROOM-04", ROOM_05 = "ROOM-05",
    ROOM_06 = "ROOM-06", ROOM_07 = "ROOM-07", ROOM_08 = "ROOM-08", ROOM_09 = "ROOM-09", ROOM_10 = "ROOM-10",
    ROOM_11 = "ROOM-11", ROOM_12 = "ROOM-12", ROOM_13 = "ROOM-13", ROOM_14 = "ROOM-14", ROOM_15 = "ROOM-15",
    ORDER_01 = "ORDER-01", ORDER_02 = "ORDER-02", ORDER_03 = "ORDER-03", ORDER_04 = "ORDER-04",
    RELAY_01 = "RELAY-01", RELAY_02 = "RELAY-02", RELAY_03 = "RELAY-03", RELAY_04 = "RELAY-04",
    RELAY_05 = "RELAY-05", RELAY_06 = "RELAY-06", RELAY_07 = "RELAY-07", RELAY_08 = "RELAY-08",
    ERR_01 = "ERR-01", ERR_02 = "ERR-02", ERR_03 = "ERR-03", ERR_04 = "ERR-04",
    ERR_05 = "ERR-05", ERR_06 = "ERR-06", ERR_07 = "ERR-07", ERR_08 = "ERR-08",
    ID_01 = "ID-01", ID_02 = "ID-02",
    NEG_01 = "NEG-01", NEG_02 = "NEG-02", NEG_03 = "NEG-03", NEG_04 = "NEG-04", NEG_05 = "NEG-05",
    NEG_06 = "NEG-06", NEG_07 = "NEG-07", NEG_08 = "NEG-08", NEG_09 = "NEG-09", NEG_10 = "NEG-10",
    CAP_UNDECLARED_01 = "CAP-UNDECLARED-01", CAP_HOST_CLOSE_01 = "CAP-HOST-CLOSE-01", CAP_HOST_TRANSFER_01 = "CAP-HOST-TRANSFER-01",
    CAP_CAPACITY_01 = "CAP-CAPACITY-01",
}

impl RequirementId {
    /// How many there are.
    pub const COUNT: usize = IDS.len();

    /// Its place among all, from 0.
    #[must_use]
    pub fn number(self) -> usize {
        usize::from(self.0)
    }

    /// The id's text, such as `ROOM-07`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        TEXTS[usize::from(self.0)]
    }

    /// All ids, in the order of the document.
    #[must_use]
    pub fn all() -> &'static [Self] {
        IDS
    }

    /// Whom the clause binds.
    #[must_use]
    pub fn role(self) -> Role {
        match self.as_str().split_once('-') {
            Some(("NEG", _)) => Role::Peer,
            Some(("CAP", rest)) if rest != "UNDECLARED-01" => Role::Capability,
            _ => Role::Server,
        }
    }

    /// The clause, as the document states it.
    #[must_use]
    pub fn clause(self) -> &'static Requirement {
        static CLAUSES: LazyLock<Vec<Requirement>> = LazyLock::new(|| {
            let mut clauses = parse(PROTOCOL_DOCUMENT).expect("the tests parse the same document");
            clauses.sort_by_key(|clause| clause.id);
            clauses
        });
        &CLAUSES[usize::from(self.0)]
    }

    /// Shorthand for the clause's level.
    #[must_use]
    pub fn level(self) -> Level {
        self.clause().level
    }
}

/// The text names no clause of the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no requirement; `glare list requirements` shows them all")]
pub struct UnknownRequirement(pub String);

impl FromStr for RequirementId {
    type Err = UnknownRequirement;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = IDS.iter().copied().find(|id| id.as_str() == text);
        found.ok_or_else(|| UnknownRequirement(text.to_owned()))
    }
}

impl fmt::Display for RequirementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for RequirementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
        })
    }
}

/// Reads the clauses of a protocol document: headings of the form `### <a id="ID"></a>ID · LEVEL`, each followed by the
/// clause's paragraphs.
///
/// # Errors
/// A sentence that names the heading at fault.
pub fn parse(document: &str) -> Result<Vec<Requirement>, String> {
    let mut clauses: Vec<Requirement> = Vec::new();
    let mut within_clause = false;
    for line in document.lines() {
        if let Some(heading) = line.strip_prefix("### <a id=\"") {
            clauses.push(parse_heading(heading).ok_or_else(|| format!("cannot read the heading {line:?}"))?);
            within_clause = true;
        } else if line.starts_with('#') {
            within_clause = false;
        } else if within_clause && !line.is_empty() {
            let text = &mut clauses.last_mut().expect("a clause was just begun").text;
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(line);
        }
    }
    Ok(clauses)
}

fn parse_heading(heading: &str) -> Option<Requirement> {
    let (anchor, rest) = heading.split_once("\"></a>")?;
    let (id, level) = rest.split_once(" · ")?;
    let level = match level {
        "MUST" => Level::Must,
        "SHOULD" => Level::Should,
        _ => return None,
    };
    (anchor == id).then_some(())?;
    Some(Requirement { id: id.parse().ok()?, level, text: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_states_every_id_of_the_code_once_and_no_other() {
        let documented: Vec<_> = parse(PROTOCOL_DOCUMENT).unwrap().iter().map(|clause| clause.id).collect();
        assert_eq!(documented, IDS, "ids and their order in docs/protocol.md and in requirement.rs");
    }

    #[test]
    fn every_clause_has_a_text_with_the_key_word_of_its_level() {
        for id in IDS {
            let clause = id.clause();
            assert!(clause.text.len() > 30, "{id} has no text");
            if clause.level == Level::Should {
                assert!(clause.text.contains("SHOULD"), "{id} is a SHOULD and does not say so");
            }
        }
    }

    #[test]
    fn a_heading_whose_anchor_differs_from_its_id_is_refused() {
        let document = "### <a id=\"ROOM-01\"></a>ROOM-02 · MUST\n\ntext\n";
        assert!(parse(document).unwrap_err().contains("ROOM-02"));
    }

    #[test]
    fn an_unknown_id_is_an_error_that_names_it() {
        assert!("ROOM-99".parse::<RequirementId>().unwrap_err().to_string().contains("ROOM-99"));
    }
}
