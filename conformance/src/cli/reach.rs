//! From the command line's TARGET and `--process` to a server that can be connected to.

use std::{net::SocketAddr, time::Duration};

use glare_server::{Config, RunningServer, Server};
use url::Url;

use super::{Failure, RunArgs};
use crate::{
    binding::Binding,
    capability::{Declaration, Profile},
    port::free_port,
    process::ServerProcess,
    run::RunError,
    target::{Place, Target},
    transport::{Exec, Transport},
};

/// The arguments that reach the same server again, started the same way.
pub(super) fn server_arguments(target: Option<&str>, nodes: &[String], args: &RunArgs) -> String {
    let nodes: String = nodes.iter().map(|node| format!(" --target {}", quoted(node))).collect();
    let target = target.map(|target| format!(" {}{nodes}", quoted(target)));
    let process = args.process.as_ref().map(|command| format!(" --process {}", quoted(command)));
    let capabilities: String = args.capability.iter().map(|one| format!(" --capability {one}")).collect();
    target.unwrap_or_default() + &process.unwrap_or_default() + &capabilities
}

/// A word as a shell reads it.
pub(super) fn quoted(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| text.to_owned(), |quoted| quoted.into_owned())
}

/// What an adapter declares: it is started for the question, and once more for the run.
fn ask(command: &str) -> Result<Profile, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let asked = runtime.block_on(async { Ok(Exec::start(command).await?.profile()) });
    asked.map_err(|error| Failure::Run(RunError::Adapter(error)))
}

/// What a command is about, before anything is started.
pub(super) struct Subject {
    pub(super) target: Target,
    /// More nodes of the same server.
    nodes: Vec<Target>,
    /// The port of a server that is to be started.
    port: Option<u16>,
    /// What the binding declares, and the command line beyond that.
    pub(super) profile: Profile,
}

impl Subject {
    /// Reads the command line.
    pub(super) fn read(
        target: Option<&str>,
        process: Option<&str>,
        capabilities: &[Declaration],
    ) -> Result<Self, Failure> {
        let text = target.unwrap_or("embedded");
        let hint = "--process needs a TARGET with a port, such as 'tutorial:http://127.0.0.1:{port}'";
        if process.is_some() && target.is_none() {
            return Err(Failure::Usage(hint.to_owned()));
        }
        let chosen = match text.contains("{port}") {
            true => Some(free_port().map_err(|error| Failure::Usage(format!("no free port: {error}")))?),
            false => None,
        };
        let text = chosen.map_or_else(|| text.to_owned(), |port| text.replace("{port}", &port.to_string()));
        let target: Target = text.parse()?;
        let port = match (&target.place, process) {
            (_, None) => chosen,
            (Place::Url(url), Some(_)) if url.port().is_some() => url.port(),
            (_, Some(_)) => return Err(Failure::Usage(hint.to_owned())),
        };
        let declared = match &target.place {
            Place::Adapter(command) => ask(command)?,
            Place::Url(_) | Place::Embedded | Place::Rules(..) => target.profile(),
        };
        let profile = declared.declaring(capabilities)?;
        Ok(Self { target, nodes: Vec::new(), port, profile })
    }

    /// The same with more nodes.
    pub(super) fn with_nodes(mut self, nodes: &[String]) -> Result<Self, Failure> {
        for text in nodes {
            let node: Target = text.parse()?;
            let are_urls = matches!((&self.target.place, &node.place), (Place::Url(_), Place::Url(_)));
            if !are_urls || node.binding.name() != self.target.binding.name() {
                let problem = format!("{node} is no other node of {}: all nodes are URLs of one binding", self.target);
                return Err(Failure::Usage(problem));
            }
            self.nodes.push(node);
        }
        Ok(self)
    }

    /// Whether there are several nodes.
    pub(super) fn is_cluster(&self) -> bool {
        !self.nodes.is_empty()
    }

    /// All nodes, for reports.
    pub(super) fn endpoints(&self) -> Vec<String> {
        [&self.target].into_iter().chain(&self.nodes).map(ToString::to_string).collect()
    }

    /// Starts the server, where the command line says how, or else the binding does.
    pub(super) fn start(&self, process: Option<&str>) -> Result<Option<(ServerProcess, SocketAddr)>, Failure> {
        let Some(port) = self.port else { return Ok(None) };
        let own = match &self.target.binding {
            Binding::Bound(plan) => plan.process(),
            Binding::Memory | Binding::Exec => None,
        };
        let process = match (process, own) {
            (Some(command), _) => ServerProcess::start(command, port)?,
            (None, Some(own)) => ServerProcess::start_with(&own.command, &own.env, port)?,
            (None, None) => {
                let problem =
                    format!("the binding {} does not say how to start a server: use --process", self.target.binding);
                return Err(Failure::Usage(problem));
            }
        };
        Ok(Some((process, address(&self.target, port)?)))
    }
}

/// A target that can be connected to.
pub(super) struct Reached {
    pub(super) transport: Transport,
    /// The first node.
    pub(super) alone: Transport,
    pub(super) exact: bool,
    embedded: Option<RunningServer>,
}

impl Reached {
    pub(super) async fn stop(self) {
        if let Some(server) = self.embedded {
            server.shutdown().await;
        }
    }
}

/// Starts the reference server, with this ping interval and timeout, or the adapter where the target asks for it, and says how
/// to connect.
pub(super) async fn reach(subject: &Subject, heartbeat: (Duration, Duration)) -> Result<Reached, Failure> {
    let target = &subject.target;
    let (transport, embedded) = match &target.place {
        Place::Embedded => {
            let server = embedded_server(heartbeat).await?;
            let url = Url::parse(&format!("http://{}", server.addr())).expect("an address makes a URL");
            (Target::at(target.binding.clone(), url).transport(), Some(server))
        }
        Place::Adapter(command) => {
            (Some(Transport::Exec(Exec::start(command).await.map_err(RunError::Adapter)?)), None)
        }
        Place::Url(_) | Place::Rules(..) => (target.transport(), None),
    };
    let transport =
        transport.ok_or_else(|| Failure::Usage(format!("the binding {} goes with no URL", target.binding)))?;
    let alone = transport.clone().with_profile(subject.profile);
    let others = subject.nodes.iter().filter_map(Target::transport);
    let transport = Transport::spread([transport].into_iter().chain(others).collect()).with_profile(subject.profile);
    Ok(Reached { transport, alone, exact: target.is_exact(), embedded })
}

/// Starts the reference server in this process, with this ping interval and timeout.
pub(super) async fn embedded_server(
    (ping_interval, ping_timeout): (Duration, Duration),
) -> Result<RunningServer, Failure> {
    let config = Config { ping_interval, ping_timeout, ..Config::default() };
    Server::start(config).await.map_err(|error| Failure::Usage(error.to_string()))
}

/// The address at which a started process has to accept connections.
fn address(target: &Target, port: u16) -> Result<SocketAddr, Failure> {
    let Place::Url(url) = &target.place else {
        return Err(Failure::Usage(format!("--process does not go with the target {target}")));
    };
    let addresses = url.socket_addrs(|| Some(port));
    let found = addresses.ok().and_then(|found| found.into_iter().next());
    found.ok_or_else(|| Failure::Usage(format!("{url} has no address")))
}
