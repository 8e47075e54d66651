//! `glare-server`: the command line of the reference server.

use std::{
    io::{IsTerminal, Write},
    net::{SocketAddr, ToSocketAddrs},
    num::NonZeroU16,
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, ValueEnum};
use glare_model::room::{HostLeaves, RoomRules};
use glare_server::{BindError, Config, Server, Stopped, limits};
use tokio::signal;
use tracing_subscriber::EnvFilter;

const EXAMPLES: &str = "\
Examples:
  glare-server                                   serve on http://127.0.0.1:3000
  glare-server --listen 127.0.0.1:0              on any free port; the first line on stdout says which
  glare-server --listen 0.0.0.0:8080 --log-format json
  RUST_LOG=glare_server=debug glare-server       log every connection

Connect with the npm client: io(\"http://127.0.0.1:3000\"), or with any WebSocket client: ws://127.0.0.1:3000/ws

Exit codes: 0 stopped on request, 1 stopped by a fault, 2 wrong usage or an address that cannot be listened on";

/// The reference server of the room signaling protocol: Socket.IO v4 and JSON over WebSocket on one port.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// Address and port to listen on; port 0 is any free one. [default: 127.0.0.1:3000, or 127.0.0.1:$PORT]
    #[arg(long, value_name = "ADDR:PORT", env = "GLARE_LISTEN", value_parser = parse_address)]
    listen: Option<SocketAddr>,

    /// Port on 127.0.0.1 if --listen is absent; meant to be set as PORT by whoever starts the server.
    #[arg(long, hide = true, env = "PORT")]
    port: Option<u16>,

    /// How often a client is pinged, in milliseconds.
    #[arg(long, value_name = "N", env = "GLARE_PING_INTERVAL_MS", default_value_t = ms(limits::PING_INTERVAL), value_parser = clap::value_parser!(u64).range(1..=MS_MAX))]
    ping_interval_ms: u64,

    /// How much longer than that a client may stay silent, in milliseconds.
    #[arg(long, value_name = "N", env = "GLARE_PING_TIMEOUT_MS", default_value_t = ms(limits::PING_TIMEOUT), value_parser = clap::value_parser!(u64).range(1..=MS_MAX))]
    ping_timeout_ms: u64,

    /// The most clients at a time; a further one is answered with 503.
    #[arg(long, value_name = "N", env = "GLARE_MAX_CONNECTIONS", default_value_t = limits::CONNECTIONS_MAX)]
    max_connections: usize,

    /// What happens when the host of a room leaves, the member that has been in it for longest.
    #[arg(long, value_enum, env = "GLARE_HOST_LEAVES", default_value_t = HostArg::Nothing)]
    host_leaves: HostArg,

    /// The most members of a room. [default: as many as come]
    #[arg(long, value_name = "N", env = "GLARE_CAPACITY", value_parser = clap::value_parser!(u16).range(2..))]
    capacity: Option<u16>,

    /// The form of the log on stderr. What is logged is set by RUST_LOG.
    #[arg(long, value_enum, env = "GLARE_LOG_FORMAT", default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum HostArg {
    /// What happens when any member leaves: docs/protocol.md, the core profile.
    Nothing,
    /// The room ends (capability host-close).
    Close,
    /// The next host is announced (capability host-transfer).
    Transfer,
}

impl From<HostArg> for HostLeaves {
    fn from(host: HostArg) -> Self {
        match host {
            HostArg::Nothing => Self::Nothing,
            HostArg::Close => Self::CloseRoom,
            HostArg::Transfer => Self::HandOver,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// A day: longer heartbeats are typing errors.
const MS_MAX: u64 = 24 * 60 * 60 * 1000;
const PORT_DEFAULT: u16 = 3000;

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).expect("the default heartbeat is far below the limit")
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let mut addresses = text.to_socket_addrs().map_err(|error| format!("expected ADDR:PORT: {error}"))?;
    addresses.next().ok_or_else(|| "the name has no address".to_owned())
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr(arguments.log_format);
    let listen = arguments.listen.unwrap_or_else(|| ([127, 0, 0, 1], arguments.port.unwrap_or(PORT_DEFAULT)).into());
    let config = Config {
        listen,
        ping_interval: Duration::from_millis(arguments.ping_interval_ms),
        ping_timeout: Duration::from_millis(arguments.ping_timeout_ms),
        connections_max: arguments.max_connections,
        rules: RoomRules {
            host_leaves: arguments.host_leaves.into(),
            capacity: arguments.capacity.and_then(NonZeroU16::new),
            ..RoomRules::REFERENCE
        },
        ..Config::default()
    };
    let server = match Server::bind(config).await {
        Ok(server) => server,
        Err(error) => return cannot_listen(&error),
    };
    let shutdown = match shutdown_requested() {
        Ok(shutdown) => shutdown,
        Err(error) => {
            tracing::error!(%error, "cannot listen for signals");
            return ExitCode::FAILURE;
        }
    };
    announce(server.local_addr());
    match server.serve(shutdown).await {
        Stopped::Gracefully | Stopped::CutOff => ExitCode::SUCCESS,
        Stopped::Crashed => ExitCode::FAILURE,
    }
}

fn log_to_stderr(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset_or_invalid| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}

/// The one line on stdout that whoever started the server waits for.
fn announce(addr: SocketAddr) {
    let mut stdout = std::io::stdout().lock();
    if let Err(error) = writeln!(stdout, "listening on http://{addr}").and_then(|()| stdout.flush()) {
        tracing::debug!(%error, "nobody reads stdout");
    }
}

fn cannot_listen(error: &BindError) -> ExitCode {
    let advice = match error.source.kind() {
        std::io::ErrorKind::AddrInUse => {
            "another process listens there: stop it, or choose another port with --listen (port 0 is any free one)"
        }
        std::io::ErrorKind::PermissionDenied => "choose a port from 1024 up with --listen",
        std::io::ErrorKind::AddrNotAvailable => "this machine has no such address: choose another with --listen",
        _ => "choose another address with --listen",
    };
    // Not through the log: a filter must not hide why nothing happens.
    let mut stderr = std::io::stderr().lock();
    match writeln!(stderr, "error: {error}\n{advice}") {
        Ok(()) => ExitCode::from(2),
        Err(_nobody_reads_stderr) => ExitCode::from(2),
    }
}

/// Completes on SIGINT or SIGTERM.
fn shutdown_requested() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
    #[cfg(unix)]
    let mut interrupt = signal::unix::signal(signal::unix::SignalKind::interrupt())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        if let Err(error) = signal::ctrl_c().await {
            tracing::error!(%error, "cannot listen for Ctrl-C");
        }
        tracing::info!("shutting down");
    })
}
