//! Answers in other display languages: whole, or refused with the texts that are not known.

use certbind::netsh::{Netsh, Profile};
use certbind_core::MemoryStore;
use certbind_formats::netsh::Language;

use crate::bench::{CommandOutput, HASH, IIS, Refusing};

const ADD: &str = "http add sslcert ipport=0.0.0.0:443";

fn run(
    store: &dyn certbind_core::BindingStore,
    profile: Profile,
    language: Language,
    line: &str,
) -> Result<CommandOutput, String> {
    let words: Vec<_> = line.split(' ').map(String::from).collect();
    let netsh = Netsh::new(store, profile).with_language(language);
    let mut printed = Vec::new();
    let done = netsh.run(&words, &mut std::io::empty(), &mut printed);
    let text = String::from_utf8(printed).unwrap();
    match done {
        Ok(code) => Ok(CommandOutput { text, code }),
        Err(error) => {
            assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
            assert_eq!(text, "", "nothing is printed in part");
            Err(error.to_string())
        }
    }
}

fn add() -> String {
    format!("{ADD} certhash={HASH} appid={IIS}")
}

/// As hosts in public notes answered: success, and the error of a key that is bound.
#[test]
fn chinese_hosts_answer_add_as_published() {
    let store = MemoryStore::new();
    let chinese = Language::SimplifiedChinese;
    let said = run(&store, Profile::Server2022, chinese, &add()).unwrap();
    assert_eq!(
        (said.text.as_str(), said.code),
        ("\n成功添加 SSL 证书\n\n", 0)
    );
    let said = run(&store, Profile::Server2022, chinese, &add()).unwrap();
    assert_eq!(said.code, 1);
    assert_eq!(
        said.text,
        "\n未能添加 SSL 证书，错误: 183\n当文件已存在时，无法创建该文件。\n\n\n"
    );
    let said = run(&Refusing(5), Profile::Server2022, chinese, &add()).unwrap();
    assert!(
        said.text
            .contains("错误: 5\n请求的操作需要提升(作为管理员运行)。")
    );
    let error = run(&Refusing(1312), Profile::Server2022, chinese, &add()).unwrap_err();
    assert!(
        error.contains("the system's text for error 1312"),
        "{error}"
    );
}

/// What cannot be answered is not carried out.
#[test]
fn commands_without_a_known_answer_change_nothing() {
    let store = MemoryStore::new();
    for (language, line) in [
        (Language::French, add()),
        (Language::German, add()),
        (
            Language::SimplifiedChinese,
            "http delete sslcert ipport=0.0.0.0:443".to_owned(),
        ),
        (
            Language::SimplifiedChinese,
            format!("{ADD} certhash=12 appid={IIS}"),
        ),
        (Language::SimplifiedChinese, "http show sslcert".to_owned()),
        (
            Language::French,
            "http show sslcert ipport=0.0.0.0:443".to_owned(),
        ),
        (Language::French, "http show urlacl".to_owned()),
        (Language::French, "http add sslcert help".to_owned()),
    ] {
        let error = run(&store, Profile::Server2022, language, &line).unwrap_err();
        assert!(
            error.starts_with("no published output of netsh in "),
            "{line}: {error}"
        );
    }
    let all = certbind_core::Scan::all();
    assert_eq!(
        certbind_core::BindingStore::scan(&store, &all)
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn french_listings_are_printed_up_to_server_2022() {
    let store = MemoryStore::new();
    let english = run(&store, Profile::Server2022, Language::English, &add()).unwrap();
    assert_eq!(english.code, 0);
    let show = "http show sslcert";
    for profile in Profile::ALL {
        let said = run(&store, profile, Language::French, show);
        if profile > Profile::Server2022 {
            assert!(
                said.unwrap_err().contains("Enable Caching Client Hello"),
                "{profile}"
            );
            continue;
        }
        let said = said.unwrap();
        assert!(
            said.text
                .starts_with("\nLiaisons de certificat SSL :\n----------------------------\n")
        );
        assert!(
            said.text
                .contains(&format!("    Hachage du certificat             : {HASH}\n"))
        );
        assert!(!said.text.contains("Certificate"), "{}", said.text);
        let one = run(
            &store,
            profile,
            Language::French,
            "http show sslcert 0.0.0.0:443",
        )
        .unwrap();
        assert_eq!(one, said);
    }
    let host = format!(
        "http add sslcert hostnameport=www.exemple.fr:443 certhash={HASH} appid={IIS} certstorename=MY"
    );
    run(&store, Profile::Server2022, Language::English, &host).unwrap();
    let error = run(&store, Profile::Server2022, Language::French, show).unwrap_err();
    assert!(error.contains("Hostname:port"), "{error}");
}
