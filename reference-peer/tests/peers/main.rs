//! Real peers over the reference server, on the loopback interface.

mod faults;
mod mesh;
mod stun;
mod support;
