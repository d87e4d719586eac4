//! The arguments of `audit`, and reading its inputs.

use std::path::{Path, PathBuf};

use certbind_audit::{Config, EarlierReport, HostExport, Inventory, Report, Severity};
use clap::{Args, ValueEnum};
use jiff::Timestamp;

use crate::audit_baselines::Baselines;
use crate::audit_renames::Rename;
use crate::audit_sites::{self, SitesFile};
use crate::audit_targets::{self, HostFrom, Target};
use crate::error::Error;
#[cfg(feature = "etcd")]
use crate::fleet::FleetOptions;
use crate::hive_logs::LogOptions;
use crate::input::Input;
use crate::instant::instant;

#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Exports or stores, one per host; folders, archives, patterns such as 'exports/*.txt', @FILE for a list of
    /// targets, - for standard input.
    #[arg(value_name = "TARGET")]
    #[cfg_attr(feature = "etcd", arg(required_unless_present = "fleet"))]
    #[cfg_attr(not(feature = "etcd"), arg(required = true))]
    targets: Vec<Input>,
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
    /// A folder or file of certificates: PEM, DER, PFX, .p7b or .sst.
    #[arg(long, alias = "certs", value_name = "FOLDER")]
    certificates: Option<PathBuf>,
    /// A file with passwords for PFX files, one per line.
    #[arg(long, value_name = "FILE", requires = "certificates")]
    passwords: Option<PathBuf>,
    /// An earlier export of the host, to report changes. For several hosts: a folder of exports in any
    /// format, which are matched by the names of their hosts.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write each host's bindings to this folder, as the baseline of a later audit.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) save_baseline: Option<PathBuf>,
    /// The source of the names of hosts.
    #[arg(long, value_enum, default_value_t = HostFrom::Export)]
    host_from: HostFrom,
    /// The applicationHost.config of a host, to audit the sites of IIS. Without it, the one in the folder
    /// of the host is read.
    #[arg(long, value_name = "[HOST=]FILE")]
    iis: Vec<SitesFile>,
    /// A configuration file (certbind-audit.toml) with severities, limits, application names and
    /// waivers.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    logs: LogOptions,
    /// The format of the report. Default: that of the output file's extension, or else text.
    #[arg(long, value_enum)]
    format: Option<ReportFormat>,
    /// The output file; repeat it for several, each in the format of its extension. Default: standard
    /// output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Vec<PathBuf>,
    /// The name of the audit in SARIF (automationDetails.id and fingerprints), which keeps its results
    /// apart from those of other audits with hosts of the same names. Use the same one every time.
    #[arg(long, value_name = "ID", value_parser = automation_id)]
    pub(crate) automation_id: Option<String>,
    /// An earlier JSON report, to show which findings are new, fixed or unchanged.
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// A host that has another name than in the earlier report or the baseline; repeat it for several.
    #[arg(long, value_name = "OLD=NEW")]
    renamed: Vec<Rename>,
    /// Exit with 1 only if a finding is new, or an earlier one was not assessed.
    #[arg(long, requires = "since")]
    fail_on_new: bool,
    /// Exit with 1 if there is a finding of at least this severity.
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    fail_on: FailOn,
    /// The date or time of the audit: 2026-12-31 or 2026-12-31T12:00:00Z. Default: now.
    #[arg(long, value_name = "TIME", value_parser = instant)]
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
    /// A table for spreadsheets: a row for each binding and for each finding.
    Csv,
    /// Markdown, for tickets and wikis.
    #[value(alias = "md")]
    Markdown,
    /// A Prometheus text file.
    Prometheus,
    /// One line for monitoring systems that call plugins, such as Nagios and Icinga. On standard output
    /// the exit code is 0 for ok, 1 for a warning, 2 for an error, and 3 if not everything was assessed.
    Check,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Note,
    /// Never fail because of findings.
    Never,
}

impl Audit {
    pub(crate) fn reads_input_twice(&self) -> bool {
        let input = Input::File("-".into());
        self.targets.iter().filter(|it| **it == input).count() > 1
    }

    /// The format of an output file, or of standard output. One file can have any extension; of
    /// several, each has the format of its own.
    pub(crate) fn format(&self, output: Option<&Path>) -> ReportFormat {
        let extension = output.and_then(Path::extension).unwrap_or_default();
        let by_extension = match extension.to_string_lossy().to_lowercase().as_str() {
            "json" => Some(ReportFormat::Json),
            "sarif" => Some(ReportFormat::Sarif),
            "html" | "htm" => Some(ReportFormat::Html),
            "csv" => Some(ReportFormat::Csv),
            "txt" => Some(ReportFormat::Text),
            "md" => Some(ReportFormat::Markdown),
            "prom" => Some(ReportFormat::Prometheus),
            _ => None,
        };
        let format = match self.output.len() {
            0 | 1 => self.format.or(by_extension),
            _ => by_extension.or(self.format),
        };
        format.unwrap_or(ReportFormat::Text)
    }

