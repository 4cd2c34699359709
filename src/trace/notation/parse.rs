//! Reading the notation, line by line.

use std::ops::{Range, RangeInclusive};

use super::arguments::Arguments;
use super::assemble::Assembly;
use super::error::{NotationError, Problem};
use super::lexer::Lexeme;
use super::line::{Line, Source};
use super::opening::Opening;
use super::shape::Shape;
use super::value::{Aliases, Node};
use crate::json;
use crate::protocol::{
    Call, CallMethod, Callback, CallbackMethod, Delay, Event, Guid, HResult, HandlerId, Limits, Note, NoteName,
    Profile, Return, Thread, UnknownName, nearest,
};
use crate::trace::{Header, VIRTUAL_START};

/// A document in the notation, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notation {
    /// Profile, start and limits, as the directives say; the rest is the default.
    pub header: Header,
    /// The events, numbered from 1; calls and callbacks are numbered from 1 as well.
    pub events: Vec<Event>,
    /// The lines that made events, in order.
    pub lines: Vec<NotationLine>,
}

/// A line that made events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotationLine {
    /// Its number in the document, from 1.
    pub line: usize,
    /// The sequence numbers of its events.
    pub seqs: RangeInclusive<u64>,
    /// The codes behind `!!`: the findings that are expected here.
    pub marks: Vec<String>,
}

/// Reads a document in the notation. `name` is what errors call it.
///
/// ```
/// use mobsync::trace::notation::parse;
/// let read = parse("opening ready\nmanager PrepareForSync [A] -> E_FAIL !! PREP-09\n", "a.trace").unwrap();
/// assert_eq!(read.events.last().unwrap().method_name(), "PrepareForSync");
/// assert_eq!((read.lines[1].line, read.lines[1].marks[0].as_str()), (2, "PREP-09"));
/// assert_eq!(read.lines[1].seqs.clone().count(), 2);
/// ```
///
/// # Errors
/// For the first line that is not in the notation, with the place in it.
pub fn parse(text: &str, name: &str) -> Result<Notation, NotationError> {
    let mut document = Document {
        header: Header { started: VIRTUAL_START, ..Header::default() },
        seen: Vec::new(),
        aliases: Aliases::default(),
        assembly: Assembly::default(),
        lines: Vec::new(),
    };
    for (text, number) in json::without_mark(text).lines().zip(1..) {
        document.line(Line::new(Source { name, number, text })?)?;
    }
    Ok(Notation { header: document.header, events: document.assembly.events, lines: document.lines })
}

/// What has been read of a document.
struct Document {
    header: Header,
    /// The directives that may stand once, and did.
    seen: Vec<&'static str>,
    aliases: Aliases,
    assembly: Assembly,
    lines: Vec<NotationLine>,
}

/// The first words of lines.
const FIRST: [&str; 11] = [
    "manager",
    "handler",
    "note",
    "opening",
    "alias",
    "profile",
    "started",
    "timeout",
    "blocking",
    "progress",
    "tolerance",
];

/// Whether a line that is not empty looks like one of the notation: it begins with one of its words, or is a comment.
pub(in crate::trace) fn begins_line(line: &str) -> bool {
    let first = line.split([' ', '\t', '/']).next().unwrap_or_default();
    line.starts_with('#') || FIRST.contains(&first)
}

/// Who, and which instance.
#[derive(Clone, Copy)]
struct Who {
    handler: HandlerId,
    thread: &'static str,
}

/// What stands behind the crossing itself.
struct Tail {
    thread: Thread,
    delay: u64,
    delay_place: Range<usize>,
    marks: Vec<String>,
}

