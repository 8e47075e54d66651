//! Snapshots as files: insta's form, so that `cargo insta review` shows and accepts them, and nobody needs it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::Transcript;

/// A folder of snapshots, one file for each case.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// What a folder has to say about a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is as it was.
    Same,
    /// There is no snapshot of the case.
    New,
    /// It was this.
    Different(Transcript),
    /// The file is none that could be compared; in words.
    Unreadable(String),
}

/// A folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct StoreError {
    action: &'static str,
    path: PathBuf,
    source: std::io::Error,
}

const ENDING: &str = "snap";
/// What waits to be accepted.
const PENDING: &str = "snap.new";
/// What waits to be removed, since the last comparison found that no case uses it.
const GONE: &str = "snap.gone";

impl Folder {
    /// A folder, which is made if it is not there.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(path).map_err(|source| error("create", path, source))?;
        Ok(Self(path.to_owned()))
    }

    /// Compares a transcript with its snapshot.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn find(&self, transcript: &Transcript) -> Result<Finding, StoreError> {
        let path = self.file(&transcript.case, ENDING);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(Finding::New),
            Err(source) => return Err(error("read", &path, source)),
        };
        // A checkout may have changed the line ends.
        let text = text.replace("\r\n", "\n");
        let Some(contents) = contents(&text) else {
            return Ok(Finding::Unreadable(format!("{} is no snapshot", path.display())));
        };
        if contents.trim_end() == transcript.to_string().trim_end() {
            return Ok(Finding::Same);
        }
        Ok(match contents.parse() {
            Ok(old) => Finding::Different(old),
            Err(problem) => Finding::Unreadable(format!("{}: {problem}", path.display())),
        })
    }

    /// Writes a snapshot, and takes away what waited for it.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, transcript: &Transcript) -> Result<(), StoreError> {
        self.put(transcript, ENDING)?;
        self.settle(&transcript.case)
    }

    /// Writes what waits to be accepted.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn propose(&self, transcript: &Transcript) -> Result<(), StoreError> {
        self.put(transcript, PENDING)
    }

    /// Takes away what waited for a case: it is as it was.
    ///
    /// # Errors
    /// If the file cannot be removed.
    pub fn settle(&self, case: &str) -> Result<(), StoreError> {
        remove(&self.file(case, PENDING))
    }

    /// Accepts everything that waits. Returns the cases that were accepted, and those whose snapshot was removed.
    ///
    /// # Errors
    /// If a file cannot be moved or removed.
    pub fn accept(&self) -> Result<(Vec<String>, Vec<String>), StoreError> {
        let (accepted, removed) = (self.cases(PENDING)?, self.cases(GONE)?);
        for case in &removed {
            remove(&self.file(case, ENDING))?;
            remove(&self.file(case, GONE))?;
        }
        for case in &accepted {
            let (from, to) = (self.file(case, PENDING), self.file(case, ENDING));
            fs::rename(&from, &to).map_err(|source| error("rename", &from, source))?;
        }
        Ok((accepted, removed))
    }

    /// Snapshots of cases that are not among these. They wait to be removed, and nothing else does any more.
    ///
    /// # Errors
    /// If the folder cannot be read or written.
    pub fn unreferenced(&self, cases: &BTreeSet<&str>) -> Result<Vec<String>, StoreError> {
        for case in self.cases(GONE)? {
            remove(&self.file(&case, GONE))?;
        }
        let mut found = self.cases(ENDING)?;
        found.retain(|case| !cases.contains(case.as_str()));
        for case in &found {
            let path = self.file(case, GONE);
            fs::write(&path, "no case uses this snapshot\n").map_err(|source| error("write", &path, source))?;
        }
        Ok(found)
    }

    /// Whether there is a snapshot of a case.
    #[must_use]
    pub fn has(&self, case: &str) -> bool {
        self.file(case, ENDING).exists()
    }

    fn file(&self, case: &str, ending: &str) -> PathBuf {
        self.0.join(format!("{case}.{ending}"))
    }

    fn put(&self, transcript: &Transcript, ending: &str) -> Result<(), StoreError> {
        let path = self.file(&transcript.case, ending);
        // A JSON string is a YAML string.
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let text = format!(
            "---\nsource: glare snapshot\nexpression: {}\ndescription: {}\n---\n{transcript}",
            quoted(&transcript.case),
            quoted(&transcript.title)
        );
        fs::write(&path, text).map_err(|source| error("write", &path, source))
    }

    /// The cases that have a file with this ending, in order.
    fn cases(&self, ending: &str) -> Result<Vec<String>, StoreError> {
        let entries = fs::read_dir(&self.0).map_err(|source| error("read", &self.0, source))?;
        let mut cases = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|source| error("read", &self.0, source))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            cases.extend(name.strip_suffix(&format!(".{ending}")).map(str::to_owned));
        }
        cases.sort();
        Ok(cases)
    }
}

/// What follows the header.
fn contents(text: &str) -> Option<&str> {
    let (_, contents) = text.strip_prefix("---\n")?.split_once("\n---\n")?;
    Some(contents)
}

fn error(action: &'static str, path: &Path, source: std::io::Error) -> StoreError {
    StoreError { action, path: path.to_owned(), source }
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(error("remove", path, source)),
        Ok(()) | Err(_) => Ok(()),
    }
}
