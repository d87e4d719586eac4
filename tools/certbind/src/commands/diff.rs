//! `diff`: what two stores or exports differ in.

use std::io;

use migrate::Compared;
use serde_json::json;

use super::import::warn_of;
use super::{print, print_json};
use crate::changes::{changed, counted, whole};
use crate::cli::{Diff, Format};
use crate::error::Error;
use crate::exit;
use crate::source::{Read, Source};

pub(crate) fn run(diff: Diff) -> Result<u8, Error> {
    compare(diff).map_err(|error| Error::Diff(Box::new(error)))
}

fn compare(diff: Diff) -> Result<u8, Error> {
    let (before, after) = (diff.before.resolved(), diff.after.resolved());
    let input = Source::File("-".into());
    if before == input && after == input {
        return Err(Error::InputTwice);
    }
    let (before, after) = (read(&before)?, read(&after)?);
    let pairs = migrate::diff(before.into_iter().map(Ok), after.into_iter().map(Ok));
    let compared = pairs.collect::<Result<Vec<_>, _>>()?;
    let same = |compared: &Compared| matches!(compared, Compared::Same(_));
    let code = if compared.iter().all(same) {
        exit::DONE
    } else {
        exit::DIFFERENT
    };
    let printed = match diff.output.format {
        Format::Table => print(&in_words(&compared)),
        Format::Json => print_json(&as_json(&compared)),
    };
    match printed {
        // Who reads no further is answered by the exit code all the same.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(code),
        printed => printed.map(|()| code),
    }
}

fn read(source: &Source) -> Result<Vec<store_core::Binding>, Error> {
    let Read { bindings, reading } = source.read()?;
    reading.iter().for_each(warn_of);
    Ok(bindings)
}

fn in_words(compared: &[Compared]) -> String {
    let mut text = String::new();
    let [mut added, mut removed, mut differ, mut same] = [0; 4];
    for compared in compared {
        let (count, told) = match compared {
            Compared::Added(binding) => (&mut added, whole('+', binding)),
            Compared::Removed(binding) => (&mut removed, whole('-', binding)),
            Compared::Changed { before, after } => (&mut differ, changed(before, after)),
            Compared::Same(_) => (&mut same, String::new()),
        };
        *count += 1;
        text.push_str(&told);
    }
    if compared.len() == same {
        return format!("The same: {}\n", counted(same));
    }
    text + &format!("{added} added, {removed} removed, {differ} changed, {same} the same\n")
}

fn as_json(compared: &[Compared]) -> serde_json::Value {
    let (mut added, mut removed, mut differ, mut same) = (vec![], vec![], vec![], 0);
    for compared in compared {
        match compared {
            Compared::Added(binding) => added.push(json!(binding)),
            Compared::Removed(binding) => removed.push(json!(binding)),
            Compared::Changed { .. } => {
                differ.push(json!({ "key": compared.key(), "fields": compared.fields() }));
            }
            Compared::Same(_) => same += 1,
        }
    }
    json!({ "added": added, "removed": removed, "changed": differ, "same": same })
}
