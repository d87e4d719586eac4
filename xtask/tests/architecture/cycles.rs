//! No module of a crate imports, directly or indirectly, from a module that imports from it.

use std::collections::BTreeSet;

use crate::crates::{packages, root};
use crate::modules::{Imports, imports};

/// Sets of files each of which imports, directly or not, from every other of its set.
fn cycles(imports: &Imports) -> Vec<BTreeSet<&str>> {
    let reachable = |from: &str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(file) = next.pop() {
            for target in imports.get(&file).into_iter().flatten() {
                if seen.insert(target.clone()) {
                    next.push(target.clone());
                }
            }
        }
        seen
    };
    let reach: Vec<_> = imports
        .keys()
        .map(|file| (file.as_str(), reachable(file)))
        .collect();
    let mut cycles = BTreeSet::new();
    for (file, reached) in &reach {
        if !reached.contains(*file) {
            continue;
        }
        let back = reach
            .iter()
            .filter(|(other, from)| reached.contains(*other) && from.contains(*file));
        cycles.insert(back.map(|(other, _)| *other).collect::<BTreeSet<_>>());
    }
    cycles.into_iter().collect()
}

#[test]
fn no_import_cycles_between_modules() {
    let mut found = String::new();
    let mut files = 0;
    for (name, package) in packages() {
        let sources = root().join(&package.folder).join("src");
        for top in ["lib.rs", "main.rs"] {
            let top = sources.join(top);
            if !top.exists() {
                continue;
            }
            let imports = imports(&top);
            files += imports.len();
            for cycle in cycles(&imports) {
                found += &format!("{name}: {} files\n", cycle.len());
                for file in &cycle {
                    let inside = imports[*file]
                        .iter()
                        .filter(|to| cycle.contains(to.as_str()));
                    let inside: Vec<_> = inside.map(String::as_str).collect();
                    found += &format!("  {file} -> {}\n", inside.join(", "));
                }
            }
        }
    }
    assert!(files > 300, "{files} files");
    assert!(found.is_empty(), "import cycles:\n{found}");
}

/// A cycle through a macro, a nested module, a `use` list and a re-export; `d` is not part of it.
#[test]
fn cycles_are_found_in_every_kind_of_import() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    };
    write(
        "lib.rs",
        "mod a; mod b; mod c; mod d; pub use a::A; pub use d::D;",
    );
    write(
        "a.rs",
        "pub struct A; fn f() { vec![super::b::inner::f()]; }",
    );
    write("b/mod.rs", "pub mod inner; fn f() { inner::f() }");
    write("b/inner.rs", "use crate::{c::{C, E}, D}; pub fn f() {}");
    write(
        "c.rs",
        "use crate::A; pub struct C; pub(in crate::b) struct E;",
    );
    write(
        "d.rs",
        "pub struct D; #[cfg(test)] mod tests { use crate::b::inner::f; }",
    );
    let imports = imports(&folder.path().join("lib.rs"));
    let expected = BTreeSet::from(["a.rs", "b/inner.rs", "c.rs"]);
    assert_eq!(cycles(&imports), [expected]);
}
