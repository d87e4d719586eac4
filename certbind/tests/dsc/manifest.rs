//! The resource manifest, by the rules of DSC's manifest schema.
//!
//! The rules are written out here from the schemas in PowerShell/DSC:
//! `schemas/v3/bundled/resource/manifest.json` at commit 1e46b0092067beffd7dd272eb48ac77eeae80f52
//! (DSC 3.1), and from the type `ResourceManifest`, which refuses unknown fields
//! (`lib/dsc-lib/src/dscresources/resource_manifest.rs` at commit
//! 07c60baa40e2dd9f8f9d7d588ece1f9c305178e9). The schema itself is not copied here; the tests in
//! `published.rs` use a checkout of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

/// The fields of a manifest that certbind uses. Every other field is an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Manifest {
    #[serde(rename = "$schema")]
    schema_url: String,
    #[serde(rename = "type")]
    resource_type: String,
    version: String,
    description: String,
    kind: Kind,
    tags: Vec<String>,
    get: Method,
    set: SetMethod,
    what_if: SetMethod,
    test: TestMethod,
    export: Method,
    exit_codes: BTreeMap<String, String>,
    schema: SchemaKind,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Adapter,
    Exporter,
    Group,
    Importer,
    Resource,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Method {
    executable: String,
    /// Texts alone: an object is for an input by argument, which excludes standard input.
    args: Vec<String>,
    input: Input,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SetMethod {
    executable: String,
    args: Vec<String>,
    input: Input,
    implements_pretest: bool,
    handles_exist: bool,
    #[serde(rename = "return")]
    returns: Return,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TestMethod {
    executable: String,
    args: Vec<String>,
    input: Input,
    #[serde(rename = "return")]
    returns: Return,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Input {
    Env,
    Stdin,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Return {
    State,
    StateAndDiff,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum SchemaKind {
    Command(SchemaCommand),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaCommand {
    executable: String,
    args: Vec<String>,
}

fn printed(what: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_certbind"));
    let output = command.args(["dsc", what]).output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Letters of all scripts, digits and low lines: `\w`.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|it| it.is_alphanumeric() || it == '_')
}

#[test]
fn manifest_follows_the_rules_of_dsc() {
    let manifest: Manifest = serde_json::from_str(&printed("manifest")).unwrap();
    assert_eq!(
        manifest.schema_url,
        "https://aka.ms/dsc/schemas/v3/bundled/resource/manifest.json"
    );
    // ^\w+(\.\w+){0,3}\/\w+$
    let (owner, name) = manifest.resource_type.split_once('/').unwrap();
    assert!(
        is_word(name) && owner.split('.').all(is_word),
        "{owner}/{name}"
    );
    assert!(owner.split('.').count() <= 4);
    let version: Vec<_> = manifest.version.split('.').collect();
    assert_eq!(version.len(), 3, "a semantic version: {version:?}");
    for part in version {
        let number: u32 = part.parse().unwrap();
        assert_eq!(number.to_string(), part, "no leading zeros");
    }
    assert!(manifest.tags.iter().all(|tag| is_word(tag)), "^\\w+$");
    let mut tags = manifest.tags.clone();
    tags.sort_unstable();
    tags.dedup();
    assert_eq!(tags.len(), manifest.tags.len(), "tags are unique");
    assert_eq!(manifest.kind, Kind::Resource);
    assert!(!manifest.description.is_empty());
    for code in manifest.exit_codes.keys() {
        // ^-?[0-9]+$
        code.parse::<i32>().unwrap();
    }
    assert!(manifest.exit_codes.contains_key("0"));
}

#[test]
fn methods_name_commands_of_the_program() {
    let manifest: Manifest = serde_json::from_str(&printed("manifest")).unwrap();
    let Manifest {
        get,
        set,
        what_if,
        test,
        export,
        schema,
        ..
    } = manifest;
    let SchemaKind::Command(schema) = schema;
    assert_eq!(
        (schema.executable.as_str(), &schema.args[..]),
        ("certbind", &words("dsc schema")[..])
    );
    for (executable, args, input, expected) in [
        (get.executable, get.args, get.input, "dsc get"),
        (set.executable, set.args, set.input, "dsc set"),
        (
            what_if.executable,
            what_if.args,
            what_if.input,
            "dsc set --what-if",
        ),
        (test.executable, test.args, test.input, "dsc test"),
        (export.executable, export.args, export.input, "dsc export"),
    ] {
        assert_eq!(executable, "certbind");
        assert_eq!((args, input), (words(expected), Input::Stdin));
    }
    for method in [&set.returns, &what_if.returns, &test.returns] {
        assert_eq!(*method, Return::StateAndDiff);
    }
    assert!(set.implements_pretest && what_if.implements_pretest);
    assert!(set.handles_exist && what_if.handles_exist);
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(ToOwned::to_owned).collect()
}

/// DSC needs a schema without references to files that it does not have, and the common properties.
#[test]
fn the_published_schema_is_the_one_of_the_program() {
    let schema: serde_json::Value = serde_json::from_str(&printed("schema")).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas/dsc.json");
    let published = std::fs::read_to_string(published).unwrap();
    let published: serde_json::Value = serde_json::from_str(&published).unwrap();
    assert_eq!(schema, published);
    assert!(!schema.to_string().contains("\"$ref\":\"http"));
    assert_eq!(schema["properties"]["_exist"]["type"], "boolean");
    assert_eq!(schema["properties"]["_inDesiredState"]["readOnly"], true);
}

/// DSC finds the manifest, and the program that it names, in the folders of `PATH`.
#[test]
fn the_debian_package_has_the_manifest_next_to_the_program() {
    let cargo: toml::Table = toml::from_str(include_str!("../../Cargo.toml")).unwrap();
    let assets = cargo["package"]["metadata"]["deb"]["assets"].as_array();
    let folder_of = |name: &str| {
        let mut assets = assets.unwrap().iter();
        let asset = assets.find(|it| it[0].as_str().unwrap().ends_with(name));
        asset.unwrap_or_else(|| panic!("{name} is not in the package"))[1].clone()
    };
    assert_eq!(folder_of("/bin/certbind").as_str(), Some("usr/bin/"));
    assert_eq!(
        folder_of("/bin/certbind.dsc.resource.json").as_str(),
        Some("usr/bin/")
    );
}
