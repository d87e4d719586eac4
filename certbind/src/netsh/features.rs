//! The differences between the releases of netsh, with the evidence for each.
//!
//! The values come from the code that the emulation runs on; only the evidence is written here.

use certbind_core::{Binding, BindingKey, Kind, Record, Uuid};
use certbind_formats::netsh::{Newline, Release, Writer};

use super::profile::Profile;
use super::tags;
use super::verb::Verb;

/// How certain it is that a release has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Microsoft's documentation states it for the release, or for all releases.
    Documented,
    /// It is visible in published output of a host, or a published program depends on it.
    Observed,
    /// It follows from neighbouring releases or from other facts. Not verified on a real Windows.
    Inferred,
}

impl Confidence {
    /// All of them, the most certain first.
    pub const ALL: [Self; 3] = [Self::Documented, Self::Observed, Self::Inferred];

    /// The name: `documented`, `observed`, `inferred`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Inferred => "inferred",
        }
    }
}

/// The source of a value in some releases.
#[derive(Clone, Copy, Debug)]
pub struct Evidence {
    /// The releases.
    pub profiles: &'static [Profile],
    /// Its weight.
    pub confidence: Confidence,
    /// The public source.
    pub source: &'static str,
}

/// A property in which the releases differ.
///
/// ```
/// use certbind::netsh::{Confidence, Feature, Profile};
///
/// let update = Feature::all().into_iter().find(|feature| feature.name == "`update sslcert`").unwrap();
/// assert_eq!((update.value)(Profile::Server2012R2), "no");
/// assert_eq!(update.confidence(Profile::Server2012R2), Confidence::Observed);
/// assert_eq!(update.confidence(Profile::Server2016), Confidence::Inferred);
/// ```
#[derive(Clone, Debug)]
pub struct Feature {
    /// The name, in Markdown.
    pub name: String,
    /// Its value in a release.
    pub value: fn(Profile) -> String,
    /// The sources. A release in none of them has its value by inference.
    pub evidence: &'static [Evidence],
    /// The reason for the inferred values.
    pub inference: &'static str,
}

impl Feature {
    /// All of them.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut features = KINDS.map(Self::of_row).to_vec();
        features.extend(COMMANDS.map(Self::of_row));
        features.extend(OPTIONS.map(|row| Self {
            name: options_since(row.0),
            value: row.1,
            evidence: OPTION_EVIDENCE,
            inference: OPTION_INFERENCE,
        }));
        features.extend(BEHAVIOUR.map(Self::of_row));
        features.extend(LISTING.map(Self::of_row));
        features
    }

    fn of_row((name, value, evidence, inference): Row) -> Self {
        Self {
            name: name.to_owned(),
            value,
            evidence,
            inference,
        }
    }

    /// How certain its value in a release is.
    #[must_use]
    pub fn confidence(&self, profile: Profile) -> Confidence {
        let of = self
            .evidence
            .iter()
            .filter(|evidence| evidence.profiles.contains(&profile));
        let most_certain = of.map(|evidence| evidence.confidence).min();
        most_certain.unwrap_or(Confidence::Inferred)
    }
}

/// The value of a feature in a release.
type Value = fn(Profile) -> String;

