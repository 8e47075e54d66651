//! `glare-peer table`.

use std::process::ExitCode;

use glare_peer::table::to_json;

use super::console::show_text;

pub(super) fn run() -> ExitCode {
    show_text(&to_json().to_string());
    ExitCode::SUCCESS
}
