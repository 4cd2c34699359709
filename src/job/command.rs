//! Commands as a user writes them in one line: taken apart, and put together.

use std::borrow::Cow;

use crate::protocol::{is_escaped, plain};

/// The words of a command, which is taken apart as a POSIX shell does, and on Windows as a program takes its command line apart:
/// there a backslash belongs to a path, and `'` is a sign like any other.
///
/// # Errors
/// What is wrong with it.
pub(super) fn words(command: &str) -> Result<Vec<String>, String> {
    if cfg!(windows) {
        words_on_windows(command)
    } else {
        shell_words::split(command).map_err(|error| error.to_string())
    }
}

/// The words of a command by the rules of Windows' own command lines, of which [`quoted_on_windows`] is the other direction.
fn words_on_windows(command: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), None::<String>, false);
    let mut signs = command.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            ' ' | '\t' | '\n' | '\r' if !is_quoted => words.extend(word.take()),
            '"' => {
                let word = word.get_or_insert_default();
                // Within quotation marks, two stand for one.
                if is_quoted && signs.next_if_eq(&'"').is_some() {
                    word.push('"');
                } else {
                    is_quoted = !is_quoted;
                }
            }
            '\\' => {
                let mut many = 1;
                while signs.next_if_eq(&'\\').is_some() {
                    many += 1;
                }
                let word = word.get_or_insert_default();
                // In front of a quotation mark, and only there, two stand for one; another one takes the mark's meaning away.
                let is_before_mark = signs.peek() == Some(&'"');
                word.push_str(&"\\".repeat(if is_before_mark { many / 2 } else { many }));
                if is_before_mark && many % 2 == 1 {
                    signs.next();
                    word.push('"');
                }
            }
            sign => word.get_or_insert_default().push(sign),
        }
    }
    words.extend(word);
    if is_quoted { Err("missing closing quote".to_owned()) } else { Ok(words) }
}

/// The command of these words, which `words` takes apart again.
pub fn command_of(words: &[String]) -> String {
    if cfg!(windows) {
        words.iter().map(|word| quoted_on_windows(word)).collect::<Vec<_>>().join(" ")
    } else {
        shell_words::join(words)
    }
}

/// A word as the shells of this system take it.
pub fn quoted(word: &str) -> Cow<'_, str> {
    if cfg!(windows) { quoted_on_windows(word) } else { quoted_for_posix(word) }
}

/// A word as cmd and PowerShell pass it on, and as a program of Windows reads it. Signs that mean something within quotation marks
/// differ between the two (`%`, `$` and the backtick): such a word may have to be changed by hand.
fn quoted_on_windows(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./\\:=+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Cow::Borrowed(word);
    }
    let mut text = String::from("\"");
    let mut backslashes = 0;
    // No name on Windows has what would act on a terminal; nothing else may have it either.
    for c in plain(word).chars() {
        match c {
            '\\' => backslashes += 1,
            // In front of a quotation mark each backslash stands twice.
            '"' => text.push_str(&"\\".repeat(std::mem::take(&mut backslashes) + 1)),
            _ => backslashes = 0,
        }
        text.push(c);
    }
    text.push_str(&"\\".repeat(backslashes));
    text.push('"');
    Cow::Owned(text)
}

/// A word as a POSIX shell takes it.
fn quoted_for_posix(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        Cow::Borrowed(word)
    } else if word.contains(is_escaped) {
        // The command stands in a report: nothing in it acts on a terminal, and a shell still reads the same word.
        let mut text = String::from("$'");
        for c in word.chars() {
            match c {
                '\\' | '\'' => text.extend(['\\', c]),
                c if is_escaped(c) => {
                    c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| text += &format!("\\x{byte:02x}"))
                }
                c => text.push(c),
            }
        }
        Cow::Owned(text + "'")
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_as_a_posix_shell_reads_them() {
        assert_eq!(quoted_for_posix("a/b.json"), "a/b.json");
        assert_eq!(quoted_for_posix("my handler.json"), "'my handler.json'");
        assert_eq!(quoted_for_posix("it's"), r"'it'\''s'");
        assert_eq!(quoted_for_posix("$(rm)"), "'$(rm)'");
        assert_eq!(quoted_for_posix(""), "''");
        assert_eq!(quoted_for_posix("a\n\u{1b}'\\b\u{9b}"), r"$'a\x0a\x1b\'\\b\xc2\x9b'");
    }

    #[test]
    fn words_are_quoted_as_programs_of_windows_read_them() {
        assert_eq!(quoted_on_windows(r"C:\a\b.dll"), r"C:\a\b.dll");
        assert_eq!(quoted_on_windows(r"C:\a b\"), r#""C:\a b\\""#);
        assert_eq!(quoted_on_windows("{6D6F6273-796E}"), r#""{6D6F6273-796E}""#);
        assert_eq!(quoted_on_windows(r#"a "b\" c"#), r#""a \"b\\\" c""#);
        assert_eq!(quoted_on_windows("it's"), r#""it's""#);
        assert_eq!(quoted_on_windows(""), r#""""#);
    }

    #[test]
    fn a_command_is_taken_apart_as_it_was_put_together() {
        for command in
            [&["a b", "it's", r"C:\a b\", "", r#"say \"so""#][..], &["python3", "folders.py", "left=right"], &[r#"\""#]]
        {
            let command: Vec<String> = command.iter().map(|&word| word.to_owned()).collect();
            assert_eq!(words(&command_of(&command)), Ok(command.clone()));
            let on_windows: Vec<_> = command.iter().map(|word| quoted_on_windows(word)).collect();
            assert_eq!(words_on_windows(&on_windows.join(" ")), Ok(command));
        }
    }

    #[test]
    fn words_are_taken_apart_as_programs_of_windows_do_it() {
        let split = |command| words_on_windows(command).map(|words| words.join("|"));
        assert_eq!(
            split("C:\\new\\handler.exe \t one \"two three\""),
            Ok(r"C:\new\handler.exe|one|two three".to_owned())
        );
        assert_eq!(split(r#"a"b c"d "" 'e f'"#), Ok("ab cd||'e|f'".to_owned()));
        assert_eq!(split(r#""a""b" a\"b a\\"b c""#), Ok(r#"a"b|a"b|a\b c"#.to_owned()));
        assert_eq!(split("  "), Ok(String::new()));
        assert_eq!(split("\"a"), Err("missing closing quote".to_owned()));
    }
}
