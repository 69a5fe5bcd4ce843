//! The program `wengert`; all of it is in the library of this package.

fn main() -> std::process::ExitCode {
    wengert_cli::main()
}
