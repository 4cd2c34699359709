//! `mobsync completions` and `mobsync man`.

use clap_complete::Shell;

use super::args::{CompletionsArgs, ManArgs, command};
use super::ended::{Ended, Failure};
use super::output::make_folder;
use crate::runner::WriteError;
use crate::store::{Registration, Store};

pub(super) fn completions(args: &CompletionsArgs) -> Result<Ended, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "mobsync", &mut text);
    let text = String::from_utf8_lossy(&text);
    super::output::print(with_registered_names(args.shell, &text).as_bytes())?;
    Ok(Ended::Well)
}

/// The names of the registered handlers, one on a line: what completions ask for while the user types. A store that cannot be read
/// has none.
pub(super) fn registered_names() -> Result<Ended, Failure> {
    let registered = Store::in_use().and_then(|store| store.handlers()).unwrap_or_default();
    let mut names: Vec<String> = registered.handlers.iter().map(Registration::name).collect();
    // A name of several lines cannot be completed.
    names.retain(|name| !name.chars().any(char::is_control));
    super::output::print(names.iter().map(|name| format!("{name}\n")).collect::<String>().as_bytes())?;
    Ok(Ended::Well)
}

/// The commands whose arguments are handlers.
fn takes_handlers(command: &clap::Command) -> bool {
    command.get_arguments().any(|argument| {
        let names = argument.get_value_names().unwrap_or_default();
        argument.is_positional() && names.iter().any(|name| name == "HANDLER")
    })
}

/// The script of a shell, which also completes the names of registered handlers wherever HANDLER stands.
fn with_registered_names(shell: Shell, script: &str) -> String {
    match shell {
        Shell::Bash => format!(
            r#"{script}
_mobsync_with_registered() {{
    _mobsync "$@"
    local cur="${{COMP_WORDS[COMP_CWORD]}}" name
    if [[ "$cur" != -* ]]; then
        while IFS= read -r name; do
            if [[ "$name" == "$cur"* ]]; then COMPREPLY+=("$(printf '%q' "$name")"); fi
        done < <("${{COMP_WORDS[0]}}" registered-names 2>/dev/null)
    fi
}}
complete -F _mobsync_with_registered -o bashdefault -o default mobsync
"#
        ),
        Shell::Zsh => {
            let names = "_mobsync_registered() {\n    local -a names\n    names=(\"${(@f)$(mobsync registered-names \
                         2>/dev/null)}\")\n    compadd -a names\n    _files\n}\n\n";
            let positional = |line: &str| {
                let line = line.trim_start();
                ["':handler", "'::handler", "'*::handlers", "'*:handlers", "'--handler="]
                    .iter()
                    .any(|begin| line.starts_with(begin))
            };
            let lines = script.split_inclusive('\n').map(|line| match positional(line) {
                true => line.replace(":_default'", ":_mobsync_registered'"),
                false => line.to_owned(),
            });
            let script: String = lines.collect();
            script.replacen("_mobsync() {", &format!("{names}_mobsync() {{"), 1)
        }
        Shell::Fish => {
            let command = command();
            let of_command = |name: &str| {
                format!(
                    "complete -c mobsync -n \"__fish_mobsync_using_subcommand {name}\" -a \"(mobsync registered-names \
                     2>/dev/null)\"\n"
                )
            };
            let taking = command.get_subcommands().filter(|one| takes_handlers(one) && !one.is_hide_set());
            format!("{script}{}", taking.map(|one| of_command(one.get_name())).collect::<String>())
        }
        _ => script.to_owned(),
    }
}

/// One page for the program and one for each command.
pub(super) fn man(args: &ManArgs) -> Result<Ended, Failure> {
    make_folder("FOLDER", &args.folder)?;
    clap_mangen::generate_to(command(), &args.folder)
        .map_err(|error| Failure(WriteError::new(&args.folder, &error).to_string()))?;
    Ok(Ended::Well)
}
