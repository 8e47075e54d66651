//! `glare snapshot`, and what `glare diff` shares with it.

mod diff;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use clap::Args;

pub(super) use self::diff::{DiffArgs, diff};
use super::{
    Exit, Failure,
    arguments::{default_timeout_ms, parse_jobs},
    print,
    reach::{Subject, reach},
};
use crate::{
    capability::{Declaration, Profile},
    limits::{JOBS_DEFAULT, SNAPSHOT_HEARTBEAT},
    run::probe,
    scenario::Scenario,
    snapshot::{Explained, Finding, Folder, Noise, Recorded, Recording, explain, record, summarise},
    suite::{Filter, Scope, by_names, make},
    transport::virtual_time,
};

const SNAPSHOT_EXAMPLES: &str = "\
Examples:
  glare snapshot tutorial:http://127.0.0.1:3000 --dir snapshots            record
  glare snapshot tutorial:http://127.0.0.1:3000 --dir snapshots --check    compare, and explain what differs
  glare snapshot --dir snapshots --accept                                  accept what --check found

A snapshot is the canonical transcript of a case, in a file of insta's form: `cargo insta review` works, and nothing
needs it. --check writes CASE.snap.new beside CASE.snap, and CASE.snap.gone where no case uses it. Steps that race are played one after the other.
Exit codes: 0 as it was, 1 something differs or is unreferenced, 2 usage, 3 some case has no transcript.";

#[derive(Debug, Args)]
#[command(after_help = SNAPSHOT_EXAMPLES)]
pub(super) struct SnapshotArgs {
    /// The server [default: embedded].
    target: Option<String>,
    /// Where the snapshots are.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Compare with the snapshots instead of writing them.
    #[arg(long, conflicts_with = "accept")]
    check: bool,
    /// Accept what --check found, without playing anything: CASE.snap.new becomes CASE.snap, and what it found that no case
    /// uses goes.
    #[arg(long)]
    accept: bool,
    #[command(flatten)]
    play: PlayArgs,
}

/// What is played, and how.
#[derive(Debug, Args)]
struct PlayArgs {
    /// Start the server with this command. {port} in the command and in TARGET is its port, and so is PORT in its
    /// environment.
    #[arg(long, value_name = "CMD")]
    process: Option<String>,
    /// A capability that the server declares; may be given several times.
    #[arg(long, value_name = "NAME")]
    capability: Vec<Declaration>,
    /// Which suites are played.
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', default_value = "requirements")]
    suite: Vec<String>,
    /// Only cases whose id, or one of whose clauses, matches; may be given several times.
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,
    /// Leave out cases whose id, or one of whose clauses, matches; may be given several times.
    #[arg(long, value_name = "GLOB")]
    skip: Vec<String>,
    /// A member that is not compared, such as ack.error or *.code; may be given several times.
    #[arg(long, value_name = "EVENT.MEMBER")]
    noise: Vec<String>,
    /// How many cases are played side by side.
    #[arg(long, value_name = "N", default_value_t = JOBS_DEFAULT, value_parser = parse_jobs)]
    jobs: usize,
    /// How long to wait for what the protocol promises, in milliseconds.
    #[arg(long, value_name = "N", default_value_t = default_timeout_ms(), value_parser = clap::value_parser!(u64).range(10..=600_000))]
    timeout_ms: u64,
}

/// What became of the cases of a command on one server.
struct Played {
    recorded: Vec<Recorded>,
    /// Cases that the target has no words for, and why.
    unsaid: BTreeMap<String, String>,
}

/// The cases of a command.
struct Chosen {
    /// Those that are played.
    cases: Vec<Arc<Scenario>>,
    /// The ids of all that the suites have.
    all: BTreeSet<String>,
}

impl PlayArgs {
    fn profile(&self) -> Result<Profile, Failure> {
        Ok(Profile::new(&self.capability)?)
    }

    fn choose(&self) -> Result<Chosen, Failure> {
        let usage = |error: String| Failure::Usage(error);
        let suites = by_names(&self.suite).map_err(|error| usage(error.to_string()))?;
        let filter = Filter::new(&self.only, &self.skip, None).map_err(|error| usage(error.to_string()))?;
        let profile = self.profile()?;
        let mut made = make(&suites, &Scope { capacity: profile.capacity(), ..Scope::default() });
        let concerns = |case: &Arc<Scenario>| profile.excludes(case).is_none();
        made.iter_mut().for_each(|one| one.all.retain(concerns));
        filter.apply(&mut made);
        let cases: Vec<_> =
            made.iter().flat_map(|one| one.selected.iter().filter(|case| concerns(case)).cloned()).collect();
        if cases.is_empty() {
            return Err(usage(
                "no case is left; `glare list cases` shows the ids and clauses that patterns match".to_owned(),
            ));
        }
        Ok(Chosen { cases, all: made.iter().flat_map(|one| one.all.iter().map(|case| case.id.clone())).collect() })
    }

    /// Plays cases on a server, which is started where the command line says how.
    fn play(&self, target: Option<&str>, cases: &[Arc<Scenario>]) -> Result<Played, Failure> {
        let subject = Subject::read(target, self.process.as_deref(), &self.capability)?;
        let noise = Noise::read(&self.noise).map_err(|error| Failure::Usage(error.to_string()))?;
        let runtime = if subject.target.is_exact() { virtual_time() } else { tokio::runtime::Runtime::new() };
        let runtime = runtime.map_err(Failure::Runtime)?;
        let played = runtime.block_on(self.play_on(&subject, noise, cases));
        // A thread that hangs must not keep the command from ending.
        runtime.shutdown_timeout(Duration::from_secs(1));
        played
    }

