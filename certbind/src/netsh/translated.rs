//! Answers in a display language other than English: only those whose every text was published.

use certbind_core::{BindingStore, Scan, StoreError};
use certbind_formats::WriteError;
use certbind_formats::netsh::{Language, Newline, NoEvidence, Writer};
use certbind_httpapi_abi::win32::ToWin32;

use super::context::Command;
use super::grammar::{self, Given};
use super::messages::Answer;
use super::profile::Profile;
use super::request::Request;
use super::tags;
use super::verb::Verb;

/// The texts that are missing, or the values that a listing cannot show.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("{0}")]
    Text(#[from] NoEvidence),
    #[error("{0}")]
    Value(#[from] WriteError),
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Executes `show sslcert` and `add sslcert`. Every other answer has no published text.
pub(super) fn answer(
    store: &dyn BindingStore,
    profile: Profile,
    language: Language,
    command: Option<Command<'_>>,
    words: &[String],
) -> Result<Answer, Refused> {
    let unknown = || Refused::from(NoEvidence::answer(language, &words.join(" ")));
    match command {
        Some(Command::Sslcert {
            verb: Verb::Show,
            arguments,
        }) => {
            let given = Given::new(arguments, &tags::of_key(profile)).map_err(|_| unknown())?;
            let key = given.key().map_err(|_| unknown())?;
            let key = key.map(grammar::key).transpose().map_err(|_| unknown())?;
            let bindings = match key {
                None => store.scan(&Scan::all())?.collect::<Result<Vec<_>, _>>()?,
                // The answer to an unbound key is not published.
                Some(key) => vec![store.get(&key)?.ok_or_else(unknown)?],
            };
            let layout = profile.release().layout_in(language)?;
            let layout = layout.with_newline(Newline::Lf);
            let refused = bindings.iter().flat_map(|binding| layout.refusals(binding));
            let refused: Vec<_> = refused.collect();
            if !refused.is_empty() {
                return Err(WriteError::Inexpressible(refused).into());
            }
            let mut text = Vec::new();
            let mut writer = Writer::new(&mut text, &layout)?;
            for binding in &bindings {
                writer.push(binding)?;
            }
            writer.finish()?;
            Ok(Answer::done(String::from_utf8_lossy(&text)))
        }
        Some(Command::Sslcert {
            verb: Verb::Add,
            arguments,
        }) => {
            let added = language.added()?;
            let given = Given::new(arguments, &tags::of_record(profile)).map_err(|_| unknown())?;
            if given.value(tags::JSON).is_some() {
                return Err(unknown());
            }
            let request = Request::read(&given, profile).map_err(|_| unknown())?;
            match store.insert(request.binding) {
                Ok(()) => Ok(Answer::done(format!("\n{added}\n\n"))),
                Err(error) => {
                    let (sentence, reason) = language.add_failed(error.win32_code())?;
                    Ok(Answer::failed(format!("\n{sentence}\n{reason}\n\n\n")))
                }
            }
        }
        _ => Err(unknown()),
    }
}
