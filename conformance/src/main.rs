//! The `glare` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    glare_conformance::cli::main()
}
