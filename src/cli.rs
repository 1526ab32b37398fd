//! The commands.

mod audit;
mod backup;
mod config;
mod database;
mod demo;
mod export;
mod files;
mod health;
mod holidays;
pub mod housekeeping;
mod import;
mod keys;
mod load;
mod log;
mod migrate;
mod portal;
mod process;
mod progress;
mod restore;
mod sample;
mod serve;
mod staff;
mod stored_hashes;
mod verify;
mod verify_store;

use std::ffi::OsString;
use std::process::ExitCode;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::settings::Variables;

/// 考证通: the portal of an examination authority, for candidates, staff and everyone who checks a certificate
///
/// Try it:      kaozheng demo
/// Run it:      kaozheng migrate && kaozheng serve    (settings: kaozheng serve --help)
/// Sign in at:  kaozheng portal check --help
/// Who reviews: kaozheng staff add --help
/// Load data:   kaozheng import --help
/// Settings:    kaozheng config check
/// Keep copies: kaozheng backup --help
/// Move files:  kaozheng files move --help
/// Check all:   kaozheng verify-store --help
/// Who looked:  kaozheng audit --help
/// Check paper: kaozheng verify --help
/// Plan a day:  kaozheng load --help
#[derive(Parser)]
#[command(version, verbatim_doc_comment)]
struct Cli {
    /// A TOML file with settings under the names of their variables. The environment wins over it
    #[arg(long, global = true, env = "KAOZHENG_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Serve(Box<serve::Serve>),
    Migrate(migrate::Migrate),
    Backup(backup::Backup),
    Restore(restore::Restore),
    #[command(subcommand)]
    Files(files::Files),
    VerifyStore(verify_store::VerifyStore),
    #[command(subcommand)]
    Portal(portal::Portal),
    #[command(subcommand)]
    Staff(staff::Staff),
    Import(import::Import),
    Export(export::Export),
    #[command(subcommand)]
    Audit(audit::Audit),
    #[command(subcommand)]
    Keys(keys::Keys),
    Verify(verify::Verify),
    #[command(subcommand)]
    Config(config::Config),
    Health(health::Health),
    Load(load::Load),
    #[command(subcommand)]
    Sample(sample::Sample),
}

/// The error of a command, printed for the operator.
type Stop = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command of the arguments.
pub fn run() -> ExitCode {
    let (command, variables) = read();
    process::keep_files_private();
    process::allow_open_files();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Stop::from)
        .and_then(|runtime| runtime.block_on(perform(command, &variables)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            eprintln!("kaozheng: {stop}");
            ExitCode::FAILURE
        }
    }
}

/// The command, with the settings of files as defaults of its flags.
fn read() -> (Command, Variables) {
    // Settings are optional flags, so this succeeds without them.
    let file = Cli::parse().config;
    let text =
        |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    let environment: BTreeMap<String, String> = std::env::vars_os().filter_map(text).collect();
    let variables = Variables::read(&Cli::command(), environment, file.as_deref());
    let matches = variables.apply(Cli::command()).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    (cli.command, variables)
}

async fn perform(command: Command, variables: &Variables) -> Result<(), Stop> {
    // `serve` and `config` list these problems together with those of the values.
    if !matches!(command, Command::Serve(_) | Command::Config(_)) {
        variables.and(Ok(())).map_err(|problems| list(&problems))?;
    }
    match command {
        Command::Demo(demo) => demo.run().await,
        Command::Serve(serve) => serve.run(variables).await,
        Command::Migrate(migrate) => migrate.run().await,
        Command::Backup(backup) => backup.run().await,
        Command::Restore(restore) => restore.run().await,
        Command::Files(files) => files.run().await,
        Command::VerifyStore(verify) => verify.run().await,
        Command::Portal(portal) => portal.run(variables).await,
        Command::Staff(staff) => staff.run().await,
        Command::Import(import) => import.run().await,
        Command::Export(export) => export.run().await,
        Command::Audit(audit) => audit.run().await,
        Command::Keys(keys) => keys.run().await,
        Command::Verify(verify) => verify.run().await,
        Command::Config(config) => config.run(variables),
        Command::Health(health) => health.run().await,
        Command::Load(load) => load.run().await,
        Command::Sample(sample) => sample.run(),
    }
}

/// An error with one line for each problem.
fn list(problems: &[String]) -> Stop {
    format!("these settings need attention:\n  - {}", problems.join("\n  - ")).into()
}
