//! Parses the command line, runs the command, and turns how it ended into an exit code.

use std::process::ExitCode;

use clap::Parser;

use super::args::{ApartmentName, Cli, Command, LogArgs, WindowsArgs};
use super::config::{self, Config};
use super::ended::{Ended, Failure};
use super::{
    baseline, check, completions, conform, daemon, debug, diff, init, log, output, prefs, registered, replay, report,
    rules, run, schema, sync, timeline, update, watch,
};
use crate::job::Apartment;
use crate::protocol::plain_lines;

/// The stack of the thread that runs a command, in bytes: steps of a script may nest, and `ulimit -s` may leave little.
const STACK: usize = 8 << 20;

/// Runs the command that the program's arguments ask for.
///
/// Exit codes: 0 nothing to complain of, 1 findings, 2 the request cannot be carried out.
pub fn main() -> ExitCode {
    // A worker is started for each session: it does not wait for the whole command line to be described first.
    #[cfg(any(unix, windows))]
    if std::env::args_os().skip(1).eq(["worker"]) {
        if let Err(failure) = log::start(&LogArgs::default()) {
            output::tell(format_args!("mobsync worker: {failure}"));
        }
        crate::job::worker();
    }
    #[cfg(target_os = "linux")]
    if std::env::args_os().skip(1).eq([crate::job::FORK_SERVER]) {
        if let Err(failure) = log::start(&LogArgs::default()) {
            output::tell(format_args!("mobsync {}: {failure}", crate::job::FORK_SERVER));
        }
        crate::job::fork_server();
        crate::job::worker();
    }
    #[cfg(target_os = "linux")]
    if std::env::args_os().nth(1).is_some_and(|word| word == "guard") {
        crate::job::guard_program(std::env::args_os().skip(2));
    }
    #[cfg(unix)]
    crate::handler::com::survive_size_limits();
    if has_room() {
        return command();
    }
    let thread = std::thread::Builder::new().name("main".to_owned()).stack_size(STACK).spawn(command);
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        // The panic has been said.
        Ok(Err(_)) => ExitCode::from(101),
        Err(why) => {
            output::tell(format_args!("mobsync: cannot start a thread with {} MiB of stack: {why}", STACK >> 20));
            ExitCode::from(2)
        }
    }
}

/// Whether the program's first thread has the stack that a command needs.
#[cfg(unix)]
fn has_room() -> bool {
    use nix::sys::resource::{Resource, getrlimit};
    getrlimit(Resource::RLIMIT_STACK).is_ok_and(|(now, _)| now >= STACK as u64)
}

/// Here the linker decides, and gives a mebibyte.
#[cfg(not(unix))]
fn has_room() -> bool {
    false
}

/// What follows once it is known to be a command of a user's.
fn command() -> ExitCode {
    // clap exits with 2 on a wrong command line, and with 0 after --help and --version.
    let mut cli = Cli::try_parse().unwrap_or_else(|error| {
        let said = error.render().to_string();
        if plain_lines(&said) == said {
            error.exit();
        }
        // Words of the command line stand in it, which may come from anywhere.
        output::tell(said.trim_end());
        std::process::exit(2);
    });
    if let Err(failure) = log::start(&cli.log) {
        output::tell(format_args!("mobsync: {failure}"));
        return ExitCode::from(2);
    }
    if let Some(when) = cli.color {
        output::use_colour(when);
    }
    if let Some(folder) = &cli.store {
        crate::store::use_folder(folder);
    }
    #[cfg(unix)]
    if let Ok(program) = std::env::current_exe() {
        crate::handler::exec::guard_by(program);
    }
    // What a handler starts is ended with its session, also if the handler kills the process that sees to it.
    #[cfg(target_os = "linux")]
    {
        crate::handler::adopt();
        crate::job::fork_workers();
    }
    let configured = configured(&mut cli);
    use_windows(&cli.windows);
    let ended = configured.and_then(|config| run_command(cli.command, config.as_ref()));
    #[cfg(target_os = "linux")]
    crate::job::end_fork_server();
    #[cfg(unix)]
    crate::job::leave_wine();
    match ended {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Findings) => ExitCode::from(1),
        Err(failure) => {
            output::tell(format_args!("mobsync: {failure}"));
            ExitCode::from(2)
        }
    }
}

