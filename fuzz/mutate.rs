//! Makes new inputs of the samples: as bytes, as lines, as words, and as JSON values.

use serde_json::{Map, Value};

use crate::random::Random;

/// Hardly any input is longer, in bytes.
pub const LONGEST: usize = 96 << 10;

/// How many times as long an input with very many repetitions may be.
pub const MOST_TIMES: usize = 4;

/// What programs often stumble over.
const WORDS: [&str; 34] = [
    "0",
    "-1",
    "1",
    "2",
    "255",
    "65535",
    "65536",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "1e308",
    "-0.0",
    "9223372036854775807",
    "null",
    "true",
    "\"\"",
    "\"A\"",
    "\"B\"",
    "\"Z\"",
    "\"S_OK\"",
    "\"10h\"",
    "\"999999999999h\"",
    "\"{00000000-0000-0000-0000-000000000000}\"",
    "\u{feff}",
    "\u{202e}",
    "\u{1b}[2J",
    "::error::x",
    "##[error]x",
    "\u{0}",
    "\r\n",
    "\\ud800",
    "{}",
    "[]",
    "\u{85}",
];

/// The samples that inputs are made of, and the words that occur in them.
pub struct Samples {
    samples: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
    keys: Vec<String>,
    values: Vec<Value>,
}

