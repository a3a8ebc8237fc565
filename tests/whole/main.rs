//! The built binary as its users meet it, over loopback.

mod crash;
mod life;
mod origin;
mod program;
