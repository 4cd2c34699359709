//! How a rule is declared: compactly, and so that a missing field does not compile.

/// Declares rules as constants of the module. The text of `docs/rules/<CODE>.md` is part of each.
///
/// ```text
/// CODE_NN = "CODE-NN", "name-in-kebab-case",
///     must|should|note Handler|Manager [native|xp|vista], Basis(Wording), Monitor|NotYet("what it waits for"),
///     ["page-stem", …],
///     "What is asked, in one sentence.";
/// ```
macro_rules! rules {
    ($(
        $id:ident = $code:literal, $name:literal,
            $level:ident $subject:ident $($mark:ident)?, $basis:ident ($wording:ident), $checked:ident $(($waits_for:literal))?,
            [$($source:literal),+ $(,)?],
            $summary:literal;
    )+) => { $(
        pub(super) const $id: $crate::rules::Rule = $crate::rules::Rule {
            // Its place is given by the table.
            index: usize::MAX,
            code: $code,
            name: $name,
            level: rules!(@level $level),
            subject: $crate::rules::Subject::$subject,
            native: rules!(@native $($mark)?),
            basis: $crate::rules::Basis::$basis,
            wording: $crate::rules::Wording::$wording,
            source: &[$($source),+],
            profile: rules!(@profile $($mark)?),
            summary: $summary,
            checked: $crate::rules::Checked::$checked $(($waits_for))?,
            doc: include_str!(concat!("../../../docs/rules/", $code, ".md")),
        };
    )+ };
    (@level must) => { $crate::rules::Level::Error };
    (@level should) => { $crate::rules::Level::Warning };
    (@level note) => { $crate::rules::Level::Note };
    (@native native) => { true };
    (@native $($other:ident)?) => { false };
    (@profile xp) => { Some($crate::protocol::Profile::Xp) };
    (@profile vista) => { Some($crate::protocol::Profile::Vista) };
    (@profile $($other:ident)?) => { None };
}
pub(super) use rules;
