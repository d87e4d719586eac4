//! `cargo xtask book`: the pages of `docs/` as a book.

use crate::process::{Failure, answers, cargo_target, root, run};

pub(crate) fn build() -> Result<(), Failure> {
    if !answers("mdbook", "--version") {
        return Err(Failure::new(
            "mdbook is needed: cargo install --locked mdbook",
        ));
    }
    let mut mdbook = std::process::Command::new("mdbook");
    mdbook.arg("build").arg(root().join("docs"));
    run(mdbook.arg("--dest-dir").arg(cargo_target().join("book")))
}
