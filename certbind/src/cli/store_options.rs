//! The options of a store that is changed: they apply to every command, and are shown in the help of
//! those that change a store.

use clap::{Arg, Command};

/// Commands that change a store, and whether they may create it.
const CHANGES: [(&[&str], bool); 13] = [
    (&["add"], true),
    (&["update"], false),
    (&["set"], true),
    (&["delete"], false),
    (&["rotate"], false),
    (&["heal"], false),
    (&["import"], true),
    (&["apply"], true),
    (&["sync"], true),
    (&["undo"], false),
    (&["restore"], false),
    (&["trace"], true),
    (&["dsc", "set"], true),
];

/// A recording has the histories of its hosts, and no messages of its own.
const RECORDS: &[&str] = &["record"];

/// Shows the options in the help of the commands that they have an effect on.
pub(super) fn shown(program: Command) -> Command {
    let options = |names: &[&str]| -> Vec<Arg> {
        let named = program.get_arguments();
        let named = named.filter(|it| names.contains(&it.get_id().as_str()));
        let named = named.cloned().map(|it| it.hide(false));
        named.map(|it| it.help_heading("Store")).collect()
    };
    let changing = options(&["message", "history"]);
    let creating = options(&["create", "message", "history"]);
    let recording = options(&["create", "history"]);
    let program = CHANGES.iter().fold(program, |program, (path, creates)| {
        let options = if *creates { &creating } else { &changing };
        with(program, path, options)
    });
    with(program, RECORDS, &recording)
}

/// Adds options to a command, if this build has it.
fn with(command: Command, path: &[&str], options: &[Arg]) -> Command {
    let Some((name, rest)) = path.split_first() else {
        return command.args(options);
    };
    match command.find_subcommand(name) {
        Some(_) => command.mut_subcommand(name, |it| with(it, rest, options)),
        None => command,
    }
}
