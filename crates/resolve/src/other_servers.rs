//! How other TLS servers choose a certificate by the server name, for comparison.
//!
//! Each row was observed in November 2026 with default settings, unless the name of the server says
//! otherwise. Untested combinations are [`OtherAnswer::NotKnown`].

use std::collections::BTreeSet;

use certbind_core::BindingKey;

/// A TLS server other than HTTP.sys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherServer {
    name: &'static str,
    /// The treatment of a dot at the end of the server name.
    final_dot: Rule,
    /// The number of labels that a wildcard matches.
    wildcard: Wildcard,
    /// The answer to a name that matches nothing.
    unknown_name: Rule,
}

/// How a server answers a connection, if it has a site for each host name that is bound at the
/// port, and a default site.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OtherAnswer {
    /// The certificate of this host name.
    Site(String),
    /// The certificate of the default site.
    Default,
    /// This TLS alert.
    Alert(u8),
    /// It was not tried.
    NotKnown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// The dot is ignored.
    Ignored,
    Default,
    Alert(u8),
    NotKnown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wildcard {
    None,
    OneLabel,
    SeveralLabels,
    /// One label at least.
    NotKnown,
}

use Rule::{Alert, Default, Ignored, NotKnown};

/// The servers that were observed.
pub const OTHER_SERVERS: [OtherServer; 13] = {
    use Wildcard::{OneLabel, SeveralLabels};
    [
        row("nginx", Ignored, SeveralLabels, Default),
        row(
            "nginx with ssl_reject_handshake",
            Ignored,
            SeveralLabels,
            Alert(112),
        ),
        row("HAProxy", Default, OneLabel, Default),
        row("HAProxy with strict-sni", NotKnown, OneLabel, Alert(112)),
        row("Apache httpd", Default, SeveralLabels, Default),
        row("lighttpd", Default, SeveralLabels, Default),
        row("stunnel", Default, SeveralLabels, Default),
        row("Caddy", Alert(10), OneLabel, NotKnown),
        row("Node.js", Default, OneLabel, Default),
        row("Python", Default, Wildcard::NotKnown, Default),
        row("openssl s_server", Default, Wildcard::None, Default),
        row("Java 17", Alert(47), OneLabel, NotKnown),
        row(
            "rustls, ResolvesServerCertUsingSni",
            Ignored,
            Wildcard::None,
            Alert(49),
        ),
    ]
};

const fn row(
    name: &'static str,
    final_dot: Rule,
    wildcard: Wildcard,
    unknown_name: Rule,
) -> OtherServer {
    OtherServer {
        name,
        final_dot,
        wildcard,
        unknown_name,
    }
}

impl OtherServer {
    /// The name of the server.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its answer to a client that sends a server name, if it has a site for each host name of these keys
    /// at their port.
    ///
    /// ```
    /// use certbind_resolve::{OTHER_SERVERS, OtherAnswer};
    ///
    /// let keys = ["hostnameport=*.contoso.com:443".parse()?];
    /// let answer = |name: &str| OTHER_SERVERS[0].answer(&keys, name);
    /// assert_eq!(answer("www.contoso.com"), OtherAnswer::Site("*.contoso.com".to_owned()));
    /// assert_eq!(answer("www.fabrikam.com"), OtherAnswer::Default);
    /// # Ok::<(), certbind_core::KeyError>(())
    /// ```
    #[must_use]
    pub fn answer<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a BindingKey>,
        name: &str,
    ) -> OtherAnswer {
        let sites = keys.into_iter().filter_map(|key| match key {
            BindingKey::Sni(endpoint) | BindingKey::ScopedCcs(endpoint) => {
                Some(endpoint.host().as_str().to_ascii_lowercase())
            }
            _ => None,
        });
        let sites: BTreeSet<_> = sites.collect();
        let mut name = name.to_ascii_lowercase();
        if let Some(shorter) = name.strip_suffix('.') {
            match self.final_dot {
                Ignored => name = shorter.to_owned(),
                rule => return rule.into(),
            }
        }
        if sites.contains(&name) {
            return OtherAnswer::Site(name);
        }
        let mut parent = name.as_str();
        let mut labels = 0;
        while let Some((_, rest)) = parent.split_once('.') {
            (parent, labels) = (rest, labels + 1);
            let site = format!("*.{parent}");
            if !sites.contains(&site) {
                continue;
            }
            match (self.wildcard, labels) {
                (Wildcard::SeveralLabels, _) | (Wildcard::OneLabel | Wildcard::NotKnown, 1) => {
                    return OtherAnswer::Site(site);
                }
                (Wildcard::NotKnown, _) => return OtherAnswer::NotKnown,
                (Wildcard::OneLabel | Wildcard::None, _) => {}
            }
        }
        self.unknown_name.into()
    }
}

