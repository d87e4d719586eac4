//! `cargo xtask book`: the pages of `docs/` as a book.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use crate::process::{Failure, answers, cargo_target, root, run};

/// The repository for readers of the book, whose links may leave `docs/`.
const REPOSITORY: &str = "https://github.com/certbind/certbind/blob/main";

pub(crate) fn build() -> Result<(), Failure> {
    if !answers("mdbook", "--version") {
        return Err(Failure::new(
            "mdbook is needed: cargo install --locked mdbook",
        ));
    }
    let book = cargo_target().join("book");
    let mut mdbook = std::process::Command::new("mdbook");
    mdbook.arg("build").arg(root().join("docs"));
    run(mdbook.arg("--dest-dir").arg(&book))?;
    repair_pages(&book, Path::new(""))
}

/// Repairs the links of each page in a folder of the book.
fn repair_pages(book: &Path, folder: &Path) -> Result<(), Failure> {
    let path = book.join(folder);
    let entries = std::fs::read_dir(&path).map_err(|error| Failure::of(&path, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Failure::of(&path, &error))?.path();
        let name = entry.file_name().unwrap_or_default();
        if entry.is_dir() {
            repair_pages(book, &folder.join(name))?;
        } else if entry
            .extension()
            .is_some_and(|extension| extension == "html")
        {
            let html = std::fs::read_to_string(&entry);
            let html = html.map_err(|error| Failure::of(&entry, &error))?;
            let repaired = repaired(&html, folder, |file| root().join(file).exists());
            std::fs::write(&entry, repaired).map_err(|error| Failure::of(&entry, &error))?;
        }
    }
    Ok(())
}

/// A page whose links to files outside of `docs/` lead to the repository, and whose links to a
/// `README.md` lead to the page that mdbook makes of it.
fn repaired(html: &str, folder: &Path, is_in_repository: impl Fn(&Path) -> bool) -> String {
    let mut parts = html.split("href=\"");
    let mut repaired = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (link, rest) = part.split_once('"').unwrap_or((part, ""));
        let (file, heading) = match link.find('#') {
            Some(at) => link.split_at(at),
            None => (link, ""),
        };
        repaired += "href=\"";
        if file.is_empty() || file.contains(':') {
            repaired += file;
        } else if let Some(outside) = outside(&folder.join(file)) {
            let source = outside.with_extension("md");
            let is_page = !is_in_repository(&outside) && is_in_repository(&source);
            let target = if is_page { source } else { outside };
            repaired += &format!("{REPOSITORY}/{}", target.display());
        } else if let Some(index) = file.strip_suffix("README.html") {
            repaired += &format!("{index}index.html");
        } else {
            repaired += file;
        }
        repaired += &format!("{heading}\"{rest}");
    }
    repaired
}

/// The path in the repository of a file outside of `docs/`, named relative to `docs/`.
fn outside(file: &Path) -> Option<PathBuf> {
    let docs = OsStr::new("docs");
    let mut path = vec![docs];
    for component in file.components() {
        match component {
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    (path.first() != Some(&docs)).then(|| path.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired_link(link: &str, folder: &str) -> String {
        let page = format!("<a href=\"{link}\">text</a>");
        let repaired = repaired(&page, Path::new(folder), |file| {
            [
                "tests/src/kill.rs",
                "packaging/README.md",
                "crates/a/schema.json",
            ]
            .iter()
            .any(|known| file == Path::new(known))
        });
        let link = repaired.strip_prefix("<a href=\"").expect("a link");
        link.strip_suffix("\">text</a>").expect("a link").to_owned()
    }

    #[test]
    fn links_that_leave_the_book_lead_to_the_repository() {
        for (link, folder, expected) in [
            ("../tests/src/kill.rs", "", "tests/src/kill.rs"),
            ("../packaging/README.html", "", "packaging/README.md"),
            (
                "../../crates/a/schema.json#b",
                "formats",
                "crates/a/schema.json#b",
            ),
        ] {
            let expected = format!("{REPOSITORY}/{expected}");
            assert_eq!(repaired_link(link, folder), expected);
        }
    }

    #[test]
    fn links_within_the_book_stay() {
        for link in [
            "audit.html#sarif",
            "#here",
            "../stores.html",
            "https://etcd.io/README.html",
        ] {
            assert_eq!(repaired_link(link, "rules"), link);
        }
        assert_eq!(repaired_link("rules/README.html", ""), "rules/index.html");
    }
}
