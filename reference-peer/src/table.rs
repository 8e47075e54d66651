//! The transition table as JSON, for implementations in other languages: the browser's peer is replayed against it.

use glare_model::negotiation::{Ice, Negotiation, Role, Strategy, table};
use serde_json::{Value, json};

use crate::trace::{Did, Happened};

/// The strategies that differ only in who offers first; all of them keep the clauses.
pub const STRATEGIES: [&str; 3] = ["lower-id-offers", "joiner-offers", "perfect-negotiation"];

/// Every event in every situation: `[{strategy, cases: [{role, before, event, did, after}, ..]}, ..]`. Events and commands are
/// written as in a trace.
#[must_use]
pub fn to_json() -> Value {
    let tables = STRATEGIES.map(|name| {
        let strategy = Strategy::named(name).expect("the strategies of the table are named ones");
        let cases: Vec<_> = table::cases(&strategy).into_iter().map(|case| case_to_json(&case)).collect();
        json!({ "strategy": name, "cases": cases })
    });
    Value::from(tables.to_vec())
}

fn case_to_json(case: &table::Case) -> Value {
    let role = match case.role {
        Role::Impolite => "impolite",
        Role::Polite => "polite",
    };
    let did: Vec<Did> = case.commands.iter().map(|command| (*command).into()).collect();
    json!({
        "role": role,
        "name": case.name,
        "before": state_to_json(&case.before),
        "event": Happened::from(case.event),
        "did": did,
        "after": state_to_json(&case.after),
    })
}

fn state_to_json(state: &Negotiation) -> Value {
    let ice = match state.ice {
        Ice::New => "new",
        Ice::Connected => "connected",
        Ice::Disconnected => "disconnected",
        Ice::Failed => "failed",
    };
    json!({
        "met": state.met,
        "made": state.made,
        "connection": state.connection,
        "remoteConnection": state.remote_connection,
        "pending": state.pending,
        "pendingRemote": state.pending_remote,
        "local": state.local,
        "remote": state.remote,
        "localIce": state.local_ice,
        "remoteIce": state.remote_ice,
        "keptIce": state.kept_ice,
        "kept": state.kept,
        "ice": ice,
        "channel": state.channel,
        "unsent": state.unsent,
        "restart": state.restart,
        "restarting": state.restarting,
    })
}
