//! Bytes that no client library sends: the text form of what `frame` and `handshake` steps put on a socket.
//!
//! ```text
//! X frame socketio text "451-[\"x\"]" text "42[" "["*1000
//! X frame any raw x8980 x00000000
//! X handshake any "GET " @path " HTTP/1.1\r\n" held
//! ```

use serde_json::Value;

use crate::limits::RAW_BYTES_MAX;

/// The wire for which bytes are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Every wire on a socket.
    Any,
    /// Socket.IO.
    SocketIo,
    /// JSON over WebSocket.
    Json,
}

/// What a step writes past every library, once, as the last that its connection says.
#[derive(Clone, Debug, PartialEq)]
pub struct Raw {
    /// For which wire it is meant.
    pub wire: Wire,
    /// Whether the connection then stays open and silent. Otherwise the client ends its half, and waits for the other end.
    pub held: bool,
    chunks: Vec<Chunk>,
    text: String,
}

/// What of a target the bytes name.
#[derive(Clone, Debug, Default)]
pub struct Holes {
    /// The path and query of its handshake.
    pub path: String,
    /// The id of an Engine.IO session that the runner opened by polling.
    pub session: String,
}

#[derive(Clone, Debug, PartialEq)]
struct Chunk {
    framing: Framing,
    pieces: Vec<Piece>,
    times: usize,
}

#[derive(Clone, Debug, PartialEq)]
struct Piece {
    content: Content,
    times: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Content {
    Bytes(Vec<u8>),
    Path,
    Session,
}

/// What is put around a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// Nothing.
    None,
    /// A WebSocket text frame.
    Text,
    /// A WebSocket binary frame.
    Binary,
}

/// The mask of every frame: a client has to use one, and any will do.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
/// The head of a client's frame: type, length and mask.
const FRAME_HEAD_BYTES_MAX: usize = 14;
const HELD: &str = "held";

impl Wire {
    /// The word in scenarios.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::SocketIo => "socketio",
            Self::Json => "json",
        }
    }

    fn by_word(word: &str) -> Option<Self> {
        [Self::Any, Self::SocketIo, Self::Json].into_iter().find(|wire| wire.word() == word)
    }
}

impl Chunk {
    fn new(framing: Framing, times: usize) -> Self {
        Self { framing, pieces: Vec::new(), times }
    }
}

impl Raw {
    /// Reads what stands behind `frame`; `None` if it does not begin with a wire.
    pub(super) fn frames(arguments: &str) -> Option<Result<Self, String>> {
        Self::read(arguments, true)
    }

    /// Reads what stands behind `handshake`.
    pub(super) fn handshake(arguments: &str) -> Result<Self, String> {
        Self::read(arguments, false).unwrap_or_else(|| Err("expected `any`, `socketio` or `json` first".to_owned()))
    }

