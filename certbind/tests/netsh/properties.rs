//! netsh accepts every binding that it can express.

use std::sync::Arc;

use certbind::netsh::{Netsh, Profile};
use certbind_core::strategy;
use certbind_core::{
    Binding, BindingStore, CertCheckMode, Certificate, ExtendedProperties, Kind, MemoryStore,
    Property, PropertyType, SslFlags,
};
use certbind_formats::{Export, WriteError, netsh};
use certbind_httpapi_abi::HttpApi;
use certbind_simulator::Simulator;
use proptest::prelude::*;

/// Any binding, reduced to the options of netsh.
fn plain(binding: Binding) -> Binding {
    let kind = binding.key().kind();
    let mut record = binding.record().clone();
    let options = CertCheckMode::NO_REVOCATION
        | CertCheckMode::CACHED_REVOCATION
        | CertCheckMode::NO_USAGE_CHECK;
    record.check_mode &= options;
    record.check_mode.set(
        CertCheckMode::USE_REVOCATION_FRESHNESS,
        record.revocation_freshness_time != 0,
    );
    let flags = 0x1fff | SslFlags::DISABLE_SESSION_ID.bits();
    record.flags &= SslFlags::from_bits_retain(flags) & !SslFlags::NO_RAW_FILTER;
    match &mut record.certificate {
        Some(Certificate { store_name, .. }) if kind == Kind::Sni => {
            store_name.get_or_insert_with(|| "MY".parse().unwrap());
        }
        _ => {}
    }
    let numbers = [PropertyType::Http2Window, PropertyType::Http2SettingsLimits];
    let sets = record.extended.iter();
    let sets = sets.filter(|set| numbers.contains(&set.property_type()));
    let sets = sets.map(|set| Property::from(set.value.clone()));
    record.extended = ExtendedProperties::new(sets.collect::<Vec<_>>()).unwrap();
    binding.with_record(record).unwrap()
}

/// The commands that make a binding, as typed into netsh; none if one of its texts cannot be typed.
fn commands(binding: &Binding) -> Option<String> {
    let export = Export {
        bindings: vec![binding.clone()],
        ..Export::default()
    };
    let mut script = Vec::new();
    match netsh::write_script(&mut script, &export) {
        Ok(()) => {}
        Err(WriteError::Inexpressible(reasons)) => {
            for reason in reasons {
                let field = reason.field.as_str();
                let texts = [
                    "hostnameport",
                    "scopedccs",
                    "certstorename",
                    "sslctlidentifier",
                    "sslctlstorename",
                ];
                assert!(texts.contains(&field), "{reason}");
            }
            return None;
        }
        Err(error) => panic!("{error}"),
    }
    let script = String::from_utf8(script).unwrap();
    let lines = script.lines().filter_map(|line| {
        let line = line.strip_prefix("netsh ")?;
        line.strip_suffix(" || exit /b 1")
    });
    // The lines between are for cmd.
    Some(lines.collect::<Vec<_>>().join("\n").replace("%%", "%"))
}

proptest! {
    #[test]
    fn expressible_binding_round_trips(
        binding in strategy::binding().prop_map(plain)
    ) {
        let Some(command) = commands(&binding) else {
            return Err(TestCaseError::reject("netsh has no form for a text"));
        };
        let store = MemoryStore::new();
        let netsh = Netsh::new(&store, Profile::Server2025);
        let mut printed = Vec::new();
        let code = netsh.run(&[], &mut command.as_bytes(), &mut printed).unwrap();
        prop_assert_eq!(code, 0, "{}: {}", command, String::from_utf8_lossy(&printed));
        prop_assert_eq!(store.get(binding.key()).unwrap(), Some(binding));
    }

    #[test]
    fn nothing_that_is_typed_breaks_it(
        profile in proptest::sample::select(Profile::ALL.to_vec()),
        words in proptest::collection::vec(
            prop_oneof![
                "(http|add|update|show|delete|sslcert|help|-c|\\.\\.|exit)",
                "(urlacl|iplisten|timeout|setting|cacheparam)",
                "(ipport|hostnameport|ccs|appid|certhash|reject|json)=[ -~]{0,40}",
                "(url|user|sddl|listen|ipaddress|timeouttype|value|type)=[ -~]{0,40}",
                any::<String>(),
            ],
            0..8,
        )
    ) {
        let store = Arc::new(MemoryStore::new());
        let api: Arc<dyn HttpApi> = Arc::new(Simulator::new(Arc::clone(&store) as _));
        let netsh = Netsh::new(&*store, profile).with_api(&api);
        // A script's name is the only argument that reaches beyond the store.
        prop_assume!(!words.iter().any(|word| word.eq_ignore_ascii_case("-f")));
        let line = words.join(" ");
        for (arguments, input) in [(words, ""), (vec![], line.as_str())] {
            let code = netsh.run(&arguments, &mut input.as_bytes(), &mut std::io::sink());
            prop_assert!(code.unwrap() <= 1);
        }
    }
}