impl Document {
    fn line(&mut self, mut line: Line<'_>) -> Result<(), NotationError> {
        if line.peek().is_none() {
            return Ok(());
        }
        let expected = format!("one of {}", FIRST.join(", "));
        let (first, place) = line.word(&expected)?;
        let (word, instance) = match first.split_once('/') {
            Some((word, instance)) if matches!(word, "manager" | "handler" | "note" | "opening") => {
                let start = place.start + word.len() + 1;
                (word, Some(instance_number(&line, instance, start..place.end)?))
            }
            _ => (first, None),
        };
        let handler = instance.unwrap_or(HandlerId::FIRST);
        let first_seq = self.assembly.next_seq();
        let marks = match word {
            "manager" => self.manager(&mut line, Who { handler, thread: "apartment" })?,
            "handler" => self.handler(&mut line, Who { handler, thread: "worker" })?,
            "note" => self.note(&mut line, Who { handler, thread: "apartment" })?,
            "opening" => {
                let opening = Opening::read(&mut line, &self.aliases)?;
                let marks = marks(&mut line)?;
                opening.expand(handler, &mut self.assembly).map_err(|problem| line.error(place, problem))?;
                marks
            }
            _ => return self.directive(&mut line, word, place),
        };
        let seqs = first_seq..=self.assembly.next_seq() - 1;
        self.lines.push(NotationLine { line: line.source.number, seqs, marks });
        Ok(())
    }

    fn manager(&mut self, line: &mut Line<'_>, who: Who) -> Result<Vec<String>, NotationError> {
        let (method, place) = method::<CallMethod>(line, "a method that the manager calls", |name| {
            CallbackMethod::from_name(name).map(|method| (method.name(), "handler"))
        })?;
        if line.take_word("returns") {
            let what = self.result(line, method)?;
            let tail = Tail::read(line, who)?;
            self.wait(line, &tail)?;
            self.assembly.returns(who.handler, &tail.thread, what).map_err(|problem| line.error(place, problem))?;
            return Ok(tail.marks);
        }
        let arguments = Arguments::read(line, method.name(), Shape::of_call(method))?;
        let call = arguments.interpret(line, &self.aliases, |json| Call::deserialize_args(method, json))?;
        let what = if line.take(&Lexeme::Arrow) { Some(self.result(line, method)?) } else { None };
        let tail = Tail::read(line, who)?;
        self.wait(line, &tail)?;
        self.assembly.call(who.handler, &tail.thread, call);
        if let Some(what) = what {
            self.assembly.returns(who.handler, &tail.thread, what).map_err(|problem| line.error(place, problem))?;
        }
        Ok(tail.marks)
    }

    /// A result and what comes beside it.
    fn result(&self, line: &mut Line<'_>, method: CallMethod) -> Result<Return, NotationError> {
        let hr = hresult(line, "an HRESULT; a call that stays open has no `->`")?;
        let arguments = Arguments::read(line, method.name(), Shape::of_return(method))?;
        let out = arguments.interpret(line, &self.aliases, |json| serde::Deserialize::deserialize(json))?;
        Ok(Return { method, hr, out })
    }

    fn handler(&mut self, line: &mut Line<'_>, who: Who) -> Result<Vec<String>, NotationError> {
        let (method, place) = method::<CallbackMethod>(line, "a method that the handler calls", |name| {
            CallMethod::from_name(name).map(|method| (method.name(), "manager"))
        })?;
        if line.take_word("answered") {
            let hr = hresult(line, "an HRESULT")?;
            let tail = Tail::read(line, who)?;
            self.wait(line, &tail)?;
            return self.answer(line, who, tail, method, hr, place);
        }
        let arguments = Arguments::read(line, method.name(), Shape::of_callback(method))?;
        let callback = arguments.interpret(line, &self.aliases, |json| Callback::deserialize_args(method, json))?;
        let answer = match line.take(&Lexeme::Arrow) {
            false => Answer::Default,
            true if line.take_word("?") => Answer::Later,
            true => Answer::Given(hresult(line, "an HRESULT, or ? for an answer that comes later")?),
        };
        let tail = Tail::read(line, who)?;
        self.wait(line, &tail)?;
        let hr = match answer {
            Answer::Given(hr) => Some(hr),
            Answer::Default => Some(self.assembly.default_reply(who.handler, &callback)),
            Answer::Later => None,
        };
        self.assembly.callback(who.handler, &tail.thread, callback);
        match hr {
            Some(hr) => self.answer(line, who, tail, method, hr, place),
            None => Ok(tail.marks),
        }
    }

