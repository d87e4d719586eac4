//! `export`: the bindings in a file that any machine can read.

use std::io::Write;

use interchange::netsh::{self, Release};
use interchange::{Export, Header, json};
use jiff::Timestamp;

use super::everything;
use crate::cli::{self, ExportFormat};
use crate::error::{Error, warn};
use crate::exit;
use crate::output;
use crate::screen::{escaped, exact_stdout};
use crate::stores::{Access, Opened, StoreUrl};

pub(crate) fn run(url: &StoreUrl, wanted: &cli::Export) -> Result<u8, Error> {
    let store = Opened::open(url, Access::Read)?;
    let kept = store.layout().unwrap_or_else(|error| {
        warn(&escaped(&error.to_string()));
        None
    });
    let export = Export {
        header: Header {
            host: wanted.host.clone(),
            captured_at: Some(Timestamp::now()),
            source: Some(url.to_string()),
            tool: Some(concat!("certbind ", env!("CARGO_PKG_VERSION")).to_owned()),
        },
        bindings: everything(store.bindings())?,
        layout: kept.clone(),
    };
    let layout = match wanted.layout {
        Some(release) => release.layout(),
        None => kept.unwrap_or_else(|| Release::default().layout()),
    };
    let write = |out: &mut dyn Write| -> Result<(), Error> {
        let mut out = out;
        match wanted.format {
            ExportFormat::Json => json::write(&mut out, &export)?,
            ExportFormat::Netsh => {
                for loss in netsh::write(&mut out, &export, &layout)? {
                    warn(&escaped(&loss.to_string()));
                }
            }
            ExportFormat::NetshScript => netsh::write_script(&mut out, &export)?,
        }
        Ok(out.flush()?)
    };
    match &wanted.output {
        Some(path) => output::write(path, write)?,
        None => write(&mut exact_stdout())?,
    }
    Ok(exit::DONE)
}
