//! What a line can go on with.

use super::breakpoint;
use super::command::{COMMANDS, Command, find};

/// The words that depend on the session.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    /// Items: short names and names.
    pub(super) items: Vec<String>,
    /// Errors that can be shown.
    pub(super) errors: Vec<String>,
    /// The numbers of the breakpoints.
    pub(super) breakpoints: Vec<String>,
}

/// Where the word that is completed begins, and what it can become.
pub(super) fn candidates(line: &str, words: &Words) -> (usize, Vec<String>) {
    let Some((first, rest)) = line.trim_start().split_once(char::is_whitespace) else {
        let start = line.len() - line.trim_start().len();
        let names = COMMANDS.iter().map(|entry| format!("{} ", entry.name));
        return (start, that_begin(&line[start..], names));
    };
    let rest = rest.trim_start();
    let start = line.len() - rest.len();
    let Ok(entry) = find(first) else { return (start, Vec::new()) };
    let all: Vec<String> = match entry.command {
        Command::Break => breakpoint::words(),
        Command::Delete => words.breakpoints.iter().cloned().chain(["all".to_owned()]).collect(),
        Command::Skip => words.items.clone(),
        Command::Cancel => words.items.iter().cloned().chain(["all".to_owned()]).collect(),
        Command::Reply => vec!["refuse-dialog".to_owned(), "fail-connection".to_owned()],
        Command::Show => {
            let errors = words.errors.iter().map(|error| format!("error {error}"));
            let properties = words.items.iter().map(|item| format!("properties {item}"));
            let fixed = ["error first".to_owned(), "properties handler".to_owned()];
            errors.chain(properties).chain(fixed).collect()
        }
        Command::Help => COMMANDS.iter().map(|entry| entry.name.to_owned()).collect(),
        _ => Vec::new(),
    };
    (start, that_begin(rest, all.into_iter()))
}

fn that_begin(beginning: &str, words: impl Iterator<Item = String>) -> Vec<String> {
    let beginning = beginning.to_lowercase();
    words.filter(|word| word.to_lowercase().starts_with(&beginning)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_rules_states_and_items_are_completed() {
        let words = Words { items: vec!["B".to_owned(), "My Pictures".to_owned()], ..Words::default() };
        assert_eq!(candidates("cont", &words), (0, vec!["continue ".to_owned()]));
        assert_eq!(candidates("b sync-04", &words), (2, vec!["SYNC-04".to_owned()]));
        assert_eq!(candidates("break synchronize-r", &words), (6, vec!["synchronize-returned".to_owned()]));
        assert_eq!(candidates("skip my p", &words), (5, vec!["My Pictures".to_owned()]));
        assert_eq!(candidates("cancel a", &words), (7, vec!["all".to_owned()]));
        assert_eq!(candidates("nonsense a", &words), (9, Vec::new()));
    }
}