    fn answer(
        &mut self,
        line: &Line<'_>,
        who: Who,
        tail: Tail,
        method: CallbackMethod,
        hr: HResult,
        place: Range<usize>,
    ) -> Result<Vec<String>, NotationError> {
        let answered = self.assembly.answer(who.handler, &tail.thread, method, hr);
        answered.map(|()| tail.marks).map_err(|problem| line.error(place, problem))
    }

    fn note(&mut self, line: &mut Line<'_>, who: Who) -> Result<Vec<String>, NotationError> {
        let (name, _) = method::<NoteName>(line, "a note", |_| None)?;
        let arguments = Arguments::read(line, name.name(), Shape::of_note(name))?;
        let note = arguments.interpret(line, &self.aliases, |json| Note::deserialize_args(name, json))?;
        let tail = Tail::read(line, who)?;
        self.wait(line, &tail)?;
        self.assembly.note(who.handler, &tail.thread, note);
        Ok(tail.marks)
    }

    fn wait(&mut self, line: &Line<'_>, tail: &Tail) -> Result<(), NotationError> {
        self.assembly.wait(tail.delay).map_err(|problem| line.error(tail.delay_place.clone(), problem))
    }

    fn directive(&mut self, line: &mut Line<'_>, word: &str, place: Range<usize>) -> Result<(), NotationError> {
        if word == "alias" {
            self.alias(line)?;
            return line.finish("the end of the line");
        }
        let Some(directive) = FIRST.into_iter().skip(5).find(|first| *first == word) else {
            let expected = match nearest(word, FIRST) {
                Some(near) => near.to_owned(),
                None => format!("one of {}", FIRST.join(", ")),
            };
            let unknown = UnknownName { given: word.to_owned(), what: "the beginning of a line", expected };
            return Err(line.error(place, unknown));
        };
        if !self.assembly.events.is_empty() {
            return Err(line.error(place, Problem::Late { directive }));
        }
        if self.seen.contains(&directive) {
            return Err(line.error(place, Problem::Twice { key: directive.to_owned() }));
        }
        self.seen.push(directive);
        let limits: &mut Limits = &mut self.header.limits;
        match directive {
            "profile" => {
                let (word, place) = line.word("xp or vista")?;
                self.header.profile = match word {
                    "xp" => Profile::Xp,
                    "vista" => Profile::Vista,
                    _ => {
                        let (found, expected) = (format!("`{word}`"), "xp or vista".to_owned());
                        return Err(line.error(place, Problem::Unexpected { found, expected }));
                    }
                };
            }
            "started" => {
                let (text, place) = line.rest();
                self.header.started = text.parse().map_err(|unknown: UnknownName| line.error(place, unknown))?;
            }
            "timeout" => limits.timeout_ns = delay(line, "a duration such as 10s")?,
            "blocking" => limits.blocking_ns = delay(line, "a duration such as 1s")?,
            "progress" => limits.progress_ns = delay(line, "a duration such as 30s")?,
            _ => {
                let (word, place) = line.word("a number such as 3")?;
                limits.stop_tolerance = word.parse().map_err(|_| {
                    let (found, expected) = (format!("`{word}`"), "a number such as 3".to_owned());
                    line.error(place, Problem::Unexpected { found, expected })
                })?;
            }
        }
        line.finish("the end of the line")
    }

    fn alias(&mut self, line: &mut Line<'_>) -> Result<(), NotationError> {
        let (alias, place) = line.word("a name")?;
        let starts_well = alias.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts_well || !alias.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            let expected = "a name of letters, digits and _".to_owned();
            return Err(line.error(place, Problem::Unexpected { found: format!("`{alias}`"), expected }));
        }
        if !matches!(line.peek(), Some(Lexeme::Guid(_) | Lexeme::Word(_))) {
            return Err(line.unexpected("{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}"));
        }
        let node = Node::read(line)?;
        let guid: Guid = self.aliases.resolve(line, &node)?;
        self.aliases
            .declare(alias, guid)
            .map_err(|guid| line.error(place, Problem::AliasTaken { alias: alias.to_owned(), guid }))
    }
}

