//! `glare completions` and `glare man`: what a shell and a package want, made from the command line itself.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Exit, Failure, file_failure, print};

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  glare completions bash > ~/.local/share/bash-completion/completions/glare
  glare completions zsh > ~/.zfunc/_glare
  glare completions fish > ~/.config/fish/completions/glare.fish";

#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub(super) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Where the pages go: glare.1, glare-test.1 and so on.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

pub(super) fn completions(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "glare", &mut text);
    print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Pass)
}

pub(super) fn man(args: &ManArgs) -> Result<Exit, Failure> {
    std::fs::create_dir_all(&args.dir).map_err(|source| file_failure("create", &args.dir, source))?;
    clap_mangen::generate_to(Cli::command(), &args.dir)
        .map_err(|source| file_failure("write to", &args.dir, source))?;
    Ok(Exit::Pass)
}
