//! The `siftwire` binary: calls the command line and returns its exit code.

fn main() -> std::process::ExitCode {
    siftwire::cli::main()
}
