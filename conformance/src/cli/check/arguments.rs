//! The arguments of `glare check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::limits::{THREADS_DEFAULT_MAX, THREADS_MAX};

const CHECK_EXAMPLES: &str = "\
Examples:
  glare check                 all variants; exits with 1, for some are broken on purpose
  glare check reference       the proof that a CI wants: exits with 0
  glare check tutorial --property NEG-06 --diagram glare.svg
  glare check reference --strategy both-offer --peers 2 --faults leave=1 --faults drop=1
  glare check reference --format junit > check.xml
  glare check tutorial --world rejoin --explore 127.0.0.1:3000

`glare list variants` shows variants and their worlds.
With --peers, --rooms or --faults one world of that shape takes their place;
create=1 and join=PEERS-1 are in it unless given. A world is explored whole:
each peer, room and fault more multiplies its states.

Kinds of --faults: create, join, leave, drop, reconnect, second-room, no-ack,
stray, renegotiate, invalid-request, stray-leave, candidate, early-candidate,
slow-answer, ice-loss, overtake.

Exit codes: 0 proved, 1 violated, 2 usage, 3 incomplete or without occasion.";

#[derive(Debug, Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub(in crate::cli) struct CheckArgs {
    /// Which variants [default: all].
    pub(in crate::cli) variants: Vec<String>,
    /// Let peers negotiate by this strategy instead of the variant's: both-offer, lower-id-guard, lower-id-offers (the
    /// reference's), joiner-offers, perfect-negotiation or send-again.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) strategy: Option<String>,
    /// Explore this world in place of the variant's own; may be given several times.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["peers", "rooms", "faults"])]
    pub(in crate::cli) world: Vec<String>,
    /// How many peers there are: 2 to 5, and 5 only without reconnects.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(2..=5))]
    pub(in crate::cli) peers: Option<u8>,
    /// How many rooms have names: 1 to 3.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub(in crate::cli) rooms: Option<u8>,
    /// How often a kind of action may happen; may be given several times.
    #[arg(long, value_name = "KIND=N")]
    pub(in crate::cli) faults: Vec<String>,
    /// Report on these clauses only; may be given several times.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) property: Vec<String>,
    /// How many threads explore: 1 to 16 [default: one for each processor, up to 4]. The result does not depend on it.
    #[arg(long, value_name = "N", default_value_t = default_threads(), hide_default_value = true, value_parser = parse_threads)]
    pub(in crate::cli) threads: usize,
    /// Give up a world beyond this many states: the result is then incomplete.
    #[arg(long, value_name = "N", default_value_t = glare_model::explore::Options::default().states_max, value_parser = parse_max_states)]
    pub(in crate::cli) max_states: usize,
    /// What to print.
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(in crate::cli) format: CheckFormat,
    /// Draw the counterexample of the first violated property into a file that ends with .svg or .mmd (Mermaid).
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) diagram: Option<PathBuf>,
    /// Open a web page that walks through one world by hand, instead of checking: PORT or HOST:PORT. Ctrl-C ends it.
    #[arg(long, value_name = "ADDR", conflicts_with_all = ["format", "diagram"])]
    pub(in crate::cli) explore: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum CheckFormat {
    /// For people, with counterexamples as lanes.
    Text,
    /// For programs.
    Json,
    /// For a CI that reads JUnit.
    Junit,
    /// For a page or a CI step summary.
    Markdown,
}

fn parse_threads(text: &str) -> Result<usize, String> {
    let threads: usize = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (1..=THREADS_MAX).contains(&threads) { Ok(threads) } else { Err(format!("expected 1 to {THREADS_MAX}")) }
}

fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_DEFAULT_MAX)
}

fn parse_max_states(text: &str) -> Result<usize, String> {
    let states = text.parse().map_err(|_| "expected a number".to_owned())?;
    if states == 0 { Err("expected 1 or more".to_owned()) } else { Ok(states) }
}
