//! What the program says about itself: `--log FILTER`, `--log-format`, and the variables `MOBSYNC_LOG` and
//! `MOBSYNC_LOG_FORMAT`.

use std::io::{self, Stderr, Write};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use super::args::{LogArgs, LogFormat};
use super::ended::Failure;
use crate::job;
use crate::protocol::plain_lines;

/// Standard error; what is logged of a handler or a file is made plain.
struct Plain(Stderr);

impl Write for Plain {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.0.write_all(plain_lines(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Starts to log, where the arguments or the environment ask for it.
pub(super) fn start(args: &LogArgs) -> Result<(), Failure> {
    let (filter, source) = match (&args.log, std::env::var(job::LOG)) {
        (Some(filter), _) => (filter.clone(), "--log"),
        (None, Ok(filter)) if !filter.is_empty() => (filter, job::LOG),
        (None, _) => return Ok(()),
    };
    let format = match (args.log_format, std::env::var(job::LOG_FORMAT)) {
        (Some(format), _) => format,
        (None, Ok(word)) if !word.is_empty() => LogFormat::from_str(&word, true)
            .map_err(|_| Failure(format!("{}={word:?}: expected human or json", job::LOG_FORMAT)))?,
        (None, _) => LogFormat::Human,
    };
    let parsed = EnvFilter::builder().parse(&filter).map_err(|error| {
        Failure(format!("{source} {filter:?}: {error}; expected a filter such as info or mobsync::job=debug"))
    })?;
    let name = format.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    job::log_in_workers(filter, name);
    // Without colour: nothing that could be an escape has to pass.
    let log = tracing_subscriber::fmt().with_env_filter(parsed).with_writer(|| Plain(io::stderr())).with_ansi(false);
    match format {
        LogFormat::Human => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
