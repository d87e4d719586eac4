//! The script that measures the readers of exports works. Their speed is not tested.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

#[test]
fn readers_of_exports_are_measured_side_by_side() {
    let folder = TempDir::new().unwrap();
    let results = folder.path().join("RESULTS.md");
    std::fs::write(&results, "# Results\n\nengines\n\n## Formats\n\nbefore\n").unwrap();
    let program = env!("CARGO_BIN_EXE_certbind");
    let output = Command::new("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/formats.py"))
        .args([program, "--earlier", program, "--rounds", "1"])
        .args(["--bindings", "40", "--shuffled", "30", "--out"])
        .arg(&results)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let written = std::fs::read_to_string(&results).unwrap();
    assert!(
        written.starts_with("# Results\n\nengines\n\n## Formats\n\nWritten"),
        "{written}"
    );
    let rows = written.lines().filter(|line| line.starts_with("| "));
    let rows: Vec<Vec<_>> = rows.map(|row| row.split(" | ").collect()).collect();
    // The heading, seven operations, the loop, the count and the shuffled listing.
    assert_eq!(rows.len(), 11, "{written}");
    assert!(rows.iter().all(|row| row.len() == 6), "{written}");
}
