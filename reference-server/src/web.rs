//! The browser's reference peer (`reference-peer/web`), compiled in and served as it is.

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use include_dir::{Dir, include_dir};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../reference-peer/web");

/// Only its own code, no code in the page, and sockets to any server: the page can be pointed at another one.
const POLICY: &str = "default-src 'self'; connect-src 'self' ws: wss:; media-src 'self' blob:; frame-ancestors 'self'";

/// The page.
pub(crate) async fn index() -> Response {
    serve("index.html")
}

/// One of its files.
pub(crate) async fn file(Path(name): Path<String>) -> Response {
    serve(&name)
}

fn serve(name: &str) -> Response {
    let (Some(file), Some(kind)) = (FILES.get_file(name), kind(name)) else {
        return (StatusCode::NOT_FOUND, "No such page\n").into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Another version of the server brings another version of the page.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, file.contents()).into_response()
}

fn kind(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "html" => Some("text/html; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_page_can_be_served() {
        let names: Vec<_> = FILES.files().filter_map(|file| file.path().to_str()).collect();
        assert!(names.contains(&"index.html") && names.contains(&"app.js"), "{names:?}");
        for name in names {
            assert_eq!(serve(name).status(), StatusCode::OK, "{name}");
        }
    }

    #[test]
    fn what_is_no_file_of_the_page_is_not_found() {
        for name in ["", "../Cargo.toml", "secret.js", "index"] {
            assert_eq!(serve(name).status(), StatusCode::NOT_FOUND, "{name:?}");
        }
    }
}
