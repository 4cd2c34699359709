//! How a callback stands in its session, and how it is answered.

use super::{Instance, Interface, Phase, Session};
use crate::protocol::{CallMethod, Callback, HResult, HandlerId, LogErrorInfo, LogLevel};

/// How a callback stands at the moment it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// In the protocol.
    Expected,
    /// No callback interface is set: before it was given, or after NULL.
    NoInterface,
    /// A completion of a method that has its completion already.
    Second,
    /// A completion of a method that returned something that brings none.
    AfterRefusal,
    /// A completion of a method that was not called.
    Uninvited,
    /// A completion of a method that was given up.
    TooLate,
    /// `Progress` before the first `PrepareForSync`.
    BeforePrepare,
    /// `Progress` after `Synchronize` ended, or was completed before its return.
    AfterEnd,
    /// `EnableModeless(FALSE)` without a granted TRUE.
    NotHeld,
}

impl Standing {
    /// Whether the callback takes effect.
    pub const fn is_expected(self) -> bool {
        matches!(self, Standing::Expected)
    }
}

/// What the user, or the scenario, wants a callback to be answered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wish {
    /// Nothing: go on, show the dialog, open the connection.
    #[default]
    None,
    /// Stop this item (`Progress`).
    CancelItem,
    /// Stop every item (`Progress`).
    CancelAll,
    /// Do not show the dialog (`EnableModeless`).
    RefuseDialog,
    /// The connection cannot be opened (`EstablishConnection`).
    FailConnection,
}

impl Instance {
    /// How a callback would stand now. `holds_dialog` says whether this instance holds the session's dialog.
    pub(super) fn standing(&self, callback: &Callback, holds_dialog: bool) -> Standing {
        if !matches!(self.interface, Interface::Given(_)) || self.has_been_released() {
            return Standing::NoInterface;
        }
        match callback {
            Callback::Progress(_) => match (self.synchronize, self.prepare) {
                (Phase::Done(_) | Phase::Refused(_) | Phase::Overdue, _) => Standing::AfterEnd,
                // Completed by the handler's own word, although the completion is held.
                (Phase::Open { held: Some(_) }, _) => Standing::AfterEnd,
                (_, Phase::Idle) => Standing::BeforePrepare,
                _ => Standing::Expected,
            },
            Callback::EnableModeless(args) if !args.enable && !holds_dialog => Standing::NotHeld,
            other => match other.method().completes() {
                Some(method) => self.completion_standing(method),
                None => Standing::Expected,
            },
        }
    }

    /// How a completion of the method would stand, as far as the method goes: whether or not the callback interface is set.
    pub fn completion_standing(&self, method: CallMethod) -> Standing {
        if method == CallMethod::ShowProperties && self.properties_unsaid {
            return Standing::Expected;
        }
        completion_standing(self.phase(method))
    }

    /// The reply to a callback that stands as `standing`. `dialog_is_free` says whether no instance holds the session's dialog.
    pub(super) fn reply(&self, callback: &Callback, standing: Standing, wish: Wish, dialog_is_free: bool) -> HResult {
        if !standing.is_expected() {
            return HResult::E_UNEXPECTED;
        }
        match callback {
            Callback::Progress(args) => self.progress_reply(self.items.position(args.item), args, wish),
            Callback::EnableModeless(args) => {
                if args.enable && (wish == Wish::RefuseDialog || !self.may_show_dialog(dialog_is_free)) {
                    HResult::S_FALSE
                } else {
                    HResult::S_OK
                }
            }
            Callback::LogError(args) => {
                let info = args.info.as_deref();
                let jump = info.is_some_and(LogErrorInfo::has_jump_text);
                let has_id = info.and_then(LogErrorInfo::error_id).is_some();
                let known_level = (LogLevel::INFORMATION.0..=LogLevel::ERROR.0).contains(&args.level.0);
                if known_level && args.text.is_some() && (has_id || !jump) {
                    HResult::S_OK
                } else {
                    HResult::E_INVALIDARG
                }
            }
            Callback::DeleteLogError(args) => {
                if args.error.is_null() || self.error(args.error).is_some() {
                    HResult::S_OK
                } else {
                    HResult::E_INVALIDARG
                }
            }
            Callback::EstablishConnection(_) if wish == Wish::FailConnection => HResult::E_FAIL,
            _ => HResult::S_OK,
        }
    }

    /// One dialog at a time across handlers; UI of the handler's own accord only where the user may be bothered. What the
    /// user asked for himself (an error, the properties) may always be shown.
    fn may_show_dialog(&self, dialog_is_free: bool) -> bool {
        let user_asked = matches!(self.active(), Some(CallMethod::ShowError | CallMethod::ShowProperties));
        dialog_is_free && (user_asked || self.flags.may_bother_user())
    }

    fn has_been_released(&self) -> bool {
        self.end == Some(super::State::Released)
    }
}

fn completion_standing(phase: Phase) -> Standing {
    match phase {
        Phase::Open { held: None } | Phase::Awaiting => Standing::Expected,
        Phase::Open { held: Some(_) } | Phase::Done(_) => Standing::Second,
        Phase::Refused(_) => Standing::AfterRefusal,
        Phase::Idle => Standing::Uninvited,
        Phase::Overdue => Standing::TooLate,
    }
}

impl Session {
    /// The reply to a callback that was applied before, and is only answered now. `standing` is how it stood when it came, and
    /// `first` the reply that it would have had then.
    ///
    /// Whether an item goes on, and whether there is room for a dialog, is asked anew; everything else was decided when it came.
    pub fn reply_later(
        &self,
        handler: HandlerId,
        callback: &Callback,
        standing: Standing,
        wish: Wish,
        first: HResult,
    ) -> HResult {
        let asked_anew = match callback {
            Callback::Progress(_) => true,
            Callback::EnableModeless(args) => args.enable,
            _ => false,
        };
        match self.instance(handler).filter(|_| asked_anew) {
            Some(instance) => instance.reply(callback, standing, wish, self.dialog.is_none()),
            None => first,
        }
    }

    /// How a callback would stand now.
    pub fn standing(&self, handler: HandlerId, callback: &Callback) -> Standing {
        let holds_dialog = self.dialog == Some(handler);
        match self.instance(handler) {
            Some(instance) => instance.standing(callback, holds_dialog),
            None => Standing::NoInterface,
        }
    }

    /// The reply to a callback that has not been applied yet, given what the user or the scenario wants.
    ///
    /// What is out of the protocol is answered E_UNEXPECTED, what is malformed E_INVALIDARG. A cancel is repeated until
    /// the round ends.
    pub fn reply(&self, handler: HandlerId, callback: &Callback, wish: Wish) -> HResult {
        let Some(instance) = self.instance(handler) else { return HResult::E_UNEXPECTED };
        let standing = instance.standing(callback, self.dialog == Some(handler));
        instance.reply(callback, standing, wish, self.dialog.is_none())
    }
}
