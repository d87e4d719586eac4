//! URL reservations, the IP listen list, timeouts, cache parameters and settings.

use std::fmt::Write as _;
use std::sync::Arc;

use certbind::netsh::{Netsh, Profile};
use certbind_core::MemoryStore;
use certbind_httpapi_abi::HttpApi;
use certbind_simulator::{Privilege, Simulator};
use snapbox::{assert_data_eq, current_dir};

use crate::bench::{Bench, CommandOutput};

/// A host, and the netsh on it.
struct Host {
    simulator: Arc<Simulator>,
    api: Arc<dyn HttpApi>,
    profile: Profile,
}

impl Host {
    fn new(profile: Profile) -> Self {
        Self::of(Simulator::new(Arc::new(MemoryStore::new())), profile)
    }

    fn of(simulator: Simulator, profile: Profile) -> Self {
        let simulator = Arc::new(simulator);
        let api = Arc::clone(&simulator) as Arc<dyn HttpApi>;
        Self {
            simulator,
            api,
            profile,
        }
    }

    /// Runs a command whose words are separated by bars.
    fn run(&self, line: &str) -> CommandOutput {
        let words: Vec<_> = line.split('|').map(String::from).collect();
        let netsh = Netsh::new(&*self.simulator, self.profile).with_api(&self.api);
        let mut printed = Vec::new();
        let code = netsh.run(&words, &mut std::io::empty(), &mut printed);
        CommandOutput {
            text: String::from_utf8(printed).unwrap(),
            code: code.unwrap(),
        }
    }

    fn ok(&self, line: &str) -> String {
        let said = self.run(line);
        assert_eq!(said.code, 0, "{line}: {}", said.text);
        said.text
    }

    fn fails(&self, line: &str) -> String {
        let said = self.run(line);
        assert_eq!(said.code, 1, "{line}: {}", said.text);
        said.text
    }
}

/// Without the blank lines around it.
fn core(text: &str) -> &str {
    text.trim_matches('\n')
}

/// Every command, every message.
const COMMANDS: &[&str] = &[
    "http|show|urlacl",
    "http|add|urlacl|url=http://+:8080/App|user=Everyone",
    "http|add|urlacl|url=http://+:8080/app/|user=Everyone",
    "http|add|urlacl|http://*:80/a=b/|NT AUTHORITY\\NETWORK SERVICE|no|yes",
    "http|add|urlacl|url=https://www.contoso.com:443/|user=nt service\\winrm|delegate=YES",
    "http|add|urlacl|url=https://+:443/x/|sddl=D:(A;;GX;;;S-1-5-21-1-2-3-1001)(A;;GA;;;BA)",
    "http|add|urlacl|url=http://[::1]:80/|user=S-1-5-32-545|listen=no",
    "http|add|urlacl|url=http://+/|user=Everyone",
    "http|add|urlacl|url=http://+:81/|user=CONTOSO\\svc",
    "http|add|urlacl|url=http://+:81/|sddl=Everyone",
    "http|add|urlacl|url=http://+:81/",
    "http|add|urlacl|url=http://+:81/|user=Everyone|listen=maybe",
    "http|add|urlacl|url=http://+:81/|nosuchtag=1",
    "http|show|urlacl",
    "http|show|urlacl|url=http://+:8080/APP",
    "http|show|urlacl|http://+:82/",
    "http|delete|urlacl|url=http://+:8080/app",
    "http|delete|urlacl|url=http://+:8080/app",
    "http|delete|urlacl|url=nonsense",
    "http|delete|urlacl",
    "http|show|iplisten",
    "http|add|iplisten|ipaddress=192.168.33.1",
    "http|add|iplisten|::",
    "http|add|iplisten|ipaddress=0.0.0.0:8000",
    "http|add|iplisten|ipaddress=192.168.33.1",
    "http|add|iplisten|ipaddress=localhost",
    "http|add|iplisten|address=1.1.1.1",
    "http|show|iplisten",
    "http|delete|iplisten|ipaddress=::",
    "http|delete|iplisten|ipaddress=::",
    "http|show|timeout",
    "http|add|timeout|timeouttype=idleconnectiontimeout|value=240",
    "http|add|timeout|header|0x40",
    "http|add|timeout|timeouttype=headerwaittimeout|value=0",
    "http|add|timeout|timeouttype=headerwaittimeout|value=65536",
    "http|add|timeout|timeouttype=other|value=1",
    "http|add|timeout|timeouttype=headerwaittimeout",
    "http|show|timeout",
    "http|delete|timeout|timeouttype=idleconnectiontimeout",
    "http|delete|timeout|timeouttype=idleconnectiontimeout",
    "http|show|cacheparam",
    "http|add|cacheparam|type=maxcacheresponsesize|value=524288",
    "http|show|cacheparam",
    "http|delete|cacheparam|type=maxcacheresponsesize",
    "http|show|setting",
    "http|add|setting|settingtype=sslthrottle|value=100",
    "http|add|setting|settingtype=sslthrottle|value=-1",
    "http|show|setting",
    "http|delete|setting|settingtype=sslthrottle",
    "http|show|timeout|everything",
    "http|add|iplisten|ipaddress=::1:80",
    "http|show|iplisten",
    "http|add|urlacl|url|=|http://+:83/|sddl|=D:(A;;GRGWGX;;;WD)",
    "http|show|urlacl|url = http://+:83/",
    "http|show|urlacl|http://+:83/",
    "http|show|servicestate",
    "http|show|servicestate|view=requestq|verbose=no",
    "http|show|servicestate|view=other",
    "http|show|cachestate",
    "http|show|cachestate|url=http://localhost/",
    "http|delete|cache",
    "http|delete|cache|url=http://localhost/|recursive=yes",
    "http|delete|cache|recursive=maybe",
    "http|flush|logbuffer",
    "http|flush",
    "http|flush|logbuffer|x",
    "http|dump",
    "http|dump|x",
];

