//! The assumptions of an audit, and its exclusions.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use certbind_certificates::Validity;
use certbind_core::Uuid;
use jiff::{SignedDuration, Timestamp};

use crate::applications;
use crate::rule::Rule;
use crate::severity::Severity;
use crate::waiver::Waiver;

/// The time, the limits, and the decisions of an organisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The time of the audit.
    pub now: Timestamp,
    /// The severities of rules that differ from the default; `None` turns the rule off.
    pub severities: BTreeMap<&'static str, Option<Severity>>,
    /// Names of application ids.
    pub applications: BTreeMap<Uuid, String>,
    /// The file that the configuration was read from, if any.
    pub source: Option<String>,
    /// The number of days before its expiry in which a certificate is reported. Default: 30.
    pub expiring_days: u32,
    /// The remaining share of its lifetime, in percent, below which a certificate is reported: one
    /// of six days is not reported from its first day on. Default: 33.
    pub expiring_percent: u8,
    /// The fewest bits that an RSA or DSA key may have. Default: 2048.
    pub least_rsa_bits: usize,
    /// The fewest bits that a key on an elliptic curve may have. Default: 256.
    pub least_curve_bits: usize,
    /// The number of applications on one certificate from which it is reported. Default: 3.
    pub many_applications: usize,
    /// The ports reserved for IIS Express. Default: 44300 to 44399.
    pub iis_express_ports: RangeInclusive<u16>,
    /// The findings that are accepted.
    pub waivers: Vec<Waiver>,
    /// Whether rules are checked on several threads. The results are the same. Default: false.
    pub in_parallel: bool,
}

impl Config {
    /// The default configuration, for an audit at this time.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            severities: BTreeMap::new(),
            applications: BTreeMap::new(),
            source: None,
            expiring_days: 30,
            expiring_percent: 33,
            least_rsa_bits: 2048,
            least_curve_bits: 256,
            many_applications: 3,
            iis_express_ports: 44300..=44399,
            waivers: Vec::new(),
            in_parallel: false,
        }
    }

    /// The severity of a rule; `None` if it is off.
    #[must_use]
    pub fn severity(&self, rule: &Rule) -> Option<Severity> {
        self.severities
            .get(rule.id)
            .copied()
            .unwrap_or(Some(rule.severity))
    }

    /// Whether a validity ends within both the number of days and the share of its length that are
    /// reported.
    pub(crate) fn ends_soon(&self, validity: Validity) -> bool {
        let left = validity.not_after.duration_since(self.now);
        let lifetime = validity.not_after.duration_since(validity.not_before);
        let share = i128::from(lifetime.as_secs()) * i128::from(self.expiring_percent) / 100;
        let soon = SignedDuration::from_hours(24 * i64::from(self.expiring_days));
        !left.is_negative() && left <= soon && i128::from(left.as_secs()) <= share
    }

    /// The name of an application, where it is known.
    #[must_use]
    pub fn application(&self, id: &Uuid) -> Option<&str> {
        let named = self.applications.get(id).map(String::as_str);
        named.or_else(|| applications::name(id))
    }
}
