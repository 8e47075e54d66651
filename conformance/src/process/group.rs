use std::{
    io,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// A program that leads a process group of its own: what starts it may be a script, and what ends it ends them all. Dropping it
/// kills the group.
///
/// A Ctrl-C in the terminal does not reach such a group.
#[derive(Debug)]
pub struct Group {
    leader: Child,
    /// The number of the leader and of the group.
    number: u32,
    /// The group was killed. Its number may become another group's once the leader was waited for.
    is_killed: bool,
}

impl Group {
    /// Starts a program.
    ///
    /// # Errors
    /// What the system says.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        let leader = command.process_group(0).kill_on_drop(true).spawn()?;
        let number = leader.id().ok_or_else(|| io::Error::other("it has no process id"))?;
        Ok(Self { leader, number, is_killed: false })
    }

    /// The pipes that the command asked for, once.
    pub fn take_pipes(&mut self) -> (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>) {
        (self.leader.stdin.take(), self.leader.stdout.take(), self.leader.stderr.take())
    }

    /// The number of the group, which is also the leader's.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Waits for the end of the leader. The rest of the group may go on.
    ///
    /// # Errors
    /// What the system says.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.leader.wait().await
    }

    /// How the leader ended, if it did. The rest of the group may go on.
    ///
    /// # Errors
    /// What the system says.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.leader.try_wait()
    }

    /// Asks everybody in the group to end.
    ///
    /// # Errors
    /// What the system says.
    pub fn ask_to_end(&self) -> io::Result<()> {
        self.signal("TERM")
    }

    /// Kills what is left of the group.
    ///
    /// # Errors
    /// What the system says.
    pub fn kill(&mut self) -> io::Result<()> {
        self.signal("KILL")?;
        self.is_killed = true;
        Ok(())
    }

    /// Asks the group to end, waits this long for the leader, and kills what is left: also after a leader that obeyed, since
    /// another one of the group need not have.
    ///
    /// # Errors
    /// What the system says.
    pub async fn stop(&mut self, patience: Duration) -> io::Result<ExitStatus> {
        if let Some(status) = self.leader.try_wait()? {
            return self.kill().map(|()| status);
        }
        self.ask_to_end()?;
        let ended = timeout(patience, self.leader.wait()).await;
        self.kill()?;
        match ended {
            Ok(status) => status,
            Err(_elapsed) => self.leader.wait().await,
        }
    }

    /// By way of the shell, whose `kill` knows process groups: the standard library has no safe function for it. A group that
    /// does not exist any more is no error.
    fn signal(&self, name: &str) -> io::Result<()> {
        if self.is_killed {
            return Ok(());
        }
        std::process::Command::new("sh")
            .args(["-c", &format!("kill -s {name} -- -{}", self.number)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map(drop)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Nobody is left to be told; the leader at least is killed by `kill_on_drop`.
        self.kill().ok();
    }
}