/// Microsoft's page of 2025 is the first that lists it.
#[test]
fn the_view_by_clients_came_with_2025() {
    for profile in Profile::ALL {
        let said = Host::new(profile).run("http|show|servicestate|view=client");
        let is_known = profile == Profile::Server2025;
        assert_eq!(said.code == 0, is_known, "{profile}: {}", said.text);
    }
}

#[test]
fn service_output_is_that_of_every_release() {
    for profile in Profile::ALL {
        let host = Host::new(profile);
        let mut transcript = String::new();
        for line in COMMANDS {
            let said = host.run(line);
            let text = match said.text.find(" \nUsage: ") {
                Some(place) => format!("{}[the usage and the help]\n", &said.text[..place]),
                None => said.text,
            };
            let line = line.replace('|', " ");
            writeln!(
                transcript,
                "> netsh {line}\n{text}[exit code {}]\n",
                said.code
            )
            .unwrap();
        }
        // The only one without settings.
        let name = match profile {
            Profile::Server2008R2 => "service-2008r2.txt",
            _ => "service.txt",
        };
        let path = current_dir!().join("snapshots").join(name);
        assert_data_eq!(transcript, snapbox::Data::read_from(&path, None).raw());
    }
}

#[test]
fn every_service_command_has_help() {
    let host = Host::new(Profile::default());
    let mut help = String::new();
    for verb in ["add", "delete", "show"] {
        let objects = ["cacheparam", "iplisten", "setting", "timeout", "urlacl"];
        let runtime = ["cache", "cachestate", "servicestate"];
        for object in objects.into_iter().chain(runtime) {
            let is_there = match object {
                "cache" => verb == "delete",
                "cachestate" | "servicestate" => verb == "show",
                object => (verb, object) != ("delete", "cacheparam"),
            };
            if !is_there {
                continue;
            }
            let words = ["help", "?", "/?"];
            let said = words.map(|word| host.ok(&format!("http|{verb}|{object}|{word}")));
            assert!(said.iter().all(|text| *text == said[0]), "{verb} {object}");
            writeln!(help, "> netsh http {verb} {object} help\n{}", said[0]).unwrap();
        }
    }
    let path = current_dir!().join("snapshots").join("help-service.txt");
    assert_data_eq!(help, snapbox::Data::read_from(&path, None).raw());
}

