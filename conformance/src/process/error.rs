use std::{io, net::SocketAddr, process::ExitStatus, time::Duration};

/// The server could not be started, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// Nothing to start.
    #[error("--process needs a command, such as 'node server.js'")]
    Empty,
    /// Not a shell command line.
    #[error("cannot split the command `{command}` into words: a quote is not closed")]
    UnclosedQuote {
        /// The command as given.
        command: String,
    },
    /// Another server is there already, and would be tested instead.
    #[error("port {port} of 127.0.0.1 is taken: stop what listens there, or choose another port")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// The program cannot be run.
    #[error("cannot start `{program}`: {source}; is it installed, and is the path right from here?")]
    Spawn {
        /// The first word of the command.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// It ended by itself.
    #[error("`{command}` ended with {status}; its last output:\n{output}")]
    Exited {
        /// The command as run.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// Its last lines.
        output: String,
    },
    /// It runs, and does not listen.
    #[error(
        "`{command}` accepts no connection on {addr} after {} s; it gets its port in the environment variable PORT and in \
         place of {{port}}; its last output:\n{output}",
        waited.as_secs()
    )]
    NotReady {
        /// The command as run.
        command: String,
        /// Where it was expected.
        addr: SocketAddr,
        /// For how long.
        waited: Duration,
        /// Its last lines.
        output: String,
    },
    /// The system refuses to tell, or to obey.
    #[error("cannot control the process of `{command}`: {source}")]
    Control {
        /// The command as run.
        command: String,
        /// What the system says.
        source: io::Error,
    },
}
