//! `glare-peer join`.

use std::{
    fs::File,
    io::{BufWriter, IsTerminal, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use clap::{Args, ValueEnum};
use glare_model::negotiation::Strategy;
use glare_peer::{
    native::{IceServer, IceTransportPolicy, Media, NativeFactory},
    report::{End, Report},
    session::{Config, Enter, Recorder, Session},
    signaling::Server,
    trace::Line,
};
use tokio::time::{Instant, sleep_until};

use super::{
    complain, console,
    interrupts::Interrupts,
    name,
    typed::{HELP, Typed, command, lines_of_stdin, next_line},
};

#[derive(Args)]
pub(super) struct Join {
    /// The server: http://HOST:PORT is Socket.IO, ws://HOST:PORT/ws is JSON over WebSocket; sio: or glare: before it decides
    /// otherwise. A binding before it (`glare bindings list`, or ./FILE.toml) is for a server of another wire.
    url: Server,

    /// The room's id.
    room: String,

    /// The name that others see.
    #[arg(long, default_value = "glare-peer")]
    name: String,

    /// Create the room, or fail.
    #[arg(long, conflicts_with = "join_only")]
    create_only: bool,

    /// Join the room, or fail.
    #[arg(long)]
    join_only: bool,

    /// Read lines from stdin: each is written to everybody, and /help shows commands.
    #[arg(long)]
    chat: bool,

    /// What is sent.
    #[arg(long, value_enum, default_value_t = MediaArg::Synthetic)]
    media: MediaArg,

    /// Who offers and what happens when offers cross.
    #[arg(long, default_value = "lower-id-offers", value_parser = strategy)]
    strategy: &'static str,

    /// A STUN or TURN server: stun:HOST:PORT, or turn:USER:PASSWORD@HOST:PORT. Can be repeated. TURN over UDP only.
    #[arg(long, value_name = "SERVER", value_parser = ice_server)]
    ice_server: Vec<IceServer>,

    /// Which candidates are used. `relay` needs a TURN server.
    #[arg(long, value_enum, default_value_t = PolicyArg::All)]
    ice_transport_policy: PolicyArg,

    /// The local address of media sockets.
    #[arg(long, value_name = "ADDR:PORT", default_value = "0.0.0.0:0")]
    bind: SocketAddr,

    /// How events are shown on stdout.
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    format: Format,

    /// Write what the negotiation did, for `glare-peer judge`.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,

    /// Leave after this many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    leave_after: Option<u32>,
}

#[derive(Clone, Copy, ValueEnum)]
enum MediaArg {
    /// A moving test picture and silence.
    Synthetic,
    /// What is received.
    Echo,
    /// Nothing.
    None,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PolicyArg {
    /// All.
    All,
    /// Only those of TURN servers.
    Relay,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Ndjson,
}

fn strategy(text: &str) -> Result<&'static str, String> {
    let mut names = Strategy::NAMED.iter().map(|(known, _)| *known);
    names.find(|known| *known == text).ok_or_else(|| {
        let names: Vec<_> = Strategy::NAMED.iter().map(|(known, _)| *known).collect();
        format!("there are {}", names.join(", "))
    })
}

fn ice_server(text: &str) -> Result<IceServer, String> {
    let plain = |url: String| IceServer { url, username: String::new(), credential: String::new() };
    match text.split_once(':') {
        Some(("stun", _)) => Ok(plain(text.to_owned())),
        Some(("turn", rest)) => match rest.rsplit_once('@') {
            None => Err("a TURN server needs a user and a password: turn:USER:PASSWORD@HOST:PORT".to_owned()),
            Some((user, host)) => {
                let (username, credential) = user.split_once(':').ok_or("the password is missing: USER:PASSWORD@..")?;
                let url = format!("turn:{host}");
                Ok(IceServer { url, username: username.to_owned(), credential: credential.to_owned() })
            }
        },
        _ => Err("a server is stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT".to_owned()),
    }
}

pub(super) fn run(join: Join) -> ExitCode {
    if join.ice_transport_policy == PolicyArg::Relay && !join.ice_server.iter().any(IceServer::is_turn) {
        return complain("--ice-transport-policy relay needs a TURN server: --ice-server turn:USER:PASSWORD@HOST:PORT");
    }
    let recorder = match join.trace.as_ref().map(|path| (path, File::create(path))) {
        None => Arc::new(|_line| {}) as Recorder,
        Some((_, Ok(file))) => to_file(file),
        Some((path, Err(error))) => return complain(&format!("cannot write {}: {error}", name(path))),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("cannot start: {error}")),
    };
    runtime.block_on(live(join, recorder))
}

fn to_file(file: File) -> Recorder {
    let writer = Mutex::new(BufWriter::new(file));
    Arc::new(move |line: Line| {
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        let text = serde_json::to_string(&line).expect("numbers and texts always serialise");
        // A trace that cannot be written any more is shorter; the peer goes on.
        writeln!(writer, "{text}").and_then(|()| writer.flush()).ok();
    })
}

/// What the command line wants of a session, and of its connections.
fn settings(join: &Join, recorder: Recorder) -> (Config, NativeFactory) {
    let enter = match (join.create_only, join.join_only) {
        (true, _) => Enter::Create,
        (_, true) => Enter::Join,
        (false, false) => Enter::Either,
    };
    let strategy = Strategy::named(join.strategy).expect("the argument was parsed as a strategy's name");
    let media = match join.media {
        MediaArg::Synthetic => Media::Synthetic,
        MediaArg::Echo => Media::Echo,
        MediaArg::None => Media::None,
    };
    let ice_transport_policy = match join.ice_transport_policy {
        PolicyArg::All => IceTransportPolicy::All,
        PolicyArg::Relay => IceTransportPolicy::Relay,
    };
    let mut config = Config::new(&join.room, &join.name);
    (config.enter, config.strategy, config.recorder) = (enter, (join.strategy, strategy), recorder);
    (config.local.audio, config.local.video) = (media != Media::None, media != Media::None);
    let ice_servers = join.ice_server.clone();
    let factory = NativeFactory { ice_servers, ice_transport_policy, bind: join.bind, ..NativeFactory::new(media) };
    (config, factory)
}

async fn live(join: Join, recorder: Recorder) -> ExitCode {
    let (config, factory) = settings(&join, recorder);
    let is_text = match join.format {
        Format::Auto => std::io::stdout().is_terminal(),
        Format::Text => true,
        Format::Ndjson => false,
    };
    let leave_at = join.leave_after.map(|seconds| Instant::now() + Duration::from_secs(seconds.into()));
    let Ok(mut interrupted) = Interrupts::listen() else { return complain("cannot listen for Ctrl-C") };
    let mut typed = join.chat.then(lines_of_stdin);
    let mut session = Session::start(config, join.url, factory);
    loop {
        let report = tokio::select! {
            report = session.next() => report,
            () = interrupted.recv() => break,
            () = sleep_until(leave_at.unwrap_or_else(Instant::now)), if leave_at.is_some() => break,
            line = next_line(&mut typed) => {
                match line.as_deref().map(command) {
                    None => typed = None,
                    Some(Typed::Wish(wish)) => { session.wish(wish).await; }
                    Some(Typed::Quit) => break,
                    Some(Typed::Help) => console::show_text(HELP),
                }
                continue;
            }
        };
        let Some(report) = report else { return ExitCode::FAILURE };
        console::show(&report, is_text);
        if let Report::Ended(end) = report {
            return code(&end);
        }
    }
    let last = session.leave().await;
    for report in &last {
        console::show(report, is_text);
    }
    let end = last.iter().rev().find_map(|report| if let Report::Ended(end) = report { Some(end) } else { None });
    end.map_or(ExitCode::FAILURE, code)
}

fn code(end: &End) -> ExitCode {
    match end {
        End::Left | End::RoomClosed { .. } => ExitCode::SUCCESS,
        End::Refused { .. } | End::Unreachable { .. } => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_servers_password_may_contain_anything() {
        let server = ice_server("turn:ada:pa@ss:w@127.0.0.1:3478").unwrap();
        assert_eq!(
            (server.url.as_str(), server.username.as_str(), server.credential.as_str()),
            ("turn:127.0.0.1:3478", "ada", "pa@ss:w")
        );
    }

    #[test]
    fn what_is_no_ice_server_is_explained() {
        for text in ["", "127.0.0.1:3478", "turn:127.0.0.1:3478", "turn:ada@127.0.0.1:3478", "http://a.test"] {
            assert!(ice_server(text).unwrap_err().contains("PASSWORD"), "{text}");
        }
        assert!(ice_server("stun:127.0.0.1:3478").is_ok());
    }
}
