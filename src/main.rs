//! The `siftwire` binary: calls the command line and returns its exit code.

use std::panic;

fn main() -> std::process::ExitCode {
    hide_caught_panics();
    siftwire::cli::main()
}

/// A fault of feed-rs is caught where it is called, and told as what it means there.
fn hide_caught_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !panic.location().is_some_and(|location| location.file().contains("/feed-rs-")) {
            print(panic);
        }
    }));
}
