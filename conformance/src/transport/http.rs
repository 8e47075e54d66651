//! A GET before connecting, for targets whose clients need something from HTTP first.

use std::{error::Error, io};

use serde_json::Value;
use url::Url;

use super::{OpenError, stream};
use crate::limits::PRELUDE_BYTES_MAX;

/// The body of an answer: JSON if it is JSON, else its text.
///
/// # Errors
/// [`OpenError`], in words. Waiting is not bounded here.
pub(super) async fn get(base: &Url, path: &str) -> Result<Value, OpenError> {
    let url = base.join(path).map_err(|error| OpenError::NotThisProtocol(format!("{path:?}: {error}")))?;
    let unreachable = |error: reqwest::Error| OpenError::Unreachable(format!("GET {url}: {}", why(&url, &error)));
    let mut response = reqwest::get(url.clone()).await.map_err(unreachable)?;
    if !response.status().is_success() {
        return Err(OpenError::NotThisProtocol(format!("GET {url} was answered {}", response.status())));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > PRELUDE_BYTES_MAX {
            return Err(OpenError::NotThisProtocol(format!("GET {url}: more than {PRELUDE_BYTES_MAX} bytes")));
        }
    }
    let text = String::from_utf8_lossy(&body);
    Ok(serde_json::from_str(&text).unwrap_or_else(|_| text.trim().into()))
}

/// What is at the bottom of a failure; above it are only layers of the client.
fn why(url: &Url, error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    match (cause.downcast_ref::<io::Error>(), stream::address(url)) {
        (Some(error), Ok(address)) => stream::connect_failure(&address, error),
        (Some(_) | None, _) => cause.to_string(),
    }
}
