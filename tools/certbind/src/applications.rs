//! Who is known to bind under an application id.

use store_core::Uuid;

/// Application ids seen on real hosts, and whose they are.
const KNOWN: [(&str, &str); 10] = [
    ("4dc3e181-e14b-4a21-b022-59fc669b0914", "IIS"),
    ("214124cd-d05b-4309-9af9-9caa44b2b74a", "IIS Express"),
    ("ba195980-cd49-458b-9e23-c84ee0adcd75", "SSTP"),
    ("5d89a20c-beab-4389-9447-324788eb944a", "AD FS"),
    (
        "f955c070-e044-456c-ac00-e9e4275b3f04",
        "Web Application Proxy",
    ),
    ("afebb9ad-9b97-4a91-9ab5-daf4d59122f6", "WinRM"),
    ("5d8e2743-ef20-4d38-8751-7e400f200e65", "KDC Proxy"),
    ("ce66697b-3aa0-49d1-bdbd-a25c8359fd5d", "Work Folders"),
    ("d673f5ee-a714-454d-8de2-492e4c1bd8f8", "BranchCache"),
    ("1d40ebc7-1983-4ac5-82aa-1e17a7ae9a0e", "Reporting Services"),
];

/// The name of the application, where the id is known.
pub(crate) fn name(app_id: &Uuid) -> Option<&'static str> {
    let id = app_id.hyphenated().to_string();
    KNOWN
        .iter()
        .find(|(known, _)| *known == id)
        .map(|(_, name)| *name)
}
