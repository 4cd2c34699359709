//! What is wrong with a file, in the words of JSON instead of serde's, which are maps, variants and `u32`.

use crate::protocol::nearest;

/// The message for a value that is not what it should be.
pub(crate) fn reworded(why: &str) -> String {
    if let Some((kind, found)) = ["invalid type: ", "invalid value: ", "invalid length "]
        .iter()
        .find_map(|kind| why.strip_prefix(kind).map(|rest| (*kind, rest)))
        && let Some((found, expected)) = found.rsplit_once(", expected ")
    {
        let found = if kind == "invalid length " { format!("a list of {found}") } else { value(found) };
        return format!("expected {}, found {found}", kind_of(expected));
    }
    if let Some((given, expected)) = unknown(why) {
        let names: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        return not_among(if why.starts_with("unknown field") { "field" } else { "name" }, given, &names);
    }
    if let Some(field) = why.strip_prefix("missing field ") {
        return format!("the field {field} is missing");
    }
    if let Some(field) = why.strip_prefix("duplicate field ") {
        return format!("{field} is given twice");
    }
    why.to_owned()
}

/// The message for a name that is none of those that can stand there.
pub(crate) fn unknown_name(given: &str, names: &[&str]) -> String {
    not_among("name", given, names)
}

fn not_among(what: &str, given: &str, names: &[&str]) -> String {
    let there_is = names.join(", ");
    match (names, nearest(given, names.iter().copied())) {
        ([], _) => format!("unknown {what} `{given}`; no {what} is allowed here"),
        ([_], Some(near)) => format!("unknown {what} `{given}`; did you mean `{near}`?"),
        ([only], None) => format!("unknown {what} `{given}`; expected `{only}`"),
        (_, Some(near)) => format!("unknown {what} `{given}`; did you mean `{near}`? Expected one of: {there_is}"),
        (_, None) => format!("unknown {what} `{given}`; expected one of: {there_is}"),
    }
}

/// The message for a text that is no JSON.
pub(super) fn syntax(why: &str) -> String {
    match why {
        "EOF while parsing a value"
        | "EOF while parsing a list"
        | "EOF while parsing an object"
        | "EOF while parsing a string" => {
            format!("not JSON: the file ends in the middle of {}", &why["EOF while parsing ".len()..])
        }
        _ => format!("not JSON: {why}"),
    }
}

/// What an unknown field or variant is called in the file, and the list of those that are known.
pub(super) fn unknown(why: &str) -> Option<(&str, &str)> {
    let rest = why.strip_prefix("unknown field `").or_else(|| why.strip_prefix("unknown variant `"))?;
    rest.split_once("`, expected ").or_else(|| rest.split_once("`, there are no "))
}

/// The name that stands in the file at an error's place: of an unknown field or variant, or of one that is given twice.
pub(super) fn name_in_file(why: &str) -> Option<&str> {
    let twice = || why.strip_prefix("duplicate field `")?.strip_suffix('`');
    unknown(why).map(|(given, _)| given).or_else(twice)
}

/// A value that was found.
fn value(found: &str) -> String {
    match found {
        "map" => "an object".to_owned(),
        "sequence" => "a list".to_owned(),
        "unit variant" => "only a name".to_owned(),
        _ => {
            let number =
                ["integer `", "floating point `", "boolean `"].iter().find_map(|kind| found.strip_prefix(kind));
            match (number, found.strip_prefix("string ")) {
                (Some(number), _) => number.trim_end_matches('`').to_owned(),
                (None, Some(text)) => format!("the text {text}"),
                (None, None) => found.to_owned(),
            }
        }
    }
}

/// What was expected.
fn kind_of(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "a map" => "an object",
        "a string" | "a borrowed string" => "a text",
        "a boolean" => "true or false",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" => "a whole number, not negative",
        "i32" => "a whole number from -2147483648 to 2147483647",
        "newtype variant" => "an object with the name as its key, such as {\"wait\": \"5ms\"}",
        _ if expected.starts_with("struct ") => "an object",
        _ if expected.starts_with("enum ") => "an object with one key, such as {\"wait\": \"5ms\"}",
        _ => expected,
    }
}

#[cfg(test)]
mod tests {
    use super::reworded;

    #[test]
    fn serde_s_words_become_those_of_json() {
        let cases = [
            ("invalid type: map, expected a sequence", "expected a list, found an object"),
            (
                "invalid type: string \"1\", expected u32",
                "expected a whole number from 0 to 4294967295, found the text \"1\"",
            ),
            ("invalid value: integer `-1`, expected u16", "expected a whole number from 0 to 65535, found -1"),
            ("invalid type: null, expected struct Script", "expected an object, found null"),
            ("missing field `kind`", "the field `kind` is missing"),
            ("duplicate field `name`", "`name` is given twice"),
            ("unknown variant `scripts`, expected `script`", "unknown name `scripts`; did you mean `script`?"),
            ("unknown variant `com`, expected `script`", "unknown name `com`; expected `script`"),
            (
                "unknown field `itmes`, expected one of `items`, `flags`",
                "unknown field `itmes`; did you mean `items`? Expected one of: items, flags",
            ),
            (
                "unknown field `zzzzzz`, expected one of `items`, `flags`",
                "unknown field `zzzzzz`; expected one of: items, flags",
            ),
        ];
        for (serde, ours) in cases {
            assert_eq!(reworded(serde), ours);
        }
    }
}
