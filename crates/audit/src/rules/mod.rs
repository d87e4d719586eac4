//! The rules: a file each, and here a line for its module and one in the list.

mod cb001_shadowed;
mod cb002_wildcard_and_addresses;
mod cb003_ip_versions_differ;
mod cb004_one_ip_version;
mod cb005_no_store_name;
mod cb006_no_application;
mod cb007_unknown_application;
mod cb008_iis_express;
mod cb009_no_revocation_check;
mod cb010_cached_revocation;
mod cb011_no_usage_check;
mod cb012_legacy_tls;
mod cb013_no_tls12;
mod cb014_no_tls13;
mod cb015_no_http2;
mod cb016_no_ocsp_stapling;
mod cb017_ad_fs_without_ctl;
mod cb018_central_with_options;
mod cb019_freshness_not_in_force;
mod cb020_unknown_bits;
mod cb021_many_applications;
mod cb022_unmatched_name;
mod cb023_damaged_record;
mod cb024_partly_read;
mod cb025_passed_over;
mod cb026_name_not_sent;
mod cb027_unreadable_export;
mod cb028_host_twice;
mod cb029_leftover_key;
mod cb030_http2_off;
mod cb031_reserved_for_everyone;
mod cb032_not_listened_on;
mod cb033_long_timeout;
mod cb101_expired;
mod cb102_expiring;
mod cb103_not_yet_valid;
mod cb104_weak_key;
mod cb105_weak_signature;
mod cb106_no_server_use;
mod cb107_name_not_covered;
mod cb108_not_in_inventory;
mod cb109_unused;
mod cb110_name_of_several;
mod cb111_unread_file;
mod cb112_no_alternative_name;
mod cb113_name_refused;
mod cb114_longer_than_allowed;
mod cb201_added;
mod cb202_removed;
mod cb203_changed;
mod cb204_added_unknown;
mod cb205_no_baseline;
mod cb206_only_in_baseline;
mod cb207_options_lost;
mod cb208_options_not_shown;
mod cb301_expired_waiver;
mod cb302_unused_waiver;
mod cb401_site_unanswered;
mod cb402_record_without_site;
mod cb403_site_flags_lost;
mod cb404_site_by_address_only;
mod cb405_names_share_certificate;
mod cb406_metadata_certificate;
mod cb407_ftp_certificate;
mod cb408_no_central_store;
mod cb409_unread_sites;
mod check;
mod collect;
#[cfg(test)]
mod harness;
mod waivers;

pub(crate) use check::Check;
pub(crate) use collect::{Findings, Sentence};
pub(crate) use waivers::Waivers;

pub use self::cb022_unmatched_name::unmatched_name;

use crate::rule::Rule;

macro_rules! rules {
    ($($file:ident)*) => {
        /// Every rule, in the order of their ids.
        pub static RULES: &[&Rule] = &[$(&$file::RULE),*];

        /// Every rule with its check, in the same order.
        pub(crate) static CHECKS: &[(&Rule, Check)] = &[$((&$file::RULE, $file::CHECK)),*];

        /// The cases with and without a finding of each rule.
        #[cfg(test)]
        fn cases() -> Vec<(&'static Rule, harness::Cases)> {
            vec![$((&$file::RULE, $file::cases())),*]
        }
    };
}

rules! {
    cb001_shadowed
    cb002_wildcard_and_addresses
    cb003_ip_versions_differ
    cb004_one_ip_version
    cb005_no_store_name
    cb006_no_application
    cb007_unknown_application
    cb008_iis_express
    cb009_no_revocation_check
    cb010_cached_revocation
    cb011_no_usage_check
    cb012_legacy_tls
    cb013_no_tls12
    cb014_no_tls13
    cb015_no_http2
    cb016_no_ocsp_stapling
    cb017_ad_fs_without_ctl
    cb018_central_with_options
    cb019_freshness_not_in_force
    cb020_unknown_bits
    cb021_many_applications
    cb022_unmatched_name
    cb023_damaged_record
    cb024_partly_read
    cb025_passed_over
    cb026_name_not_sent
    cb027_unreadable_export
    cb028_host_twice
    cb029_leftover_key
    cb030_http2_off
    cb031_reserved_for_everyone
    cb032_not_listened_on
    cb033_long_timeout
    cb101_expired
    cb102_expiring
    cb103_not_yet_valid
    cb104_weak_key
    cb105_weak_signature
    cb106_no_server_use
    cb107_name_not_covered
    cb108_not_in_inventory
    cb109_unused
    cb110_name_of_several
    cb111_unread_file
    cb112_no_alternative_name
    cb113_name_refused
    cb114_longer_than_allowed
    cb201_added
    cb202_removed
    cb203_changed
    cb204_added_unknown
    cb205_no_baseline
    cb206_only_in_baseline
    cb207_options_lost
    cb208_options_not_shown
    cb301_expired_waiver
    cb302_unused_waiver
    cb401_site_unanswered
    cb402_record_without_site
    cb403_site_flags_lost
    cb404_site_by_address_only
    cb405_names_share_certificate
    cb406_metadata_certificate
    cb407_ftp_certificate
    cb408_no_central_store
    cb409_unread_sites
}

/// The day of a time, in UTC.
pub(crate) fn day(time: jiff::Timestamp) -> jiff::civil::Date {
    jiff::tz::Offset::UTC.to_datetime(time).date()
}

/// The rule with this id.
pub(crate) fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id).copied()
}

#[cfg(test)]
mod tests;
