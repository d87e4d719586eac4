//! The texts of netsh in languages other than English, each with its public source. The table is the
//! only place that has them: the reader's labels and titles, the writer's layouts and the tables of
//! the page on listings are made of it.

use std::fmt;

use certbind_core::Kind;

use super::field::{Field, Shape, key_label};
use super::language::Language;

/// A text of `netsh http show sslcert` or `add sslcert`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// The title of a listing.
    Title,
    /// The dashes under the title.
    Rule,
    /// The label of a key.
    Key(Kind),
    /// The label of another line.
    Field(Field),
    /// The word for on (true) or off in a line of this shape.
    Word(Shape, bool),
    /// The line above an extended property.
    Properties,
    /// The label of the number of an extended property.
    PropertyId,
    /// The answer of `add sslcert` after success.
    Added,
    /// The answer after a refusal, with `{code}` for the number.
    AddFailed,
    /// The system's text for a Win32 code.
    System(u32),
}

/// The source of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Published output of a host, or a statement about it.
    Host(&'static str),
    /// Written by hand in a published test. It is read, and never printed.
    Test(&'static str),
}

/// A text in a language.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) language: Language,
    pub(super) text: Text,
    /// The text; of a line the label alone.
    pub(super) spelling: &'static str,
    /// Of a line the text between label and value, as the host printed it; otherwise empty.
    pub(super) gap: &'static str,
    pub(super) source: Source,
}

/// The listing has every line of its release; no line of it has the value `Set`.
const SRV_WEB: Source = Source::Host(
    "a listing of a French Windows Server 2022 in juesp311-rgb/projetinfrastructure \
     `3-hardening/hardening.md`",
);
const SCRIPT_RUNNER: Source = Source::Host(
    "output of a German host in public notes on the renewal of a certificate of ScriptRunner",
);
const AZURE_1278: Source = Source::Host(
    "microsoft/azure-pipelines-extensions issue 1278 and pull request 1294, from a German host",
);
const GERMAN_TEST: Source = Source::Test("a test of a public PowerShell script");
const CHINESE_NOTES: Source =
    Source::Host("notes on the output of a Chinese host in a public program in Go");
const CHINESE_TEST: Source = Source::Test("a test of the same program in Go");
const CHINESE_ADDED: Source = Source::Host(
    "output of hosts in two public notes, on a WCF service and on client certificates",
);
const CHINESE_FAILED: Source =
    Source::Host("output of a host in public notes on WCF services over HTTPS");

const fn line(
    language: Language,
    text: Text,
    spelling: &'static str,
    gap: &'static str,
    source: Source,
) -> Known {
    Known {
        language,
        text,
        spelling,
        gap,
        source,
    }
}

const fn text(language: Language, text: Text, spelling: &'static str, source: Source) -> Known {
    line(language, text, spelling, "", source)
}

const fn french(field: Field, label: &'static str, gap: &'static str) -> Known {
    line(Language::French, Text::Field(field), label, gap, SRV_WEB)
}

use Language::{French, German, SimplifiedChinese};

