//! The hooks of docs/hooks.md, each executed twice with the arguments of its client.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use certbind_test_support::require;
use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use crate::batch::{self, Files, Programs};
use crate::batch_command;
use crate::powershell::{all, children, parse, text};

const KEY: &str = "hostnameport=www.contoso.com:443";
const OLD: &str = "5226dc6c54559761cd471b86eb51c096252c90f2";
const NEW: &str = "8d90a17d2851f802b0a5619bf695b03544b8f5cb";
const APP: &str = "4dc3e181-e14b-4a21-b022-59fc669b0914";

/// A host whose binding has the old certificate, and an option that a renewal has to keep.
struct Host(TempDir);

impl Host {
    fn new() -> Self {
        let host = Self(TempDir::new().unwrap());
        std::fs::create_dir(host.file("bin")).unwrap();
        let program = env!("CARGO_BIN_EXE_certbind");
        std::os::unix::fs::symlink(program, host.file("bin/certbind")).unwrap();
        let add = ["add", KEY, "--hash", OLD, "--app-id", APP];
        let options = ["--store-name", "MY", "--disablehttp2", "enable"];
        host.ok(&[&add[..], &options].concat());
        host
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn store(&self) -> String {
        format!("redb:{}", self.file("store").display())
    }

    /// A program of this host: it finds certbind, and certbind its store.
    fn program(&self, program: impl AsRef<Path>) -> Command {
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new(program.as_ref());
        command
            .current_dir(self.0.path())
            .env("PATH", format!("{}:{path}", self.file("bin").display()))
            .env("XDG_DATA_HOME", self.0.path())
            .env("CERTBIND_STORE", self.store());
        command
    }

    fn certbind<T: AsRef<str>>(&self, arguments: &[T]) -> Output {
        let arguments = arguments.iter().map(AsRef::as_ref);
        let mut command = self.program(self.file("bin/certbind"));
        command.args(arguments).output().unwrap()
    }

    fn ok<T: AsRef<str>>(&self, arguments: &[T]) -> String {
        succeeded(&self.certbind(arguments))
    }

    /// Runs a command line in a POSIX shell.
    fn sh(&self, command: &str, environment: &[(&str, &str)]) -> String {
        let mut sh = self.program("sh");
        sh.args(["-c", command]).envs(environment.iter().copied());
        succeeded(&sh.output().unwrap())
    }

    /// A certificate for the host name as PEM, and its hash.
    fn certificate(&self) -> (PathBuf, String) {
        let params = CertificateParams::new(vec!["www.contoso.com".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let hash = certbind_certificates::hash_of_file(pem.as_bytes()).unwrap();
        std::fs::write(self.file("cert.pem"), pem).unwrap();
        std::fs::write(self.file("privkey.pem"), key.serialize_pem()).unwrap();
        (self.file("cert.pem"), hash.to_string())
    }

    /// The binding has this certificate, and every option that it had.
    fn assert_renewed(&self, hash: &str) {
        let listed = self.ok(&["list", "--format", "json"]);
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
        let certificate = &listed[0]["certificate"];
        assert_eq!(certificate["hash"], hash, "{listed}");
        assert_eq!(certificate["store_name"], "MY", "{listed}");
        assert!(listed[0].to_string().contains("disable_http2"), "{listed}");
    }
}

fn succeeded(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The code blocks of a section, in this language.
fn blocks(section: &str, language: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(root.join("docs/hooks.md")).unwrap();
    let mut sections = page.split("\n## ");
    let section = sections.find(|it| it.lines().next() == Some(section));
    let fences = section.unwrap().split("\n```").skip(1).step_by(2);
    let (mut blocks, mut others) = (Vec::new(), 0);
    for fence in fences {
        match fence.split_once('\n').unwrap() {
            (found, block) if found == language => blocks.push(block.to_owned() + "\n"),
            _ => others += 1,
        }
    }
    assert!(others == 0 && !blocks.is_empty(), "{blocks:?}");
    blocks
}

/// The client replaces the placeholders and starts the program without a shell.
#[test]
fn win_acme_hook_renews_twice() {
    let block = blocks("win-acme and simple-acme", "text").remove(0);
    let wacs = batch_command::arguments(&block.replace('\n', " "));
    let option = |name: &str| {
        let at = wacs.iter().position(|it| it == name).unwrap();
        wacs[at + 1].clone()
    };
    assert!(option("--script").ends_with(r"\certbind.exe"));
    let parameters = option("--scriptparameters")
        .replace("{OldCertThumbprint}", OLD)
        .replace("{CertThumbprint}", NEW);
    let host = Host::new();
    for _ in 0..2 {
        host.ok(&batch_command::arguments(&parameters));
        host.assert_renewed(NEW);
    }
}

/// The arguments of the calls of certbind in a PowerShell script, with the values of these expressions.
fn powershell_calls(script: &str, values: &[(&str, &str)]) -> Vec<Vec<String>> {
    let tree = parse(script);
    assert!(!tree.root_node().has_error(), "{script}");
    let mut commands = Vec::new();
    all(tree.root_node(), "command", &mut commands);
    let calls = commands.into_iter().filter_map(|command| {
        let name = command.child_by_field_name("command_name")?;
        (text(name, script) == "certbind").then_some(command)
    });
    let argument = |argument: &str| match values.iter().find(|(name, _)| *name == argument) {
        Some((_, value)) => (*value).to_owned(),
        None => {
            // A bare word is itself: it has no character that PowerShell treats as special.
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "-=.:".contains(c);
            assert!(argument.chars().all(is_plain), "{argument}");
            argument.to_owned()
        }
    };
    calls
        .map(|call| {
            let elements = call.child_by_field_name("command_elements").unwrap();
            let elements = children(elements).into_iter();
            let elements = elements.filter(|it| it.kind() != "command_argument_sep");
            elements.map(|it| argument(text(it, script))).collect()
        })
        .collect()
}

#[test]
fn powershell_hooks_renew_twice() {
    let thumbprint = NEW.to_uppercase();
    for (section, values) in [
        (
            "Posh-ACME",
            [("$old", OLD), ("$new.Thumbprint", &*thumbprint)],
        ),
        (
            "Certify The Web",
            [
                ("$old", OLD),
                (
                    "$result.ManagedItem.CertificateThumbprintHash",
                    &*thumbprint,
                ),
            ],
        ),
    ] {
        let script = blocks(section, "powershell").remove(0);
        let calls = powershell_calls(&script, &values);
        assert_eq!(calls.len(), 1, "{script}");
        let host = Host::new();
        for _ in 0..2 {
            host.ok(&calls[0]);
            host.assert_renewed(NEW);
        }
    }
}

/// The programs that a batch file of a host starts.
struct Started<'a> {
    host: &'a Host,
    certutil: i32,
    commands: Vec<String>,
}

impl Programs for Started<'_> {
    fn run(&mut self, program: &str, arguments: &[String]) -> Option<(String, i32)> {
        self.commands
            .push(format!("{program} {}", arguments.join(" ")));
        if program == "certutil" {
            return Some((String::new(), self.certutil));
        }
        assert_eq!(program, "certbind");
        let folder = format!("{}/", self.host.0.path().display());
        let arguments = arguments
            .iter()
            .map(|it| it.replace(batch::FOLDER, &folder));
        let output = self.host.certbind(&arguments.collect::<Vec<_>>());
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8(printed).unwrap();
        Some((printed, output.status.code().unwrap()))
    }
}

#[test]
fn lego_hook_imports_and_binds_twice() {
    require!("openssl");
    let script = blocks("lego", "cmd").remove(0).replace('\n', "\r\n");
    let host = Host::new();
    let (pem, hash) = host.certificate();
    let pfx = host.file("www.contoso.com.pfx");
    let mut openssl = host.program("openssl");
    openssl
        .args(["pkcs12", "-export", "-passout", "pass:changeit", "-inkey"])
        .arg(host.file("privkey.pem"))
        .arg("-in")
        .arg(pem)
        .arg("-out")
        .arg(&pfx);
    succeeded(&openssl.output().unwrap());
    std::fs::write(host.file("passwords.txt"), "changeit\n").unwrap();
    let pfx = pfx.to_str().unwrap();
    let run = |certutil| {
        let mut started = Started {
            host: &host,
            certutil,
            commands: Vec::new(),
        };
        let variables = [("LEGO_HOOK_CERT_PFX_PATH", pfx)];
        let (code, text) = batch::run_with(&script, &variables, &mut Files::new(), &mut started);
        (code, text, started.commands)
    };
    // A certificate that was not imported is not bound.
    for failure in [1, -2_147_024_894] {
        let (code, text, commands) = run(failure);
        assert_eq!((code, commands.len()), (Some(1), 1), "{text}");
    }
    host.assert_renewed(OLD);
    for _ in 0..2 {
        let (code, text, commands) = run(0);
        assert_eq!(code, Some(0), "{text}");
        let import = format!("certutil -f -p changeit -importpfx MY {pfx}");
        assert_eq!(commands[0], import);
        host.assert_renewed(&hash);
    }
    std::fs::write(host.file("passwords.txt"), "another\n").unwrap();
    let (code, text, _) = run(0);
    assert_eq!(code, Some(1), "{text}");
}

#[test]
fn hooks_of_certbot_and_acme_sh_bind_twice() {
    let blocks = blocks("certbot and acme.sh", "sh");
    let [certbot, acme] = &blocks[..] else {
        panic!("{blocks:?}")
    };
    let host = Host::new();
    let (_, hash) = host.certificate();
    let lineage = host.0.path().to_str().unwrap();
    for _ in 0..2 {
        host.sh(certbot, &[("RENEWED_LINEAGE", lineage)]);
        host.assert_renewed(&hash);
    }
    // acme.sh gets the hook as an argument, and evaluates it.
    let host = Host::new();
    let (pem, hash) = host.certificate();
    let stub = host.file("bin/acme.sh");
    std::fs::write(&stub, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n").unwrap();
    std::fs::set_permissions(&stub, PermissionsExt::from_mode(0o755)).unwrap();
    let arguments = host.sh(acme, &[]);
    let mut arguments = arguments.lines();
    arguments.find(|it| *it == "--renew-hook").unwrap();
    let hook = format!("eval '{}'", arguments.next().unwrap());
    for _ in 0..2 {
        host.sh(&hook, &[("CERT_PATH", pem.to_str().unwrap())]);
        host.assert_renewed(&hash);
    }
}

#[test]
fn options_that_a_client_lost_are_restored_twice() {
    let blocks = blocks("After a client that deletes and adds", "sh");
    let [before, after] = &blocks[..] else {
        panic!("{blocks:?}")
    };
    let host = Host::new();
    host.sh(before, &[]);
    host.ok(&["delete", KEY]);
    let add = ["add", KEY, "--hash", NEW, "--app-id", APP];
    host.ok(&[&add[..], &["--store-name", "MY"]].concat());
    assert!(after.contains("httpsys:"), "{after}");
    for _ in 0..2 {
        host.sh(&after.replace("httpsys:", &host.store()), &[]);
        host.assert_renewed(NEW);
    }
}
