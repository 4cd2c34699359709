//! The cases and their rules.

use crate::cli::args::JudgeFormat;
use crate::cli::exit::Failure;
use crate::cli::output::print;
use crate::conform::Case;
use crate::report::plain;

/// The codes of the rules that the case is there for.
fn codes(case: &Case) -> Vec<&'static str> {
    case.rules.iter().map(|rule| rule.code).collect()
}

pub(super) fn list(cases: &[Case], format: JudgeFormat) -> Result<(), Failure> {
    let text = match format {
        JudgeFormat::Human => {
            let width = cases.iter().map(|case| case.name.chars().count()).max().unwrap_or(0);
            let line = |case: &Case| {
                let about = match &case.skipped {
                    Some(why) => format!("skipped because {why}"),
                    None => codes(case).join(", "),
                };
                format!("{:<width$}  {}\n", plain(&case.name), plain(&about))
            };
            cases.iter().map(line).collect::<String>()
        }
        JudgeFormat::Json => {
            let entry = |case: &Case| {
                serde_json::json!({
                    "name": case.name, "rules": codes(case), "skipped": case.skipped, "scenario": case.scenario,
                })
            };
            let entries: Vec<_> = cases.iter().map(entry).collect();
            format!("{}\n", serde_json::to_string_pretty(&entries)?)
        }
        JudgeFormat::Junit | JudgeFormat::Sarif | JudgeFormat::Github => {
            return Err(Failure(
                "--list is printed as human or json: nothing was run that could be reported".to_owned(),
            ));
        }
    };
    print(text.as_bytes())
}
