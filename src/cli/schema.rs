//! `mobsync schema`.

use super::args::{SchemaArgs, SchemaName};
use super::ended::{Ended, Failure};

pub(super) fn schema(args: &SchemaArgs) -> Result<Ended, Failure> {
    let schema = match args.name {
        SchemaName::Trace => crate::trace::schema(),
        SchemaName::Script => crate::handler::script::schema(),
        SchemaName::Scenario => crate::scenario::schema(),
        SchemaName::Report => crate::report::schema(),
        SchemaName::Baseline => crate::report::baseline_schema(),
        SchemaName::Registration => crate::store::registration_schema(),
        SchemaName::Preferences => crate::store::preferences_schema(),
        SchemaName::Results => crate::store::results_schema(),
        SchemaName::Schedule => crate::manager::schedule_schema(),
        SchemaName::Daemon => crate::manager::daemon_schema(),
        SchemaName::PreferencesExport => crate::store::exchange_schema(),
        SchemaName::Config => schemars::schema_for!(super::config::Settings).to_value(),
    };
    let text = serde_json::to_string_pretty(&schema)?;
    super::output::print(format!("{text}\n").as_bytes())?;
    Ok(Ended::Well)
}
