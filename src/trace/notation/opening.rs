//! The standard opening of a session, which a document need not spell out.

use std::str::FromStr;

use super::assemble::Assembly;
use super::error::{NotationError, Problem};
use super::lexer::Lexeme;
use super::line::Line;
use super::value::{Aliases, Form, Node, unknown_key};
use crate::protocol::{
    Call, Callback, Created, FileTime, Guid, HResult, HandlerFlags, HandlerId, HandlerInfo, Initialize, Item,
    ItemFlags, ItemState, Note, Out, PrepareForSync, ProgressItem, Return, SetProgressCallback, Status, SyncEvent,
    SyncFlags, Synchronize, Text, Thread, UnknownName, Walk, nearest,
};

/// How far an opening goes; each state includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Created,
    Initialized,
    Enumerated,
    Ready,
    Preparing,
    Prepared,
    Synchronizing,
    Synchronized,
    Closed,
    Released,
}

const STAGES: [(&str, Stage); 10] = [
    ("created", Stage::Created),
    ("initialized", Stage::Initialized),
    ("enumerated", Stage::Enumerated),
    ("ready", Stage::Ready),
    ("preparing", Stage::Preparing),
    ("prepared", Stage::Prepared),
    ("synchronizing", Stage::Synchronizing),
    ("synchronized", Stage::Synchronized),
    ("closed", Stage::Closed),
    ("released", Stage::Released),
];

const KEYS: [&str; 4] = ["flags", "handler", "items", "name"];

/// The number of the opening's enumerator.
const ENUMERATOR: u32 = 1;
/// How many items it is asked for at a time.
const CELT: u32 = 16;

/// An `opening` line.
#[derive(Debug)]
pub(super) struct Opening {
    stage: Stage,
    items: Vec<(Guid, Text)>,
    flags: SyncFlags,
    handler_flags: HandlerFlags,
    item_flags: ItemFlags,
    name: Text,
}

impl Opening {
    /// Reads what follows `opening`, up to the findings.
    pub fn read(line: &mut Line<'_>, aliases: &Aliases) -> Result<Self, NotationError> {
        let mut opening = Self {
            stage: stage(line)?,
            items: Vec::new(),
            flags: SyncFlags::new(SyncEvent::MANUAL, SyncFlags::MAYBOTHERUSER),
            handler_flags: HandlerFlags(HandlerFlags::HASPROPERTIES.0 | HandlerFlags::MAYESTABLISHCONNECTION.0),
            item_flags: ItemFlags::HASPROPERTIES,
            name: Text::from("handler"),
        };
        let mut seen: Vec<&str> = Vec::new();
        while !matches!(line.peek(), None | Some(Lexeme::Findings)) {
            if line.peek_second() != Some(&Lexeme::Mark('=')) {
                opening.item(line, aliases)?;
                continue;
            }
            let (key, place) = line.word("a key")?;
            if seen.contains(&key) {
                return Err(line.error(place, Problem::Twice { key: key.to_owned() }));
            }
            seen.push(key);
            line.take(&Lexeme::Mark('='));
            match key {
                "flags" => opening.flags = flags(line)?,
                "handler" => opening.handler_flags = flags(line)?,
                "items" => opening.item_flags = flags(line)?,
                "name" => opening.name = name(line)?,
                _ => return Err(line.error(place, unknown_key(key, KEYS.into_iter()))),
            }
        }
        if opening.items.is_empty() {
            let two = ["A", "B"].into_iter();
            opening.items = two.filter_map(|name| Some((Guid::from_alias(name)?, Text::from(name)))).collect();
        }
        Ok(opening)
    }

    fn item(&mut self, line: &mut Line<'_>, aliases: &Aliases) -> Result<(), NotationError> {
        if !matches!(line.peek(), Some(Lexeme::Word(_) | Lexeme::Guid(_))) {
            return Err(line.unexpected("an item such as A, or a key: flags=, handler=, items=, name="));
        }
        let node = Node::read(line)?;
        let guid = aliases.resolve(line, &node)?;
        let name = match node.what {
            Form::Word(alias) => Text::from(alias),
            _ => Text::from(guid.alias().unwrap_or_else(|| guid.to_string())),
        };
        self.items.push((guid, name));
        Ok(())
    }

    /// Makes the opening's events.
    pub fn expand(&self, handler: HandlerId, assembly: &mut Assembly) -> Result<(), Problem> {
        let mut actor = Actor { handler, assembly };
        actor.assembly.note(handler, &Thread::APARTMENT, Note::Created(Created::of(self.name.clone())));
        for (_, stage) in STAGES.iter().skip(1).filter(|(_, stage)| *stage <= self.stage) {
            self.reach(*stage, &mut actor)?;
        }
        Ok(())
    }

