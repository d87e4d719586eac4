//! Keys of the registry in the file that they were read from.

/// A key of the registry, and its place in a hive.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegistryLocation {
    /// The path from the name of the hive on:
    /// `SYSTEM\ControlSet001\Services\HTTP\Parameters\SslBindingInfo\0.0.0.0:443`.
    pub path: String,
    /// In a hive: the offset of its cell, or of the damaged cell, in bytes from the start of the file.
    /// If transaction logs were replayed, it is the offset in the recovered hive.
    pub offset: Option<u64>,
}

impl RegistryLocation {
    /// A key by its path under `Parameters`, or by a path that [`locate`](Self::locate) accepts.
    pub(crate) fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            offset: None,
        }
    }

    pub(crate) fn at(self, offset: Option<u64>) -> Self {
        Self { offset, ..self }
    }

    /// Completes the path. Readers name a key by its path under `Parameters`, except `Parameters`
    /// itself, the keys above it, and those of a deletion, which are named in full.
    pub(crate) fn locate(&mut self, hive: &str, parameters: &str) {
        let starts = |name: &str| {
            let start = self.path.get(..name.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(name))
        };
        self.path = match self.path.as_str() {
            "" | "Parameters" => parameters.to_owned(),
            full if starts("HKEY_LOCAL_MACHINE\\") || starts("HKLM\\") => {
                let (_, path) = full.split_once('\\').unwrap_or_default();
                path.to_owned()
            }
            above if above == "Select" || starts("ControlSet") => [hive, above].join("\\"),
            below => [parameters, below].join("\\"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::RegistryLocation;

    #[test]
    fn paths_begin_with_the_name_of_the_hive() {
        for (path, expected) in [
            ("SslBindingInfo\\a", "SYSTEM\\P\\SslBindingInfo\\a"),
            ("Parameters", "SYSTEM\\P"),
            ("", "SYSTEM\\P"),
            ("Select", "SYSTEM\\Select"),
            ("ControlSet001\\Services", "SYSTEM\\ControlSet001\\Services"),
            ("HKEY_LOCAL_MACHINE\\OFFLINE\\a", "OFFLINE\\a"),
            ("hklm\\OFFLINE\\a", "OFFLINE\\a"),
        ] {
            let mut location = RegistryLocation::new(path);
            location.locate("SYSTEM", "SYSTEM\\P");
            assert_eq!(location.path, expected);
        }
    }
}
