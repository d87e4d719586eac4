//! Who is known to bind under an application id.

use certbind_core::Uuid;

/// The id of IIS.
pub const IIS: Uuid = Uuid::from_u128(0x4dc3e181_e14b_4a21_b022_59fc669b0914);

/// The id of IIS Express.
pub const IIS_EXPRESS: Uuid = Uuid::from_u128(0x214124cd_d05b_4309_9af9_9caa44b2b74a);

/// Application ids seen on real hosts or in Microsoft's documentation, and whose they are.
const KNOWN: [(Uuid, &str); 10] = [
    (IIS, "IIS"),
    (IIS_EXPRESS, "IIS Express"),
    (
        Uuid::from_u128(0xba195980_cd49_458b_9e23_c84ee0adcd75),
        "SSTP",
    ),
    (
        Uuid::from_u128(0x5d89a20c_beab_4389_9447_324788eb944a),
        "AD FS",
    ),
    (
        Uuid::from_u128(0xf955c070_e044_456c_ac00_e9e4275b3f04),
        "Web Application Proxy",
    ),
    (
        Uuid::from_u128(0xafebb9ad_9b97_4a91_9ab5_daf4d59122f6),
        "WinRM",
    ),
    (
        Uuid::from_u128(0x5d8e2743_ef20_4d38_8751_7e400f200e65),
        "KDC Proxy",
    ),
    (
        Uuid::from_u128(0xce66697b_3aa0_49d1_bdbd_a25c8359fd5d),
        "Work Folders",
    ),
    (
        Uuid::from_u128(0xd673f5ee_a714_454d_8de2_492e4c1bd8f8),
        "BranchCache",
    ),
    (
        Uuid::from_u128(0x1d40ebc7_1983_4ac5_82aa_1e17a7ae9a0e),
        "Reporting Services",
    ),
];

/// The name of the application, where the id is known.
#[must_use]
pub fn name(app_id: &Uuid) -> Option<&'static str> {
    let found = KNOWN.iter().find(|(known, _)| known == app_id);
    found.map(|(_, name)| *name)
}