impl From<Rule> for OtherAnswer {
    fn from(rule: Rule) -> Self {
        match rule {
            Default => Self::Default,
            Alert(alert) => Self::Alert(alert),
            Ignored | NotKnown => Self::NotKnown,
        }
    }
}

impl OtherAnswer {
    /// The identifier of the answer in JSON.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::Site(_) => "site",
            Self::Default => "default",
            Self::Alert(_) => "alert",
            Self::NotKnown => "not_known",
        }
    }
}

impl std::fmt::Display for OtherAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Site(name) => write!(f, "the certificate of {name}"),
            Self::Default => f.write_str("the certificate of the default site"),
            Self::Alert(alert) => write!(f, "TLS alert {alert}"),
            Self::NotKnown => f.write_str("not known"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(name: &str) -> Vec<(&'static str, OtherAnswer)> {
        let keys = ["hostnameport=www.a.test:443", "hostnameport=*.a.test:443"];
        let keys = keys.map(|key| key.parse().expect("a key"));
        let servers = OTHER_SERVERS.iter();
        servers
            .map(|server| (server.name(), server.answer(&keys, name)))
            .collect()
    }

    /// The servers that give an answer.
    fn with(name: &str, answer: &OtherAnswer) -> Vec<&'static str> {
        let answers = answers(name).into_iter();
        let found = answers.filter(|(_, found)| found == answer);
        found.map(|(server, _)| server).collect()
    }

    #[test]
    fn every_server_finds_an_exact_name() {
        let site = OtherAnswer::Site("www.a.test".to_owned());
        assert_eq!(with("WWW.a.test", &site).len(), OTHER_SERVERS.len());
    }

    #[test]
    fn wildcards_cover_several_labels_at_some() {
        let site = OtherAnswer::Site("*.a.test".to_owned());
        let one = with("x.a.test", &site);
        assert_eq!(one.len(), OTHER_SERVERS.len() - 2);
        assert!(!one.contains(&"openssl s_server"));
        let several = with("x.y.a.test", &site);
        assert!(several.contains(&"stunnel") && !several.contains(&"HAProxy"));
        assert_eq!(
            with("x.y.a.test", &OtherAnswer::NotKnown),
            ["Caddy", "Python", "Java 17"]
        );
    }

    #[test]
    fn a_final_dot_is_ignored_or_not() {
        let site = OtherAnswer::Site("www.a.test".to_owned());
        let ignored = with("www.a.test.", &site);
        assert!(
            ignored
                .iter()
                .all(|it| it.starts_with("nginx") || it.starts_with("rustls"))
        );
        assert_eq!(ignored.len(), 3);
        assert_eq!(with("www.a.test.", &OtherAnswer::Alert(47)), ["Java 17"]);
        assert_eq!(with("www.a.test.", &OtherAnswer::Alert(10)), ["Caddy"]);
    }

    #[test]
    fn unknown_names_get_the_default_or_an_alert() {
        let rejecting = with("other.test", &OtherAnswer::Alert(112));
        assert_eq!(
            rejecting,
            ["nginx with ssl_reject_handshake", "HAProxy with strict-sni"]
        );
        assert_eq!(with("other.test", &OtherAnswer::Alert(49)).len(), 1);
        assert_eq!(with("other.test", &OtherAnswer::Default).len(), 8);
    }
}
