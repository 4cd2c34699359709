//! What the options say of how sessions are run.

use std::num::NonZeroU32;
use std::path::Path;

use super::args::{EventName, SessionArgs};
use super::ended::Failure;
use super::reproduce;
use crate::host::{Order, Selection};
use crate::job::{self, Apartment, Handler, HandlerName, Standard, Terms};
use crate::protocol::{Delay, Initialize, Limits, SyncEvent, SyncFlags, plain_path};
use crate::runner::{self, Isolation, Recorded, RunError, Survey};
use crate::scenario::{self, Expect, Scenario};

/// Where sessions run: those of native handlers in workers of this program, but with `--in-process`.
pub(super) fn isolation(in_process: bool) -> Result<Isolation, Failure> {
    if in_process {
        return Ok(Isolation::None);
    }
    Ok(Isolation::Native(std::env::current_exe()?))
}

/// Why a session was not run, with the option that is to blame.
pub(super) fn run_failure(error: RunError) -> Failure {
    match error {
        RunError::Trace(error) => Failure(format!("--trace {error}")),
        error => error.into(),
    }
}

/// Whether the callback is bound to the manager's apartment: `--apartment strict`.
pub(super) fn strict() -> bool {
    job::apartment_used() == Some(Apartment::Strict)
}

/// What the options say about the session.
pub(super) fn terms(args: &SessionArgs) -> Result<Terms, Failure> {
    let event = SyncEvent::from(args.event);
    if args.event == EventName::None && !args.settings {
        let why = "--event none needs --settings: only a session for configuration can do without an event";
        return Err(Failure(why.to_owned()));
    }
    if args.cookie.is_some() && event != SyncEvent::INVOKE {
        return Err(Failure("--cookie needs --event invoke: no other event has a cookie".to_owned()));
    }
    let mut flags = if args.no_user { 0 } else { SyncFlags::MAYBOTHERUSER };
    if args.settings {
        flags |= SyncFlags::SETTINGS;
    }
    let initialize = Initialize { cookie: args.cookie.clone(), ..Initialize::new(SyncFlags::new(event, flags)) };
    let selection = if args.item.is_empty() { Selection::Checked } else { Selection::Named(args.item.clone()) };
    // Without MAYBOTHERUSER there is no user to look at errors.
    let retries = if args.no_user { 0 } else { args.retries };
    Ok(Terms {
        profile: args.profile.map(Into::into).unwrap_or_default(),
        seed: args.seed.unwrap_or_default(),
        limits: limits(args),
        strict: strict(),
        order: args.strategy.map(|strategy| Order::by(strategy, args.seed.unwrap_or_default())),
        ..Terms::standard(Standard { initialize, selection, retries, ..Standard::default() })
    })
}

fn limits(args: &SessionArgs) -> Limits {
    let usual = Limits::default();
    Limits {
        timeout_ns: args.timeout.unwrap_or(usual.timeout_ns),
        blocking_ns: args.blocking_limit.unwrap_or(usual.blocking_ns),
        progress_ns: args.progress_limit.unwrap_or(usual.progress_ns),
        ..usual
    }
}

/// The scenario of the ordinary session that the options ask for: what a recording begins with.
pub(super) fn ordinary(args: &SessionArgs, terms: &Terms, title: &str) -> Scenario {
    Scenario {
        seed: terms.seed,
        profile: terms.profile,
        event: SyncEvent::from(args.event).into(),
        settings: args.settings,
        user: !args.no_user,
        cookie: terms.initialize().cookie,
        choose: (&terms.selection()).into(),
        timeout: args.timeout.map(Delay),
        blocking: args.blocking_limit.map(Delay),
        progress: args.progress_limit.map(Delay),
        apartment: if terms.strict { scenario::Apartment::Strict } else { scenario::Apartment::Free },
        order: terms.order.clone(),
        ..Scenario::titled(title)
    }
}

/// The size of `--trace-limit` in bytes.
pub(super) fn trace_limit(mebibytes: Option<NonZeroU32>) -> Option<u64> {
    mebibytes.map(|mebibytes| u64::from(mebibytes.get()) << 20)
}

/// Writes a recording, and says what was written.
pub(super) fn record(recorded: &Recorded, file: &Path, expect: Expect) -> Result<String, Failure> {
    let steps = match recorded.write(file, expect)? {
        1 => "1 step".to_owned(),
        steps => format!("{steps} steps"),
    };
    let said = format!("{}: a scenario of {steps}.", plain_path(file));
    Ok(match recorded.handler {
        HandlerName::Word { .. } => said,
        HandlerName::Exec(_) => {
            let replay = reproduce::of_recorded(file, &recorded.handler);
            format!("{said} It does not contain the handler's command; replay it with: {replay}")
        }
    })
}

/// Asks a handler for its name and its items, as when the user opens the manager without a wish to see dialogs.
pub(super) fn survey(handler: &Handler) -> Result<Survey, Failure> {
    let initialize = Initialize::new(SyncFlags::new(SyncEvent::MANUAL, 0));
    runner::survey(handler, &initialize, isolation(false)?).map_err(run_failure)
}
