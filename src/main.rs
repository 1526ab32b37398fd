//! Starts the program, nothing else.

fn main() -> std::process::ExitCode {
    kaozheng::cli::run()
}
