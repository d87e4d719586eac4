//! The output of `netsh http show sslcert`: read from any Windows version and display language, and
//! printed back.
//!
//! The reader identifies lines by their order, indentation and the syntax of their values; English
//! labels only help. It also infers the [`Layout`] of the host, and with that layout the listing is
//! reproduced byte for byte, except as reported by a
//! [`ConversionWarning`](crate::ConversionWarning).
//!
//! ```
//! use certbind_formats::netsh::{self, Release};
//! use certbind_formats::{ReadOptions, read};
//!
//! let printed = include_bytes!("../../tests/fixtures/06-extended-properties.txt");
//! let reading = read(printed, &ReadOptions::default())?;
//! let layout = reading.export.layout.as_ref().expect("not trimmed");
//!
//! let mut back = Vec::new();
//! netsh::write(&mut back, &reading.export, layout)?;
//! assert_eq!(back, printed);
//!
//! // As another release of Windows prints them.
//! let mut old = Vec::new();
//! let warnings = netsh::write(&mut old, &reading.export, &Release::Server2012R2.layout())?;
//! assert!(warnings.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod add;
mod address;
mod at_end;
mod by_position;
mod compare;
mod evidence;
mod extended;
mod field;
mod fields;
mod flag;
mod gap;
#[cfg(test)]
mod known_answer;
mod label_dictionary;
mod labels;
pub(crate) mod language;
pub(crate) mod layout;
pub(crate) mod layout_check;
mod layout_inference;
mod line_reader;
mod listing;
pub(crate) mod locale;
mod named_language;
mod names;
mod powershell;
mod prescan;
mod property_fields;
mod read;
mod read_back;
mod recognition;
mod record;
mod record_splitter;
mod recording;
mod release;
mod script;
mod shown_fields;
mod shown_values;
mod stream;
mod surroundings;
mod template;
mod translation;
mod window;
mod write;

pub use add::{CommandOptions, command_options};
pub use address::{ipv6_text, key_text};
pub use flag::{FLAGS, Flag};
pub use language::{Language, UnknownLanguage};
pub use layout::{Layout, Newline};
pub use layout_check::LayoutError;
pub use listing::{Bindings, Listing, ListingError, SortedBindings};
pub use locale::Locale;
pub use powershell::write as write_powershell;
pub use read::{read, read_from};
pub use read_back::Printed;
pub use recording::RecordedBindings;
pub use release::{Release, UnknownRelease};
pub use script::write as write_script;
pub use stream::{ListedRecord, RecordError, Records};
pub use translation::NoEvidence;
pub use write::{Writer, write, write_checked};
