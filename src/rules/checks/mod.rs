//! The checks, one file per family. Each reads the session machine for what is legal, and its own notes for the rest.

pub(super) mod comparison;
pub(super) mod completion;
pub(super) mod connections;
pub(super) mod description;
pub(super) mod dialogs;
pub(super) mod enumeration;
pub(super) mod errors;
pub(super) mod instances;
pub(super) mod life;
pub(super) mod manager;
pub(super) mod native;
pub(super) mod progress;
pub(super) mod registration;
pub(super) mod results;
pub(super) mod stopping;
pub(super) mod wire;
