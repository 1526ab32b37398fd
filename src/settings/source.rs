//! Where settings come from: the environment, files that hold one value each (`NAME_FILE`), and a TOML file.
//!
//! A setting has one name everywhere, that of its variable. The environment wins over the file. Flags win over both,
//! which clap does by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Command;
use toml::{Table, Value};

use super::portal;

/// The end of the name of a variable that names a file with the value.
const FROM_FILE: &str = "_FILE";

/// Variables that begin with this and are no settings are probably misspelt.
const OWN: &str = "KAOZHENG_";

/// Largest file with a value or with settings, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// Where the value of a setting was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Environment,
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Environment => f.write_str("environment"),
            Origin::File(path) => write!(f, "{}", path.display()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub value: String,
    pub origin: Origin,
}

/// The settings that are set, by name.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    pub found: BTreeMap<String, Found>,
    /// Variables of the environment that look like settings and are none.
    pub unknown: Vec<String>,
    problems: Vec<String>,
}

/// The names of settings.
struct Names(BTreeSet<String>);

impl Names {
    /// Those of the flags of a command and its subcommands, and of the portals.
    fn of(command: &Command) -> Names {
        let mut names: BTreeSet<String> = portal::names().collect();
        let mut commands = vec![command];
        while let Some(command) = commands.pop() {
            let variables = command.get_arguments().filter_map(|arg| arg.get_env()?.to_str());
            names.extend(variables.map(str::to_owned));
            commands.extend(command.get_subcommands());
        }
        Names(names)
    }

    /// A profile of a portal may have settings of its own.
    fn has(&self, name: &str) -> bool {
        self.0.contains(name) || (portal::is_name(name) && !name.ends_with(FROM_FILE))
    }

    /// The setting whose value is in the file that `name` names.
    fn filed<'n>(&self, name: &'n str) -> Option<&'n str> {
        let setting = name.strip_suffix(FROM_FILE)?;
        (!self.0.contains(name) && self.has(setting)).then_some(setting)
    }
}

impl Variables {
    /// Reads the settings that `command` and its subcommands know. Problems are kept for [`Variables::and`].
    pub fn read(command: &Command, environment: BTreeMap<String, String>, file: Option<&Path>) -> Variables {
        let names = Names::of(command);
        let mut variables = Variables::default();
        if let Some(file) = file {
            let table = variables.table(file, &names);
            variables.add(&names, table, &Origin::File(file.to_owned()));
        }
        let (known, unknown): (BTreeMap<_, _>, BTreeMap<_, _>) =
            environment.into_iter().partition(|(name, _)| names.has(name) || names.filed(name).is_some());
        variables.unknown = unknown.into_keys().filter(|name| name.starts_with(OWN)).collect();
        variables.add(&names, known, &Origin::Environment);
        variables
    }

    /// The values of a file of settings.
    fn table(&mut self, file: &Path, names: &Names) -> BTreeMap<String, String> {
        let place = file.display();
        let table = match read(file).and_then(|text| parse(&text)) {
            Ok(table) => table,
            Err(problem) => {
                self.problems.push(format!("{place}: {problem}"));
                return BTreeMap::new();
            }
        };
        let mut values = BTreeMap::new();
        for (name, value) in table {
            if !names.has(&name) && names.filed(&name).is_none() {
                self.problems.push(format!("{place}: {name} is not a setting"));
            } else if let Some(text) = text_of(value) {
                values.insert(name, text);
            } else {
                self.problems
                    .push(format!("{place}: {name} is wrong: expected a text, a number, true or false"));
            }
        }
        values
    }

    /// Adds values of one source, which win over those that are there.
    fn add(&mut self, names: &Names, values: BTreeMap<String, String>, origin: &Origin) {
        for (name, value) in &values {
            let Some(setting) = names.filed(name) else {
                self.found.insert(name.clone(), Found { value: value.clone(), origin: origin.clone() });
                continue;
            };
            if values.contains_key(setting) {
                self.problems.push(format!("{setting} and {name} are both set ({origin})"));
                continue;
            }
            let path = PathBuf::from(value.trim());
            match read(&path) {
                Ok(text) => {
                    let value = text.trim_end_matches(['\r', '\n']).to_owned();
                    self.found.insert(setting.to_owned(), Found { value, origin: Origin::File(path) });
                }
                Err(problem) => {
                    self.problems.push(format!("{name} is wrong: {}: {problem}", path.display()));
                }
            }
        }
    }

    /// The command with the values of files as its defaults. clap reads the environment itself.
    pub fn apply(&self, command: Command) -> Command {
        let command = command.mut_args(|arg| {
            let name = arg.get_env().and_then(|name| name.to_str());
            let found = name.and_then(|name| self.found.get(name));
            match found.filter(|found| found.origin != Origin::Environment) {
                Some(found) => {
                    // Help shows defaults.
                    let is_secret = arg.is_hide_env_values_set();
                    arg.default_value(found.value.clone()).hide_default_value(is_secret)
                }
                None => arg,
            }
        });
        command.mut_subcommands(|subcommand| self.apply(subcommand))
    }

    /// The names and values.
    pub fn values(&self) -> BTreeMap<String, String> {
        self.found.iter().map(|(name, found)| (name.clone(), found.value.clone())).collect()
    }

