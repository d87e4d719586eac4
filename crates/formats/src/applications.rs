//! The application ids that have a name.
//!
//! The ids are those of public pages; `certbind_migrate::applications` lists the source of each. A
//! desired state extends the table under `[applications]`.

use certbind_core::Uuid;

/// An application id, and its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApplicationId {
    /// The name of the application.
    pub name: &'static str,
    /// The short name, in lower case and without spaces.
    pub alias: &'static str,
    /// The application id of its bindings.
    pub id: Uuid,
}

macro_rules! known {
    ($($constant:ident = $id:literal, $alias:literal, $name:literal;)*) => {
        $(
            #[doc = concat!($name, ".")]
            pub const $constant: ApplicationId = ApplicationId {
                name: $name,
                alias: $alias,
                id: Uuid::from_u128($id),
            };
        )*

        /// Every application id that has a name.
        pub const KNOWN: &[ApplicationId] = &[$($constant),*];
    };
}

known! {
    IIS = 0x4dc3e181_e14b_4a21_b022_59fc669b0914, "iis", "IIS";
    IIS_EXPRESS = 0x214124cd_d05b_4309_9af9_9caa44b2b74a, "iisexpress", "IIS Express";
    SSTP = 0xba195980_cd49_458b_9e23_c84ee0adcd75, "sstp", "SSTP";
    AD_FS = 0x5d89a20c_beab_4389_9447_324788eb944a, "adfs", "AD FS";
    WEB_APPLICATION_PROXY = 0xf955c070_e044_456c_ac00_e9e4275b3f04, "wap", "Web Application Proxy";
    WINRM = 0xafebb9ad_9b97_4a91_9ab5_daf4d59122f6, "winrm", "WinRM";
    KDC_PROXY = 0x5d8e2743_ef20_4d38_8751_7e400f200e65, "kdcproxy", "KDC Proxy";
    WORK_FOLDERS = 0xce66697b_3aa0_49d1_bdbd_a25c8359fd5d, "workfolders", "Work Folders";
    BRANCHCACHE = 0xd673f5ee_a714_454d_8de2_492e4c1bd8f8, "branchcache", "BranchCache";
    REPORTING_SERVICES = 0x1d40ebc7_1983_4ac5_82aa_1e17a7ae9a0e, "ssrs", "Reporting Services";
}

/// The id of a name or an alias, in any case.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static ApplicationId> {
    KNOWN
        .iter()
        .find(|it| it.name.eq_ignore_ascii_case(name) || it.alias.eq_ignore_ascii_case(name))
}

/// The names of an id.
#[must_use]
pub fn by_id(id: &Uuid) -> Option<&'static ApplicationId> {
    KNOWN.iter().find(|it| it.id == *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_lead_to_each_other() {
        for known in KNOWN {
            for name in [known.name, known.alias, &known.name.to_uppercase()] {
                assert_eq!(by_name(name), Some(known), "{name}");
            }
            assert_eq!(by_id(&known.id), Some(known));
        }
        assert_eq!(by_name("iiss"), None);
    }
}
