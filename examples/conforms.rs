//! The test that a handler's author has: one line.
//!
//! ```sh
//! cargo test --example conforms
//! ```

#[path = "notes/mod.rs"]
mod notes;

use mobsync::conform::assert_conforms;

#[test]
fn notes_break_no_rule() {
    assert_conforms(notes::Notes);
}

/// As `cargo run --example conforms` it is the same.
fn main() {
    assert_conforms(notes::Notes);
    println!("Notes breaks no rule.");
}