    /// `checked`, unless there are problems of the sources, which come first.
    ///
    /// # Errors
    /// All problems, one line each.
    pub fn and<T>(&self, checked: Result<T, Vec<String>>) -> Result<T, Vec<String>> {
        match checked {
            Ok(value) if self.problems.is_empty() => Ok(value),
            Ok(_) => Err(self.problems.clone()),
            Err(problems) => Err(self.problems.iter().cloned().chain(problems).collect()),
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > MOST_BYTES {
        return Err("it is larger than 1 MB".to_owned());
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

/// The error names the line and not its content, which may be secret.
fn parse(text: &str) -> Result<Table, String> {
    text.parse::<Table>().map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        format!("line {}: {}", before.matches('\n').count() + 1, error.message())
    })
}

fn text_of(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(set) => Some(set.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::Args;

    use super::*;
    use crate::settings::RawServe;

    fn serve() -> Command {
        RawServe::augment_args(Command::new("serve"))
    }

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn written(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn environment_wins_over_the_file_and_a_value_may_be_in_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let secret = written(&folder, "secret", "s3cret\n");
        let key = written(&folder, "key", "from a file");
        let file = written(
            &folder,
            "kaozheng.toml",
            &format!(
                "KAOZHENG_LISTEN = \"127.0.0.1:1\"\nKAOZHENG_AUTHORITY = \"考试院\"\nKAOZHENG_TRUSTED_PROXY = true\n\
                 KAOZHENG_SESSION_HOURS = 8\nKAOZHENG_DATA_KEY = \"plain\"\n\
                 KAOZHENG_PORTAL_CLIENT_SECRET_FILE = {secret:?}\nKAOZHENG_PORTAL_CA_FILE = \"ca.pem\"\n"
            ),
        );
        let set = environment(&[
            ("KAOZHENG_LISTEN", "127.0.0.1:2"),
            ("KAOZHENG_DATA_KEY_FILE", key.to_str().unwrap()),
            ("KAOZHENG_LISTN", "x"),
            ("HOME", "/root"),
        ]);
        let variables = Variables::read(&serve(), set, Some(&file));
        assert_eq!(variables.and(Ok(())), Ok(()));
        let found = |name: &str| {
            let found = &variables.found[name];
            (found.value.as_str(), found.origin.to_string())
        };
        assert_eq!(found("KAOZHENG_LISTEN"), ("127.0.0.1:2", "environment".into()));
        assert_eq!(found("KAOZHENG_DATA_KEY"), ("from a file", key.display().to_string()));
        assert_eq!(found("KAOZHENG_PORTAL_CLIENT_SECRET"), ("s3cret", secret.display().to_string()));
        assert_eq!(found("KAOZHENG_PORTAL_CA_FILE").0, "ca.pem");
        assert_eq!(variables.unknown, ["KAOZHENG_LISTN"]);
        let matches = variables.apply(serve()).get_matches_from(["serve", "--session-hours", "9"]);
        assert_eq!(matches.get_one::<String>("authority").unwrap(), "考试院");
        assert_eq!(matches.get_one::<String>("session_hours").unwrap(), "9");
        assert!(matches.get_flag("trusted_proxy"));
        let help = variables.apply(serve()).render_long_help().to_string();
        assert!(!help.contains("from a file"), "help shows a secret:\n{help}");
    }

    #[test]
    fn all_problems_of_the_sources_are_listed_without_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let file = written(
            &folder,
            "kaozheng.toml",
            "KAOZHENG_LISTN = \"x\"\nKAOZHENG_FILES = [\"a\"]\nDATABASE_URL = \"a\"\nDATABASE_URL_FILE = \"b\"\n\
             [portal]\nclient_secret = \"c\"\n",
        );
        let set = environment(&[("KAOZHENG_DATA_KEY_FILE", "/nowhere/key")]);
        let problems = Variables::read(&serve(), set, Some(&file)).and(Ok(())).unwrap_err().join("\n");
        for problem in [
            "KAOZHENG_LISTN is not a setting",
            "portal is not a setting",
            "KAOZHENG_FILES is wrong: expected a text, a number, true or false",
            "DATABASE_URL and DATABASE_URL_FILE are both set",
            "KAOZHENG_DATA_KEY_FILE is wrong: /nowhere/key: No such file",
        ] {
            assert!(problems.contains(problem), "{problem} is not in\n{problems}");
        }
        let broken =
            written(&folder, "broken.toml", "KAOZHENG_LISTEN = \"x\"\nKAOZHENG_DATA_KEY = \"s3cret\n");
        let problems = Variables::read(&serve(), BTreeMap::new(), Some(&broken)).and(Ok(())).unwrap_err();
        assert!(problems[0].contains("broken.toml: line 2:"), "{problems:?}");
        assert!(!problems[0].contains("s3cret"), "{problems:?}");
        let missing = Variables::read(&serve(), BTreeMap::new(), Some(Path::new("/nowhere/kaozheng.toml")));
        assert!(missing.and(Ok(())).unwrap_err()[0].starts_with("/nowhere/kaozheng.toml: No such file"));
    }
}
