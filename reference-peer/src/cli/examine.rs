//! `glare-peer examine`, which `glare test-peer` runs.

use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr},
    process::ExitCode,
    time::Instant,
};

use clap::Args;
use glare_model::requirement::RequirementId;
use glare_peer::examine::{CASES, Case, Outcome, Start, examine};

use super::{complain, console::show_text, interrupts::Interrupts};

const EXAMPLES: &str = "\
Examples:
  glare test-peer --process 'glare-peer join {url} {room}'
  glare test-peer --process 'node my-peer.js --server {ws} --room {room}' --only late
  glare test-peer --process './open-my-page {url} {room}'

For each case a server is started, a room is opened, and the program is started to join it: {url} is the server's http:// \
address (Socket.IO), {ws} its ws:// one (JSON), {room} the room. It has to stay, to negotiate with whoever comes, and to leave \
on SIGTERM. Nothing that it prints is looked at.

Exit codes: 0 every clause is kept, 1 one is broken, 2 wrong usage or a program that does not start or join, 3 a clause \
has no verdict, a case is void, or the run was ended";

/// A clause is broken.
const BROKEN: u8 = 1;

/// A verdict is missing.
const INCOMPLETE: u8 = 3;

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Examine {
    /// How to start the peer.
    #[arg(long, value_name = "CMD", value_parser = start, required_unless_present = "list")]
    process: Option<Start>,

    /// Only the cases whose names, or clauses, contain this. Can be repeated.
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,

    /// The local address of the media sockets of played remotes. A browser that does not take loopback candidates needs another.
    #[arg(long, value_name = "ADDR", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,

    /// List the cases instead of playing them.
    #[arg(long)]
    list: bool,
}

fn start(text: &str) -> Result<Start, String> {
    Start::new(text).map_err(|error| error.to_string())
}

pub(super) fn run(arguments: &Examine) -> ExitCode {
    let is_wanted = |case: &&Case| {
        let ids = case.clauses.iter().map(|clause| clause.as_str());
        let names = || ids.clone().chain([case.name]);
        arguments.only.is_empty() || arguments.only.iter().any(|only| names().any(|name| name.contains(only.as_str())))
    };
    let cases: Vec<_> = CASES.iter().filter(is_wanted).collect();
    if cases.is_empty() {
        return complain("no case has such a name or clause; --list shows them");
    }
    let Some(process) = arguments.process.as_ref().filter(|_| !arguments.list) else {
        cases.iter().for_each(|case| list(case));
        return ExitCode::SUCCESS;
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("cannot start: {error}")),
    };
    runtime.block_on(play(process, arguments.bind, &cases))
}

async fn play(process: &Start, local: IpAddr, cases: &[&Case]) -> ExitCode {
    let Ok(mut interrupted) = Interrupts::listen() else { return complain("cannot listen for Ctrl-C") };
    let mut played: Vec<(&Case, Outcome)> = Vec::new();
    for case in cases {
        let began = Instant::now();
        // Dropping a case that is being played kills its process.
        let examined = tokio::select! {
            examined = examine(case, process, local) => examined,
            () = interrupted.recv() => {
                show(&played);
                writeln!(std::io::stderr(), "interrupted; {} of {} cases were played", played.len(), cases.len()).ok();
                return ExitCode::from(INCOMPLETE);
            }
        };
        let outcome = match examined {
            Ok(outcome) => outcome,
            Err(error) => {
                show(&played);
                return complain(&error.to_string());
            }
        };
        let mark = match (&outcome.void, outcome.broken.is_empty(), outcome.open.is_empty()) {
            (_, false, _) => "FAIL",
            (Some(_), true, _) => "void",
            (None, true, false) => "open",
            (None, true, true) => "ok  ",
        };
        show_text(&format!("{mark}  {} ({:.1} s)", case.name, began.elapsed().as_secs_f64()));
        played.push((case, outcome));
    }
    show(&played);
    ExitCode::from(code(&played))
}

