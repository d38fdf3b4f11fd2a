//! What the program is called with, and who is called for it.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use serde_json::json;

use super::{
    agents, approve, archive, ask, audit, backup, cache, completions, config, doctor,
    exit::{Ended, Failure},
    fork, key, log, man, provider, ps, rebuild, rename, replay, restore, run, schemas, serve,
    settings::{Given, Settings},
    stop, telling, trust, verify, watch, workflows,
};

/// What the program is called.
pub const NAME: &str = "reenact";

/// A self-hosted platform on which AI agents run and survive.
#[derive(Debug, Parser)]
#[command(name = NAME, version, about, after_help = AFTER, max_term_width = 110, args_override_self = true)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

const AFTER: &str = "\
Without a command, it serves. Where a server holds the data folder, commands speak to it; else they run one inside themselves.

Examples:
  reenact                                   serves the page, and prints the address to open
  reenact ask -p ~/code/project \"what is this?\"
  reenact doctor                            what is wrong on this machine, and how to mend it

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 refused.";

/// What the flags are called that stand before or after any command.
const EVERYWHERE: &str = "Everywhere";

/// What stands before or after any command.
#[derive(Debug, Clone, Args)]
struct Global {
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        value_name = "DIR",
        help = "The data folder [default: $XDG_DATA_HOME/reenact; REENACT_DATA]"
    )]
    data: Option<PathBuf>,
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        value_name = "FILE",
        help = "The settings file [default: reenact.toml in the data folder; REENACT_CONFIG]"
    )]
    config: Option<PathBuf>,
    /// Prints JSON, one value a line.
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    json: bool,
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        value_name = "FILTER",
        help = "What is told on standard error: error, warn, info, debug, trace, or a filter [REENACT_LOG]"
    )]
    log: Option<String>,
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        value_enum,
        value_name = "FORMAT",
        help = "How it is told: text, or json with one object a line [REENACT_LOG_FORMAT]",
        hide_possible_values = true
    )]
    log_format: Option<telling::Format>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Arguments),
    Ask(ask::Arguments),
    Run(run::Arguments),
    Workflows(workflows::Arguments),
    Agents(agents::Arguments),
    Approve(approve::Arguments),
    Cache(cache::Arguments),
    Ps(ps::Arguments),
    Watch(watch::Arguments),
    Stop(stop::Arguments),
    Rename(rename::Arguments),
    Archive(archive::Arguments),
    Unarchive(archive::BackArguments),
    Log(log::Arguments),
    Replay(replay::Arguments),
    Fork(fork::Arguments),
    Verify(verify::Arguments),
    Audit(audit::Arguments),
    Backup(backup::Arguments),
    Restore(restore::Arguments),
    Rebuild(rebuild::Arguments),
    Trust(trust::Arguments),
    Key(key::Arguments),
    Provider(provider::Arguments),
    Doctor(doctor::Arguments),
    Config(config::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
    Schemas(schemas::Arguments),
}

/// The whole command line, for what is made from it.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the program.
pub fn main() -> ExitCode {
    let Arguments { global, command } = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return answered(&error),
    };
    let command = command.unwrap_or_else(|| Command::Serve(serve::Arguments::default()));
    match dispatch(&global, &command) {
        Ok(exit) => exit.into(),
        Err(failure) if is_closed_pipe(&failure) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report(global.json);
            failure.exit.into()
        }
    }
}

/// What the command line itself answers: help, the version, or what is wrong with the arguments.
fn answered(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        let words = error.to_string();
        let words = words.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
        let failure = Failure { code: Some("usage".into()), ..Failure::usage(words) };
        failure.report(true);
        return failure.exit.into();
    }
    // Whoever asked may have gone.
    let _unread = error.print().is_err();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1))
}

