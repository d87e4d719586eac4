//! `cargo run --release --package certbind-fuzz -- TARGET [EXECUTIONS [SEED]]`; without a target, lists them.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let Some(target) = certbind_fuzz::target(&name) else {
        for target in certbind_fuzz::targets() {
            println!("{}", target.name);
        }
        return ExitCode::from(2);
    };
    let mut number = |default| {
        let given = arguments.next();
        given.map_or(Ok(default), |given| given.replace('_', "").parse())
    };
    let (Ok(executions), Ok(seed)) = (number(1_000_000), number(fastrand::u64(..))) else {
        eprintln!("fuzz TARGET [EXECUTIONS [SEED]]");
        return ExitCode::from(2);
    };
    println!("{name}: {executions} executions from seed {seed}");
    // Panics are the expected failures; the last one is reported below.
    std::panic::set_hook(Box::new(|_| {}));
    let start = Instant::now();
    match certbind_fuzz::run(target, seed, executions) {
        Ok(run) => {
            let seconds = start.elapsed().as_secs_f64();
            println!(
                "{name}: {} executions in {seconds:.0} s, {} outcomes, at most {} bytes of memory",
                run.executions, run.outcomes, run.memory
            );
            ExitCode::SUCCESS
        }
        Err(failure) => {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("regressions")
                .join(&name);
            let file = folder.join(format!("{seed:016x}"));
            println!("{name}: {failure}");
            let kept = std::fs::create_dir_all(&folder)
                .and_then(|()| std::fs::write(&file, &failure.input));
            match kept {
                Ok(()) => println!("kept in {}", file.display()),
                Err(error) => println!("not kept in {}: {error}", file.display()),
            }
            ExitCode::FAILURE
        }
    }
}
