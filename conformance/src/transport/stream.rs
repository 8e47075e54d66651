//! What both WebSocket transports share: opening, and the task that moves events. What the frames look like is a [`Codec`].
//!
//! The task never waits in a way that makes it deaf: while a write is pending it reads, so that a server that answers
//! before it reads on is not held up by its own client; while the scenario's queue is full it still obeys commands.

mod codec;
mod opening;
#[cfg(test)]
pub(super) mod tests;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Sink, SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

use self::codec::broken;
pub(super) use self::codec::{Codec, Decoded, Encoded, Misspoken};
pub(super) use self::opening::{
    address, base_url, close_reason, connect_failure, next_text, next_text_or_close, not_this_protocol, open, open_tcp,
    open_with, send, send_text,
};
use super::{Command, Connection, ConnectionId, Incoming, Opened, raw};
use crate::limits;

/// How long a polite end may take: farewell, close handshake, and the server's end of the TCP connection.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(1_000);
/// The same for a connection that nobody looks at any more.
const ABANDON_TIMEOUT: Duration = Duration::from_millis(250);
/// How often a connection whose server does not read looks whether anybody still holds it.
const STALL_CHECK_INTERVAL: Duration = Duration::from_millis(100);
/// The event under which a server's frame is recorded that is not of the wire's form.
const UNPARSABLE: &str = "(unparsable)";

/// A WebSocket over plain TCP.
pub(super) type Stream = WebSocketStream<TcpStream>;