fn dispatch(global: &Global, command: &Command) -> Ended {
    // What is made from the program alone needs no settings, and works where they are wrong.
    match command {
        Command::Schemas(arguments) => return schemas::run(arguments),
        Command::Completions(arguments) => return completions::run(arguments),
        Command::Man(arguments) => return man::run(arguments),
        Command::Config(arguments) if arguments.example => return config::example(),
        _ => {}
    }
    let serving = matches!(command, Command::Serve(_));
    let given = given(global, command);
    if let Command::Doctor(arguments) = command {
        // What is wrong with the settings is among what it tells.
        return wait(doctor::run(arguments, &given, global.json));
    }
    let loaded = given.load().map_err(Failure::usage)?;
    let Settings { log, log_format, .. } = &loaded.settings;
    telling::start(log.as_deref(), *log_format, serving).map_err(Failure::usage)?;
    let json = global.json;
    match command {
        Command::Serve(arguments) => serve::run(arguments, &loaded, json),
        Command::Verify(arguments) => verify::run(arguments, &loaded, json),
        Command::Backup(arguments) => backup::run(arguments, &loaded, json),
        Command::Restore(arguments) => restore::run(arguments, &loaded, json),
        Command::Rebuild(_) => wait(rebuild::run(&loaded, json)),
        Command::Config(_) => config::run(&loaded, json),
        Command::Doctor(arguments) => wait(doctor::run(arguments, &given, json)),
        Command::Schemas(arguments) => schemas::run(arguments),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man(arguments) => man::run(arguments),
        Command::Ask(arguments) => wait(ask::run(arguments, &loaded, json)),
        Command::Run(arguments) => wait(run::run(arguments, &loaded, json)),
        Command::Cache(arguments) => wait(cache::run(arguments, &loaded, json)),
        Command::Agents(arguments) => wait(agents::run(arguments, &loaded, json)),
        Command::Workflows(arguments) => wait(workflows::run(arguments, &loaded, json)),
        Command::Approve(arguments) => wait(approve::run(arguments, &loaded, json)),
        Command::Ps(arguments) => wait(ps::run(arguments, &loaded, json)),
        Command::Watch(arguments) => wait(watch::run(arguments, &loaded, json)),
        Command::Stop(arguments) => wait(stop::run(arguments, &loaded, json)),
        Command::Rename(arguments) => wait(rename::run(arguments, &loaded, json)),
        Command::Archive(arguments) => wait(archive::run(arguments, &loaded, json)),
        Command::Unarchive(arguments) => wait(archive::run_back(arguments, &loaded, json)),
        Command::Log(arguments) => wait(log::run(arguments, &loaded, json)),
        Command::Replay(arguments) => wait(replay::run(arguments, &loaded, json)),
        Command::Fork(arguments) => wait(fork::run(arguments, &loaded, json)),
        Command::Audit(arguments) => wait(audit::run(arguments, &loaded, json)),
        Command::Trust(arguments) => wait(trust::run(arguments, &loaded, json)),
        Command::Key(arguments) => wait(key::run(arguments, &loaded, json)),
        Command::Provider(arguments) => wait(provider::run(arguments, &loaded, json)),
    }
}

/// What the command line and the process were given.
fn given(global: &Global, command: &Command) -> Given {
    let mut flags = match command {
        Command::Serve(arguments) => arguments.flags(),
        _ => vec![],
    };
    flags.extend(global.log.as_ref().map(|log| ("log", json!(log))));
    flags.extend(global.log_format.map(|format| ("log_format", json!(format))));
    // What is not Unicode cannot be the value of a setting.
    let environment =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Given { data: global.data.clone(), config: global.config.clone(), flags, environment: environment.collect() }
}

/// Waits for a command that speaks to a server.
fn wait(command: impl Future<Output = Ended>) -> Ended {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
}

/// Whoever read our output has seen enough, as `head` does.
fn is_closed_pipe(failure: &Failure) -> bool {
    let io = failure.error.downcast_ref::<std::io::Error>();
    let json = failure.error.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
    io.map(std::io::Error::kind).or(json) == Some(std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn global_flags_stand_before_or_after_the_command() {
        for line in [["reenact", "--json", "--data", "/d", "ps"], ["reenact", "ps", "--data", "/d", "--json"]] {
            let arguments = Arguments::try_parse_from(line).unwrap();
            assert!(arguments.global.json);
            assert_eq!(arguments.global.data, Some(PathBuf::from("/d")));
        }
    }

    #[test]
    fn without_a_command_it_serves() {
        assert!(Arguments::try_parse_from(["reenact"]).unwrap().command.is_none());
    }
}
