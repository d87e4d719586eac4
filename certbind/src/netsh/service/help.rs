//! How commands are written: the usage as Microsoft documents it, the rest in words of our own.

use crate::netsh::object::Object;
use crate::netsh::parameter::parameter;
use crate::netsh::verb::Verb;

/// The usage of a command and the meaning of its tags.
pub(crate) fn help(verb: Verb, object: Object) -> String {
    let name = format!("{} {}", verb.name(), object.name());
    let mut help = format!(" \nUsage: {name}{}\n", usage(verb, object));
    if !object.tags(verb).is_empty() {
        help.push_str("\nParameters:\n\n");
        parameter(&mut help, "Tag", ' ', &["Value"]);
        for tag in object.tags(verb) {
            parameter(&mut help, tag, '-', meaning(object, tag));
        }
    }
    help.push_str(&format!(
        "\nRemarks: {}\n\nExamples:\n\n",
        purpose(verb, object)
    ));
    for example in examples(verb, object) {
        help.push_str(&format!("\t{name}{example}\n"));
    }
    help.push('\n');
    help
}

/// The effect of a command.
pub(crate) fn purpose(verb: Verb, object: Object) -> &'static str {
    match (verb, object) {
        (Verb::Add | Verb::Update, Object::CacheParam) => "Sets a parameter of the cache.",
        (Verb::Add | Verb::Update, Object::IpListen) => "Adds an address to the IP listen list.",
        (Verb::Add | Verb::Update, Object::Setting) => "Sets a setting of the service.",
        (Verb::Add | Verb::Update, Object::Timeout) => "Sets a timeout of the service.",
        (Verb::Add | Verb::Update, Object::UrlAcl) => "Reserves a URL for an account.",
        (Verb::Delete, Object::CacheParam) => "Gives a cache parameter its default.",
        (Verb::Delete, Object::IpListen) => "Takes an address out of the IP listen list.",
        (Verb::Delete, Object::Setting) => "Gives a setting its default.",
        (Verb::Delete, Object::Timeout) => "Gives a timeout its default.",
        (Verb::Delete, Object::UrlAcl) => "Deletes a reservation.",
        (Verb::Show, Object::CacheParam) => "Shows the parameters of the cache.",
        (Verb::Show, Object::IpListen) => "Shows the IP listen list.",
        (Verb::Show, Object::Setting) => "Shows the settings of the service.",
        (Verb::Show, Object::Timeout) => "Shows the timeouts of the service.",
        (Verb::Show, Object::UrlAcl) => "Shows a reservation, or all of them.",
    }
}

fn usage(verb: Verb, object: Object) -> &'static str {
    match (verb, object) {
        (Verb::Add, Object::UrlAcl) => {
            " [url=]<string>\n\t[user=]<string> [[listen=]yes|no] [[delegate=]yes|no]\n\t| [sddl=]<string>"
        }
        (Verb::Show, Object::UrlAcl) => " [[url=]<string>]",
        (_, Object::UrlAcl) => " [url=]<string>",
        (Verb::Show, _) => "",
        (_, Object::IpListen) => " [ipaddress=]<IP address>",
        (Verb::Add, Object::Timeout) => {
            " [timeouttype=]idleconnectiontimeout|headerwaittimeout\n\t[value=]<u-short>"
        }
        (_, Object::Timeout) => " [timeouttype=]idleconnectiontimeout|headerwaittimeout",
        (Verb::Add, Object::Setting) => " [settingtype=]sslthrottle\n\t[value=]<ulong>",
        (_, Object::Setting) => " [settingtype=]sslthrottle",
        (_, Object::CacheParam) => {
            " [type=]cacherangechunksize|maxcacheresponsesize\n\t[value=]<ulong>"
        }
    }
}

fn meaning(object: Object, tag: &str) -> &'static [&'static str] {
    match (object, tag) {
        (_, "url") => &["URL with its port, such as http://+:8080/app/."],
        (_, "user") => &["Account that may register the URL."],
        (_, "listen") => &["Whether it may register it; yes without this tag."],
        (_, "delegate") => &["Whether it may reserve parts for others; no without this tag."],
        (_, "sddl") => &["All of this as a security descriptor."],
        (_, "ipaddress") => &["IPv4 or IPv6 address; 0.0.0.0 and :: stand for all."],
        (Object::Timeout, "value") => &["Seconds, 1 to 65535; hexadecimal behind 0x."],
        (Object::CacheParam, "value") => &["Bytes; hexadecimal behind 0x."],
        (_, "value") => &["Number; hexadecimal behind 0x."],
        (Object::Timeout, _) => &["Which timeout."],
        (Object::CacheParam, _) => &["Which parameter."],
        _ => &["Which setting."],
    }
}

fn examples(verb: Verb, object: Object) -> &'static [&'static str] {
    match (verb, object) {
        (Verb::Add, Object::UrlAcl) => &[
            " url=http://+:8080/app/ user=\"NT AUTHORITY\\NETWORK SERVICE\"",
            " url=https://www.contoso.com:443/ user=Everyone listen=yes delegate=no",
            " url=http://+:8080/app/ sddl=D:(A;;GX;;;NS)",
        ],
        (Verb::Show, Object::UrlAcl) => &["", " url=http://+:8080/app/"],
        (_, Object::UrlAcl) => &[" url=http://+:8080/app/"],
        (Verb::Show, _) => &[""],
        (_, Object::IpListen) => &[" ipaddress=192.0.2.1", " ipaddress=::"],
        (Verb::Add, Object::Timeout) => &[
            " timeouttype=idleconnectiontimeout value=240",
            " timeouttype=headerwaittimeout value=0x40",
        ],
        (_, Object::Timeout) => &[" timeouttype=idleconnectiontimeout"],
        (Verb::Add, Object::Setting) => &[" settingtype=sslthrottle value=100"],
        (_, Object::Setting) => &[" settingtype=sslthrottle"],
        (_, Object::CacheParam) => &[" type=maxcacheresponsesize value=524288"],
    }
}