impl Samples {
    pub fn new(samples: Vec<Vec<u8>>) -> Self {
        let (mut words, mut keys, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for sample in &samples {
            let text = String::from_utf8_lossy(sample);
            words.extend(text.split(|c: char| !c.is_alphanumeric() && c != '_').map(|word| word.as_bytes().to_vec()));
            for document in documents(&text) {
                collect(&document, &mut keys, &mut values);
            }
        }
        words.extend(WORDS.map(|word| word.as_bytes().to_vec()));
        words.sort();
        words.dedup();
        keys.sort();
        keys.dedup();
        values.extend(WORDS.iter().filter_map(|word| serde_json::from_str(word).ok()));
        values.extend(WORDS.map(Value::from));
        Self { samples, words, keys, values }
    }

    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// The sample itself, for the first numbers, so that all are tried; then something made of them.
    pub fn input(&self, nth: u64, random: &mut Random) -> Vec<u8> {
        if let Some(sample) = usize::try_from(nth).ok().and_then(|nth| self.samples.get(nth)) {
            return sample.clone();
        }
        let mut input = random.choose(&self.samples).cloned().unwrap_or_default();
        for _ in 0..=random.below(4) {
            input = match random.below(4) {
                0 => self.as_bytes(input, random),
                1 => self.as_lines(&input, random),
                _ => self.as_json(input, random),
            };
        }
        input.truncate(if random.one_in(64) { MOST_TIMES * LONGEST } else { LONGEST });
        input
    }

    fn word(&self, random: &mut Random) -> Vec<u8> {
        random.choose(&self.words).cloned().unwrap_or_default()
    }

    fn as_bytes(&self, mut input: Vec<u8>, random: &mut Random) -> Vec<u8> {
        let range = random.range(input.len());
        let new = match random.below(9) {
            0 => Vec::new(),
            1 => self.word(random),
            2 => input[range.clone()].repeat(1 + random.below(3)),
            // Now and then something is very long, or very deep.
            3 if random.one_in(8) => input[range.clone()].repeat(very_many(range.len(), random)),
            3 if random.one_in(4) => b"[".repeat(random.below(20_000)),
            4 => {
                let other = random.choose(&self.samples).map(Vec::as_slice).unwrap_or_default();
                other[random.range(other.len())].to_vec()
            }
            5 => vec![random.next() as u8],
            6 => {
                let mut flipped = input[range.clone()].to_vec();
                flipped.iter_mut().take(4).for_each(|byte| *byte ^= 1 << random.below(8));
                flipped
            }
            7 => {
                input.truncate(range.start);
                return input;
            }
            _ => WORDS[random.below(WORDS.len())].as_bytes().to_vec(),
        };
        input.splice(range, new);
        input
    }

    fn as_lines(&self, input: &[u8], random: &mut Random) -> Vec<u8> {
        let mut lines: Vec<Vec<u8>> = input.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let (at, to) = (random.below(lines.len()), random.below(lines.len()));
        match random.below(6) {
            0 => drop(lines.remove(at)),
            1 => lines.swap(at, to),
            2 => {
                let line = lines[at].clone();
                let many = if random.one_in(16) { very_many(line.len(), random) } else { 1 };
                lines.splice(to..to, std::iter::repeat_n(line, many));
            }
            3 => {
                let other = random.choose(&self.samples).map(Vec::as_slice).unwrap_or_default();
                let others: Vec<&[u8]> = other.split(|byte| *byte == b'\n').collect();
                lines.insert(at, random.choose(&others).map(|line| line.to_vec()).unwrap_or_default());
            }
            4 => lines[at] = self.swap_word(&lines[at], random),
            _ => lines[at] = self.as_bytes(std::mem::take(&mut lines[at]), random),
        }
        lines.join(&b'\n')
    }

    /// Another word in the place of one.
    fn swap_word(&self, line: &[u8], random: &mut Random) -> Vec<u8> {
        let mut words: Vec<Vec<u8>> = line.split(|byte| *byte == b' ').map(<[u8]>::to_vec).collect();
        let at = random.below(words.len());
        words[at] = self.word(random);
        words.join(&b' ')
    }

    /// Changes a value of the document, or of a line where each is a document.
    fn as_json(&self, input: Vec<u8>, random: &mut Random) -> Vec<u8> {
        if let Ok(mut document) = serde_json::from_slice(&input) {
            self.change(&mut document, random);
            return serde_json::to_vec_pretty(&document).unwrap_or(input);
        }
        let mut lines: Vec<Vec<u8>> = input.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let at = random.below(lines.len());
        let Ok(mut document) = serde_json::from_slice(&lines[at]) else { return self.as_lines(&input, random) };
        self.change(&mut document, random);
        lines[at] = serde_json::to_vec(&document).unwrap_or_default();
        lines.join(&b'\n')
    }

    fn value(&self, random: &mut Random) -> Value {
        random.choose(&self.values).cloned().unwrap_or_default()
    }

    fn change(&self, value: &mut Value, random: &mut Random) {
        let deeper = !random.one_in(4);
        match value {
            Value::Object(members) if deeper && !members.is_empty() => {
                let at = random.below(members.len());
                if let Some((_, member)) = members.iter_mut().nth(at) {
                    self.change(member, random);
                }
            }
            Value::Array(elements) if deeper && !elements.is_empty() => {
                let at = random.below(elements.len());
                self.change(&mut elements[at], random);
            }
            Value::Object(members) => self.change_members(members, random),
            Value::Array(elements) => {
                let at = random.below(elements.len() + 1);
                match random.below(4) {
                    0 if at < elements.len() => drop(elements.remove(at)),
                    1 if at < elements.len() => {
                        let element = elements[at].clone();
                        let size = element.to_string().len();
                        let many = if random.one_in(16) { very_many(size, random) } else { 1 };
                        elements.splice(at..at, std::iter::repeat_n(element, many));
                    }
                    2 if at < elements.len() => {
                        let to = random.below(elements.len());
                        elements.swap(at, to);
                    }
                    _ => elements.insert(at, self.value(random)),
                }
            }
            Value::String(text) if random.one_in(2) => {
                let bytes = self.as_bytes(std::mem::take(text).into_bytes(), random);
                *text = String::from_utf8_lossy(&bytes).into_owned();
            }
            other => *other = self.value(random),
        }
    }

    fn change_members(&self, members: &mut Map<String, Value>, random: &mut Random) {
        let key = members.keys().nth(random.below(members.len())).cloned().unwrap_or_default();
        match random.below(4) {
            0 => drop(members.remove(&key)),
            1 => {
                let value = members.remove(&key).unwrap_or_default();
                members.insert(random.choose(&self.keys).cloned().unwrap_or_default(), value);
            }
            2 => drop(members.insert(key, self.value(random))),
            _ => drop(members.insert(random.choose(&self.keys).cloned().unwrap_or_default(), self.value(random))),
        }
    }
}

/// How often something of that size is repeated, so that it stays below a MiB.
fn very_many(size: usize, random: &mut Random) -> usize {
    1 + random.below((1 << 20) / (size + 1)).min(20_000)
}

/// The document, or those of the lines.
fn documents(text: &str) -> Vec<Value> {
    match serde_json::from_str(text) {
        Ok(document) => vec![document],
        Err(_) => text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
    }
}

fn collect(value: &Value, keys: &mut Vec<String>, values: &mut Vec<Value>) {
    // A large one in a small place is rarely of use.
    if value.to_string().len() < 500 {
        values.push(value.clone());
    }
    match value {
        Value::Object(members) => {
            keys.extend(members.keys().cloned());
            members.values().for_each(|member| collect(member, keys, values));
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, keys, values)),
        _ => {}
    }
}