fn list(case: &Case) {
    let clauses: Vec<_> = case.clauses.iter().map(|clause| clause.as_str()).collect();
    show_text(&format!("{} ({})\n  {}", case.name, clauses.join(", "), case.text));
}

/// What became of one clause in the cases that are about it, or in which it was broken.
struct Count {
    all: usize,
    broken: usize,
    open: usize,
}

impl Count {
    fn of(clause: RequirementId, played: &[(&Case, Outcome)]) -> Self {
        let of_it =
            || played.iter().filter(|(case, outcome)| case.clauses.contains(&clause) || breaks(outcome, clause));
        let broken = of_it().filter(|(_, outcome)| breaks(outcome, clause)).count();
        let open = of_it().filter(|(_, outcome)| outcome.open.iter().any(|(id, _)| *id == clause)).count();
        Self { all: of_it().count(), broken, open }
    }

    fn text(&self) -> String {
        let Self { all, broken, open } = self;
        let verdict = if *broken > 0 {
            format!("broken in {broken} of {all}")
        } else if open == all {
            "no verdict".to_owned()
        } else {
            format!("kept in {} of {all}", all - open)
        };
        format!("{verdict} case{}", if *all == 1 { "" } else { "s" })
    }
}

fn examined_clauses(played: &[(&Case, Outcome)]) -> impl Iterator<Item = RequirementId> {
    RequirementId::all().iter().copied().filter(|id| played.iter().any(|(case, _)| case.clauses.contains(id)))
}

fn code(played: &[(&Case, Outcome)]) -> u8 {
    let counts: Vec<_> = examined_clauses(played).map(|clause| Count::of(clause, played)).collect();
    if counts.iter().any(|count| count.broken > 0) {
        return BROKEN;
    }
    let is_void = played.iter().any(|(_, outcome)| outcome.void.is_some());
    if is_void || counts.iter().any(|count| count.open == count.all) { INCOMPLETE } else { 0 }
}

/// Clause by clause, then what is wrong.
fn show(played: &[(&Case, Outcome)]) {
    show_text("");
    for clause in examined_clauses(played) {
        show_text(&format!("{clause}  {}  {}", clause.level(), Count::of(clause, played).text()));
    }
    for (case, outcome) in played {
        for (clause, text) in &outcome.broken {
            explain("FAIL", *clause, case, text);
        }
        let mark = if outcome.void.is_some() { "void" } else { "open" };
        for (clause, text) in &outcome.open {
            explain(mark, *clause, case, text);
        }
        if !outcome.output.is_empty() {
            show_text(&format!("  the last that the peer wrote in {}:\n{}", case.name, outcome.output.trim_end()));
        }
    }
}

fn breaks(outcome: &Outcome, clause: RequirementId) -> bool {
    outcome.broken.iter().any(|(id, _)| *id == clause)
}

fn explain(mark: &str, clause: RequirementId, case: &Case, text: &str) {
    let lines = [
        format!("\n{mark}  {clause} in {}", case.name),
        format!("  clause: {}", clause.clause().text.replace('\n', " ")),
        format!("  case:   {}", case.text),
        format!("  seen:   {text}"),
        format!("  again:  glare test-peer --only {} --process ..", case.name),
    ];
    show_text(&lines.join("\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first two cases are both about NEG-06, which the second outcome leaves open; all else is kept.
    fn code_of(second: Outcome) -> u8 {
        code(&[(&CASES[0], Outcome::default()), (&CASES[1], second)])
    }

    #[test]
    fn a_void_case_is_neither_a_pass_nor_a_failure() {
        let clause = *CASES[1].clauses.last().expect("a case has clauses");
        let mut outcome = Outcome::default();
        outcome.open.push((clause, "seen elsewhere".to_owned()));
        assert_eq!(code_of(outcome.clone()), 0);
        outcome.void = Some("refused".to_owned());
        assert_eq!(code_of(outcome.clone()), INCOMPLETE);
        outcome.broken.push((clause, "seen".to_owned()));
        assert_eq!(code_of(outcome), BROKEN);
    }
}
