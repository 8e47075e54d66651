//! Real peers over the reference server, on the loopback interface.

mod faults;
mod glare;
mod mesh;
mod support;
