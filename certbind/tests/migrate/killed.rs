//! A process that is killed while it applies a plan.

use std::time::{Duration, Instant};

use crate::bench::Bench;

const BINDINGS: u16 = 1500;

/// Rounds in each run; `CERTBIND_CASES` runs as many times that.
fn rounds() -> u32 {
    certbind_test_support::cases(8)
}

/// An export of many bindings; every third of them is another one each time.
fn export(hash: u8) -> String {
    let bindings = (1..=BINDINGS).map(|port| {
        let hash = format!("{:02x}", if port % 3 == 0 { hash } else { 0 }).repeat(20);
        serde_json::json!({
            "key": format!("ipport=10.0.0.1:{port}"),
            "certificate": { "hash": hash },
            "app_id": "4dc3e181-e14b-4a21-b022-59fc669b0914",
        })
    });
    let bindings: Vec<_> = bindings.collect();
    serde_json::json!({
        "format": "certbind-export", "version": 1, "header": {}, "bindings": bindings,
    })
    .to_string()
}

/// A moment, from nowhere in particular.
fn draw(below: Duration) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new().hash_one(0);
    let nanos = u64::try_from(below.as_nanos()).unwrap().max(1);
    Duration::from_nanos(random % nanos)
}

#[test]
fn killed_apply_is_atomic_and_can_be_undone() {
    let bench = Bench::new();
    bench.write("before.json", export(1));
    bench.write("after.json", export(2));
    bench.ok(&["--store", "redb:original", "import", "before.json"]);
    bench.ok(&["plan", "after.json", "redb:original", "-o", "plan.json"]);
    let (plan, undo) = (bench.file("plan.json"), bench.file("plan.undo.json"));
    assert!(plan.exists());
    let fresh = || {
        std::fs::copy(bench.file("original"), bench.file("store")).unwrap();
        let _ = std::fs::remove_file(&undo);
    };
    let apply = ["apply", "plan.json", "redb:store", "--yes"];
    fresh();
    let start = Instant::now();
    bench.ok(&apply);
    let whole = start.elapsed();
    let states = [bench.held("redb:original"), bench.held("redb:store")];
    assert_ne!(states[0], states[1]);

    let mut seen = [0, 0];
    for round in 0..rounds() {
        fresh();
        let mut process = bench.command(&apply);
        let mut child = process.stdout(std::process::Stdio::null()).spawn().unwrap();
        if round % 2 == 0 {
            std::thread::sleep(draw(whole));
        } else {
            // Between the undo and the end is where it matters most.
            while !undo.exists() && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_micros(50));
            }
            std::thread::sleep(draw(whole / 2));
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let held = bench.held("redb:store");
        let state = states.iter().position(|state| *state == held);
        let state = state.expect("all of the plan or nothing of it");
        seen[state] += 1;
        if state == 0 {
            // It can be applied again, after any interruption.
            bench.ok(&apply);
            assert_eq!(bench.held("redb:store"), states[1]);
        }
        let _ = std::fs::remove_file(bench.file("redo.json"));
        bench.ok(&["apply", "plan.undo.json", "--yes", "--undo", "redo.json"]);
        assert_eq!(bench.held("redb:store"), states[0]);
    }
    eprintln!("{seen:?} of the kills found the plan not applied, and applied");
}
