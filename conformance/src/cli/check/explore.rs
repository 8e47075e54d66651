//! `glare check --explore`: stateright's Explorer, a web page that walks through one world step by step.

use std::{
    fmt::Debug,
    hash::Hash,
    io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
    ops::ControlFlow,
    pin::pin,
    thread,
};

use glare_model::{
    explore::{
        Completion, Options,
        stateright::{Open, Run, explorer, shortest_runs},
    },
    world::{Configuration, Overflow, Variant},
};
use stateright::Model;
use tokio::{net::TcpStream, sync::oneshot, time::interval};

use super::{
    super::{Exit, Failure, print},
    live::Live,
};
use crate::limits::EXPLORER_POLL_INTERVAL;

/// The host of an address that names only a port: this machine, and nobody else's.
const HOST_DEFAULT: &str = "127.0.0.1";

/// Serves the page until Ctrl-C. Meanwhile it looks for shortest runs to open in it.
pub(super) fn explore(
    variant: &Variant,
    configuration: &Configuration,
    options: &Options,
    address: &str,
) -> Result<Exit, Failure> {
    let address = free_address(address)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let asked = Asked { variant: variant.clone(), configuration: *configuration, options: options.clone() };
    let outcome = runtime.block_on(async {
        let served = in_thread(asked.clone(), move |asked| asked.explorer(address));
        tokio::select! {
            // First, because it begins to listen for Ctrl-C when it is first looked at.
            biased;
            outcome = until_interrupted(address, &asked) => outcome,
            // The page is served for ever: whatever ended its thread is wrong, and a panic has told what.
            outcome = served => Err(match outcome {
                Ok(Err(overflow)) => asked.failure(overflow),
                Ok(Ok(())) | Err(_) => Failure::Usage(format!("the Explorer on {address} ended")),
            }),
        }
    });
    // The threads end with the process.
    runtime.shutdown_background();
    outcome
}

#[derive(Clone)]
struct Asked {
    variant: Variant,
    configuration: Configuration,
    options: Options,
}

impl Asked {
    fn explorer(&self, address: SocketAddr) -> Result<(), Overflow> {
        explorer(&self.variant, &self.configuration, &self.options, Serve(address))
    }

    fn shortest_runs(&self) -> Result<(Vec<Run>, Completion), Overflow> {
        let live = Live::new();
        shortest_runs(&self.variant, &self.configuration, &self.options, &mut |progress| {
            live.show(self.variant.name, &self.configuration, progress);
            ControlFlow::Continue(())
        })
    }

    fn failure(&self, overflow: Overflow) -> Failure {
        Failure::Usage(format!("configuration {:?}: {overflow}", self.configuration.name))
    }
}

/// Runs something that takes its time in a thread of its own.
fn in_thread<T: Send + 'static>(asked: Asked, work: impl FnOnce(&Asked) -> T + Send + 'static) -> oneshot::Receiver<T> {
    let (done, outcome) = oneshot::channel();
    thread::spawn(move || {
        // After Ctrl-C nobody waits for it.
        done.send(work(&asked)).ok();
    });
    outcome
}

async fn until_interrupted(address: SocketAddr, asked: &Asked) -> Result<Exit, Failure> {
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    let told = pin!(async {
        let mut poll = interval(EXPLORER_POLL_INTERVAL);
        while TcpStream::connect(address).await.is_err() {
            poll.tick().await;
        }
        print(&intro(address, asked))?;
        match in_thread(asked.clone(), Asked::shortest_runs).await {
            Ok(Ok((runs, completion))) => print(&runs_text(address, &runs, completion)),
            Ok(Err(overflow)) => Err(asked.failure(overflow)),
            // It panicked, and has told why.
            Err(_) => Ok(()),
        }
    });
    tokio::select! {
        biased;
        _ = &mut interrupted => return Ok(Exit::Pass),
        outcome = told => outcome?,
    }
    interrupted.await.map_err(Failure::Runtime)?;
    Ok(Exit::Pass)
}

fn intro(address: SocketAddr, asked: &Asked) -> String {
    let Asked { variant, configuration, .. } = asked;
    format!(
        "{} in the world {}: {}\n\n  http://{address}/#/steps/0\n\n\
         Next Action Choices walks on, Path of Actions goes back, Run to completion searches for every property.\n\
         States are counted apart that transitions with different findings lead to: a check counts fewer.\n\
         Ctrl-C ends it.\n",
        variant.name, configuration.name, configuration.description
    )
}

fn runs_text(address: SocketAddr, runs: &[Run], completion: Completion) -> String {
    let mut page = String::new();
    if !runs.is_empty() {
        page += "\nShortest runs that break a property:\n";
    }
    for Run { clause, choices } in runs {
        let choices: String = choices.iter().map(|choice| format!("/{choice}")).collect();
        page += &format!("  {clause:<9} http://{address}/#/steps/0{choices}\n");
    }
    page + &match (completion, runs.is_empty()) {
        (Completion::Incomplete(why), _) => format!("\nNot all of it was searched: {why}.\n"),
        (Completion::Complete, true) => "\nNo run of this world breaks a property.\n".to_owned(),
        (Completion::Complete, false) => String::new(),
    }
}

struct Serve(SocketAddr);

impl Open for Serve {
    type Outcome = ();

    fn open<M>(self, model: M)
    where
        M: Model + Send + Sync + 'static,
        M::State: Clone + Debug + Hash + PartialEq + Send + Sync,
        M::Action: Clone + Debug + PartialEq + Send + Sync,
    {
        // With one thread, the runs that it finds are the same each time.
        model.checker().serve(self.0);
    }
}

/// The address to listen on: `3000`, `127.0.0.1:3000`, `localhost:3000`, `[::1]:3000`; port 0 becomes one that is free.
/// stateright panics where it cannot listen, so it is tried before.
fn free_address(text: &str) -> Result<SocketAddr, Failure> {
    let wrong = |error: io::Error| {
        let hint = match error.kind() {
            io::ErrorKind::AddrInUse => "; something else listens there: choose another port",
            io::ErrorKind::PermissionDenied => "; choose a port of 1024 or above",
            _ => "; --explore takes PORT or HOST:PORT, such as 127.0.0.1:3000",
        };
        Failure::Usage(format!("cannot listen on {text:?}: {error}{hint}"))
    };
    let listener = match text.parse::<u16>() {
        Ok(port) => TcpListener::bind((HOST_DEFAULT, port)),
        Err(_) => text.to_socket_addrs().and_then(|addresses| TcpListener::bind(&*addresses.collect::<Vec<_>>())),
    };
    listener.and_then(|listener| listener.local_addr()).map_err(wrong)
}
