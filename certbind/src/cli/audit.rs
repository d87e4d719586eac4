//! The arguments of `audit`, and reading its inputs.

use std::path::{Path, PathBuf};

use certbind_audit::{Config, HostExport, Inventory, Severity};
use certbind_core::Binding;
use certbind_formats::ReadOptions;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use crate::error::Error;
#[cfg(feature = "etcd")]
use crate::fleet::FleetOptions;
use crate::hive_logs::{self, HiveLogs, LogOptions};
use crate::input::{Contents, Input, read_file};

#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Exports or stores, one per host; - for standard input.
    #[arg(value_name = "TARGET")]
    #[cfg_attr(feature = "etcd", arg(required_unless_present = "fleet"))]
    #[cfg_attr(not(feature = "etcd"), arg(required = true))]
    targets: Vec<Input>,
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
    /// A folder or file of certificates: PEM, DER, PFX, .p7b or .sst.
    #[arg(long, value_name = "FOLDER")]
    certs: Option<PathBuf>,
    /// A file with passwords for PFX files, one per line.
    #[arg(long, value_name = "FILE", requires = "certs")]
    passwords: Option<PathBuf>,
    /// An earlier export of the host, to report changes. For several hosts: a folder with files
    /// named as the targets, or as written by `export --fleet`.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// A configuration file (certbind-audit.toml) with severities, limits, application names and
    /// waivers.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    logs: LogOptions,
    /// The format of the report.
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) format: ReportFormat,
    /// The output file. Default: standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Exit with 1 if there is a finding of at least this severity.
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    fail_on: FailOn,
    /// The date or time of the audit: 2026-12-31 or 2026-12-31T12:00:00Z. Default: now.
    #[arg(long, value_name = "TIME", value_parser = time)]
    now: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Plain text.
    Text,
    /// JSON; schema: docs/audit-report.schema.json.
    Json,
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
    /// A self-contained HTML page.
    Html,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Note,
    /// Never fail because of findings.
    Never,
}

pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    let day = text.parse::<Date>().map(|day| day.at(0, 0, 0, 0));
    if let Ok(day) = day
        && text.len() == "2026-12-31".len()
    {
        return Offset::UTC
            .to_timestamp(day)
            .map_err(|error| error.to_string());
    }
    text.parse().map_err(|_| {
        "expected a day or a time with its zone, as in 2026-12-31 or 2026-12-31T12:00:00Z"
            .to_owned()
    })
}

impl Audit {
    pub(crate) fn reads_input_twice(&self) -> bool {
        let input = Input::File("-".into());
        self.targets.iter().filter(|it| **it == input).count() > 1
    }

    #[cfg(feature = "etcd")]
    fn is_fleet(&self) -> bool {
        self.targets.len() > 1 || self.fleet.fleet.is_some()
    }

    #[cfg(not(feature = "etcd"))]
    fn is_fleet(&self) -> bool {
        self.targets.len() > 1
    }

    /// Whether a finding of this severity fails.
    pub(crate) fn fails_on(&self, worst: Option<Severity>) -> bool {
        let least = match self.fail_on {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Note => Severity::Note,
            FailOn::Never => return false,
        };
        worst >= Some(least)
    }

    pub(crate) fn configuration(&self) -> Result<Config, Error> {
        let now = self.now.unwrap_or_else(Timestamp::now);
        let Some(path) = &self.config else {
            return Ok(Config::at(now));
        };
        Config::parse(&text_of(path)?, now).map_err(|error| Error::BrokenInput {
            path: path.clone(),
            problem: error.to_string(),
        })
    }

    pub(crate) fn inventory(&self) -> Result<Inventory, Error> {
        let Some(folder) = &self.certs else {
            return Ok(Inventory::none());
        };
        let passwords = self.passwords.as_ref().map(|path| text_of(path));
        let passwords = passwords.transpose()?.unwrap_or_default();
        let passwords: Vec<_> = passwords.lines().map(str::to_owned).collect();
        Inventory::read(folder, &passwords).map_err(|error| Error::Input {
            path: error.path,
            source: error.source,
        })
    }

    /// What is known of each host. `at` is told what is being read.
    pub(crate) fn hosts(&self, at: impl Fn(&Input)) -> Result<Vec<HostExport>, Error> {
        let is_fleet = self.is_fleet();
        let logs = self.logs.choice()?;
        let hosts = self.targets.iter().map(|target| {
            at(target);
            let mut host = host(&target.clone().resolved(), &logs)?;
            if let Some(path) = &self.baseline {
                host.baseline = baseline(path, target, is_fleet)?;
            }
            Ok(host)
        });
        let hosts = hosts.collect::<Result<Vec<_>, Error>>()?;
        logs.check(hosts.iter().map(|host| Some(&host.reading)))?;
        Ok(hosts)
    }
}

/// What a host in etcd has, and had.
#[cfg(feature = "etcd")]
impl Audit {
    pub(crate) fn host_of_fleet(
        &self,
        host: &str,
        url: &str,
        bindings: Vec<Binding>,
    ) -> Result<HostExport, Error> {
        let mut export = HostExport::of_bindings(host, bindings);
        export.source = Some(url.to_owned());
        if let Some(path) = &self.baseline {
            let target = Input::File(format!("{host}.json").into());
            export.baseline = baseline(path, &target, true)?;
        }
        Ok(export)
    }
}

fn host(source: &Input, logs: &HiveLogs) -> Result<HostExport, Error> {
    let Input::File(path) = source else {
        let mut host = HostExport::of_bindings(source.to_string(), source.read()?.bindings);
        host.source = Some(source.to_string());
        return Ok(host);
    };
    let bytes = read_file(path).map_err(|source| Error::Input {
        path: path.clone(),
        source,
    })?;
    // One broken record hides no other: it is a finding itself.
    let options = ReadOptions {
        keep_going: true,
        ..ReadOptions::default()
    };
    let reading = logs.read(path, &bytes, &options)?;
    hive_logs::report(path, &reading);
    let stem = path.file_stem().map(|stem| stem.to_string_lossy());
    let name = match (&reading.export.header.host, stem) {
        (Some(host), _) => host.clone(),
        (None, Some(stem)) if path != Path::new("-") => stem.into_owned(),
        (None, _) => "standard input".to_owned(),
    };
    let mut host = HostExport::new(name, reading);
    host.source = Some(path.display().to_string());
    Ok(host)
}

/// What the host of a target had. Of several, one without a file in the folder has no baseline.
fn baseline(path: &Path, target: &Input, is_fleet: bool) -> Result<Option<Vec<Binding>>, Error> {
    let file = match target {
        _ if !path.is_dir() && !is_fleet => path.to_owned(),
        Input::File(target) => path.join(target.file_name().unwrap_or_default()),
        Input::Store(_) => return Ok(None),
    };
    if is_fleet && path.is_dir() && !file.exists() {
        return Ok(None);
    }
    let Contents { bindings, .. } = Input::File(file).resolved().read()?;
    Ok(Some(bindings))
}

fn text_of(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })
}
