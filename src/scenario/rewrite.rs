//! Writes new expectations into a scenario file, and leaves the rest of the file as somebody wrote it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use serde_json::value::RawValue;

use super::expectation::Expect;
use super::write::member;
use crate::json::{self, files};
use crate::protocol::plain_path;

/// A scenario file cannot be rewritten.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: cannot be rewritten: {why}", plain_path(file))]
pub struct RewriteError {
    /// The file.
    pub file: PathBuf,
    /// What stands in the way.
    pub why: String,
}

/// Replaces what a scenario file expects. Members that say the same as before stay as they are written.
///
/// # Errors
/// When the file cannot be read, is not a scenario any more, or cannot be written. It is then as it was.
pub fn rewrite(file: &Path, expect: &Expect) -> Result<(), RewriteError> {
    let failure = |why: &dyn std::fmt::Display| RewriteError { file: file.to_owned(), why: why.to_string() };
    let text = fs::read_to_string(file).map_err(|error| failure(&error))?;
    let new = rewritten(&text, expect).map_err(|error| failure(&error))?;
    files::write_whole(file, new.as_bytes()).map_err(|error| failure(&error))
}

fn rewritten(text: &str, expect: &Expect) -> serde_json::Result<String> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(json::without_mark(text))?;
    let old = members.get("expect").map(|value| value.get());
    let block = block(old, &serde_json::to_value(expect)?)?;
    if let Some(old) = old {
        // It is a part of the text.
        let from = (old.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        return Ok(format!("{}{block}{}", &text[..from], &text[from + old.len()..]));
    }
    let end = text.rfind('}').unwrap_or(text.len());
    let before = text[..end].trim_end();
    Ok(format!("{before},\n  \"expect\": {block}\n{}", &text[end..]))
}

/// The value of `expect`, as it stands in the file.
fn block(old: Option<&str>, new: &Value) -> serde_json::Result<String> {
    let old: BTreeMap<String, &RawValue> = old.map(serde_json::from_str).transpose()?.unwrap_or_default();
    let Value::Object(members) = new else { return Ok(new.to_string()) };
    if members.is_empty() {
        return Ok("{}".to_owned());
    }
    let mut lines = Vec::new();
    for (name, value) in members {
        let written = match old.get(name) {
            Some(old) if serde_json::from_str::<Value>(old.get())? == *value => old.get().to_owned(),
            _ => member(value, 4),
        };
        lines.push(format!("    {}: {written}", Value::from(name.as_str())));
    }
    Ok(format!("{{\n{}\n  }}", lines.join(",\n")))
}

#[cfg(test)]
mod tests {
    use super::rewritten;
    use crate::protocol::{HResult, Outcome};
    use crate::scenario::{Expect, ExpectFindings};

    fn expect() -> Expect {
        Expect {
            outcome: Some(Outcome::Completed(HResult::S_OK)),
            items: [("A".to_owned(), None)].into(),
            findings: Some(ExpectFindings::Exactly(vec!["SYNC-04".to_owned()])),
            ..Expect::default()
        }
    }

    #[test]
    fn what_is_not_expected_stays_as_it_is_written() {
        let text = "{ \"title\":   \"x\",\n\t\"expect\": {\"items\": {\"A\":null},\n \"outcome\": \"declined with S_FALSE\"},\n  \"seed\": 3 }\n";
        let new = "{ \"title\":   \"x\",\n\t\"expect\": {\n    \"outcome\": \"completed with S_OK\",\n    \"items\": {\"A\":null},\n    \"findings\": [\"SYNC-04\"]\n  },\n  \"seed\": 3 }\n";
        assert_eq!(rewritten(text, &expect()).unwrap(), new);
        assert_eq!(rewritten(new, &expect()).unwrap(), new, "a second time changes nothing");
    }

    #[test]
    fn expectations_are_added_at_the_end() {
        let text = "{\n  \"title\": \"}\"\n}\n";
        let new = rewritten(text, &expect()).unwrap();
        assert!(new.starts_with("{\n  \"title\": \"}\",\n  \"expect\": {\n    \"outcome\""), "{new}");
        assert!(new.ends_with("\n  }\n}\n"), "{new}");
        serde_json::from_str::<serde_json::Value>(&new).unwrap();
    }
}