    /// Whether standard output is one line for monitoring, whose exit codes the plugin interface sets.
    pub(crate) fn is_check(&self) -> bool {
        self.output.is_empty() && self.format(None) == ReportFormat::Check
    }

    /// The report of `--since`.
    pub(crate) fn earlier(&self) -> Result<Option<EarlierReport>, Error> {
        let Some(path) = &self.since else {
            return Ok(None);
        };
        let report = EarlierReport::parse(&text_of(path)?);
        let report = report.map_err(|error| Error::BrokenInput {
            path: path.clone(),
            problem: error.to_string(),
        })?;
        Ok(Some(report))
    }

    /// Whether the findings fail. With `--fail-on-new` those that the earlier report has do not.
    pub(crate) fn fails(&self, report: &Report) -> bool {
        let Some(changes) = report.changes.as_ref().filter(|_| self.fail_on_new) else {
            return self.fails_on(report.worst());
        };
        let new = report.new_findings().map(|finding| finding.severity);
        let not_assessed = changes.not_assessed.iter();
        let not_assessed = not_assessed.map(|(finding, _)| finding.severity);
        self.fails_on(new.chain(not_assessed).max())
    }

    /// Whether a finding of this severity fails.
    fn fails_on(&self, worst: Option<Severity>) -> bool {
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
        let mut config = Config::at(now);
        if let Some(path) = &self.config {
            let parsed = Config::parse(&text_of(path)?, now);
            config = parsed.map_err(|error| Error::BrokenInput {
                path: path.clone(),
                problem: error.to_string(),
            })?;
            config.source = Some(path.display().to_string());
        }
        config.in_parallel = true;
        Ok(config)
    }

    pub(crate) fn inventory(&self) -> Result<Inventory, Error> {
        let Some(folder) = &self.certificates else {
            return Ok(Inventory::none());
        };
        let passwords = super::certificate::passwords(self.passwords.as_deref())?;
        Inventory::read(folder, &passwords).map_err(|error| Error::Input {
            path: error.path,
            source: error.source,
        })
    }

    /// The hosts of the targets, and the folders among them. `at` is called with each step.
    pub(crate) fn hosts(
        &self,
        at: impl Fn(&str) + Sync,
    ) -> Result<(Vec<HostExport>, Vec<PathBuf>), Error> {
        let expanded = audit_targets::expand(&self.targets);
        let logs = self.logs.choice()?;
        let all = expanded.targets.len();
        let hosts =
            audit_targets::read_all(expanded.targets, self.host_from, &logs, |index, target| {
                if let Target::Input(input) = target {
                    at(&format!("Reading {} of {all}: {input}", index + 1));
                }
            })?;
        let read = hosts.iter().filter(|host| host.not_assessed.is_none());
        logs.check(read.map(|host| Some(&host.reading)))?;
        Ok((hosts, expanded.folders))
    }

    /// Assigns each host its configuration of IIS.
    pub(crate) fn read_sites(
        &self,
        hosts: &mut Vec<HostExport>,
        folders: &[PathBuf],
    ) -> Result<(), Error> {
        audit_sites::attach(hosts, folders, &self.iis, self.host_from)
    }

    /// Assigns each host its baseline, adds the hosts that only the baseline has, and renames hosts of the
    /// earlier report.
    pub(crate) fn compare_with_earlier(
        &self,
        hosts: &mut Vec<HostExport>,
        mut earlier: Option<&mut EarlierReport>,
    ) -> Result<(), Error> {
        let only = match &hosts[..] {
            [only] => Some(only.name.as_str()),
            _ => None,
        };
        let baselines = self.baseline.as_ref();
        let mut baselines = baselines
            .map(|path| Baselines::read(path, self.host_from, only))
            .transpose()?;
        for rename in &self.renamed {
            let mut is_known = false;
            if let Some(earlier) = &mut earlier {
                is_known |= rename.apply(earlier)?;
            }
            if let Some(baselines) = &mut baselines {
                is_known |= baselines.rename(rename)?;
            }
            rename.check(hosts, is_known)?;
        }
        if let Some(baselines) = baselines {
            baselines.assign(hosts);
        }
        Ok(())
    }
}

/// A name without a slash at its ends: SARIF reads the text after the last one as the id of the run.
fn automation_id(text: &str) -> Result<String, String> {
    let is_name = !text.trim().is_empty() && !text.starts_with('/') && !text.ends_with('/');
    match is_name && !text.contains(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err("expected a name such as contoso or contoso/dmz".to_owned()),
    }
}

fn text_of(path: &Path) -> Result<String, Error> {
    crate::read_file::read_text(path).map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })
}