    /// The crossings that lead from the stage before to this one.
    fn reach(&self, stage: Stage, actor: &mut Actor<'_>) -> Result<(), Problem> {
        match stage {
            Stage::Created => Ok(()),
            Stage::Initialized => actor.manager(Call::Initialize(Initialize::new(self.flags))),
            Stage::Enumerated => self.enumerate(actor),
            Stage::Ready => actor.manager(Call::SetProgressCallback(SetProgressCallback { callback: Some(1) })),
            Stage::Preparing => {
                let items = self.items.iter().map(|(id, _)| *id).collect();
                actor.manager(Call::PrepareForSync(PrepareForSync { items, hwnd: 0, reserved: 0 }))
            }
            Stage::Prepared => actor.handler(Callback::prepare_completed(HResult::S_OK)),
            Stage::Synchronizing => actor.manager(Call::Synchronize(Synchronize { hwnd: 0 })),
            Stage::Synchronized => {
                for (item, _) in &self.items {
                    let updating = ProgressItem::status(Status::UPDATING).at(1, 1);
                    actor.handler(Callback::progress(*item, updating))?;
                    actor.handler(Callback::progress(*item, ProgressItem::status(Status::SUCCEEDED)))?;
                }
                actor.handler(Callback::synchronize_completed(HResult::S_OK))
            }
            Stage::Closed => actor.manager(Call::SetProgressCallback(SetProgressCallback { callback: None })),
            Stage::Released => {
                actor.manager_with(Call::Release, HResult::S_OK, Out { refs: Some(0), ..Out::default() })
            }
        }
    }

    fn enumerate(&self, actor: &mut Actor<'_>) -> Result<(), Problem> {
        let info = HandlerInfo { flags: self.handler_flags, name: Text::from("Handler"), ..HandlerInfo::default() };
        actor.manager_with(Call::GetHandlerInfo, HResult::S_OK, Out { info: Some(info), ..Out::default() })?;
        let out = Out { enumerator: Some(ENUMERATOR), ..Out::default() };
        actor.manager_with(Call::EnumSyncMgrItems, HResult::S_OK, out)?;
        let mut left = self.items.as_slice();
        loop {
            let (now, later) = left.split_at(left.len().min(CELT as usize));
            let items = now.iter().map(|(id, name)| self.describe(*id, name)).collect();
            let full = now.len() == CELT as usize;
            let hr = if full { HResult::S_OK } else { HResult::S_FALSE };
            let out = Out { fetched: Some(now.len() as u32), items, ..Out::default() };
            actor.manager_with(Call::Next(Walk::new(ENUMERATOR, CELT)), hr, out)?;
            if !full {
                return Ok(());
            }
            left = later;
        }
    }

    fn describe(&self, id: Guid, name: &Text) -> Item {
        let last_update = FileTime(0);
        Item {
            id,
            name: name.clone(),
            flags: self.item_flags,
            state: ItemState::CHECKED,
            last_update,
            ..Item::default()
        }
    }
}

/// Makes crossings that are over at once.
struct Actor<'a> {
    handler: HandlerId,
    assembly: &'a mut Assembly,
}

impl Actor<'_> {
    fn manager(&mut self, call: Call) -> Result<(), Problem> {
        self.manager_with(call, HResult::S_OK, Out::default())
    }

    fn manager_with(&mut self, call: Call, hr: HResult, out: Out) -> Result<(), Problem> {
        let method = call.method();
        self.assembly.call(self.handler, &Thread::APARTMENT, call);
        self.assembly.returns(self.handler, &Thread::APARTMENT, Return { method, hr, out })
    }

    fn handler(&mut self, callback: Callback) -> Result<(), Problem> {
        let (method, thread) = (callback.method(), Thread::from("worker"));
        self.assembly.callback(self.handler, &thread, callback);
        self.assembly.answer(self.handler, &thread, method, HResult::S_OK)
    }
}

fn stage(line: &mut Line<'_>) -> Result<Stage, NotationError> {
    let names = STAGES.map(|(name, _)| name);
    let (word, place) = line.word(&format!("one of {}", names.join(", ")))?;
    STAGES.into_iter().find(|(name, _)| *name == word).map(|(_, stage)| stage).ok_or_else(|| {
        let expected = match nearest(word, names) {
            Some(near) => near.to_owned(),
            None => format!("one of {}", names.join(", ")),
        };
        line.error(place, UnknownName { given: word.to_owned(), what: "a state of a session", expected })
    })
}

fn flags<T: FromStr<Err = UnknownName>>(line: &mut Line<'_>) -> Result<T, NotationError> {
    let (word, place) = line.word("flags")?;
    word.parse().map_err(|unknown: UnknownName| line.error(place, unknown))
}

fn name(line: &mut Line<'_>) -> Result<Text, NotationError> {
    match line.peek() {
        Some(Lexeme::Text(text)) => {
            let name = Text::from(text.as_str());
            line.next();
            Ok(name)
        }
        _ => Err(line.unexpected("the handler's name in quotes")),
    }
}
