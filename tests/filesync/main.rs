//! The built-in handler `filesync`, driven as a manager would, over real folders.

mod copying;
mod enumerating;
mod errors;
mod folders;
mod manager;
mod stopping;
mod trees;
