//! The place of the reference peer. **There is no peer here yet**, and no binary that pretends to be one.
//!
//! It will join a room on any target that has a binding and keep one `RTCPeerConnection` per remote member, with every
//! decision made by `glare_model::negotiation` and executed by webrtc-rs.
