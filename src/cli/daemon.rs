//! `mobsync daemon`.

use chrono::{DateTime, TimeDelta, Utc};

use super::args::{DaemonArgs, ReportFormat};
use super::ended::{Ended, Failure};
use super::output::print;
use super::sessions;
use crate::manager::{self, DaemonState, DueEvent, Play, Schedule};
use crate::protocol::{plain, plain_path};
use crate::store::Store;

pub(super) fn daemon(args: &DaemonArgs) -> Result<Ended, Failure> {
    let store = Store::in_use()?;
    if args.state {
        return state(&store, args.format);
    }
    let Some(file) = &args.schedule else {
        return Err(Failure("--schedule FILE is missing: it says which events happen when".to_owned()));
    };
    if !args.r#virtual {
        let isolation = sessions::isolation(false)?;
        let mut lines = Lines::default();
        manager::daemon(store, file, isolation, &mut |at, text| lines.say(at, text))?;
        return lines.ended(true);
    }
    let length = TimeDelta::days(i64::from(args.days));
    let play = Play { schedule: Schedule::load(file)?, from: args.from, length, traces: args.traces.clone() };
    let mut lines = Lines::default();
    let well = manager::play(&store, &play, &mut |at, text| lines.say(at, text))?;
    lines.ended(well)
}

/// What is said, a line each on standard output.
#[derive(Default)]
struct Lines(Option<Failure>);

impl Lines {
    fn say(&mut self, at: DateTime<Utc>, text: &str) {
        let line = format!("{} {text}\n", at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
        // Nobody may read any more what a process says that goes on.
        if let Err(error) = print(line.as_bytes()) {
            self.0.get_or_insert(error);
        }
    }

    fn ended(self, well: bool) -> Result<Ended, Failure> {
        match self.0 {
            Some(failure) => Err(failure),
            None => Ok(if well { Ended::Well } else { Ended::Findings }),
        }
    }
}

fn state(store: &Store, format: ReportFormat) -> Result<Ended, Failure> {
    let Some((state, runs)) = manager::daemon_state(store)? else {
        return Err(Failure("no `mobsync daemon` has run on this store".to_owned()));
    };
    let text = match format {
        ReportFormat::Json => format!("{}\n", crate::json::to_string_pretty(&state)?),
        ReportFormat::Human => human(&state, runs),
    };
    print(text.as_bytes())?;
    Ok(Ended::Well)
}

fn human(state: &DaemonState, runs: bool) -> String {
    let due = |due: &DueEvent| format!("{}, due at {}", name(due), plain(&due.at));
    let mut lines = match (runs, &state.running) {
        (false, _) => vec![format!("not running; it ran until {}", plain(&state.seen))],
        (true, None) => vec![format!("process {}: waiting", state.process)],
        (true, Some(running)) => vec![format!("process {}: running {}", state.process, due(running))],
    };
    lines.push(format!("schedule  {}", plain_path(&state.schedule)));
    lines.extend(state.waiting.iter().map(|waiting| format!("waiting   {}", due(waiting))));
    if let Some(next) = state.next.as_ref().filter(|_| runs) {
        lines.push(format!("next      {}", plain(next)));
    }
    lines.join("\n") + "\n"
}

fn name(due: &DueEvent) -> &'static str {
    due.event.name()
}
