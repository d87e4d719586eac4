//! Requirements of published security guides that a rule checks a part of.

/// The requirements that a rule checks a part of, by the identifiers of their guides.
///
/// `disa-stig/…` are those of the Security Technical Implementation Guides of the US Defense
/// Information Systems Agency for IIS: 10.0 Server (release 3.6 of 2026) for `IIST-…`, and 7.0
/// Server (of 2017) for `WG145`. `cis/…` is the CIS Microsoft IIS 10 Benchmark 1.2.0, of which
/// the titles of the recommendations are public. A rule checks only bindings and certificates; a
/// guide requires more.
#[must_use]
pub fn tags(rule: &str) -> &'static [&'static str] {
    match rule {
        // "Verify Client Certificate Revocation" of `netsh http show sslcert` has to be enabled.
        "CB009" => &["disa-stig/IIS-7.0-Server/WG145"],
        // TLS 1.2 is on, older versions are off.
        "CB012" => &[
            "disa-stig/IIS-10.0-Server/IIST-SV-000153",
            // TLS 1.0 is disabled.
            "cis/IIS-10-1.2.0/7.4",
        ],
        "CB013" => &["disa-stig/IIS-10.0-Server/IIST-SV-000153"],
        // The certificate of a site is valid.
        "CB101" => &["disa-stig/IIS-10.0-Server/IIST-SV-000129"],
        _ => &[],
    }
}
