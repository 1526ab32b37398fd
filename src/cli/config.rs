//! `kaozheng config`: the settings in force.

use clap::{Arg, Args, Command, FromArgMatches, Subcommand};

use super::{Stop, list};
use crate::settings::{self, RawPortal, RawServe, Variables, is_portal_secret};

/// Look at the settings
#[derive(Subcommand)]
pub(super) enum Config {
    Check(Check),
}

/// Print every setting of `serve`, its value and where it comes from; fail if any is missing or wrong
///
/// Secrets are not printed. Nothing is opened or changed: neither the database nor the portal is asked.
#[derive(Args)]
pub(super) struct Check {}

/// A setting, its value as it may be shown, and where it was found.
type Line = (String, String, String);

impl Config {
    pub(super) fn run(self, variables: &Variables) -> Result<(), Stop> {
        let Config::Check(Check {}) = self;
        let command = variables.apply(RawServe::augment_args(Command::new("serve")));
        let mut lines: Vec<Line> =
            command.get_arguments().filter_map(|arg| of_argument(arg, variables)).collect();
        lines.extend(of_portals(&lines, variables));
        let widest = lines.iter().map(|(name, ..)| name.len()).max().unwrap_or_default();
        for (name, value, origin) in &lines {
            println!("{name:widest$}  {value}  [{origin}]");
        }
        for name in &variables.unknown {
            println!("{name} is not a setting and is ignored");
        }
        let raw = RawServe::from_arg_matches(&command.get_matches_from(["serve"]))?;
        let raw = RawServe { portal: RawPortal { variables: variables.values(), ..raw.portal }, ..raw };
        variables.and(settings::check_serve(&raw)).map_err(|problems| list(&problems))?;
        println!("The settings are complete.");
        Ok(())
    }
}

fn of_argument(arg: &Arg, variables: &Variables) -> Option<Line> {
    let name = arg.get_env()?.to_str()?;
    let shown = |value: &str| match arg.is_hide_env_values_set() {
        true => "(hidden)".to_owned(),
        false => value.to_owned(),
    };
    let (value, origin) = match (variables.found.get(name), arg.get_default_values().first()) {
        (Some(found), _) => (shown(&found.value), found.origin.to_string()),
        (None, Some(default)) => (default.to_string_lossy().into_owned(), "default".to_owned()),
        (None, None) => ("-".to_owned(), "not set".to_owned()),
    };
    Some((name.to_owned(), value, origin))
}

/// The settings that belong to the profiles of the portals.
fn of_portals(known: &[Line], variables: &Variables) -> Vec<Line> {
    let others = variables.found.iter().filter(|(name, _)| !known.iter().any(|(known, ..)| known == *name));
    let line = |(name, found): (&String, &settings::Found)| {
        let value = if is_portal_secret(name)? { "(hidden)".to_owned() } else { found.value.clone() };
        Some((name.clone(), value, found.origin.to_string()))
    };
    others.filter_map(line).collect()
}