/// The texts, by language and in the order of a listing.
#[rustfmt::skip]
pub(super) const TEXTS: &[Known] = &[
    text(German, Text::Title, "SSL-Zertifikatbindungen:", SCRIPT_RUNNER),
    text(German, Text::Rule, "-------------------------", SCRIPT_RUNNER),
    line(German, Text::Key(Kind::IpPort), "IP:Port", "                      : ", SCRIPT_RUNNER),
    line(German, Text::Field(Field::Hash), "Zertifikathash", "              : ", AZURE_1278),
    text(German, Text::Field(Field::AppId), "Anwendungs-ID", GERMAN_TEST),
    text(German, Text::Field(Field::StoreName), "Zertifikatspeichername", GERMAN_TEST),
    text(German, Text::Field(Field::Revocation), "Clientzertifikatsperrung ueberpruefen", GERMAN_TEST),
    text(French, Text::Title, "Liaisons de certificat SSL :", SRV_WEB),
    text(French, Text::Rule, "----------------------------", SRV_WEB),
    line(French, Text::Key(Kind::IpPort), "Adresse IP:port", "                      : ", SRV_WEB),
    french(Field::Hash, "Hachage du certificat", "             : "),
    french(Field::AppId, "ID de l'application", "               : "),
    french(Field::StoreName, "Nom du magasin de certificats", " :       : "),
    french(Field::Revocation, "Vérifier la révocation des certificats clients", " : "),
    french(Field::CachedRevocation, "Vérifier la révocation au moyen du certificat client mis en cache uniquement", " : "),
    french(Field::UsageCheck, "Vérification de l'utilisation", "                  : "),
    french(Field::Freshness, "Heure d'actualisation de la révocation", "    : "),
    french(Field::Timeout, "Délai d'attente de la récupération d'URL", "        : "),
    french(Field::CtlIdentifier, "Identificateur CTL", "               : "),
    french(Field::CtlStoreName, "Nom du magasin CTL", "               : "),
    french(Field::DsMapper, "Utilisation du mappeur DS", "              : "),
    french(Field::Negotiate, "Négocier le certificat client", " : "),
    french(Field::Reject, "Refuser les connexions", " : "),
    french(Field::Http2, "Désactiver HTTP2", " :"),
    french(Field::Quic, "Désactiver QUIC", " :"),
    french(Field::Tls12, "Désactiver TLS1.2", "               : "),
    french(Field::Tls13, "Désactiver TLS1.3", " :"),
    french(Field::OcspStapling, "Désactiver l'association OCSP", " :"),
    french(Field::TokenBinding, "Activer la liaison de jeton", "         : "),
    french(Field::ExtendedEvents, "Consigner les événements étendus", "          : "),
    french(Field::LegacyTls, "Désactiver les versions existantes de TLS", " : "),
    french(Field::SessionTicket, "Activer le ticket de session", " : "),
    text(French, Text::Properties, "Propriétés étendues :", SRV_WEB),
    line(French, Text::PropertyId, "PropertyId", "                   : ", SRV_WEB),
    french(Field::ReceiveWindow, "Fenêtre de réception", "                : "),
    french(Field::MaxSettingsPerFrame, "Paramètres max par cadre", "       : "),
    french(Field::MaxSettingsPerMinute, "Paramètres max par minute", "        : "),
    text(French, Text::Word(Shape::Enabled, true), "Enabled", SRV_WEB),
    text(French, Text::Word(Shape::Enabled, false), "Disabled", SRV_WEB),
    text(French, Text::Word(Shape::Set, false), "Not Set", SRV_WEB),
    text(SimplifiedChinese, Text::Title, "SSL 证书绑定:", CHINESE_TEST),
    line(SimplifiedChinese, Text::Key(Kind::IpPort), "IP:端口", "                      : ", CHINESE_NOTES),
    text(SimplifiedChinese, Text::Key(Kind::Sni), "主机名:端口", CHINESE_TEST),
    line(SimplifiedChinese, Text::Field(Field::Hash), "证书哈希", "                     : ", CHINESE_NOTES),
    text(SimplifiedChinese, Text::Field(Field::AppId), "应用程序 ID", CHINESE_TEST),
    text(SimplifiedChinese, Text::Field(Field::StoreName), "证书存储名称", CHINESE_TEST),
    text(SimplifiedChinese, Text::Added, "成功添加 SSL 证书", CHINESE_ADDED),
    text(SimplifiedChinese, Text::AddFailed, "未能添加 SSL 证书，错误: {code}", CHINESE_FAILED),
    text(SimplifiedChinese, Text::System(5), "请求的操作需要提升(作为管理员运行)。", CHINESE_FAILED),
    text(SimplifiedChinese, Text::System(183), "当文件已存在时，无法创建该文件。", CHINESE_FAILED),
];

/// The English wording.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Title => f.write_str("SSL Certificate bindings:"),
            Self::Rule => f.write_str("the line of dashes under the title"),
            Self::Key(kind) => f.write_str(key_label(*kind)),
            Self::Field(Field::Key) => f.write_str("the key"),
            Self::Field(field) => f.write_str(field.label()),
            Self::Word(Shape::Set, true) => f.write_str("Set"),
            Self::Word(Shape::Set, false) => f.write_str("Not Set"),
            Self::Word(_, true) => f.write_str("Enabled"),
            Self::Word(_, false) => f.write_str("Disabled"),
            Self::Properties => f.write_str("Extended Properties:"),
            Self::PropertyId => f.write_str("PropertyId"),
            Self::Added => f.write_str("SSL Certificate successfully added"),
            Self::AddFailed => f.write_str("SSL Certificate add failed, Error: N"),
            Self::System(code) => write!(f, "the system's text for error {code}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "<!-- languages: generated from `crates/formats/src/netsh/evidence.rs`; a test prints it -->\n";
    const END: &str = "<!-- end of languages -->";

    /// The table of the page.
    fn table() -> String {
        let mut text =
            "\n| language | English | text | use | source |\n|---|---|---|---|---|\n".to_owned();
        for known in TEXTS {
            let (usage, source) = match known.source {
                Source::Host(source) => ("printed", source),
                Source::Test(source) => ("read", source),
            };
            text += &format!(
                "| {} | `{}` | `{}` | {usage} | {source} |\n",
                known.language.name(),
                known.text,
                known.spelling,
            );
        }
        text + "\n"
    }

    #[test]
    fn the_page_has_every_text_with_its_source() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/formats/netsh.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (before, rest) = page.split_once(START).unwrap();
        let (found, after) = rest.split_once(END).unwrap();
        if std::env::var_os("SNAPSHOTS").is_some() {
            std::fs::write(path, format!("{before}{START}{}{END}{after}", table())).unwrap();
            return;
        }
        assert_eq!(found, table(), "run this test with SNAPSHOTS=overwrite");
    }

    /// A text occurs once, and what was written by hand has no columns to print.
    #[test]
    fn texts_are_unique_and_printed_only_from_hosts() {
        for (at, known) in TEXTS.iter().enumerate() {
            let others = &TEXTS[at + 1..];
            let same =
                |other: &&Known| other.language == known.language && other.text == known.text;
            assert!(others.iter().find(same).is_none(), "{known:?}");
            assert!(!known.spelling.is_empty());
            let is_line = matches!(known.text, Text::Key(_) | Text::Field(_) | Text::PropertyId);
            let is_host = matches!(known.source, Source::Host(_));
            assert_eq!(known.gap.contains(':'), is_line && is_host, "{known:?}");
            let printed = super::super::translation::known(known.language, known.text);
            assert_eq!(printed.is_some(), is_host, "{known:?}");
        }
    }
}
