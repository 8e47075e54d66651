//! Real peers over the reference server, on the loopback interface.

mod mesh;
mod support;
