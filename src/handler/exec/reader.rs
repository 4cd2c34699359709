//! Reads what the program says, and does it in the order in which it came.

use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::group::how;
use super::lines::{LONGEST, LineRead, Lines};
use super::link::Link;
use super::message::{self, Bad, Message};
use super::pipe::Pipe;

/// How long a program that has closed its standard output may take to end.
const LAST: Duration = Duration::from_secs(1);

/// Runs until the program has ended.
pub(super) fn read(link: &Arc<Link>, stdout: Pipe) {
    let mut lines = Lines::new(stdout);
    loop {
        match lines.read() {
            Ok(LineRead::Line(line)) => {
                link.log("<", &line);
                heed(link, &line);
            }
            Ok(LineRead::TooLong(line)) => link.bad(&Bad::new(format!("a line longer than {LONGEST} bytes")), &line),
            // What was written before the end has been read by now, even if another process holds the pipe.
            Ok(LineRead::Nothing) => {
                if link.process.ended().is_some() {
                    break;
                }
            }
            Ok(LineRead::End) | Err(_) => break,
        }
    }
    let until = Instant::now() + LAST;
    let status = loop {
        match link.process.ended() {
            // Where it is told to end, whoever told it sees to that.
            None if Instant::now() < until || link.is_ending() => sleep(Duration::from_millis(2)),
            status => break status,
        }
    };
    match status {
        Some(status) => link.gone(how(status), status.success()),
        None => link.gone("the program closed its standard output".to_owned(), false),
    }
}

fn heed(link: &Arc<Link>, line: &[u8]) {
    let done = match message::read(line) {
        Ok(Message::Callback { id, thread, callback }) => link.called_back(id, &thread, *callback),
        Ok(Message::Answer { id, answer }) => link.answered(&id, answer),
        Err(bad) => Err(bad),
    };
    if let Err(bad) = done {
        link.bad(&bad, line);
    }
}
