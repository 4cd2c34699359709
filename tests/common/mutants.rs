//! Mutants: scripts that are written down as their difference from a good one.

use std::fs;
use std::path::{Path, PathBuf};

use mobsync::handler::script::{self, Script};
use mobsync::protocol::Profile;
use serde::Deserialize;

/// The mutants of one rule, as they stand in their file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutants {
    /// The rule that the mutants break.
    pub rule: String,
    /// The good script, relative to the file.
    of: PathBuf,
    /// The bad ones.
    pub mutants: Vec<Mutant>,
    /// The one that nearly is.
    pub near: Near,
    /// Where it stands.
    #[serde(skip)]
    file: PathBuf,
}

/// A script that breaks the rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// What is wrong with it.
    pub bug: String,
    /// Other rules that are necessarily broken with this one.
    #[serde(default)]
    pub implies: Vec<String>,
    /// The difference.
    patch: json_patch::Patch,
}

/// A script that looks as if it broke the rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Near {
    /// Why it does not.
    pub why: String,
    /// In which Windows.
    #[serde(default)]
    pub profile: Profile,
    /// The difference.
    patch: json_patch::Patch,
}

impl Mutants {
    /// All of them, in the order of their files' names.
    pub fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mutants");
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
        files.sort();
        files.iter().map(|file| Self::read(file)).collect()
    }

    fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mutants: Self = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(
            file.file_stem().and_then(|stem| stem.to_str()),
            Some(mutants.rule.as_str()),
            "a file is named after its rule"
        );
        Self { file: file.to_owned(), ..mutants }
    }

    /// The script of the mutant with that number.
    pub fn mutant(&self, nth: usize) -> Script {
        self.patched(&self.mutants[nth].patch)
    }

    /// The script that nearly breaks the rule.
    pub fn near(&self) -> Script {
        self.patched(&self.near.patch)
    }

    fn patched(&self, patch: &json_patch::Patch) -> Script {
        let place = |error: &dyn std::fmt::Display| -> ! { panic!("{}: {error}\n{patch}", self.file.display()) };
        let good = self.file.parent().expect("it lies in a folder").join(&self.of);
        let text = fs::read_to_string(&good).unwrap_or_else(|error| place(&error));
        let mut script: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|error| place(&error));
        json_patch::patch(&mut script, patch).unwrap_or_else(|error| place(&error));
        script::parse(&script.to_string(), &self.file).unwrap_or_else(|error| place(&error))
    }
}
