//! Every rule in the catalogue's order, and under its own name.

use super::{dialogs_and_errors, enumeration, progress, session_opening, surroundings, synchronization};
use crate::rules::Rule;

/// A group of rules about one thing; its word is the first part of their codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// The word, e.g. `SYNC`.
    pub word: &'static str,
    /// What the rules are about.
    pub title: &'static str,
}

impl Family {
    /// The family's rules, in the catalogue's order.
    pub fn rules(self) -> impl Iterator<Item = &'static Rule> {
        RULES.iter().filter(move |rule| rule.family() == self.word)
    }
}

macro_rules! table {
    ($( $family:ident $title:literal $module:ident: $($id:ident)+; )+) => {
        /// The rules' places, in the catalogue's order.
        #[allow(non_camel_case_types, reason = "the variants are the rules' codes")]
        enum RuleIndex { $($( $id ),+),+ }

        /// Every rule, in the catalogue's order.
        pub static RULES: &[Rule] = &[$($( Rule { index: RuleIndex::$id as usize, ..$module::$id } ),+),+];

        /// Every family, in the catalogue's order.
        pub static FAMILIES: &[Family] = &[$( Family { word: stringify!($family), title: $title } ),+];

        /// Each rule under its code, so that a check names its rule at compile time.
        ///
        /// ```
        /// use mobsync::rules::codes;
        /// assert_eq!(codes::SYNC_04.code, "SYNC-04");
        /// ```
        pub mod codes {
            use crate::rules::Rule;

            $($(
                #[doc = concat!("The rule `", stringify!($id), "` of [`RULES`](super::RULES).")]
                pub static $id: &Rule = super::named(super::RULES, stringify!($id));
            )+)+
        }
    };
}

table! {
    RET "Results" session_opening: RET_01 RET_02;
    INIT "Initialize" session_opening: INIT_01 INIT_02 INIT_03 INIT_04 INIT_05 INIT_06 INIT_07;
    INFO "Handler information" session_opening: INFO_01 INFO_02 INFO_03 INFO_04 INFO_05 INFO_06 INFO_07;
    ENUM "Enumeration" enumeration: ENUM_01 ENUM_02 ENUM_03 ENUM_04 ENUM_05 ENUM_06 ENUM_07 ENUM_08 ENUM_09
        ENUM_10;
    ITEM "Items" enumeration: ITEM_01 ITEM_02 ITEM_03 ITEM_04 ITEM_05 ITEM_06 ITEM_07 ITEM_08 ITEM_09
        ITEM_10;
    OBJ "Item objects" enumeration: OBJ_01;
    CB "Lifetime of the callback interface" synchronization: CB_01 CB_02 CB_03 CB_04 CB_05 CB_06 CB_07 CB_08;
    PREP "Prepare phase" synchronization: PREP_01 PREP_02 PREP_03 PREP_04 PREP_05 PREP_06 PREP_07 PREP_08;
    SYNC "Synchronize phase" synchronization: SYNC_01 SYNC_02 SYNC_03 SYNC_04 SYNC_05 SYNC_06 SYNC_07 SYNC_08 SYNC_09
        SYNC_10 SYNC_11 SYNC_12 SYNC_13;
    PROG "Progress" progress: PROG_01 PROG_02 PROG_03 PROG_04 PROG_05 PROG_06 PROG_07 PROG_08 PROG_09
        PROG_10 PROG_11;
    STOP "Cancels and skips" progress: STOP_01 STOP_02 STOP_03 STOP_04 STOP_05 STOP_06 STOP_07;
    MODE "Dialogs" dialogs_and_errors: MODE_01 MODE_02 MODE_03 MODE_04 MODE_05;
    LOG "Error log" dialogs_and_errors: LOG_01 LOG_02 LOG_03 LOG_04 LOG_05 LOG_06 LOG_07 LOG_08 LOG_09 LOG_10;
    ERRS "Showing errors" dialogs_and_errors: ERRS_01 ERRS_02 ERRS_03 ERRS_04 ERRS_05 ERRS_06 ERRS_07 ERRS_08
        ERRS_09;
    PROP "Properties" surroundings: PROP_01 PROP_02 PROP_03 PROP_04 PROP_05;
    CONN "Connections" surroundings: CONN_01 CONN_02;
    COM "COM" surroundings: COM_01 COM_02 COM_03 COM_04 COM_05 COM_06 COM_07 COM_08 COM_09 COM_10;
    APT "Apartments" surroundings: APT_01;
    LIFE "Behaviour in any session" surroundings: LIFE_01 LIFE_02 LIFE_03 LIFE_04 LIFE_05 LIFE_06 LIFE_07;
    WIRE "Wire protocol" surroundings: WIRE_01;
    REGI "Registration and invocation" surroundings: REGI_01 REGI_02 REGI_03 REGI_04 REGI_05 REGI_06;
}

/// The rule whose code is `id` with a dash for the underscore. Evaluated by the compiler: an `id` without its rule does
/// not compile.
const fn named(rules: &'static [Rule], id: &str) -> &'static Rule {
    let mut at = 0;
    while at < rules.len() {
        if is_code(id.as_bytes(), rules[at].code.as_bytes()) {
            return &rules[at];
        }
        at += 1;
    }
    panic!("a rule's constant does not have the name of its code");
}

const fn is_code(id: &[u8], code: &[u8]) -> bool {
    let mut at = 0;
    while at < id.len() && at < code.len() {
        let expected = if id[at] == b'_' { b'-' } else { id[at] };
        if code[at] != expected {
            return false;
        }
        at += 1;
    }
    id.len() == code.len()
}