    async fn play_on(&self, subject: &Subject, noise: Noise, cases: &[Arc<Scenario>]) -> Result<Played, Failure> {
        let reached = reach(subject, SNAPSHOT_HEARTBEAT).await?;
        let mut process = subject.start(self.process.as_deref())?;
        if let Some((process, address)) = &mut process {
            process.wait_until_ready(*address).await?;
        }
        let transport = reached.transport.clone();
        let timeout = Duration::from_millis(self.timeout_ms);
        probe(&transport, timeout).await?;
        let (mut sayable, mut unsaid) = (Vec::new(), BTreeMap::new());
        for case in cases {
            match transport.adapt(case) {
                Ok(case) => sayable.push(case),
                Err(reason) => {
                    unsaid.insert(case.id.clone(), reason);
                }
            }
        }
        let recording =
            Recording { transport, exact: reached.exact, timeout, nonce: rand::random(), jobs: self.jobs, noise };
        let recorded = record(&recording, &sayable).await;
        if let Some((process, _)) = &mut process {
            process.stop().await?;
        }
        reached.stop().await;
        Ok(Played { recorded, unsaid })
    }
}

pub(super) fn snapshot(args: &SnapshotArgs) -> Result<Exit, Failure> {
    let chosen = args.play.choose()?;
    let folder = Folder::open(&args.dir)?;
    if args.accept {
        return accept(&folder);
    }
    let played = args.play.play(args.target.as_deref(), &chosen.cases)?;
    let mut review = Review { is_check: args.check, ..Review::default() };
    for one in &played.recorded {
        review.take(one, &folder)?;
    }
    // A case that this target has no words for is of no concern to it, unless there is a snapshot to compare with.
    let unsaid = played.unsaid.iter().filter(|(case, _)| folder.has(case));
    review.unplayed.extend(unsaid.map(|(case, reason)| format!("{case}: not played on this target: {reason}")));
    review.unreferenced = folder.unreferenced(&chosen.all.iter().map(String::as_str).collect())?;
    print(&review.text())?;
    Ok(review.exit())
}

fn accept(folder: &Folder) -> Result<Exit, Failure> {
    let (accepted, removed) = folder.accept()?;
    let list = |word: &str, cases: Vec<String>| cases.iter().map(|case| format!("{word} {case}\n")).collect::<String>();
    let page = list("accepted", accepted) + &list("removed", removed);
    print(if page.is_empty() { "nothing waits to be accepted\n" } else { &page })?;
    Ok(Exit::Pass)
}

/// What became of the snapshots.
#[derive(Default)]
struct Review {
    is_check: bool,
    same: usize,
    new: Vec<String>,
    different: Vec<String>,
    explained: Vec<Explained>,
    problems: Vec<String>,
    unplayed: Vec<String>,
    unreferenced: Vec<String>,
}

impl Review {
    fn take(&mut self, one: &Recorded, folder: &Folder) -> Result<(), Failure> {
        let case = &one.transcript.case;
        if let Some(reason) = one.failure() {
            self.unplayed.push(format!("{case}: {reason}"));
            return Ok(());
        }
        match folder.find(&one.transcript)? {
            Finding::Same => {
                self.same += 1;
                folder.settle(case)?;
                return Ok(());
            }
            Finding::New => self.new.push(case.clone()),
            Finding::Different(old) => {
                self.different.push(case.clone());
                self.explained.extend(explain(&old, one));
            }
            Finding::Unreadable(problem) => self.problems.push(problem),
        }
        if self.is_check {
            folder.propose(&one.transcript)?
        } else {
            folder.write(&one.transcript)?
        }
        Ok(())
    }

    fn text(&self) -> String {
        let mut page = summarise(&self.explained);
        let list =
            |word: &str, names: &[String]| names.iter().map(|name| format!("{word} {name}\n")).collect::<String>();
        // What is the same in the protocol's terms is not explained: a title, or the clauses that are covered.
        let silent = |case: &&String| !self.explained.iter().any(|one| one.case == **case);
        let titles: Vec<String> = self.different.iter().filter(silent).cloned().collect();
        page += &list("only title or clauses differ in", &titles);
        page += &list("unreadable:", &self.problems);
        page += &list("unreferenced:", &self.unreferenced);
        page += &list("no transcript:", &self.unplayed);
        let changed = self.different.len() + self.problems.len();
        let (same, new) = (self.same, self.new.len());
        let verb = if self.is_check { "differ" } else { "changed" };
        let sum = format!(
            "{same} snapshots as they were, {changed} {verb}, {new} new, {} unreferenced\n",
            self.unreferenced.len()
        );
        if !page.is_empty() {
            page.push('\n');
        }
        page += &sum;
        if self.is_check && changed + new > 0 {
            page += "what is new waits in *.snap.new: `cargo insta review`, or `glare snapshot --accept` with the same --dir\n";
        }
        if !self.unreferenced.is_empty() {
            page += "`glare snapshot --accept` removes what no case uses\n";
        }
        page
    }

    fn exit(&self) -> Exit {
        let differs = self.different.len() + self.problems.len() + self.new.len() > 0;
        if (self.is_check && differs) || !self.unreferenced.is_empty() {
            Exit::Fail
        } else if !self.unplayed.is_empty() {
            Exit::Incomplete
        } else {
            Exit::Pass
        }
    }
}