/// Starts the task of an opened connection. What came while it was opened comes first.
pub(super) fn spawn(
    stream: Stream,
    codec: impl Codec,
    opened: Opened,
    early: Vec<Incoming>,
    id: ConnectionId,
    incoming: mpsc::Sender<(ConnectionId, Incoming)>,
) -> Connection {
    let (sender, commands) = mpsc::channel(limits::OUTGOING_QUEUE);
    let keepalive = codec.keepalive().map(|(message, period)| {
        let mut ticks = interval_at(Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        (message, ticks)
    });
    let talk = Talk {
        stream,
        codec,
        keepalive,
        commands,
        incoming,
        id,
        held: None,
        unheard: early.into(),
        decoded: Vec::new(),
        unsent_since: None,
        write_error: None,
    };
    tokio::spawn(talk.run());
    Connection { opened, since: Instant::now(), commands: sender }
}

/// A connection in use.
struct Talk<C> {
    stream: Stream,
    codec: C,
    keepalive: Option<(Message, Interval)>,
    commands: mpsc::Receiver<Command>,
    incoming: mpsc::Sender<(ConnectionId, Incoming)>,
    id: ConnectionId,
    /// A command that waits until what was sent before it is written.
    held: Option<Command>,
    /// Arrived, and waits for room in the scenario's queue; meanwhile nothing is read.
    unheard: VecDeque<Incoming>,
    /// Scratch for what one frame means.
    decoded: Vec<Decoded>,
    /// Since when bytes wait to be written; meanwhile no command that writes is taken.
    unsent_since: Option<Instant>,
    /// A failed write does not end the connection by itself: what the server said before it hung up is still to be read.
    write_error: Option<String>,
}

/// Why a talk ends.
enum End {
    /// The server ended it, or it broke.
    Ended(String),
    /// The server ended it, and so answered a request.
    Refused {
        /// The answer.
        answer: Incoming,
        /// In words.
        reason: String,
    },
    /// By [`Command::Close`].
    Close,
    /// By [`Command::Drop`].
    Drop,
    /// By [`Command::Freeze`].
    Freeze,
    /// By [`Command::LastWords`].
    LastWords {
        /// What is written past the library.
        bytes: Vec<u8>,
        /// Whether the connection then stays open.
        held: bool,
    },
    /// Nobody holds the connection, or nobody listens to it.
    Abandoned,
}

/// What the stream has to tell.
enum Progress {
    Flushed(Result<(), Error>),
    Frame(Option<Result<Message, Error>>),
}

impl<C: Codec> Talk<C> {
    async fn run(mut self) {
        match self.converse().await {
            // What a refusal changes, a server may do only when the connection is gone.
            End::Refused { answer, reason } => {
                farewell(&mut self.stream, &[], ABANDON_TIMEOUT).await;
                // A connection that is broken is gone as well.
                self.stream.get_mut().shutdown().await.ok();
                self.unheard.push_back(answer);
                self.report_end(reason).await;
            }
            End::Ended(reason) => {
                self.report_end(reason).await;
                farewell(&mut self.stream, &[], ABANDON_TIMEOUT).await;
            }
            End::Close => farewell(&mut self.stream, self.codec.farewell(), CLOSE_TIMEOUT).await,
            End::Abandoned => farewell(&mut self.stream, self.codec.farewell(), ABANDON_TIMEOUT).await,
            End::Drop => self.reset().await,
            End::Freeze => self.freeze().await,
            End::LastWords { bytes, held } => {
                let commands = &mut self.commands;
                let end = held.then_some(async {
                    while !matches!(commands.recv().await, None | Some(Command::Drop | Command::Close)) {}
                });
                raw::last_words(self.stream.get_mut(), &bytes, end).await;
            }
        }
    }

    async fn converse(&mut self) -> End {
        loop {
            let unsent = self.unsent_since.is_some();
            if !unsent && let Some(command) = self.held.take() {
                if let Some(end) = self.obey_all(command) {
                    return end;
                }
                continue;
            }
            let may_read = self.unheard.is_empty();
            let incoming = self.incoming.clone();
            let stalled_at = self.unsent_since.unwrap_or_else(Instant::now) + STALL_CHECK_INTERVAL;
            tokio::select! {
                command = self.commands.recv(), if !unsent => match command {
                    Some(command) => if let Some(end) = self.obey_all(command) {
                        return end;
                    },
                    None => return End::Abandoned,
                },
                room = incoming.reserve(), if !may_read => match room {
                    Ok(room) => {
                        if let Some(heard) = self.unheard.pop_front() {
                            room.send((self.id, heard));
                        }
                    }
                    Err(_closed) => return End::Abandoned,
                },
                progress = poll_fn(|cx| poll_stream(&mut self.stream, unsent, may_read, cx)) => match progress {
                    Progress::Flushed(result) => {
                        self.unsent_since = None;
                        self.note_write(result);
                    }
                    Progress::Frame(frame) => if let Some(end) = self.hear(frame) {
                        return end;
                    },
                },
                () = tick(&mut self.keepalive), if !unsent => {
                    let message = self.keepalive.as_ref().map(|(message, _)| message.clone());
                    message.into_iter().for_each(|message| self.write(message));
                }
                () = sleep_until(stalled_at), if unsent => {
                    if self.commands.is_closed() {
                        return End::Abandoned;
                    }
                    self.unsent_since = Some(Instant::now());
                }
            }
        }
    }

    /// Obeys a command and those that wait behind it, so that what is sent at the same time goes out in one write. What
    /// ends the connection waits until that is written.
    fn obey_all(&mut self, first: Command) -> Option<End> {
        let mut next = Some(first);
        let mut corked_bytes = 0;
        while let Some(command) = next {
            let end = match command {
                Command::Emit { event, data, ack } => {
                    let mut encoded = Encoded::default();
                    self.codec.encode(&event, data.as_ref(), ack, &mut encoded);
                    corked_bytes += self.emit(encoded);
                    next = if corked_bytes < limits::CORK_BYTES_MAX { self.commands.try_recv().ok() } else { None };
                    continue;
                }
                Command::Fence { ack, room } => {
                    let mut encoded = Encoded::default();
                    self.codec.fence(ack, room, &mut encoded);
                    corked_bytes += self.emit(encoded);
                    next = if corked_bytes < limits::CORK_BYTES_MAX { self.commands.try_recv().ok() } else { None };
                    continue;
                }
                Command::Attach { id, incoming, taken } => {
                    (self.id, self.incoming) = (id, incoming);
                    // Who asked may have gone; then nobody holds the connection, which is seen next.
                    taken.try_send(()).ok();
                    return None;
                }
                Command::Broken(_) | Command::LastWords { .. } | Command::Close | Command::Drop | Command::Freeze
                    if corked_bytes > 0 =>
                {
                    self.held = Some(command);
                    return None;
                }
                Command::Broken(kind) if !self.codec.can_say(kind) => {
                    let frame = serde_json::to_string(&kind).unwrap_or_default();
                    self.unheard.push_back(Incoming::Unsayable(format!("this wire has no frame {frame}")));
                    return None;
                }
                Command::Broken(kind) => {
                    self.write(broken(&self.codec, kind));
                    return None;
                }
                Command::LastWords { bytes, held } => End::LastWords { bytes, held },
                Command::Close => End::Close,
                Command::Drop => End::Drop,
                Command::Freeze => End::Freeze,
            };
            return Some(end);
        }
        None
    }

    /// Queues a message; [`poll_stream`] sends it. After a failed write the bytes go nowhere, as they would on the wire.
    fn write(&mut self, message: Message) {
        if self.write_error.is_none() {
            let queued = self.stream.start_send_unpin(message);
            self.unsent_since = self.unsent_since.or_else(|| Some(Instant::now()));
            self.note_write(queued);
        }
    }

    fn note_write(&mut self, result: Result<(), Error>) {
        if let Err(error) = result {
            self.unsent_since = None;
            self.write_error.get_or_insert_with(|| opening::break_reason(&error));
        }
    }

    /// Queues what an event is written as. Returns its bytes.
    fn emit(&mut self, encoded: Encoded) -> usize {
        let bytes = encoded.frames.iter().map(Message::len).sum();
        encoded.frames.into_iter().for_each(|frame| self.write(frame));
        self.unheard.extend(encoded.incoming);
        bytes
    }

    fn hear(&mut self, frame: Option<Result<Message, Error>>) -> Option<End> {
        let mut decoded = std::mem::take(&mut self.decoded);
        match frame {
            Some(Ok(Message::Text(text))) => {
                if !self.codec.decode(&text, &mut decoded) {
                    decoded.push(Decoded::Incoming(unparsable(text.as_str().to_owned())));
                }
            }
            Some(Ok(Message::Binary(bytes))) => {
                if !self.codec.decode_binary(&bytes, &mut decoded) {
                    decoded.push(Decoded::Incoming(unparsable(format!("a binary frame of {} bytes", bytes.len()))));
                }
            }
            // The WebSocket library has answered a ping by itself.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Close(frame))) => {
                let answer = frame.as_ref().and_then(|frame| self.codec.decode_close(frame.code.into()));
                let reason = close_reason(frame.as_ref());
                return Some(match answer {
                    Some(answer) => End::Refused { answer, reason },
                    None => End::Ended(reason),
                });
            }
            Some(Err(error)) => {
                let reason = self.write_error.take().unwrap_or_else(|| opening::break_reason(&error));
                return Some(End::Ended(reason));
            }
            None => {
                let reason = self.write_error.take().unwrap_or_else(|| "the server closed the connection".to_owned());
                return Some(End::Ended(reason));
            }
        }
        for one in decoded.drain(..) {
            match one {
                Decoded::Incoming(Incoming::Ended(reason)) => return Some(End::Ended(reason)),
                Decoded::Incoming(incoming) => self.unheard.push_back(incoming),
                Decoded::AnswerWith(message) => self.write(message),
            }
        }
        self.decoded = decoded;
        self.pass_on()
    }

    /// Hands over what the scenario's queue has room for.
    fn pass_on(&mut self) -> Option<End> {
        while let Some(heard) = self.unheard.pop_front() {
            match self.incoming.try_send((self.id, heard)) {
                Ok(()) => {}
                Err(TrySendError::Full((_, heard))) => {
                    self.unheard.push_front(heard);
                    return None;
                }
                Err(TrySendError::Closed(_)) => return Some(End::Abandoned),
            }
        }
        None
    }

    /// Commands that come after the end go nowhere, as on the wire; taking them keeps a scenario that sends from waiting
    /// for a connection that waits for the scenario.
    async fn report_end(&mut self, reason: String) {
        let last = std::mem::take(&mut self.unheard).into_iter().chain([Incoming::Ended(reason)]);
        let (id, incoming) = (self.id, self.incoming.clone());
        let mut report = std::pin::pin!(async {
            for heard in last {
                // Reported, or nobody listens.
                incoming.send((id, heard)).await.ok();
            }
        });
        loop {
            tokio::select! {
                () = &mut report => return,
                command = self.commands.recv() => if command.is_none() {
                    return;
                },
            }
        }
    }

    async fn reset(mut self) {
        if let Err(error) = self.stream.get_ref().set_zero_linger() {
            self.report_end(format!("the connection could not be reset: {error}")).await;
        }
    }

    /// A frozen peer can only die: asked to close it is reset, as a hung process is killed.
    async fn freeze(mut self) {
        if let Err(error) = shrink_receive_buffer(self.stream.get_ref()) {
            return self.report_end(format!("the receive buffer could not be shrunk: {error}")).await;
        }
        while !matches!(self.commands.recv().await, None | Some(Command::Drop | Command::Close)) {}
        self.reset().await;
    }
}

