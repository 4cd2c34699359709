//! The faults that only native handlers have, each a switch in `fixtures/handlers/cpp/notebook.cpp`, and what only looks like one.

/// A rule, what its bugs do, and what looks as if it broke the rule.
pub struct Mutants {
    /// The rule.
    pub rule: &'static str,
    /// What each does, whose switch is `RULE_NUMBER`.
    pub bugs: &'static [&'static str],
    /// What looks like one and is none.
    pub near: &'static str,
}

/// All of them.
pub const MUTANTS: [Mutants; 27] = [
    Mutants {
        rule: "INFO-02",
        bugs: &["It comes from malloc.", "It is a variable of the library."],
        near: "The block is moved by CoTaskMemRealloc, and larger than it needs to be.",
    },
    Mutants {
        rule: "INFO-03",
        bugs: &["cbSize is 0.", "cbSize is the size of a pointer."],
        near: "The structure is the head of a larger one of the handler's own.",
    },
    Mutants {
        rule: "INFO-05",
        bugs: &["The name fills the field with one letter.", "The name is one unit too long."],
        near: "The name is as long as it can be.",
    },
    Mutants {
        rule: "ENUM-04",
        bugs: &["Next refuses a single item without the count.", "Next without the count delivers, and says S_FALSE."],
        near: "Next without the count refuses more than one item with E_POINTER.",
    },
    Mutants {
        rule: "ITEM-01",
        bugs: &["cbSize is 0.", "cbSize is that of a structure without its last field."],
        near: "Behind the end of the name the field is full of letters.",
    },
    Mutants {
        rule: "ITEM-06",
        bugs: &["No name has an end.", "The name of one item has no end."],
        near: "The name of one item is as long as it can be.",
    },
    Mutants {
        rule: "CB-01",
        bugs: &["It keeps the callback without a reference.", "It takes its reference when it prepares."],
        near: "Its reference comes from QueryInterface.",
    },
    Mutants {
        rule: "CB-02",
        bugs: &["It keeps the old callback when a new one comes.", "It keeps it when the same one comes again."],
        near: "It gives the old callback back before it takes the new one.",
    },
    Mutants {
        rule: "CB-03",
        bugs: &["It keeps the callback at NULL and at its end.", "A worker keeps its reference."],
        near: "It takes two references, and gives both back.",
    },
    Mutants {
        rule: "CB-04",
        bugs: &[
            "It gives its reference back when it synchronizes.",
            "It gives its reference back for the time of a LogError.",
        ],
        near: "The workers rely on the handler's reference.",
    },
    Mutants {
        rule: "CB-05",
        bugs: &["At NULL it releases twice.", "A worker releases twice."],
        near: "It takes a reference for the time of each report.",
    },
    Mutants {
        rule: "PROG-01",
        bugs: &["cbSize is 0.", "cbSize is too large, once."],
        near: "The mask names nothing but the status.",
    },
    Mutants {
        rule: "PROG-03",
        bugs: &["The mask names a text that is NULL.", "It does so when an item succeeded."],
        near: "The text goes nowhere, and the mask does not name it.",
    },
    Mutants {
        rule: "STOP-04",
        bugs: &[
            "SetItemStatus takes the lock that a worker holds while it calls back.",
            "SetItemStatus waits until the worker has stopped.",
        ],
        near: "SetItemStatus takes a lock that nobody holds while he calls back.",
    },
    Mutants {
        rule: "LOG-03",
        bugs: &["cbSize is 0.", "cbSize is too large."],
        near: "The item is there, and the mask does not name it.",
    },
    Mutants {
        rule: "COM-01",
        bugs: &["IUnknown is another object each time.", "IUnknown is another object the third time."],
        near: "IUnknown is another pointer than the interface, always the same.",
    },
    Mutants {
        rule: "COM-02",
        bugs: &["It loses its interface while it is in use.", "It loses IUnknown when it is much in use."],
        near: "IUnknown leads to the interface, and back, though they are two pointers.",
    },
    Mutants {
        rule: "COM-03",
        bugs: &["It has every interface.", "What it has not, it has not implemented."],
        near: "Asked without a place for the answer, it says E_INVALIDARG.",
    },
    Mutants {
        rule: "COM-04",
        bugs: &["It keeps a reference on itself.", "A worker keeps one on it."],
        near: "While it prepares, it takes a reference on itself.",
    },
    Mutants {
        rule: "COM-05",
        bugs: &["It has every class.", "A class that it has not is E_FAIL."],
        near: "It has another class.",
    },
    Mutants {
        rule: "COM-06",
        bugs: &["It takes no notice of the object that it is to be a part of.", "It refuses with E_FAIL."],
        near: "It can be a part of another object.",
    },
    Mutants {
        rule: "COM-07",
        bugs: &["It forgets to count instances down.", "It can be unloaded at any time."],
        near: "Its factory counts as an object, too.",
    },
    Mutants {
        rule: "COM-08",
        bugs: &[
            "All instances call back to whoever was given a callback last.",
            "Dialogs are the newest instance's.",
            "What one instance is told to stop, all stop.",
        ],
        near: "All instances count their sessions together.",
    },
    Mutants {
        rule: "COM-09",
        bugs: &["A factory that is refused is forgotten.", "It is counted before it is clear that there is one."],
        near: "Each caller has a factory of its own.",
    },
    Mutants {
        rule: "COM-10",
        bugs: &[
            "QueryInterface gives no reference.",
            "QueryInterface gives none for IUnknown.",
            "It releases itself once too often.",
        ],
        near: "CreateInstance hands over the first reference.",
    },
    Mutants {
        rule: "APT-01",
        bugs: &[
            "A worker holds the lock that SetProgressCallback takes while it calls back.",
            "SetProgressCallback(NULL) waits until the workers have ended.",
        ],
        near: "SetProgressCallback(NULL) takes its time, and waits for nobody.",
    },
    Mutants {
        rule: "LIFE-07",
        bugs: &["A thread that waits for changes is never ended.", "The destructor of a static object aborts."],
        near: "A worker takes a moment to end, and a static object is destroyed.",
    },
];

impl Mutants {
    /// The switches of its bugs.
    pub fn switches(&self) -> impl Iterator<Item = String> {
        let name = self.rule.replace('-', "_");
        (1..=self.bugs.len()).map(move |nth| format!("{name}_{nth}"))
    }

    /// The switch of what only looks wrong.
    pub fn near_switch(&self) -> String {
        // Of COM-01 and COM-02 it is the same one.
        let rule = if self.rule == "COM-02" { "COM-01" } else { self.rule };
        format!("NEAR_{}", rule.replace('-', "_"))
    }
}

/// How the suite is run for the notebook with that switch, beside the library and its class.
pub fn options(switch: &str) -> Vec<&'static str> {
    // Whoever does not hang has all the time that a busy machine needs.
    // But a reply is held for a little longer than a method may block, in every case that skips an item of a handler that waits.
    let waits = switch.starts_with("STOP_04") || switch.starts_with("APT_01");
    let limit = if waits { "2" } else { "30" };
    let mut options = vec!["--strict", "--format", "json", "--timeout", "60", "--blocking-limit", limit];
    if switch.contains("APT_01") {
        options.extend(["--apartment", "strict"]);
    }
    options
}
