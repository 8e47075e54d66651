//! `glare bindings`: what bindings there are, what one says, whether a file is one, and a start for a new one.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, IsTerminal, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, Subcommand, ValueEnum};
use glare_model::requirement::{RequirementId, Role};

use super::{Exit, Failure, colours, file_failure, print};
use crate::{
    binding::{Binding, Plan, library},
    scenario,
};

const EXAMPLES: &str = "\
Examples:
  glare bindings list
  glare bindings show tutorial > mine.toml
  glare bindings new mine.toml --transport websocket
  glare bindings check mine.toml
  glare bindings check --exec 'python3 adapter.py {url}'
  glare test ./mine.toml:http://127.0.0.1:3000

docs/bindings.md binds a server from nothing, step by step.";

const SHOW_EXAMPLES: &str = "\
Examples:
  glare bindings show peerjs
  glare bindings show tutorial > mine.toml";

const CHECK_EXAMPLES: &str = "\
Examples:
  glare bindings check mine.toml
  glare bindings check y-webrtc
  glare bindings check --exec 'python3 adapter.py {url}'

Exit codes: 0 if it is a binding, or an adapter that keeps to the protocol; 1 if a check of the adapter fails; 2 if it is
no binding, or an adapter that cannot be started or does not live.";

const NEW_EXAMPLES: &str = "\
Examples:
  glare bindings new mine.toml
  glare bindings new mine.toml --transport socket-io --identity socket
  glare bindings new mine.toml --transport websocket --identity message

