//! A chain of certificates, which programs put into their files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use certbind_certificates::{CertificateFile, FileError};
use tempfile::TempDir;

/// Not ASCII, so that its encoding matters.
pub(crate) const PASSWORD: &str = "pä55wört";

/// The subjects of both certificates.
pub(crate) const BOTH: [&str; 2] = ["CN=Root", "CN=leaf"];

/// A folder with a root, a server's certificate that it issued, the server's key, and both
/// certificates in one file.
pub(crate) struct Chain(TempDir);

impl Chain {
    pub(crate) fn new() -> Self {
        let chain = Self(TempDir::new().unwrap());
        let key = "rsa:2048 -nodes -days 30";
        chain.run(&format!(
            "openssl req -x509 -newkey {key} -keyout root.key -out root.pem -subj /CN=Root"
        ));
        chain.run(&format!(
            "openssl req -x509 -newkey {key} -keyout leaf.key -out leaf.pem -subj /CN=leaf \
             -CA root.pem -CAkey root.key -addext basicConstraints=critical,CA:false"
        ));
        let both = [chain.read("root.pem"), chain.read("leaf.pem")].concat();
        std::fs::write(chain.path().join("both.pem"), both).unwrap();
        chain
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).unwrap()
    }

    /// Runs a command in the folder. Its arguments are separated by spaces, and `_` is a space within
    /// one of them.
    pub(crate) fn run(&self, command: &str) {
        let mut words = command.split_whitespace();
        let mut program = Command::new(words.next().unwrap());
        self.finish(program.args(words.map(|word| word.replace('_', " "))));
    }

    /// Runs a program in the folder.
    pub(crate) fn finish(&self, program: &mut Command) {
        let output = program
            .current_dir(self.path())
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        let printed = [&output.stdout[..], &output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        assert!(output.status.success(), "{program:?}: {printed}");
    }

    /// The subjects of the certificates in a file, which is removed.
    pub(crate) fn subjects(&self, name: &str, password: &str) -> Vec<String> {
        let bytes = self.read(name);
        std::fs::remove_file(self.path().join(name)).unwrap();
        self.subjects_of(name, &bytes, password)
    }

    /// The subjects of the certificates in a file. Their hashes are those of the chain.
    fn subjects_of(&self, name: &str, bytes: &[u8], password: &str) -> Vec<String> {
        let file = opened(bytes, password).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(file.errors(), [], "{name}");
        for certificate in file.certificates() {
            let original = self.read(match certificate.subject() {
                "CN=leaf" => "leaf.pem",
                _ => "root.pem",
            });
            let original = certbind_certificates::of_file(&original);
            assert_eq!(certificate.hash(), original[0].hash(), "{name}");
        }
        let certificates = file.certificates().iter();
        let mut subjects: Vec<_> = certificates.map(|it| it.subject().to_owned()).collect();
        subjects.sort();
        subjects
    }

    /// An empty folder for the files of a program.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let folder = self.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        folder
    }

    /// The subjects of the certificates in each file of a folder, by its name.
    pub(crate) fn all_subjects(&self, folder: &Path) -> BTreeMap<String, Vec<String>> {
        let files = contents(folder).into_iter();
        files
            .map(|(name, bytes)| {
                let subjects = self.subjects_of(&name, &bytes, PASSWORD);
                (name, subjects)
            })
            .collect()
    }
}

/// The files of a folder, by their names.
pub(crate) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

/// Reads a file with a wrong password and this one.
pub(crate) fn opened(bytes: &[u8], password: &str) -> Result<CertificateFile, FileError> {
    CertificateFile::read(bytes, &["wrong".to_owned(), password.to_owned()])
}

/// A file of this folder.
pub(crate) fn source(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.join("tests/writers").join(name)
}

/// The folder where `cargo xtask test --install` puts programs that Debian lacks.
pub(crate) fn installed(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    target.join(name)
}
