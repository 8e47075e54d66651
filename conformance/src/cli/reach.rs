//! From the command line's TARGET and `--process` to a server that can be connected to.

use std::{net::SocketAddr, time::Duration};

use glare_server::{Config, RunningServer, Server};
use url::Url;

use super::{Failure, RunArgs};
use crate::{
    limits::EMBEDDED_HEARTBEAT,
    process::free_port,
    target::{Place, Target},
};

/// The arguments that reach the same server again, started the same way.
pub(super) fn server_arguments(target: Option<&str>, args: &RunArgs) -> String {
    let target = target.map(|target| format!(" {}", quoted(target)));
    let process = args.process.as_ref().map(|command| format!(" --process {}", quoted(command)));
    let capabilities: String = args.capability.iter().map(|one| format!(" --capability {one}")).collect();
    target.unwrap_or_default() + &process.unwrap_or_default() + &capabilities
}

/// A word as a shell reads it.
pub(super) fn quoted(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| text.to_owned(), |quoted| quoted.into_owned())
}

/// The target with its port filled in, and the port for `--process`.
pub(super) fn with_port(target: Option<&str>, process: Option<&str>) -> Result<(String, Option<u16>), Failure> {
    let text = target.unwrap_or("embedded");
    if process.is_none() {
        return Ok((text.to_owned(), None));
    }
    let hint = "--process needs a TARGET with a port, such as 'tutorial:http://127.0.0.1:{port}'";
    if target.is_none() {
        return Err(Failure::Usage(hint.to_owned()));
    }
    if text.contains("{port}") {
        let port = free_port().map_err(|error| Failure::Usage(format!("no free port: {error}")))?;
        return Ok((text.replace("{port}", &port.to_string()), Some(port)));
    }
    match text.parse::<Target>()?.place {
        Place::Url(url) if url.port().is_some() => Ok((text.to_owned(), url.port())),
        _ => Err(Failure::Usage(hint.to_owned())),
    }
}

/// Starts the reference server where the target asks for it, and says where it is.
pub(super) async fn start_embedded(target: &Target) -> Result<(Target, Option<RunningServer>), Failure> {
    start_embedded_with(EMBEDDED_HEARTBEAT, target).await
}

/// The same, with this ping interval and timeout.
pub(super) async fn start_embedded_with(
    (ping_interval, ping_timeout): (Duration, Duration),
    target: &Target,
) -> Result<(Target, Option<RunningServer>), Failure> {
    if target.place != Place::Embedded {
        return Ok((target.clone(), None));
    }
    let config = Config { ping_interval, ping_timeout, ..Config::default() };
    let server = Server::start(config).await.map_err(|error| Failure::Usage(error.to_string()))?;
    let url = Url::parse(&format!("http://{}", server.addr())).expect("an address makes a URL");
    Ok((Target::at(target.binding, url), Some(server)))
}

/// The address at which a started process has to accept connections.
pub(super) fn address(target: &Target, port: u16) -> Result<SocketAddr, Failure> {
    let Place::Url(url) = &target.place else {
        return Err(Failure::Usage(format!("--process does not go with the target {target}")));
    };
    let addresses = url.socket_addrs(|| Some(port));
    let found = addresses.ok().and_then(|found| found.into_iter().next());
    found.ok_or_else(|| Failure::Usage(format!("{url} has no address")))
}
