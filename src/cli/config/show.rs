//! `mobsync config`: each setting, its value, and where the value comes from.

use serde::Serialize;
use toml::Spanned;

use super::file::Config;
use clap::ValueEnum;

use crate::cli::args::{ACTIONS, ApartmentName, ConfigArgs, PREEMPTIONS, ReportFormat};
use crate::cli::ended::{Ended, Failure};
use crate::cli::output::print;
use crate::protocol::{Delay, Limits, Profile, column_width, padded, plain, plain_path};

/// A setting and where its value comes from.
#[derive(Serialize)]
struct Setting {
    key: &'static str,
    value: String,
    /// `default`, or the file.
    from: String,
    /// The line of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
}

pub(in crate::cli) fn show(args: &ConfigArgs, config: Option<&Config>) -> Result<Ended, Failure> {
    let settings = settings(config);
    let text = match args.format {
        ReportFormat::Json => format!("{}\n", crate::json::to_string_pretty(&settings)?),
        ReportFormat::Human => human(&settings, config),
    };
    print(text.as_bytes())?;
    Ok(Ended::Well)
}

fn human(settings: &[Setting], config: Option<&Config>) -> String {
    let keys = column_width(settings.iter().map(|setting| setting.key));
    let values: Vec<String> = settings.iter().map(|setting| plain(&setting.value).into_owned()).collect();
    let width = column_width(values.iter().map(String::as_str)).min(40);
    let mut text = match config {
        Some(config) => format!("{}\n\n", plain_path(&config.file)),
        None => "there is no mobsync.toml in this folder or above; `mobsync init` writes one\n\n".to_owned(),
    };
    for (setting, value) in settings.iter().zip(&values) {
        let line = setting.line.map_or(String::new(), |line| format!(":{line}"));
        let (key, value) = (padded(setting.key, keys), padded(value, width));
        text += &format!("{key}  {value}  {}{line}\n", plain(&setting.from));
    }
    text + "\nAn option of the command line wins over the file.\n"
}

fn settings(config: Option<&Config>) -> Vec<Setting> {
    let mut all = Vec::new();
    let set = config.map(|config| &config.settings);
    let usual = Limits::default();
    let mut put = |key, default: &str, value: Option<(String, usize)>| {
        all.push(match (value, config) {
            (Some((value, line)), Some(config)) => {
                Setting { key, value, from: config.file.display().to_string(), line: Some(line) }
            }
            _ => Setting { key, value: default.to_owned(), from: "default".to_owned(), line: None },
        });
    };
    /// A value of the file, and its line.
    fn given<T>(
        config: Option<&Config>,
        value: Option<&Spanned<T>>,
        words: impl Fn(&T) -> String,
    ) -> Option<(String, usize)> {
        Some((words(value?.get_ref()), config?.line(value?)))
    }
    let list = |words: &Vec<String>| words.join(", ");
    let delay = |delay: &Delay| delay.to_string();
    put("handler", "none", given(config, set.and_then(|set| set.handler.as_ref()), String::clone));
    put("exec", "none", given(config, set.and_then(|set| set.exec.as_ref()), String::clone));
    put("clsid", "none", given(config, set.and_then(|set| set.clsid.as_ref()), ToString::to_string));
    put("folders", "none", given(config, set.and_then(|set| set.folders.as_ref()), list));
    let profile = Profile::default().to_string();
    put("profile", &profile, given(config, set.and_then(|set| set.profile.as_ref()), ToString::to_string));
    let apartment = |apartment: &ApartmentName| {
        apartment.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    };
    put("apartment", "sta", given(config, set.and_then(|set| set.apartment.as_ref()), apartment));
    put("select", "all rules", given(config, set.and_then(|set| set.select.as_ref()), list));
    put("ignore", "none", given(config, set.and_then(|set| set.ignore.as_ref()), list));
    put("strict", "false", given(config, set.and_then(|set| set.strict.as_ref()), ToString::to_string));
    let path = |path: &std::path::PathBuf| path.display().to_string();
    put("baseline", "none", given(config, set.and_then(|set| set.baseline.as_ref()), path));
    let limits = set.map(|set| &set.limits);
    for (key, usual, value) in [
        ("limits.timeout", usual.timeout_ns, limits.and_then(|limits| limits.timeout.as_ref())),
        ("limits.blocking", usual.blocking_ns, limits.and_then(|limits| limits.blocking.as_ref())),
        ("limits.progress", usual.progress_ns, limits.and_then(|limits| limits.progress.as_ref())),
    ] {
        put(key, &Delay(usual).to_string(), given(config, value, delay));
    }
    let session = limits.and_then(|limits| limits.session.as_ref());
    put("limits.session", "an hour; in conform six times the timeout", given(config, session, delay));
    let own = set.map(|set| &set.conform);
    put("conform.skip", "none", given(config, own.and_then(|own| own.skip.as_ref()), list));
    put("conform.sessions", "0", given(config, own.and_then(|own| own.sessions.as_ref()), ToString::to_string));
    put("conform.strategy", "none", given(config, own.and_then(|own| own.strategy.as_ref()), ToString::to_string));
    let jobs = own.and_then(|own| own.jobs.as_ref());
    put(
        "conform.jobs",
        "one for each processor, or two for a handler on real threads",
        given(config, jobs, ToString::to_string),
    );
    put("conform.before-case", "none", given(config, own.and_then(|own| own.before_case.as_ref()), String::clone));
    put("conform.after-case", "none", given(config, own.and_then(|own| own.after_case.as_ref()), String::clone));
    put("conform.reports", "none", given(config, own.and_then(|own| own.reports.as_ref()), list));
    let explore = set.map(|set| &set.explore);
    let number = |many: &u32| many.to_string();
    let (preemptions, actions) = (PREEMPTIONS.to_string(), ACTIONS.to_string());
    put("explore.preemptions", &preemptions, given(config, explore.and_then(|set| set.preemptions.as_ref()), number));
    put("explore.actions", &actions, given(config, explore.and_then(|set| set.actions.as_ref()), number));
    let schedules = explore.and_then(|set| set.schedules.as_ref());
    put("explore.schedules", "20000, in conform 500", given(config, schedules, ToString::to_string));
    put("explore.time", "none", given(config, explore.and_then(|set| set.time.as_ref()), delay));
    all
}