    fn read(arguments: &str, framed: bool) -> Option<Result<Self, String>> {
        let (word, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
        let wire = Wire::by_word(word)?;
        let (rest, held) = match rest.trim().strip_suffix(HELD) {
            Some(rest) if rest.is_empty() || rest.ends_with(char::is_whitespace) => (rest.trim(), true),
            Some(_) | None => (rest.trim(), false),
        };
        Some(chunks(rest, framed).and_then(|chunks| {
            let raw = Self { wire, held, chunks, text: arguments.to_owned() };
            match raw.size() {
                size if size > RAW_BYTES_MAX => {
                    Err(format!("{size} bytes, and at most {RAW_BYTES_MAX} are sent at once"))
                }
                _ => Ok(raw),
            }
        }))
    }

    /// As it stands in the scenario.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a session has to be opened by polling first.
    #[must_use]
    pub fn needs_session(&self) -> bool {
        self.chunks.iter().flat_map(|chunk| &chunk.pieces).any(|piece| piece.content == Content::Session)
    }

    /// The bytes, with what they name of a target.
    #[must_use]
    pub fn bytes(&self, holes: &Holes) -> Vec<u8> {
        let mut bytes = Vec::new();
        for chunk in &self.chunks {
            let mut payload = Vec::new();
            for Piece { content, times } in &chunk.pieces {
                let one = match content {
                    Content::Bytes(bytes) => bytes.as_slice(),
                    Content::Path => holes.path.as_bytes(),
                    Content::Session => holes.session.as_bytes(),
                };
                payload.extend(one.repeat(*times));
            }
            let mut whole = Vec::new();
            match chunk.framing {
                Framing::None => whole = payload,
                Framing::Text => frame(0x1, &payload, &mut whole),
                Framing::Binary => frame(0x2, &payload, &mut whole),
            }
            bytes.extend(whole.repeat(chunk.times));
        }
        bytes
    }

    /// How many bytes there are, without what is only known of a target. Saturates.
    fn size(&self) -> usize {
        self.chunks.iter().fold(0, |size: usize, chunk| {
            let head = if chunk.framing == Framing::None { 0 } else { FRAME_HEAD_BYTES_MAX };
            let payload = chunk.pieces.iter().fold(head, |size: usize, Piece { content, times }| {
                let one = match content {
                    Content::Bytes(bytes) => bytes.len(),
                    Content::Path | Content::Session => 0,
                };
                size.saturating_add(one.saturating_mul(*times))
            });
            size.saturating_add(payload.saturating_mul(chunk.times))
        })
    }
}

/// A whole WebSocket frame of a client (RFC 6455, section 5.2).
fn frame(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(0x80 | opcode);
    match payload.len() {
        length @ 0..126 => out.push(0x80 | u8::try_from(length).expect("below 126")),
        length => match u16::try_from(length) {
            Ok(length) => {
                out.push(0x80 | 126);
                out.extend(length.to_be_bytes());
            }
            Err(_) => {
                out.push(0x80 | 127);
                out.extend(u64::try_from(length).expect("a length has at most 64 bits").to_be_bytes());
            }
        },
    }
    out.extend(MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

fn chunks(mut rest: &str, framed: bool) -> Result<Vec<Chunk>, String> {
    let mut chunks = if framed { Vec::new() } else { vec![Chunk::new(Framing::None, 1)] };
    while !rest.is_empty() {
        let Token { content, times, rest: behind } = token(rest)?;
        rest = behind;
        let framing = match content {
            "text" => Some(Framing::Text),
            "binary" => Some(Framing::Binary),
            "raw" => Some(Framing::None),
            _ => None,
        };
        match (framing.filter(|_| framed), chunks.last_mut()) {
            (Some(framing), _) => chunks.push(Chunk::new(framing, times)),
            (None, Some(chunk)) => chunk.pieces.push(Piece { content: read_content(content)?, times }),
            (None, None) => return Err(format!("expected `text`, `binary` or `raw` before {content:?}")),
        }
    }
    match chunks.is_empty() {
        true => Err("expected `text`, `binary` or `raw`, and bytes".to_owned()),
        false => Ok(chunks),
    }
}

/// The words of what stands behind `frame` or `handshake`, a JSON string being one; none if they cannot be told.
pub(crate) fn words(mut rest: &str) -> Vec<&str> {
    let mut words = Vec::new();
    while !rest.is_empty() {
        let Ok(Token { rest: behind, .. }) = token(rest) else { return Vec::new() };
        words.push(rest[..rest.len() - behind.len()].trim_end());
        rest = behind;
    }
    words
}

/// A word or a JSON string, how often it is meant, and what is behind it.
struct Token<'a> {
    content: &'a str,
    times: usize,
    rest: &'a str,
}

/// Splits off one token, with `*N` at its end or without.
fn token(text: &str) -> Result<Token<'_>, String> {
    let mut start = 0;
    if text.starts_with('"') {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        match values.next() {
            Some(Ok(_)) => start = values.byte_offset(),
            Some(Err(error)) => return Err(format!("not a JSON string: {error}")),
            None => return Err("expected a JSON string".to_owned()),
        }
    }
    let end = text[start..].find(char::is_whitespace).map_or(text.len(), |at| start + at);
    let rest = text[end..].trim_start();
    let Some(star) = text[start..end].find('*').map(|at| start + at) else {
        return Ok(Token { content: &text[..end], times: 1, rest });
    };
    let times = text[star + 1..end].parse();
    let times = times.map_err(|_| format!("expected a number behind `*` in {:?}", &text[star..end]))?;
    Ok(Token { content: &text[..star], times, rest })
}

/// `"text"`, `xHEX`, `@path` or `@sid`.
fn read_content(token: &str) -> Result<Content, String> {
    let expected = || format!("expected \"text\", bytes such as x00ff, @path or @sid, not {token:?}");
    match token {
        "@path" => Ok(Content::Path),
        "@sid" => Ok(Content::Session),
        text if text.starts_with('"') => {
            let text: String = serde_json::from_str(text).map_err(|_| expected())?;
            Ok(Content::Bytes(text.into_bytes()))
        }
        other => other.strip_prefix('x').and_then(hex).map(Content::Bytes).ok_or_else(expected),
    }
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    if digits.is_empty() || !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(arguments: &str) -> Vec<u8> {
        let holes = Holes { path: "/ws".to_owned(), session: "s1".to_owned() };
        Raw::read(arguments, !arguments.contains('@')).unwrap().unwrap().bytes(&holes)
    }

    fn unmasked(frame: &[u8], head: usize) -> Vec<u8> {
        frame[head + 4..].iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
    }

    #[test]
    fn frames_of_each_length_are_masked_and_whole() {
        let short = bytes(r#"socketio text "42[" "["*1"#);
        assert_eq!((&short[..2], unmasked(&short, 2)), (&[0x81, 0x84][..], b"42[[".to_vec()));
        let medium = bytes(r#"json binary x00*300"#);
        assert_eq!((&medium[..4], medium.len()), (&[0x82, 0xfe, 1, 44][..], 8 + 300));
        let large = bytes(r#"any text "a"*70000"#);
        assert_eq!((&large[..3], large.len()), (&[0x81, 0xff, 0][..], 14 + 70_000));
    }

    #[test]
    fn bytes_name_the_target_and_repeat() {
        assert_eq!(bytes(r#"any "GET " @path "?sid=" @sid xff*2"#), b"GET /ws?sid=s1\xff\xff");
        assert_eq!(bytes(r#"json text*2 """#), [0x81, 0x80, 0x37, 0xfa, 0x21, 0x3d].repeat(2));
        assert!(Raw::handshake(r#"socketio @sid"#).unwrap().needs_session());
    }

    #[test]
    fn held_is_the_last_word_and_no_other() {
        assert!(Raw::handshake(r#"any "GET" held"#).unwrap().held);
        assert!(!Raw::handshake(r#"any "GET held""#).unwrap().held);
        assert!(Raw::handshake("any held").unwrap().held);
    }

    #[test]
    fn a_json_string_is_one_word() {
        assert_eq!(words(r#"any text "a b"*3  x00"#), ["any", "text", r#""a b"*3"#, "x00"]);
        assert!(words("any \"a").is_empty());
    }

    #[test]
    fn what_is_no_bytes_is_named() {
        for (arguments, culprit) in [
            ("any", "text"),
            ("any \"x\"", "\\\"x\\\""),
            ("any text xf", "xf"),
            ("any text x0g", "x0g"),
            ("any text \"a", "JSON"),
            ("any text \"a\"*b", "number"),
            ("any text \"a\"*99999999999", "at most"),
            ("any text @home", "@home"),
        ] {
            let problem = Raw::frames(arguments).unwrap().unwrap_err();
            assert!(problem.contains(culprit), "{arguments}: {problem}");
        }
        assert!(Raw::frames("garbage").is_none());
        assert!(Raw::handshake("GET").unwrap_err().contains("socketio"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(any |json |text |raw |held|x0|x00|@path|@sid|\\*|9|\"a\"|\"|é| ){0,12}") {
            let _outcome = (Raw::frames(&text).is_some(), Raw::handshake(&text).is_ok());
        }
    }
}
