//! `cargo xtask pictures`: the pictures of the README, as printed by certbind and painted by a
//! browser.

use std::process::Command;

use crate::install;
use crate::process::{self, Failure, cargo, cargo_target, output, root, run};

/// A plan as a terminal shows it, and the page of an audit.
pub(crate) fn make() -> Result<(), Failure> {
    install::browser()?;
    process::run(cargo().args(["build", "--quiet", "--package", "certbind"]))?;
    let (pictures, target) = (root().join("docs/pictures"), cargo_target());
    let space = target.join("pictures");
    for folder in [&pictures, &space] {
        std::fs::create_dir_all(folder).map_err(|error| Failure::of(folder, &error))?;
    }
    let certbind = || {
        let mut certbind = Command::new(target.join("debug/certbind"));
        certbind
            .current_dir(root().join("examples"))
            .env("CLICOLOR_FORCE", "1")
            .env_remove("NO_COLOR");
        certbind
    };
    let moved = ["plan", "host-2022.txt", "memory:"];
    let plan = output(
        certbind()
            .args(moved)
            .arg("-o")
            .arg(space.join("plan.json")),
    )?;
    let plan = plan.replace(&format!("{}/", root().join("examples").display()), "");
    // When it was made would make another picture each time.
    let timeless = |line: &str| line.split(", made ").next().map(|line| format!("{line}\n"));
    let plan: String = plan.lines().filter_map(timeless).collect();
    let drawn = anstyle_svg::Term::new().render_svg(&plan);
    let picture = pictures.join("plan.svg");
    std::fs::write(&picture, drawn).map_err(|error| Failure::of(&picture, &error))?;

    let page = space.join("audit.html");
    run(certbind()
        .args(["audit", "host-2022.txt", "--now", "2026-06-01T00:00:00Z"])
        .args(["--fail-on", "never", "--format", "html", "-o"])
        .arg(&page))?;
    run(Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--hide-scrollbars"])
        .arg("--window-size=1100,1000")
        .arg(format!(
            "--screenshot={}",
            pictures.join("audit.png").display()
        ))
        .arg(page))
}