Then fill in what its comments ask for, and: glare bindings check mine.toml";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct BindingsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Every binding that a target can name.
    List,
    /// The text of one, to read or to start from.
    #[command(after_help = SHOW_EXAMPLES)]
    Show {
        /// Its name.
        name: String,
    },
    /// Whether a file is a binding, and what follows from it: which clauses are judged, and which are not and why.
    #[command(after_help = CHECK_EXAMPLES)]
    Check {
        /// The file, or a binding's name.
        #[arg(required_unless_present = "exec")]
        file: Option<String>,
        /// Check an adapter instead: a command line. With {url} in it, it is tried on the reference server.
        #[arg(long, value_name = "CMD", conflicts_with = "file")]
        exec: Option<String>,
    },
    /// Write a start for a new binding, with comments. What the flags leave open is asked for on a terminal.
    #[command(after_help = NEW_EXAMPLES)]
    New {
        /// The file to write; never one that exists.
        file: PathBuf,
        /// How the server is reached.
        #[arg(long, value_enum)]
        transport: Option<TransportArg>,
        /// Who chooses the id of a client.
        #[arg(long, value_enum)]
        identity: Option<IdentityArg>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TransportArg {
    /// Socket.IO v4.
    SocketIo,
    /// JSON in WebSocket frames.
    Websocket,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum IdentityArg {
    /// Socket.IO's socket id.
    Socket,
    /// The server says it in a message.
    Message,
    /// The client.
    Client,
}

pub(super) fn bindings(args: &BindingsArgs) -> Result<Exit, Failure> {
    match &args.command {
        Command::List => list(),
        Command::Show { name } => print(named(name)?.1).map(|()| Exit::Pass),
        Command::Check { exec: Some(command), .. } => super::adapters::check(command),
        Command::Check { file, .. } => check(file.as_deref().unwrap_or_default()),
        Command::New { file, transport, identity } => new(file, *transport, *identity),
    }
}

fn list() -> Result<Exit, Failure> {
    let mut page = String::new();
    for (plan, _) in library() {
        let _infallible = writeln!(page, "{:<18} {}", plan.name(), plan.description());
    }
    let memory = "the rules in this process: memory:reference or memory:tutorial";
    let _infallible = writeln!(page, "{:<18} {memory}", Binding::MEMORY);
    print(&page).map(|()| Exit::Pass)
}

fn named(name: &str) -> Result<&'static (Arc<Plan>, &'static str), Failure> {
    library().iter().find(|(plan, _)| plan.name() == name).ok_or_else(|| {
        let known: Vec<_> = library().iter().map(|(plan, _)| plan.name()).collect();
        Failure::Usage(format!("no binding is called {name:?}; there are {}", known.join(", ")))
    })
}

/// Reads a binding's file.
pub(super) fn read(path: &Path) -> Result<Plan, Failure> {
    let text = fs::read_to_string(path).map_err(|source| file_failure("read", path, source))?;
    let wrong =
        |error: crate::binding::BindingError| Failure::Usage(format!("no binding:\n{}", error.render(colours())));
    Plan::read(&path.display().to_string(), &text).map_err(wrong)
}

fn check(file: &str) -> Result<Exit, Failure> {
    let plan = match named(file) {
        Ok((plan, _)) => Arc::clone(plan),
        Err(_) => Arc::new(read(Path::new(file))?),
    };
    let clauses = RequirementId::all().iter().filter(|id| id.role() == Role::Server);
    let (silent, judged): (Vec<RequirementId>, Vec<_>) = clauses.copied().partition(|id| plan.reason(*id).is_some());
    let mut page = format!("{}: {}\n\n{} clauses are judged\n", plan.name(), plan.description(), judged.len());
    for id in silent {
        let _infallible = writeln!(page, "  not {id:<9} {}", plan.reason(id).unwrap_or_default());
    }
    let cases = scenario::library();
    let reasons: Vec<_> = cases.iter().filter_map(|case| Some((case, plan.adapt(case).err()?))).collect();
    let _infallible = writeln!(page, "\n{} of {} written cases apply", cases.len() - reasons.len(), cases.len());
    for (case, reason) in reasons {
        let _infallible = writeln!(page, "  not {:<36} {reason}", case.id);
    }
    print(&page).map(|()| Exit::Pass)
}

fn new(path: &Path, transport: Option<TransportArg>, identity: Option<IdentityArg>) -> Result<Exit, Failure> {
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_lowercase();
    let transport = match transport {
        Some(transport) => transport,
        None => ask("How is the server reached?", TransportArg::SocketIo)?,
    };
    let usual = if transport == TransportArg::SocketIo { IdentityArg::Socket } else { IdentityArg::Message };
    let identity = match identity {
        Some(identity) => identity,
        None => ask("Who chooses the id of a client?", usual)?,
    };
    let text = start(&name, transport, identity);
    // What is written has to be a binding.
    if let Err(error) = Plan::read(&path.display().to_string(), &text) {
        return Err(Failure::Usage(format!("these do not go together:\n{}", error.render(colours()))));
    }
    let mut file = fs::File::create_new(path).map_err(|source| file_failure("create", path, source))?;
    file.write_all(text.as_bytes()).map_err(|source| file_failure("write", path, source))?;
    print(&format!("wrote {0}; edit it, then: glare bindings check {0}\n", path.display())).map(|()| Exit::Pass)
}

/// Asks for one of an argument's values, where somebody is there to answer.
fn ask<T: ValueEnum + Copy>(question: &str, usual: T) -> Result<T, Failure> {
    let name = |value: &T| value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let names: Vec<_> = T::value_variants().iter().map(name).collect();
    if !std::io::stdin().is_terminal() {
        return Ok(usual);
    }
    print(&format!("{question} {} [{}] ", names.join(", "), name(&usual)))?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(Failure::Output)?;
    match line.trim() {
        "" => Ok(usual),
        answer => {
            T::from_str(answer, true).map_err(|_| Failure::Usage(format!("{answer:?} is none of {}", names.join(", "))))
        }
    }
}

fn start(name: &str, transport: TransportArg, identity: IdentityArg) -> String {
    let (table, frame): (&str, fn(&str, &str) -> String) = match transport {
        TransportArg::SocketIo => (SOCKET_IO, |event, data| format!("[\"{event}\", {data}]")),
        TransportArg::Websocket => (WEBSOCKET, |event, data| format!("{{ type = \"{event}\", data = {data} }}")),
    };
    let identity = match identity {
        IdentityArg::Socket => "from = \"socket\"",
        IdentityArg::Message => "from = \"message\"",
        IdentityArg::Client => "from = \"client\"\nform = \"uuid\"",
    };
    let outcome = if transport == TransportArg::SocketIo { "ack" } else { "reply" };
    let wrapped = |pattern: String| if outcome == "ack" { format!("[{pattern}]") } else { pattern };
    let answer = |event: &str, data: &str| wrapped(if outcome == "ack" { data.to_owned() } else { frame(event, data) });
    let identified = if identity.contains("message") {
        format!(
            "# The server's first message.\n[[receive]]\nmatch = {}\nas = \"identified\"\n\n",
            frame("welcome", "{ id = \"{id}\" }")
        )
    } else {
        String::new()
    };
    START
        .replace("@name", name)
        .replace("@transport", table)
        .replace("@identity", identity)
        .replace("@outcome", outcome)
        .replace("@identified", &identified)
        .replace("@create-accepted", &answer("created", "{ ok = true, room = \"{room}\" }"))
        .replace("@create-refused", &answer("refused", "{ ok = false }"))
        .replace("@join-accepted", &answer("joined", "{ ok = true, room = \"{room}\", members = \"{users}\" }"))
        .replace("@join-refused", &answer("refused", "{ ok = false }"))
        .replace("@create", &frame("create", "\"{room}\""))
        .replace("@joined", &frame("user-joined", "{ id = \"{user}\" }"))
        .replace("@join", &frame("join", "\"{room}\""))
        .replace("@leave", &frame("leave", "{}"))
        .replace("@left", &frame("user-left", "{ id = \"{user}\" }"))
        .replace("@signal", &frame("signal", "{ to = \"{target}\", kind = \"{kind}\", body = \"{payload}\" }"))
        .replace("@heard", &frame("signal", "{ from = \"{from}\", kind = \"{kind}\", body = \"{payload}\" }"))
        .replace("@error", &frame("signal-error", "{}"))
}

const SOCKET_IO: &str =
    "# A message is a list: the event's name and its arguments.\n[transport.socket-io]\npath = \"/socket.io/\"";
const WEBSOCKET: &str = "# A message is one JSON value a frame.\n[transport.websocket]\npath = \"/\"";

const START: &str = r#"# How your server's wire carries the protocol. docs/bindings.md explains every table; `glare bindings check FILE` says
# what is judged with it. Texts in braces are holes: the runner fills them in what it sends, and reads them in what it gets.
name = "@name"
description = "what it is, in a line"

@transport

# Who chooses a client's id: "socket" (Socket.IO), "message" (a [[receive]] as = "identified"), "client" with a form, or "prelude".
[identity]
@identity

# To create a room. Leave both tables out where joining makes the room, and say so in [dialect].
[create]
send = [@create]
[create.@outcome]
accepted = [@create-accepted]
refused = [@create-refused]

# To join one. {users} is the list of members: ids, objects with an id, or a map by id.
[join]
send = [@join]
[join.@outcome]
accepted = [@join-accepted]
refused = [@join-refused]

# To leave. Leave it out where a member leaves by closing its connection.
[leave]
send = [@leave]

[signal]
send = @signal

@identified[[receive]]
match = @joined
as = "joined"

[[receive]]
match = @left
as = "left"

[[receive]]
match = @heard
as = "signal"

[[receive]]
match = @error
as = "error"

# Where the server differs from docs/protocol.md on purpose; what is not declared has to be as there.
[dialect]
# second-room = "refused"       # or "moves", "several", "impossible"
# rooms = "created"             # or "implicit", "none"
# members = "listed"            # or "announced", "untold"
# notices = "both"              # or "joins", "leaves", "none", "asked"
# undeliverable = "error"       # or "silent"
# malformed = "error"           # or "silent"
"#;
