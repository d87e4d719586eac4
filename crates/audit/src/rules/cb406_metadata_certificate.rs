//! A certificate in the metadata of the old IIS manager.

use crate::finding::Subject;
use crate::fleet::{Fleet, Host};
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB406",
    title: "IIS 6 metadata contains a certificate for a site",
    severity: Severity::Warning,
    why: "Property 5506 of customMetadata is the certificate of the IIS 6 metabase. Programs that \
        use the metabase compatibility layer write it to HTTP.sys when they start: the binding is \
        deleted, or goes back to the old certificate (event 15300), long after the renewal.",
    remedy: "Save applicationHost.config, delete the properties 5506 and 5511 of the key in customMetadata, \
        and bind the certificate again.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    let Some(configuration) = host.iis() else {
        return;
    };
    for found in &configuration.metadata {
        let id = found.path.rsplit('/').next().unwrap_or_default();
        let id: Option<u32> = id.parse().ok();
        let site = configuration.sites.iter().find(|site| Some(site.id) == id);
        let of = match site {
            Some(site) => format!("the site {:?}", site.name),
            None => "a site that is not in the file".to_owned(),
        };
        findings.add(
            host.place(Subject::Site(found.path.as_str().into()), Some(found.line)),
            format!("property 5506 has a certificate, for {of}"),
        );
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let with = |path: &str| {
        let file = format!(
            "<configuration><system.applicationHost><sites><site name='Shop' id='2'/></sites>\
             <customMetadata><key path='{path}'><property id='5506' value='oXiH'/></key>\
             </customMetadata></system.applicationHost></configuration>"
        );
        Scene::new().iis(&file)
    };
    Cases::new()
        .trips(
            with("LM/W3SVC/2"),
            &["site LM/W3SVC/2"],
            "for the site \"Shop\"",
        )
        .trips(
            with("LM/W3SVC/9"),
            &["site LM/W3SVC/9"],
            "for a site that is not in the file",
        )
        .passes("there is none", Scene::new().site("Shop", "*:443:", 0))
}
