//! Real peers over the reference server, on the loopback interface.

mod faults;
mod mesh;
mod relay;
mod stun;
mod support;
mod turn;