/// Gives the command what the project's settings say and the command line does not.
fn configured(cli: &mut Cli) -> Result<Option<Config>, Failure> {
    // These do not look for a project.
    let is_alone = matches!(cli.command, Command::Worker | Command::Guard | Command::Schema(_) | Command::Init(_));
    let config = if cli.no_config || is_alone { None } else { Config::find(cli.config.as_deref())? };
    if let Some(config) = &config {
        config.apply(&mut cli.command)?;
        config.apartment(&mut cli.windows);
    }
    let handler = match &cli.command {
        Command::Run(args) => &args.handler,
        Command::Conform(args) => &args.handler,
        Command::Debug(args) => &args.handler,
        Command::Register(args) => &args.handler,
        _ => return Ok(config),
    };
    if !handler.is_given() {
        let why = "no handler: name one (HANDLER or --exec COMMAND), or write `handler` into mobsync.toml, as `mobsync init` does";
        return Err(Failure(why.to_owned()));
    }
    Ok(config)
}

fn run_command(command: Command, config: Option<&Config>) -> Result<Ended, Failure> {
    if watch::is_wanted(&command) {
        return watch::watch(&command, config);
    }
    match command {
        Command::Init(args) => init::init(&args),
        Command::Config(args) => config::show(&args, config),
        Command::Baseline(args) => baseline::baseline(&args),
        Command::Register(args) => registered::register(&args),
        Command::Unregister(args) => registered::unregister(&args),
        Command::Handlers(args) => registered::handlers(&args),
        Command::Sync(args) => sync::sync(&args),
        Command::Update(args) => update::update(&args),
        Command::Results(args) => sync::results(&args),
        Command::Daemon(args) => daemon::daemon(&args),
        Command::Prefs(args) => prefs::prefs(&args),
        Command::RegisteredNames => completions::registered_names(),
        Command::Man(args) => completions::man(&args),
        Command::Run(args) => run::run(&args),
        Command::Conform(args) => conform::conform(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Debug(args) => debug::debug(&args),
        Command::Check(args) => check::check(&args),
        Command::Report(args) => report::report(&args),
        Command::Diff(args) => diff::diff(&args),
        Command::Timeline(args) => timeline::timeline(&args),
        Command::Trace(args) => timeline::trace(&args),
        Command::Rules(args) => rules::rules(&args),
        Command::Schema(args) => schema::schema(&args),
        #[cfg(any(unix, windows))]
        Command::Worker => crate::job::worker(),
        #[cfg(not(any(unix, windows)))]
        Command::Worker => Err(Failure("there are no workers on this system".to_owned())),
        #[cfg(unix)]
        Command::Guard => {
            crate::handler::exec::guard();
            Ok(Ended::Well)
        }
        #[cfg(not(unix))]
        Command::Guard => Err(Failure("there are no guards on this system".to_owned())),
        Command::Completions(args) => completions::completions(&args),
    }
}

/// How libraries for Windows are run from now on.
fn use_windows(args: &WindowsArgs) {
    if let Some(apartment) = args.apartment {
        crate::job::use_apartment(match apartment {
            ApartmentName::Sta => Apartment::SingleThreaded,
            ApartmentName::Mta => Apartment::MultiThreaded,
            ApartmentName::Strict => Apartment::Strict,
        });
    }
    #[cfg(unix)]
    crate::job::use_wine(crate::job::WineOptions {
        wine: args.wine.clone(),
        exe: args.mobsync_exe.clone(),
        prefix: args.wine_prefix.clone(),
        registry: args.registry.clone(),
    });
}
