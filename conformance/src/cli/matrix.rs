//! `glare report`: what several runs say together.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::{Exit, Failure, file_failure, print};
use crate::{
    limits::REPORT_FILE_BYTES_MAX,
    report::{
        json::{Report, SCHEMA_VERSION},
        matrix::{Implementation, badge, html, markdown},
    },
};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(subcommand)]
    command: ReportCommand,
}

#[derive(Debug, Subcommand)]
enum ReportCommand {
    /// Show many implementations side by side, from the JSON reports of their runs.
    Matrix(MatrixArgs),
}

const EXAMPLES: &str = "\
Examples:
  glare report matrix node=node.json go=go.json --output matrix.html --badges badges
  glare report matrix node.json go.json --format markdown

Each report is what `glare test --report json=FILE` wrote. A name is the file's, unless NAME= says otherwise.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct MatrixArgs {
    /// JSON reports.
    #[arg(required = true, value_name = "[NAME=]FILE")]
    reports: Vec<String>,
    /// The form of the matrix [default: by the end of --output, else markdown].
    #[arg(long, value_enum)]
    format: Option<MatrixFormat>,
    /// Where the matrix goes [default: standard output].
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write a badge for each implementation into this folder: NAME.svg.
    #[arg(long, value_name = "DIR")]
    badges: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MatrixFormat {
    /// One page that needs nothing else.
    Html,
    /// A table.
    Markdown,
}

pub(super) fn report(args: &ReportArgs) -> Result<Exit, Failure> {
    match &args.command {
        ReportCommand::Matrix(args) => matrix(args),
    }
}

fn matrix(args: &MatrixArgs) -> Result<Exit, Failure> {
    let implementations = args.reports.iter().map(|text| read(text)).collect::<Result<Vec<_>, _>>()?;
    for (place, one) in implementations.iter().enumerate() {
        if implementations[..place].iter().any(|other| other.name == one.name) {
            return Err(Failure::Usage(format!("two reports are called {:?}; NAME=FILE tells them apart", one.name)));
        }
    }
    let is_page = |path: &PathBuf| path.extension().is_some_and(|end| end == "html" || end == "htm");
    let by_output = if args.output.as_ref().is_some_and(is_page) { MatrixFormat::Html } else { MatrixFormat::Markdown };
    let text = match args.format.unwrap_or(by_output) {
        MatrixFormat::Html => html(&implementations),
        MatrixFormat::Markdown => markdown(&implementations),
    };
    match &args.output {
        Some(path) => std::fs::write(path, text).map_err(|source| file_failure("write", path, source))?,
        None => print(&text)?,
    }
    if let Some(folder) = &args.badges {
        std::fs::create_dir_all(folder).map_err(|source| file_failure("create", folder, source))?;
        for one in &implementations {
            let path = folder.join(format!("{}.svg", one.name));
            std::fs::write(&path, badge(one)).map_err(|source| file_failure("write", &path, source))?;
        }
    }
    Ok(Exit::Pass)
}

fn read(text: &str) -> Result<Implementation, Failure> {
    let (name, path) = match text.split_once('=') {
        Some((name, path)) => (name.to_owned(), Path::new(path)),
        None => {
            let path = Path::new(text);
            (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), path)
        }
    };
    if name.is_empty() || name.contains(['/', '\\']) {
        return Err(Failure::Usage(format!("{text:?} gives no name that a file could have")));
    }
    let bytes = std::fs::metadata(path).map_err(|source| file_failure("read", path, source))?.len();
    if bytes > REPORT_FILE_BYTES_MAX {
        return Err(Failure::Usage(format!("{} is larger than {REPORT_FILE_BYTES_MAX} bytes", path.display())));
    }
    let text = std::fs::read_to_string(path).map_err(|source| file_failure("read", path, source))?;
    let wrong = |problem: String| Failure::Usage(format!("{} is no JSON report: {problem}", path.display()));
    let report: Report = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if report.schema != SCHEMA_VERSION {
        return Err(wrong(format!("this reads version {SCHEMA_VERSION} of the form, not {}", report.schema)));
    }
    Ok(Implementation { name, report })
}
