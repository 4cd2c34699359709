//! The errors that a handler logged and did not delete.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::protocol::{Guid, LogError, LogErrorInfo, LogLevel, Text, cut_off};

/// A logged error that was not deleted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LiveError {
    /// Its ErrorID, by which it is shown and deleted; none was given, or GUID_NULL, where there is none.
    pub id: Option<Guid>,
    /// Whether it was logged with ENABLEJUMPTEXT: the user can ask to see it.
    pub jump: bool,
    /// The item that it concerns.
    pub item: Option<Guid>,
    /// How serious the handler says it is.
    pub level: LogLevel,
    /// The handler's text; `None` is NULL.
    pub text: Option<Text>,
    /// The sequence number of the event that logged it.
    pub seq: u64,
}

/// How many errors without an ErrorID are kept: nothing can delete one of them but a DeleteLogError of all, and a handler
/// that logs without end must not fill the memory of everything that follows the session.
const MOST_WITHOUT_ID: usize = 10_000;

/// How long all texts together may be, in bytes, before an error without an ErrorID is not kept and the text of another one is
/// cut: the table is copied when a session is shared.
const MOST_TEXT: usize = 1 << 20;

/// How much of a text is kept beyond that, in characters.
const CUT: usize = 200;

/// The live errors of one instance. Clones share one table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Errors(Arc<Table>);

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Table {
    /// In the order in which they were logged. The numbers say nothing else.
    live: BTreeMap<u64, LiveError>,
    by_id: BTreeMap<Guid, u64>,
    /// How many errors without an ErrorID are not in `live`.
    not_kept: u64,
    /// The length of all texts, in bytes.
    text: usize,
}

impl Errors {
    /// In the order in which they were logged.
    pub(super) fn iter(&self) -> impl Iterator<Item = &LiveError> {
        self.0.live.values()
    }

    pub(super) fn get(&self, id: Guid) -> Option<&LiveError> {
        self.0.live.get(self.0.by_id.get(&id)?)
    }

    pub(super) fn not_kept(&self) -> u64 {
        self.0.not_kept
    }

    /// An error is logged, by the event with this sequence number. One with the ErrorID of a live error takes its place.
    pub(super) fn log(&mut self, args: &LogError, seq: u64) {
        let info = args.info.as_deref();
        let id = info.and_then(LogErrorInfo::error_id);
        let table = Arc::make_mut(&mut self.0);
        let is_full = table.text + length(args.text.as_ref()) > MOST_TEXT;
        match id {
            Some(id) => table.delete(id),
            None if is_full || table.live.len() - table.by_id.len() >= MOST_WITHOUT_ID => {
                table.not_kept += 1;
                return;
            }
            None => {}
        }
        let text = args.text.as_ref().map(|text| if is_full { cut(text) } else { text.clone() });
        let jump = info.is_some_and(LogErrorInfo::has_jump_text);
        let item = info.and_then(LogErrorInfo::given_item);
        let last = table.live.last_key_value().map_or(0, |(number, _)| number + 1);
        table.by_id.extend(id.map(|id| (id, last)));
        table.text += length(text.as_ref());
        table.live.insert(last, LiveError { id, jump, item, level: args.level, text, seq });
    }

    /// `DeleteLogError`; GUID_NULL deletes all.
    pub(super) fn delete(&mut self, id: Guid) {
        if id.is_null() {
            self.0 = Arc::default();
        } else if self.0.by_id.contains_key(&id) {
            Arc::make_mut(&mut self.0).delete(id);
        }
    }
}

impl Table {
    fn delete(&mut self, id: Guid) {
        if let Some(number) = self.by_id.remove(&id) {
            let gone = self.live.remove(&number);
            self.text -= length(gone.and_then(|error| error.text).as_ref());
        }
    }
}

fn length(text: Option<&Text>) -> usize {
    text.map_or(0, Text::size)
}

fn cut(text: &Text) -> Text {
    cut_off(&text.to_string(), CUT).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::GUID_NULL;

    fn logged(errors: &mut Errors, text: &str, id: Option<u128>) {
        let info = id.map(|id| Box::new(LogErrorInfo::jump(Guid::from_u128(id), None)));
        errors.log(&LogError { level: LogLevel::ERROR, text: Some(text.into()), info }, 7);
    }

    fn texts(errors: &Errors) -> Vec<String> {
        errors.iter().filter_map(|error| error.text.as_ref()).map(ToString::to_string).collect()
    }

    #[test]
    fn very_much_text_is_kept_in_part_and_every_error_with_an_id_can_be_deleted() {
        let mut errors = Errors::default();
        let long = "x".repeat(MOST_TEXT / 4);
        (1..=8).for_each(|id| logged(&mut errors, &long, Some(id)));
        logged(&mut errors, &long, None);
        assert_eq!((errors.iter().count(), errors.not_kept()), (8, 1));
        assert!(texts(&errors)[7].starts_with("xxx") && texts(&errors)[7].len() < 300, "{}", texts(&errors)[7]);
        (1..=8).for_each(|id| errors.delete(Guid::from_u128(id)));
        assert_eq!((errors.iter().count(), errors.0.text), (0, 0));
        logged(&mut errors, &long, None);
        assert_eq!(texts(&errors), [long], "there is room again");
    }

    #[test]
    fn errors_stay_in_the_order_of_their_logging_until_they_are_deleted() {
        let mut errors = Errors::default();
        logged(&mut errors, "one", Some(9));
        logged(&mut errors, "two", None);
        logged(&mut errors, "three", Some(1));
        assert_eq!(texts(&errors), ["one", "two", "three"]);
        logged(&mut errors, "four, in place of one", Some(9));
        assert_eq!(texts(&errors), ["two", "three", "four, in place of one"]);
        let before = errors.clone();
        errors.delete(Guid::from_u128(1));
        errors.delete(Guid::from_u128(1));
        assert_eq!(texts(&errors), ["two", "four, in place of one"]);
        assert_eq!(texts(&before), ["two", "three", "four, in place of one"]);
        assert!(errors.get(Guid::from_u128(1)).is_none());
        assert_eq!(errors.get(Guid::from_u128(9)).map(|error| error.seq), Some(7));
        errors.delete(GUID_NULL);
        assert_eq!(texts(&errors), Vec::<String>::new());
    }

    #[test]
    fn an_error_id_of_zeros_names_no_error() {
        let mut errors = Errors::default();
        logged(&mut errors, "no name", Some(0));
        assert_eq!(errors.iter().map(|error| error.id).collect::<Vec<_>>(), [None]);
        assert!(errors.get(GUID_NULL).is_none());
    }

    #[test]
    fn errors_without_an_id_do_not_grow_without_end() {
        let mut errors = Errors::default();
        (0..MOST_WITHOUT_ID + 3).for_each(|_| logged(&mut errors, "x", None));
        logged(&mut errors, "named", Some(1));
        assert_eq!((errors.iter().count(), errors.not_kept()), (MOST_WITHOUT_ID + 1, 3));
        errors.delete(GUID_NULL);
        assert_eq!((errors.iter().count(), errors.not_kept()), (0, 0));
    }
}
