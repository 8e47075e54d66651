//! Listening, accepting, shutting down.

use std::{io, net::SocketAddr, pin::pin, sync::Arc};

use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{config::Config, http, limits, shared::Shared};

/// A server that listens, and answers once it is [served](Server::serve).
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    config: Config,
}

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {addr}: {source}")]
pub struct BindError {
    /// The address.
    pub addr: SocketAddr,
    /// What the system says.
    pub source: io::Error,
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// On request, and every client was told.
    Gracefully,
    /// On request; after the grace period, what was left was cut off.
    CutOff,
    /// By the rules: only a faulty variant crashes.
    Crashed,
}

impl Server {
    /// Starts to listen. Clients can connect from now on, and are answered once the server is served.
    ///
    /// # Errors
    /// [`BindError`] if the address is in use, or not ours.
    pub async fn bind(config: Config) -> Result<Self, BindError> {
        let config = config.bounded();
        let addr = config.listen;
        let bind_error = |source| BindError { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(bind_error)?;
        let local_addr = listener.local_addr().map_err(bind_error)?;
        Ok(Self { listener, local_addr, config })
    }

    /// Binds, and serves in a task of its own.
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub async fn start(config: Config) -> Result<RunningServer, BindError> {
        let server = Self::bind(config).await?;
        let addr = server.local_addr;
        let (stop, stopped) = oneshot::channel();
        // A handle that was dropped stops the server as well.
        let task = tokio::spawn(server.serve(async move { drop(stopped.await) }));
        Ok(RunningServer { addr, stop, task })
    }

    /// The address, with the port that the system chose for port 0.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `shutdown` completes, or the rules crash. On shutdown it stops to accept, tells every client goodbye
    /// (a close packet to polling clients, close code 1001 to WebSockets), and waits at most [`Config::grace`].
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Stopped {
        let Self { listener, local_addr, config } = self;
        tracing::info!(addr = %local_addr, "listening");
        let grace = config.grace;
        let shared = Arc::new(Shared::new(config));
        let mut shutdown = pin!(shutdown);
        tokio::select! {
            () = &mut shutdown => {}
            () = shared.kill.cancelled() => {}
            () = accept(&listener, &shared) => unreachable!("accepting never ends by itself"),
        }
        drop(listener);
        let crashed = shared.kill.is_cancelled();
        shared.hub().freeze();
        shared.drain.cancel();
        shared.tasks.close();
        let cut_off = timeout(grace, shared.tasks.wait()).await.is_err();
        shared.kill.cancel();
        shared.tasks.wait().await;
        // Sessions know the server and the server knows its sessions: without this, neither would be freed.
        shared.sessions.clear();
        let stopped = match (crashed, cut_off) {
            (true, _) => Stopped::Crashed,
            (false, true) => Stopped::CutOff,
            (false, false) => Stopped::Gracefully,
        };
        tracing::info!(?stopped, "stopped");
        stopped
    }
}

/// A server in a task of its own. Dropping the handle shuts it down in the background.
pub struct RunningServer {
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Stopped>,
}

impl RunningServer {
    /// The address that it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Whether it still serves; a faulty variant may have crashed.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !self.task.is_finished()
    }

    /// Shuts down and waits until nothing of the server is left.
    pub async fn shutdown(self) -> Stopped {
        drop(self.stop);
        self.task.await.expect("the server's task neither panics nor is aborted")
    }

    /// Waits until the server has stopped by itself, which only one that crashes ever does.
    pub async fn crashed(self) -> Stopped {
        let Self { stop, task, addr: _ } = self;
        let stopped = task.await.expect("the server's task neither panics nor is aborted");
        // Kept until here: dropping it asks the server to stop.
        drop(stop);
        stopped
    }
}

async fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let connections_max = shared.config.connections_max.saturating_mul(limits::HTTP_CONNECTIONS_PER_CONNECTION);
    let connections_max = connections_max.saturating_add(limits::HTTP_CONNECTIONS_SPARE);
    let permits = Arc::new(Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS)));
    let service = TowerToHyperService::new(http::router(shared.clone()));
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _peer)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(limits::ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(permit) = permits.clone().try_acquire_owned() else {
            refuse(&stream);
            continue;
        };
        if let Err(error) = set_options(&stream) {
            tracing::debug!(%error, "a connection ended before it began");
            continue;
        }
        shared.spawn(serve_connection(shared.clone(), stream, service.clone(), permit));
    }
}

/// Says no without spending a task on it. A client that sends nothing first gets to read it.
fn refuse(stream: &TcpStream) {
    let answer = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let written = stream.try_write(answer).is_ok();
    tracing::warn!(written, "connection refused: as many as are allowed");
}

fn set_options(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // The kernel's own patience with a dead peer is a quarter of an hour.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(limits::TCP_USER_TIMEOUT))?;
    Ok(())
}

async fn serve_connection(
    shared: Arc<Shared>,
    stream: TcpStream,
    service: TowerToHyperService<axum::Router>,
    permit: OwnedSemaphorePermit,
) {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HTTP_HEAD_TIMEOUT)
        .max_buf_size(limits::HTTP_BUFFER_BYTES);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let result = tokio::select! {
        result = &mut connection => result,
        () = shared.drain.cancelled() => {
            // Finishes the request under way, a poll included: its session has ended, and so it is answered.
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "HTTP connection");
    }
    drop(permit);
}
