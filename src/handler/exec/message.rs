//! Messages: their forms, and what is wrong with those that have none.

use serde::Deserialize;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use crate::protocol::{Call, CallMethod, Callback, CallbackMethod, HResult, Out, Thread};

/// JSON-RPC's codes of errors.
const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const METHOD_NOT_FOUND: i32 = -32601;
const INVALID_PARAMS: i32 = -32602;

/// How much of a bad line is shown, in characters.
const EXCERPT: usize = 120;

/// A message of the handler.
#[derive(Debug)]
pub(super) enum Message {
    /// It calls the manager.
    Callback { id: Value, thread: Thread, callback: Box<Callback> },
    /// It answers a call.
    Answer { id: Value, answer: Result<Answer, String> },
}

/// The answer to a call.
#[derive(Debug)]
pub(super) enum Answer {
    /// The result, to be read by its method.
    Result(Value),
    /// An error of JSON-RPC, with its code.
    Error(i64),
}

/// What is wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) what: String,
    code: i32,
    /// Whom to answer: the id, where there is one, of what would be a request.
    id: Option<Value>,
    /// It would be a request, or cannot be told from one.
    asks: bool,
}

impl Bad {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), code: INVALID_REQUEST, id: None, asks: false }
    }

    fn parse(what: impl Into<String>) -> Self {
        Self { code: PARSE_ERROR, asks: true, ..Self::new(what) }
    }

    /// It is a request that cannot be answered in another way.
    pub(super) fn asked(mut self, id: Value) -> Self {
        self.id = Some(id);
        self.asks = true;
        self
    }

    fn code(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    /// The answer that it gets, if any: an answer is not answered.
    pub(super) fn answer(&self) -> Option<String> {
        let id = self.id.clone().unwrap_or(Value::Null);
        let error = json!({ "code": self.code, "message": self.what });
        self.asks.then(|| json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string())
    }
}

/// How a line begins, as text.
pub(super) fn excerpt(line: &[u8]) -> String {
    let begins = &line[..line.len().min(4 * EXCERPT)];
    let text = String::from_utf8_lossy(begins);
    let mut excerpt: String = text.chars().take(EXCERPT).collect();
    if excerpt.len() < text.len() || begins.len() < line.len() {
        excerpt.push('…');
    }
    excerpt
}

/// Reads a line.
pub(super) fn read(line: &[u8]) -> Result<Message, Bad> {
    let text = std::str::from_utf8(line).map_err(|error| Bad::parse(format!("not UTF-8: {error}")))?;
    let value: Value = serde_json::from_str(text).map_err(|error| Bad::parse(format!("not JSON: {error}")))?;
    let Value::Object(mut message) = value else {
        return Err(Bad {
            asks: true,
            ..Bad::new("not an object: a message is one JSON object, and batches are not supported")
        });
    };
    let id = message.shift_remove("id");
    let method = message.shift_remove("method");
    let bad = |what: String| match (&id, &method) {
        (Some(id), Some(_)) => Bad::new(what).asked(id.clone()),
        (_, Some(_)) => Bad { asks: true, ..Bad::new(what) },
        _ => Bad::new(what),
    };
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(bad("\"jsonrpc\" is not \"2.0\"".to_owned()));
    }
    match (method, id.clone()) {
        (Some(Value::String(name)), Some(id @ (Value::String(_) | Value::Number(_)))) => {
            callback(&name, message.shift_remove("params"))
                .map(|(thread, callback)| Message::Callback { id: id.clone(), thread, callback: Box::new(callback) })
                .map_err(|bad| bad.asked(id))
        }
        (Some(Value::String(name)), None) => {
            Err(Bad { asks: false, ..Bad::new(format!("{name} without an id: a callback must be a request")) })
        }
        (Some(Value::String(_)), Some(_)) => {
            Err(Bad { asks: true, ..Bad::new("the id is neither a string nor a number") })
        }
        (Some(_), _) => Err(Bad { asks: true, ..Bad::new("\"method\" is not a string") }),
        (None, Some(id)) => Ok(Message::Answer { id, answer: answer(message) }),
        (None, None) => Err(Bad::new("neither a request nor an answer: \"method\" and \"id\" are missing")),
    }
}

