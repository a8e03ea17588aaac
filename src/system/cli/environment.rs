//! What the environment says: variables that are empty, and those that are nearly ours.

use std::env;
use std::ffi::OsString;

use clap::{
    Arg, ArgMatches, Command, CommandFactory, Error,
    builder::Resettable,
    error::{ContextKind, ContextValue},
    parser::ValueSource,
};

use super::Cli;
use crate::system::asking::KEY_VARIABLE;

const PREFIX: &str = "HUBBUB_";
/// Letters by which a variable that is misspelt may differ from the one that is meant.
const LETTERS_MAX: usize = 2;
/// Flags that guard: without one of them more are let in, or trusted, or let to do more.
const GUARDS: [&str; 11] = [
    "admin_addr",
    "api_key",
    "ca",
    "channels",
    "publish",
    "tls_cert",
    "tls_key",
    "token_audience",
    "token_issuer",
    "token_key",
    "webhook_secret",
];

/// The variable of a flag that guards, where it is empty: perhaps it should not be.
pub(super) fn empty_guard(command: &Command) -> Option<&str> {
    let mut guards = command
        .get_arguments()
        .filter(|flag| GUARDS.contains(&flag.get_id().as_str()));
    guards.find(|flag| is_empty(flag))?.get_env()?.to_str()
}

/// The command without its variables that are empty, which count as unset.
pub(super) fn without_empty(command: Command) -> Command {
    command.mut_args(|flag| {
        if is_empty(&flag) {
            flag.env(Resettable::Reset)
        } else {
            flag
        }
    })
}

/// Whether a flag is what the environment says, and no argument.
pub(super) fn is_of_environment(flags: &ArgMatches, flag: &str) -> bool {
    flags.value_source(flag) == Some(ValueSource::EnvVariable)
}

/// An error about a flag, with the variable that its value is of where that is no argument.
pub(super) fn with_source(mut error: Error, arguments: &[OsString]) -> Error {
    let Some(ContextValue::String(usage)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let flag = usage.split([' ', '=']).next().unwrap_or_default();
    let is_given = arguments.iter().any(|argument| {
        let argument = argument.to_string_lossy();
        argument.split('=').next() == Some(flag)
    });
    let variable = variable_of(flag.trim_start_matches('-'));
    if !is_given && env::var_os(&variable).is_some() {
        let tip = format!("the value is that of {variable} in the environment");
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![tip.into()]),
        );
    }
    error
}

/// Says of each variable that is none of ours, and nearly one, which one is perhaps meant.
pub fn misspelt() -> Vec<String> {
    let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    misspelt_of(names, &variables())
}

fn misspelt_of(names: impl Iterator<Item = String>, known: &[String]) -> Vec<String> {
    let ours = names.filter(|name| name.starts_with(PREFIX));
    ours.filter(|name| !known.contains(name) && !is_of_kubernetes(name))
        .filter_map(|name| {
            let distances = known
                .iter()
                .map(|known| (strsim::levenshtein(known, &name), known));
            let (distance, meant) = distances.min()?;
            (distance <= LETTERS_MAX)
                .then(|| format!("{name} in the environment is ignored; is {meant} meant?"))
        })
        .collect()
}

/// The variables of all flags of all commands, and the one that is no flag.
fn variables() -> Vec<String> {
    let cli = Cli::command();
    let commands = cli.get_subcommands().chain([&cli]);
    commands
        .flat_map(Command::get_arguments)
        .filter_map(|flag| flag.get_env()?.to_str())
        .chain([KEY_VARIABLE])
        .map(str::to_owned)
        .collect()
}

/// Whether Kubernetes sets a variable of this name in every pod beside a service that is called hubbub.
fn is_of_kubernetes(name: &str) -> bool {
    let name = name.strip_prefix(PREFIX).unwrap_or_default();
    name == "PORT" || name.starts_with("PORT_") || name.starts_with("SERVICE_")
}

fn variable_of(flag: &str) -> String {
    format!("{PREFIX}{}", flag.replace('-', "_").to_uppercase())
}

fn is_empty(flag: &Arg) -> bool {
    let variable = flag.get_env().and_then(env::var_os);
    variable.is_some_and(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_is_an_environment_variable_too() {
        let cli = Cli::command();
        for flag in cli.get_subcommands().flat_map(Command::get_opts) {
            let variable = flag.get_env().and_then(|name| name.to_str());
            assert_eq!(variable, Some(&variable_of(flag.get_id().as_str())[..]));
        }
    }

    #[test]
    fn no_variable_is_one_that_kubernetes_sets() {
        for name in variables() {
            assert!(!is_of_kubernetes(&name), "{name}");
        }
    }

    #[test]
    fn what_guards_is_a_flag() {
        let variables = variables();
        for guard in GUARDS {
            assert!(variables.contains(&variable_of(guard)), "{guard}");
        }
    }

    #[test]
    fn a_variable_that_is_nearly_one_is_told_with_the_one_that_is_meant() {
        let hints = |name: &str| misspelt_of([name.to_owned()].into_iter(), &variables());
        for (name, meant) in [
            ("HUBBUB_MAX_MESAGE", "HUBBUB_MAX_MESSAGE"),
            ("HUBBUB_TOKEN_AUDEINCE", "HUBBUB_TOKEN_AUDIENCE"),
            ("HUBBUB_LIFETIMES", "HUBBUB_LIFETIME"),
        ] {
            let [hint] = &hints(name)[..] else {
                panic!("{name} is told");
            };
            assert!(hint.contains(name) && hint.contains(meant), "{hint}");
        }
        for name in [
            "HUBBUB_MAX_MESSAGE",
            "HUBBUB_SIM_SEED",
            "HUBBUB_PORT",
            "HUBBUB_PORT_8080_TCP_ADDR",
            "HUBBUB_SERVICE_HOST",
            "HOME",
        ] {
            assert!(hints(name).is_empty(), "{name}");
        }
    }
}
