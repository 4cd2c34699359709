//! What the settings of a project mean for a command: they are options that were not given.

use toml::Spanned;

use super::file::{Config, ExploreSettings, LimitSettings};
use crate::cli::args::{
    Command, ExploreArgs, HandlerArgs, JudgeArgs, OtherReport, ReportCommand, WindowsArgs, other_report,
};
use crate::cli::ended::Failure;
use crate::job;
use crate::protocol::Delay;

/// What is set and was not given.
fn fill<T: Clone, S>(given: &mut Option<T>, set: Option<&Spanned<S>>, as_given: impl Fn(&S) -> T) {
    if given.is_none() {
        *given = set.map(|set| as_given(set.get_ref()));
    }
}

fn fill_list(given: &mut Vec<String>, set: Option<&Spanned<Vec<String>>>) {
    if given.is_empty()
        && let Some(set) = set
    {
        given.clone_from(set.get_ref());
    }
}

impl Config {
    /// Gives the command what was not given on the command line.
    pub(in crate::cli) fn apply(&self, command: &mut Command) -> Result<(), Failure> {
        let set = &self.settings;
        match command {
            Command::Run(args) => {
                self.handler(&mut args.handler);
                self.judge(&mut args.judge);
                let session = &mut args.session;
                fill(&mut session.profile, set.profile.as_ref(), |profile| (*profile).into());
                let limits = (&mut session.timeout, &mut session.blocking_limit, &mut session.progress_limit);
                apply_limits(&set.limits, limits, &mut session.session_limit);
                apply_explore(&set.explore, &mut args.explore);
            }
            Command::Register(args) => self.handler(&mut args.handler),
            Command::Conform(args) => {
                self.handler(&mut args.handler);
                self.judge(&mut args.judge);
                fill(&mut args.profile, set.profile.as_ref(), |profile| (*profile).into());
                let limits = (&mut args.timeout, &mut args.blocking_limit, &mut args.progress_limit);
                apply_limits(&set.limits, limits, &mut args.session_limit);
                apply_explore(&set.explore, &mut args.explore);
                let own = &set.conform;
                fill(&mut args.strategy, own.strategy.as_ref(), |strategy| *strategy);
                fill(&mut args.before_case, own.before_case.as_ref(), String::clone);
                fill(&mut args.after_case, own.after_case.as_ref(), String::clone);
                fill(&mut args.jobs, own.jobs.as_ref(), |jobs| *jobs);
                // Whoever names cases wants these.
                if args.case.is_empty() {
                    fill_list(&mut args.skip, own.skip.as_ref());
                    fill(&mut args.sessions, own.sessions.as_ref(), |sessions| *sessions);
                }
                if let Some(reports) = own.reports.as_ref().filter(|_| args.judge.to.report.is_empty() && !args.list) {
                    args.judge.to.report = self.reports(reports)?;
                }
            }
            Command::Replay(args) => {
                self.judge(&mut args.judge);
                let limits = (&mut args.timeout, &mut args.blocking_limit, &mut args.progress_limit);
                apply_limits(&set.limits, limits, &mut args.session_limit);
            }
            Command::Check(args) => self.judge(&mut args.judge),
            // The time at the prompt counts, so `debug` has no limits but its own.
            Command::Debug(args) => {
                self.handler(&mut args.handler);
                if args.scenario.is_none() {
                    fill(&mut args.session.profile, set.profile.as_ref(), |profile| (*profile).into());
                }
                args.strict |= set.strict.as_ref().is_some_and(|strict| *strict.get_ref());
            }
            Command::Report(args) => {
                if let ReportCommand::Merge(args) = &mut args.command {
                    self.rules(&mut args.judge);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The apartment, if none was given.
    pub(in crate::cli) fn apartment(&self, args: &mut WindowsArgs) {
        fill(&mut args.apartment, self.settings.apartment.as_ref(), |apartment| *apartment);
    }

    /// The handler, if none was given.
    fn handler(&self, args: &mut HandlerArgs) {
        let set = &self.settings;
        if let Some(exec) = &set.exec {
            args.fill_exec(exec.get_ref());
        }
        if let Some(word) = &set.handler {
            let place = |word: &str| self.path(word.as_ref()).display().to_string();
            let is_file = || self.path(word.get_ref().as_ref()).exists();
            let is_path = word.get_ref() != "filesync" && (is_file() || job::registered(word.get_ref()).is_none());
            let word = if is_path { place(word.get_ref()) } else { word.get_ref().clone() };
            if let Some(clsid) = &set.clsid {
                args.fill_clsid(word.as_ref(), *clsid.get_ref());
            }
            let pairs = set.folders.iter().flat_map(|folders| folders.get_ref());
            let pairs = pairs.map(|pair| match pair.split_once('=') {
                Some((left, right)) => format!("{}={}", place(left), place(right)),
                None => pair.clone(),
            });
            args.fill_word(word, pairs.collect(), set.clsid.as_ref().map(|clsid| *clsid.get_ref()));
        }
    }

    fn judge(&self, args: &mut JudgeArgs) {
        self.rules(args);
        fill(&mut args.baseline, self.settings.baseline.as_ref(), |baseline| self.path(baseline));
    }

    fn rules(&self, args: &mut JudgeArgs) {
        let set = &self.settings;
        fill_list(&mut args.select, set.select.as_ref());
        fill_list(&mut args.ignore, set.ignore.as_ref());
        args.strict |= set.strict.as_ref().is_some_and(|strict| *strict.get_ref());
    }

    fn reports(&self, reports: &Spanned<Vec<String>>) -> Result<Vec<OtherReport>, Failure> {
        let report = |text: &String| {
            let report = other_report(text).map_err(|why| self.wrong(reports, &format!("`{text}`: {why}")))?;
            Ok(OtherReport { file: report.file.map(|file| self.path(&file)), ..report })
        };
        reports.get_ref().iter().map(report).collect()
    }
}

fn apply_explore(set: &ExploreSettings, args: &mut ExploreArgs) {
    fill(&mut args.preemptions, set.preemptions.as_ref(), |many| *many);
    fill(&mut args.actions, set.actions.as_ref(), |many| *many);
    fill(&mut args.schedules, set.schedules.as_ref(), |many| *many);
    fill(&mut args.explore_time, set.time.as_ref(), |delay| delay.0);
}

fn apply_limits(
    set: &LimitSettings,
    (timeout, blocking, progress): (&mut Option<u64>, &mut Option<u64>, &mut Option<u64>),
    session: &mut Option<u64>,
) {
    let nanos = |delay: &Delay| delay.0;
    fill(timeout, set.timeout.as_ref(), nanos);
    fill(blocking, set.blocking.as_ref(), nanos);
    fill(progress, set.progress.as_ref(), nanos);
    fill(session, set.session.as_ref(), nanos);
}