/// Reads a line of a program's standard output as a session does, where it may answer a call of `open`.
///
/// # Errors
/// When it is no message; says what is wrong with it.
pub fn understand(line: &[u8], open: CallMethod) -> Result<(), String> {
    match read(line).map_err(|bad| format!("{}: {}", bad.what, excerpt(line)))? {
        Message::Callback { .. } => Ok(()),
        Message::Answer { answer, .. } => answer.and_then(|answer| answer.returned(open)).map(drop),
    }
}

fn callback(name: &str, params: Option<Value>) -> Result<(Thread, Callback), Bad> {
    let method: CallbackMethod =
        name.parse().map_err(|error| Bad::new(format!("an unknown method: {error}")).code(METHOD_NOT_FOUND))?;
    let wrong = |what: String| Bad::new(format!("params of {method}: {what}")).code(INVALID_PARAMS);
    let mut params = match params {
        None => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => return Err(wrong("not an object".to_owned())),
    };
    let thread = match params.shift_remove("thread") {
        None => Thread::APARTMENT,
        Some(Value::String(name)) if !name.is_empty() => Thread::from(name.as_str()),
        Some(_) => return Err(wrong("thread: expected a name".to_owned())),
    };
    let callback =
        Callback::deserialize_args(method, Value::Object(params)).map_err(|error| wrong(error.to_string()))?;
    Ok((thread, callback))
}

fn answer(mut message: Map<String, Value>) -> Result<Answer, String> {
    match (message.shift_remove("result"), message.shift_remove("error")) {
        (Some(result), None) => Ok(Answer::Result(result)),
        (None, Some(error)) => match error.get("code").and_then(Value::as_i64) {
            Some(code) => Ok(Answer::Error(code)),
            None => Err("\"error\" has no numeric \"code\"".to_owned()),
        },
        _ => Err("an answer has either \"result\" or \"error\"".to_owned()),
    }
}

/// The result of a call.
#[derive(Deserialize)]
struct Returned {
    hr: HResult,
    #[serde(default)]
    args: Out,
}

impl Answer {
    /// What a call of `method` returned. An error stands for a result: E_NOTIMPL of a method that the handler does not
    /// have, else E_FAIL.
    pub(super) fn returned(self, method: CallMethod) -> Result<(HResult, Out), String> {
        match self {
            Self::Result(result) => match Returned::deserialize(result) {
                Ok(Returned { hr, args }) => Ok((hr, args)),
                Err(error) => Err(format!("the result of {method}: {error}")),
            },
            Self::Error(code) if code == i64::from(METHOD_NOT_FOUND) => Ok((HResult::E_NOTIMPL, Out::default())),
            Self::Error(_) => Ok((HResult::E_FAIL, Out::default())),
        }
    }
}

/// A call of the manager, as a line.
pub(super) fn request(id: u64, call: &Call) -> String {
    let args = args(call).unwrap_or_else(|| json!({}));
    json!({ "jsonrpc": "2.0", "id": id, "method": call.method().name(), "params": args }).to_string()
}

/// The arguments as the trace has them.
fn args(call: &Call) -> Option<Value> {
    struct Args<'a>(&'a Call);
    impl Serialize for Args<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            self.0.serialize_args(&mut map)?;
            map.end()
        }
    }
    match serde_json::to_value(Args(call)).ok()? {
        Value::Object(mut whole) => whole.shift_remove("args"),
        _ => None,
    }
}

/// The reply to a callback, as a line.
pub(super) fn reply(id: &Value, hr: HResult) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "result": { "hr": hr } }).to_string()
}