type Row = (&'static str, Value, &'static [Evidence], &'static str);

const fn documented(profiles: &'static [Profile], source: &'static str) -> Evidence {
    Evidence {
        profiles,
        confidence: Confidence::Documented,
        source,
    }
}

const fn observed(profiles: &'static [Profile], source: &'static str) -> Evidence {
    Evidence {
        profiles,
        confidence: Confidence::Observed,
        source,
    }
}

/// A source that does not name the release, or is of one of several.
const fn inferred(profiles: &'static [Profile], source: &'static str) -> Evidence {
    Evidence {
        profiles,
        confidence: Confidence::Inferred,
        source,
    }
}

fn yes(has: bool) -> String {
    if has { "yes" } else { "no" }.to_owned()
}

use Profile::{
    Server2008R2, Server2012R2, Server2016, Server2016Rtm, Server2019, Server2022, Server2025,
    Windows11V23H2,
};

/// Microsoft's page on netsh http of Windows Server 2008, and its copy in windowsserverdocs.
const OLD_PAGE: &str = "technet.microsoft.com Cc725882 and MicrosoftDocs/windowsserverdocs \
                        `networking/technologies/netsh/netsh-http.md`";

/// Microsoft's page on netsh http of August 2025.
const NEW_PAGE: &str =
    "MicrosoftDocs/windowsserverdocs `administration/windows-commands/netsh-http.md` of 2025-08-19";

const USAGE_2019: &str =
    "the usage of a host in tokentimerch/tokentimer-core `windows-iis.test.js`";

const USAGE_2022: &str = "the usage of a host in microsoft/IIS.WebManager issue 510 (the release \
                          is not named)";

const CI: &str = "the integration tests of segor/SslCertBinding.Net on `windows-latest`, which is \
                  one of these releases";

const FRENCH_2022: &str = "a listing of a French Server 2022 in juesp311-rgb/projetinfrastructure \
                           `3-hardening/hardening.md`";

const KINDS: [Row; 4] = [
    (
        "`ipport=`",
        |profile| yes(profile.kinds().contains(&Kind::IpPort)),
        &[
            documented(&[Server2008R2], OLD_PAGE),
            observed(&[Server2019], USAGE_2019),
            inferred(&[Server2022], USAGE_2022),
            documented(&[Server2025], NEW_PAGE),
        ],
        "every other release has it",
    ),
    (
        "`hostnameport=`",
        |profile| yes(profile.kinds().contains(&Kind::Sni)),
        &[
            observed(
                &[Server2012R2],
                "kaushalp/kaushalp.github.io, post of 2012-08-08 on SNI in IIS 8",
            ),
            observed(&[Server2019], USAGE_2019),
            inferred(&[Server2022], USAGE_2022),
            documented(&[Server2025], NEW_PAGE),
        ],
        "host names came with Windows 8 (`HttpServiceConfigSslSniCertInfo` in Microsoft's \
         documentation)",
    ),
    (
        "`ccs=`",
        |profile| yes(profile.kinds().contains(&Kind::Ccs)),
        &[
            observed(&[Server2019], USAGE_2019),
            inferred(&[Server2022], USAGE_2022),
            documented(&[Server2025], NEW_PAGE),
        ],
        "the central store came with Windows 8, like host names",
    ),
    (
        "`scopedccs=`, which no usage lists",
        |profile| yes(profile.kinds().contains(&Kind::ScopedCcs)),
        &[
            inferred(&[Server2022, Server2025], CI),
            documented(&[Server2025], NEW_PAGE),
        ],
        "the registry of a host of Windows 10 1709 has no key for it, that of 1903 has one",
    ),
];

const COMMANDS: [Row; 4] = [
    (
        "`update sslcert`",
        |profile| yes(profile.verbs().contains(&Verb::Update)),
        &[
            observed(
                &[Server2012R2],
                "MilestoneSystemsInc/PowerShellSamples issue 9",
            ),
            documented(&[Server2025], NEW_PAGE),
        ],
        "its function came with Windows 10 1703, after Server 2016 (Microsoft's documentation of \
         `HttpUpdateServiceConfiguration`)",
    ),
    (
        "`update sslpropertyex`",
        |profile| yes(profile.has_properties()),
        &[documented(&[Server2025], NEW_PAGE)],
        "where listings show Extended Properties",
    ),
    (
        "`add`, `delete` and `show setting`",
        |profile| yes(profile.has_settings()),
        &[documented(&[Server2025], NEW_PAGE)],
        "the number of the setting in the API follows those of Windows 8",
    ),
    (
        "`show servicestate view=client`",
        |profile| yes(profile.has_client_view()),
        &[
            documented(&[Server2008R2], OLD_PAGE),
            documented(&[Server2025], NEW_PAGE),
        ],
        "older pages list two views",
    ),
];

/// The options of one age: the release that they came with, and whether a release has them.
const OPTIONS: [(Profile, Value); 6] = [
    (Server2008R2, |profile| yes(profile >= Server2008R2)),
    (Server2016Rtm, |profile| yes(profile >= Server2016Rtm)),
    (Server2016, |profile| yes(profile >= Server2016)),
    (Server2019, |profile| yes(profile >= Server2019)),
    (Server2022, |profile| yes(profile >= Server2022)),
    (Server2025, |profile| yes(profile >= Server2025)),
];

/// Usages list all options of a release, so that a host's usage is evidence for those that it lacks.
const OPTION_EVIDENCE: &[Evidence] = &[
    documented(&[Server2008R2], OLD_PAGE),
    observed(&[Server2019], USAGE_2019),
    inferred(&[Server2022], USAGE_2022),
    documented(&[Server2025], NEW_PAGE),
];

const OPTION_INFERENCE: &str = "an option exists where listings have its line";

/// The names of the options that came with a release.
fn options_since(release: Profile) -> String {
    let new = tags::options(release).filter(|tag| tag.since == release);
    let names: Vec<_> = new.map(|tag| format!("`{}`", tag.name)).collect();
    match &names[..] {
        [first, .., last] if names.len() > 6 => {
            format!("{first} to {last} ({} options)", names.len())
        }
        names => names.join(", "),
    }
}

const BEHAVIOUR: [Row; 3] = [
    (
        "`json` tags",
        |profile| yes(profile.has_json()),
        &[
            observed(
                &[Server2025],
                "C3D.Extensions.Aspire `NetshSslCert.cs`; the CI of jborean93/PSWSMan",
            ),
            documented(&[Server2025], NEW_PAGE),
        ],
        "no usage of an older host lists them",
    ),
    (
        "a time of `0` that is given",
        |profile| {
            let word = if profile.takes_zero() {
                "accepted"
            } else {
                "refused"
            };
            word.to_owned()
        },
        &[observed(
            &[Server2025],
            "tokentimerch/tokentimer-core on 26100.32860",
        )],
        "refusals are known from one build",
    ),
    (
        "exit code if an option is refused",
        |profile| u8::from(!profile.hides_refused_options()).to_string(),
        &[observed(&[Server2019], "tokentimerch/tokentimer-core")],
        "netsh fails with 1 otherwise",
    ),
];

const LISTING: [Row; 3] = [
    (
        "last line of a record",
        |profile| last_label(profile.release()),
        &[
            observed(
                &[Server2008R2],
                "a test of segor/SslCertBinding.Net (`UnitTests.cs` before b5c0f53) that compares \
                 bytes",
            ),
            observed(
                &[Server2012R2],
                "microsoft/azure-pipelines-extensions issue 140; chrisbrownie/AdfsAnalyzer issue 41",
            ),
            observed(
                &[Server2016Rtm],
                "darrenstarr/PowershellAutomation `Modules/NetShell.ps1` of 2016, which refuses any \
                 other line",
            ),
            observed(&[Server2022], FRENCH_2022),
            inferred(
                &[Windows11V23H2],
                "two published listings (the release is inferred)",
            ),
            observed(
                &[Server2025],
                "a template in aspnet/Benchmarks `NetShWrapper.cs`",
            ),
        ],
        "the layouts are those of hosts, but their releases were not named",
    ),
    (
        "Extended Properties",
        |profile| sections(profile.release()).to_string(),
        &[
            observed(&[Server2008R2, Server2012R2], "the listings above"),
            observed(&[Server2022], FRENCH_2022),
        ],
        "known from hosts of unnamed releases, and from Server 2022",
    ),
    (
        "blank lines above the first record",
        |profile| blank_lines(profile.release()).to_string(),
        &[observed(
            &[Server2012R2, Server2022],
            "microsoft/azure-pipelines-extensions pull request 1153 (6.3.9600 and 10.0.20348)",
        )],
        "the count changed between 2012 R2 and 2022",
    ),
];

/// A listing with one record, line by line.
fn listing(release: Release) -> Vec<String> {
    let layout = release.layout().with_newline(Newline::Lf);
    let record = Record::new([0; 20].into(), None, Uuid::nil());
    let key = "0.0.0.0:443".parse::<BindingKey>().ok();
    let binding = key.and_then(|key| Binding::new(key, record).ok());
    let mut text = Vec::new();
    let written = binding.map(|binding| {
        let mut writer = Writer::new(&mut text, &layout)?;
        writer.push(&binding)?;
        writer.finish()
    });
    debug_assert!(
        matches!(written, Some(Ok(_))),
        "an empty record can be listed"
    );
    let text = String::from_utf8_lossy(&text);
    text.lines().map(str::to_owned).collect()
}

const EXTENDED: &str = " Extended Properties:";

fn last_label(release: Release) -> String {
    let lines = listing(release);
    let record = lines.iter().take_while(|line| *line != EXTENDED);
    let labels = record.filter_map(|line| line.rsplit_once(": "));
    format!("`{}`", labels.last().map_or("", |(label, _)| label.trim()))
}

fn sections(release: Release) -> usize {
    let lines = listing(release);
    lines.iter().filter(|line| *line == EXTENDED).count()
}

fn blank_lines(release: Release) -> usize {
    let lines = listing(release);
    let below = lines.iter().skip_while(|line| !line.starts_with("---"));
    below.skip(1).take_while(|line| line.is_empty()).count()
}