#[test]
fn reservations_are_listed_as_a_host_lists_them() {
    let host = Host::new(Profile::Server2019);
    host.ok("http|add|urlacl|url=http://+:80/Temporary_Listen_Addresses/|user=everyone|listen=yes");
    let services = "D:(A;;GX;;;S-1-5-80-569256582-2953403351-2909559716-1301513147-412116970)\
                    (A;;GX;;;S-1-5-80-4059739203-877974739-1245631912-527174227-2996563517)";
    host.ok(&format!(
        "http|add|urlacl|url=http://+:5985/wsman/|sddl={services}"
    ));
    // Hosts are in the order of their registry, and these in that of their URLs.
    let listing = host.ok("http|show|urlacl");
    let lines = |text: &str| {
        let lines: Vec<_> = text
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect();
        let (head, blocks) = lines.split_at(4);
        let mut blocks: Vec<_> = blocks.split(String::is_empty).map(<[_]>::to_vec).collect();
        blocks.sort();
        (head.to_vec(), blocks)
    };
    assert_eq!(
        lines(&listing),
        lines(include_str!("samples/urlacl-listing.txt"))
    );
}

#[test]
fn the_listen_list_is_listed_as_a_host_lists_it() {
    let host = Host::new(Profile::default());
    for address in ["192.168.33.1", "127.0.0.0", "127.0.0.1"] {
        let said = host.ok(&format!("http|add|iplisten|ipaddress={address}"));
        assert_eq!(core(&said), "IP address successfully added");
    }
    assert_eq!(
        host.ok("http|show|iplisten"),
        include_str!("samples/iplisten.txt")
    );
    let said = host.ok("http|delete|iplisten|ipaddress=127.0.0.0");
    assert_eq!(core(&said), "IP address successfully deleted");
    let said = host.fails("http|delete|iplisten|ipaddress=127.0.0.0");
    assert!(said.contains("Element not found."), "{said}");
    let said = host.fails("http|add|iplisten|ipaddress=127.0.0.1");
    assert!(said.contains("already exists"), "{said}");
}

#[test]
fn failure_messages_match_hosts() {
    let host = Host::new(Profile::default());
    let add = "http|add|urlacl|url=http://+:8080/|user=Everyone";
    assert_eq!(core(&host.ok(add)), "URL reservation successfully added");
    for (line, sample) in [
        (add, include_str!("samples/urlacl-183.txt")),
        (
            "http|add|urlacl|url=http://+/|user=Everyone",
            include_str!("samples/urlacl-87.txt"),
        ),
        (
            "http|add|urlacl|url=http://+:81/|user=%USERDOMAIN%\\%USERNAME%",
            include_str!("samples/urlacl-1332.txt"),
        ),
        (
            "http|delete|urlacl|url=http://+:2113/",
            include_str!("samples/urlacl-delete-2.txt"),
        ),
    ] {
        assert_eq!(core(&host.fails(line)), core(sample), "{line}");
    }
    let said = host.ok("http|delete|urlacl|url=http://+:8080/");
    assert_eq!(core(&said), "URL reservation successfully deleted");
}

#[test]
fn a_user_without_rights_reads_and_changes_nothing() {
    let simulator = Simulator::new(Arc::new(MemoryStore::new()));
    let host = Host::of(
        simulator.privilege(Privilege::StandardUser),
        Profile::default(),
    );
    let said = host.fails("http|add|urlacl|url=http://+:80/|user=Everyone");
    assert!(said.contains("Error: 5\nAccess is denied."), "{said}");
    host.ok("http|show|urlacl");
    host.ok("http|show|timeout");
}

#[test]
fn store_without_tables_refuses_service_commands() {
    let bench = Bench::new(Profile::default());
    let said = bench.fails("http add urlacl url=http://+:80/ user=Everyone");
    assert!(
        said.contains("Error: 50\nThe request is not supported."),
        "{said}"
    );
    let said = bench.fails("http show iplisten");
    assert!(said.contains("The request is not supported."), "{said}");
}

#[test]
fn no_url_can_turn_the_text_of_a_terminal() {
    let host = Host::new(Profile::default());
    host.ok("http|add|urlacl|url=http://+:80/a\u{202e}b/|user=Everyone");
    let listing = host.ok("http|show|urlacl");
    assert!(listing.contains("http://+:80/a\\u{202e}b/"), "{listing}");
    host.fails("http|add|urlacl|url=http://+:80/\u{1b}[31m/|user=Everyone");
}