/// The next moment to say that one is still there; never, where nobody asks for that.
async fn tick(keepalive: &mut Option<(Message, Interval)>) {
    match keepalive {
        Some((_, ticks)) => {
            ticks.tick().await;
        }
        None => std::future::pending().await,
    }
}

fn shrink_receive_buffer(tcp: &TcpStream) -> io::Result<()> {
    let bytes = usize::try_from(limits::FROZEN_RECEIVE_BUFFER_BYTES).map_err(io::Error::other)?;
    socket2::SockRef::from(tcp).set_recv_buffer_size(bytes)
}

fn poll_stream(stream: &mut Stream, unsent: bool, may_read: bool, cx: &mut Context<'_>) -> Poll<Progress> {
    if unsent && let Poll::Ready(result) = std::pin::Pin::new(&mut *stream).poll_flush(cx) {
        return Poll::Ready(Progress::Flushed(result));
    }
    if may_read { stream.poll_next_unpin(cx).map(Progress::Frame) } else { Poll::Pending }
}

/// Ends politely, as far as the server takes part in time. What arrives meanwhile is of no interest.
async fn farewell(stream: &mut Stream, words: &[&'static str], limit: Duration) {
    let ending = async {
        for word in words {
            stream.send(Message::text(*word)).await?;
        }
        stream.close(None).await?;
        // The server is to hang up first, so that the client's port does not stay in TIME_WAIT.
        while stream.next().await.transpose()?.is_some() {}
        Ok::<(), Error>(())
    };
    // An end that failed and an end that took too long are followed by the same: the socket is closed.
    timeout(limit, ending).await.ok();
}

fn unparsable(what: String) -> Incoming {
    Incoming::Event { event: UNPARSABLE.to_owned(), data: Some(what.into()) }
}
