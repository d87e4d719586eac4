//! Answers that a real Windows may give in place of the simulator's default ones.
//!
//! Options for questions about HTTP.sys that the simulator had to decide without an answer from a
//! real Windows. Each option is one such question; `docs/fidelity.md` has the evidence. A store
//! that is correct under every value is correct on any Windows that these options describe.

/// A question about HTTP.sys, with its plausible answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowsOption {
    /// The name, as in the table `[windows]` of a configuration.
    pub name: &'static str,
    /// The question.
    pub question: &'static str,
    /// The default answer of the simulator.
    pub default: &'static str,
    /// The other answers. A number is a Win32 code.
    pub others: &'static [&'static str],
}

/// No option has this name, or it has no such value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowsOptionError {
    /// The name.
    #[error("windows has no option {0:?}; docs/fidelity.md lists them")]
    Name(String),
    /// The value.
    #[error("windows.{name} cannot be {value:?}; the values are {values}")]
    Value {
        /// The option.
        name: &'static str,
        /// The invalid value.
        value: String,
        /// The values that it can have.
        values: String,
    },
}

macro_rules! options {
    ($($name:ident = $default:literal [$($other:literal)*] $question:literal;)*) => {
        /// The answers of a simulated Windows. By default those that are documented or most likely.
        ///
        /// ```
        /// use certbind_simulator::Windows;
        ///
        /// let mut windows = Windows::default();
        /// windows.set("query_next_end", "2")?;
        /// assert!(windows.set("query_next_end", "3").is_err());
        /// # Ok::<(), certbind_simulator::WindowsOptionError>(())
        /// ```
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Windows {
            $(pub(crate) $name: &'static str,)*
        }

        impl Default for Windows {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Windows {
            /// All options.
            pub const OPTIONS: &[WindowsOption] = &[$(WindowsOption {
                name: stringify!($name),
                question: $question,
                default: $default,
                others: &[$($other),*],
            }),*];

            /// Sets the answer to a question.
            ///
            /// # Errors
            /// [`WindowsOptionError`] if there is no such option or value.
            pub fn set(&mut self, name: &str, value: &str) -> Result<(), WindowsOptionError> {
                match name {
                    $(stringify!($name) => {
                        self.$name = Self::value(stringify!($name), value)?;
                    })*
                    _ => return Err(WindowsOptionError::Name(name.to_owned())),
                }
                Ok(())
            }
        }
    };
}

options! {
    initialize = "0" ["5" "6" "87" "183" "1450"] "HttpInitialize is refused";
    service = "running" ["1058" "1062"] "the HTTP service is disabled or stopped: every call";
    certificate_missing = "1312" ["5" "2" "87"] "a record with a certificate that the host lacks";
    certificate_new = "0" ["87"] "the answer to the first two uses of a certificate";
    odd_record = "none" ["hash-32" "hash-none" "hash-zeros" "port-0" "host-empty" "host-space" "ccs-ipv6"]
        "the first record of a kind is one that cannot be set by the API";
    host_address = "0.0.0.0" ["::" "192.0.2.1"] "the address in an SNI or CCS record";
    host_names = "as-spelled" ["lower" "lower-listed" "exact-case"]
        "the spelling of host names";
    ipv6 = "as-given" ["no-scope" "mapped-to-ipv4" "flow-label"] "IPv6 addresses";
    flags = "kept" ["drop-unknown" "drop-known" "add" "refuse-unknown"] "bits of the flags";
    check_mode = "kept" ["drop-unknown" "refuse-unknown"] "bits of the check mode";
    times = "kept" ["default"] "a timeout of 0";
    store_name = "kept" ["null-to-my" "null-to-empty" "my-to-null" "upper"] "the name of the certificate store";
    ctl_store = "kept" ["filled"] "a CTL store that is not given";
    text_end = "clean" ["junk"] "the bytes after the end of a text";
    order = "sorted" ["reversed" "changing"] "the order of an enumeration";
    index = "from-0" ["from-1" "ignored" "wraps" "twice" "hole-2" "hole-87" "hole-1168"]
        "the index of an enumeration";
    query_next_end = "259" ["2" "87" "1168" "1450"] "the end of an enumeration";
    empty_kind = "259" ["2" "1168" "87"] "the enumeration of a kind without records";
    missing_key = "2" ["259" "87" "203" "1168" "1312" "empty" "serving"]
        "an exact query of a key that is not bound";
    update = "replaces" ["merges" "certificate" "nothing" "upsert"] "the effect of an update";
    update_any = "0" ["1" "50" "87" "120" "127" "1168" "not-exported"] "an update of any id is refused";
    update_scoped_ccs = "0" ["1" "50" "87" "120" "127" "1168"] "an update of id 11 is refused";
    set_bound = "183" ["80" "0"] "a set of a key that is bound";
    delete_unbound = "2" ["259" "1168" "0"] "a deletion of a key that is not bound";
    set_after_delete = "0" ["183"] "a set right after a deletion";
    set = "stores" ["forgets"] "a set";
    delete = "removes" ["keeps" "later"] "a deletion";
    small_buffer = "122" ["234" "24" "111"] "a buffer that is too small";
    needed_length = "right" ["too-small" "zero" "untouched" "huge" "growing"] "the length that is asked for";
    pointers = "absolute" ["relative"] "the pointers in an answer";
    null_buffer = "122" ["87" "998" "1784"] "a null buffer";
    sni_ids = "0" ["1" "50" "87" "120" "126" "1168" "5" "2" "122"] "id 6 is unknown";
    scoped_ccs_ids = "0" ["1" "50" "87" "120" "126" "1168" "5" "2" "122"] "id 11 is unknown";
    property_ids = "0" ["1" "50" "87" "120" "126" "1168" "5" "2" "122" "31" "1450"]
        "ids 8, 9, 10, 12 are unknown";
    property_types = "0" ["1" "50" "87" "120" "126" "1168" "5" "2" "122"]
        "property types 2 to 5 are unknown";
    later_ids = "never" ["1" "50" "87" "120"] "ids 6 and 8 to 12 are unknown from the 40th call on";
    property_unset = "default" ["2" "259" "empty" "other-default" "1168" "1312"]
        "an exact query of a property that is not set";
    property_next = "set" ["all-keys" "hole" "all-types" "endless"] "the enumeration of a property";
    property_key = "given" ["zeros" "left-out"] "the key in the answer to a query of a property";
    performance_settings = "one" ["several"] "how many performance settings a key has";
    property_set = "stores" ["87" "5" "forgets"] "setting a property";
    property_update = "stores" ["1" "2" "50" "87" "120" "1168" "forgets"] "updating a property";
    property_delete = "removes" ["2" "50" "87" "keeps"] "deleting a property";
    property_on_update = "kept" ["dropped"] "the properties of a record that is updated";
    property_on_delete = "deleted" ["left"] "the properties of a record that is deleted";
    rights = "all" ["read" "no-sni" "no-properties" "third-write"] "the rights of the caller";
    transient_query = "never" ["31" "170" "997" "1004" "1008" "1223" "1359" "1450" "1734" "2147943850"]
        "every ninth query fails";
    transient_write = "never" ["31" "170" "997" "1004" "1008" "1223" "1359" "1450" "1734" "2147943850"]
        "every fifth change fails without effect";
    failing_from = "never" ["31" "1062" "1450" "1734"] "every call from the 60th on fails";
    call_time = "0" ["2000"] "how many milliseconds a call takes";
    url_index = "from-0" ["ignored" "wraps"] "the index of an enumeration of URL reservations";
    listen_list_empty = "0" ["1168" "2" "259"] "the query of an empty IP listen list";
    done_but = "0" ["1450" "1734" "1062" "31" "1359"] "the answer to a change that took effect";
}

impl Windows {
    fn value(name: &'static str, value: &str) -> Result<&'static str, WindowsOptionError> {
        let option = Self::OPTIONS.iter().find(|option| option.name == name);
        let values = option.map(|option| std::iter::once(&option.default).chain(option.others));
        let mut values: Vec<_> = values.into_iter().flatten().copied().collect();
        if let Some(found) = values.iter().find(|known| **known == value) {
            return Ok(found);
        }
        values.sort_unstable();
        Err(WindowsOptionError::Value {
            name,
            value: value.to_owned(),
            values: values.join(", "),
        })
    }
}

/// The code of an answer; none for 0 and for an answer that is not a code.
pub(crate) fn code(answer: &str) -> Option<u32> {
    answer.parse().ok().filter(|code| *code != 0)
}