/// How a callback is answered.
#[derive(Clone, Copy)]
enum Answer {
    /// As the session machine does by itself.
    Default,
    /// With this.
    Given(HResult),
    /// Not on this line.
    Later,
}

impl Tail {
    /// `[@THREAD] [+DELAY] [!! CODES]`, then nothing.
    fn read(line: &mut Line<'_>, who: Who) -> Result<Self, NotationError> {
        let mut thread = Thread::from(who.thread);
        if line.take(&Lexeme::Mark('@')) {
            thread = match line.next().map(|token| token.what) {
                Some(Lexeme::Word(name)) => Thread::from(name),
                Some(Lexeme::Text(name)) => Thread::from(name.as_str()),
                _ => {
                    let end = line.behind();
                    let expected = "a thread's name, in quotes unless it is a plain word".to_owned();
                    let found = "`@` alone".to_owned();
                    return Err(line.error(end..end, Problem::Unexpected { found, expected }));
                }
            };
        }
        let mut delay_nanos = 0;
        let delay_place = line.here();
        if matches!(line.peek(), Some(Lexeme::Word(word)) if word.starts_with('+')) {
            delay_nanos = delay(line, "a delay such as +5ms")?;
        }
        let marks = marks(line)?;
        Ok(Self { thread, delay: delay_nanos, delay_place, marks })
    }
}

/// `!! CODES`, then nothing.
fn marks(line: &mut Line<'_>) -> Result<Vec<String>, NotationError> {
    let mut marks = Vec::new();
    if line.take(&Lexeme::Findings) {
        loop {
            let (code, place) = line.word("the code of a rule, such as SYNC-04")?;
            let is_code = code.split_once('-').is_some_and(|(family, number)| {
                let number = number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit());
                number && !family.is_empty() && family.bytes().all(|byte| byte.is_ascii_uppercase())
            });
            if !is_code {
                let (found, expected) = (format!("`{code}`"), "the code of a rule, such as SYNC-04".to_owned());
                return Err(line.error(place, Problem::Unexpected { found, expected }));
            }
            marks.push(code.to_owned());
            if !line.take(&Lexeme::Mark(',')) {
                break;
            }
        }
        line.finish("`,` or the end of the line")?;
    }
    line.finish("@THREAD, +DELAY, !! CODES (in this order) or the end of the line")?;
    Ok(marks)
}

/// `5ms`, with or without a plus in front.
fn delay(line: &mut Line<'_>, expected: &str) -> Result<u64, NotationError> {
    let (word, place) = line.word(expected)?;
    let delay: Result<Delay, UnknownName> = word.strip_prefix('+').unwrap_or(word).parse();
    delay.map(|delay| delay.0).map_err(|unknown| line.error(place, unknown))
}

fn hresult(line: &mut Line<'_>, expected: &str) -> Result<HResult, NotationError> {
    if line.peek() == Some(&Lexeme::Word("?")) {
        return Err(line.unexpected(expected));
    }
    let (word, place) = line.word(expected)?;
    word.parse().map_err(|unknown: UnknownName| line.error(place, unknown))
}

fn instance_number(line: &Line<'_>, text: &str, place: Range<usize>) -> Result<HandlerId, NotationError> {
    text.parse().map(HandlerId).map_err(|_| {
        let expected = "the number of an instance, as in manager/2".to_owned();
        line.error(place, Problem::Unexpected { found: format!("`{text}`"), expected })
    })
}

/// A method's name. `elsewhere` knows the methods that the other side calls.
fn method<M: std::str::FromStr<Err = UnknownName>>(
    line: &mut Line<'_>,
    expected: &str,
    elsewhere: impl FnOnce(&str) -> Option<(&'static str, &'static str)>,
) -> Result<(M, Range<usize>), NotationError> {
    let (name, place) = line.word(expected)?;
    match name.parse() {
        Ok(method) => Ok((method, place)),
        Err(unknown) => Err(match elsewhere(name) {
            Some((method, caller)) => line.error(place, Problem::OtherSide { method, caller }),
            None => line.error(place, unknown),
        }),
    }
}
