//! The server over real sockets, each test with its own on a free port.
//!
//! Nothing here sleeps. That something did not happen is proved by a fence: a request that is always refused, and whose
//! answer arrives after all that was sent before it.

mod json_wire;
mod lifecycle;
mod overload;
mod polling;
mod socketio_websocket;
mod support;
mod upgrade;
