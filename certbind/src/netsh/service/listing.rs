//! The output of `show`.

use std::net::IpAddr;

use certbind_httpapi_abi::service::{
    CacheKey, ListenAddress, ServiceAnswer, SettingKey, TimeoutKey, UrlReservation,
};
use certbind_simulator::Accounts;

use crate::netsh::object::Object;
use crate::terminal::escaped;

/// Above the first line, and above the message that there is none. Those of URL reservations (with
/// a space at each end) and of the listen list are known.
pub(super) fn title(object: Object) -> String {
    let (title, blank) = match object {
        Object::UrlAcl => ("URL Reservations:", " "),
        Object::IpListen => ("IP addresses present in the IP listen list:", ""),
        Object::Timeout => ("HTTP service timeouts:", ""),
        Object::CacheParam => ("HTTP service cache parameters:", ""),
        Object::Setting => ("HTTP service settings:", ""),
    };
    let rule = "-".repeat(title.len());
    format!("\n{title}{blank}\n{rule}{blank}\n\n")
}

/// A reservation: one block for each account, and the whole descriptor below the last.
pub(super) fn reservation(text: &mut String, reservation: &UrlReservation, accounts: &Accounts) {
    let url = escaped(reservation.url.as_str());
    text.push_str(&format!("    Reserved URL            : {url} \n"));
    let yes = |is| if is { "Yes" } else { "No" };
    for ace in reservation.sddl.aces() {
        match accounts.name_of(ace.sid()) {
            Some(name) => text.push_str(&format!(
                "        User: {name}\n            Listen: {}\n            Delegate: {}\n",
                yes(ace.may_listen()),
                yes(ace.may_delegate()),
            )),
            None => text.push_str("        Can't lookup sid, Error: 1332\n"),
        }
    }
    let sddl = reservation.sddl.to_string();
    let sddl = escaped(&sddl);
    text.push_str(&format!("            SDDL: {sddl} \n\n"));
}

/// An address of the listen list, as `show sslcert` writes it: `::1:80` is `::0.1.0.128`.
pub(super) fn address(address: &ListenAddress) -> String {
    match address.ip() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let zone = address.scope();
            let zone = if zone == 0 {
                String::new()
            } else {
                format!("%{zone}")
            };
            format!("{}{zone}", certbind_formats::netsh::ipv6_text(ip))
        }
    }
}

/// A number between its label and its unit.
pub(super) fn number(text: &mut String, (label, unit): (&str, &str), answer: ServiceAnswer) {
    let number = match answer {
        ServiceAnswer::Timeout(seconds) => seconds.into(),
        ServiceAnswer::Number(number) => number,
        ServiceAnswer::ListenList(_) | ServiceAnswer::Reservation(_) => return,
    };
    text.push_str(&format!("{label}: {number}{unit}\n"));
}

pub(super) fn timeout(key: TimeoutKey) -> (&'static str, &'static str) {
    match key {
        TimeoutKey::IdleConnection => ("Idle connection timeout (secs)", ""),
        TimeoutKey::HeaderWait => ("Header wait timeout (secs)", ""),
    }
}

pub(super) fn cache(key: CacheKey) -> (&'static str, &'static str) {
    match key {
        CacheKey::MaxResponseSize => ("maxcacheresponsesize (per-uri cache limit)", " bytes"),
        CacheKey::RangeChunkSize => ("cacherangechunksize", " bytes"),
    }
}

pub(super) fn setting(key: SettingKey) -> (&'static str, &'static str) {
    match key {
        SettingKey::TlsThrottle => ("sslthrottle", ""),
    }
}
