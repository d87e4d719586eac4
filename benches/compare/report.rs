//! The tables.

use std::fmt::Write;
use std::process::Command;

use crate::engine::Kind;
use crate::engines::ALL;
use crate::workload::{Figures, Measure, Size, thousands};

/// The measured figures.
pub(crate) struct Results {
    pub(crate) size: Size,
    pub(crate) rounds: usize,
    /// Of each engine, the rounds.
    pub(crate) figures: Vec<Vec<Figures>>,
    /// Syncs of the bare disk in each round.
    pub(crate) syncs: Vec<f64>,
}

impl Results {
    /// The median of the rounds.
    fn median(&self, engine: usize, measure: Measure) -> Option<f64> {
        let figures = self.figures[engine].iter().flatten();
        let found = figures.filter(|(of, _)| *of == measure);
        median(found.map(|(_, figure)| *figure).collect())
    }

    /// The best figure of the comparable engines, and the name of its engine. Engines without
    /// persistence, or with a single snapshot, are not comparable.
    fn best(&self, measure: Measure) -> Option<(f64, &'static str)> {
        let peers = ALL.iter().enumerate().filter(|(_, kind)| is_peer(kind));
        let figures = peers.filter_map(|(at, kind)| Some((self.median(at, measure)?, kind.name)));
        figures.reduce(|best, other| {
            let is_better = (other.0 > best.0) == measure.more_is_better();
            if is_better { other } else { best }
        })
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from(
            "# Results\n\nWritten by `cargo xtask bench compare`. Compare the numbers of one table only: \
             machines, disks\nand days differ.\n\n",
        );
        let size = &self.size;
        writeln!(
            text,
            "{}. {} rounds, each of every engine in turn, and of gets and\nsingle durable puts in short turns; \
             the median of each figure. The disk alone, in turns between those, syncs an\noverwritten page \
             of 4 KiB {} times a second (median). Keys and values are the same bytes in every\nengine \
             but the JSON file, and every get and scan gives owned bindings.\n",
            machine(),
            self.rounds,
            round(median(self.syncs.clone()).unwrap_or_default()),
        )
        .unwrap();
        text.push_str("| engine | version | used so |\n|---|---|---|\n");
        for kind in &ALL {
            writeln!(
                text,
                "| {} | {} {} | {} |",
                kind.name,
                kind.package,
                version(kind.package),
                kind.how
            )
            .unwrap();
        }
        text.push_str("\n## Figures\n\n|  |");
        for kind in &ALL {
            write!(text, " {} |", kind.name).unwrap();
        }
        text.push_str("\n|---|");
        text.push_str(&"---:|".repeat(ALL.len()));
        text.push('\n');
        for measure in Measure::ALL {
            write!(text, "| {} |", measure.label(size)).unwrap();
            for at in 0..ALL.len() {
                match self.median(at, measure) {
                    Some(figure) => write!(text, " {} |", round(figure)).unwrap(),
                    None => text.push_str(" – |"),
                }
            }
            text.push('\n');
        }
        text.push_str(
            "\n## Against the best peer\n\nHow many times as good certbind is as the best of redb, SQLite, \
             LMDB, fjall and the JSON file, each with\na transaction for each call. **Below 0.9 it \
             loses.**\n\n",
        );
        text.push_str("|  | best peer |");
        let ours = || ALL.iter().enumerate().filter(|(_, kind)| kind.ours);
        for (_, kind) in ours() {
            write!(text, " {} |", kind.name).unwrap();
        }
        text.push_str("\n|---|---|");
        text.push_str(&"---:|".repeat(ours().count()));
        text.push('\n');
        for measure in Measure::ALL {
            let Some((best, name)) = self.best(measure) else {
                continue;
            };
            write!(text, "| {} | {name} |", measure.label(size)).unwrap();
            for (at, _) in ours() {
                let Some(figure) = self.median(at, measure) else {
                    text.push_str(" – |");
                    continue;
                };
                let ratio = match measure.more_is_better() {
                    true => figure / best,
                    false => best / figure,
                };
                match ratio < 0.9 {
                    true => write!(text, " **{ratio:.2}** |").unwrap(),
                    false => write!(text, " {ratio:.2} |").unwrap(),
                }
            }
            text.push('\n');
        }
        text
    }
}

fn is_peer(kind: &Kind) -> bool {
    !kind.ours && kind.open.is_some() && !kind.name.ends_with("one snapshot")
}

fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}

/// Three digits, as many as are worth something.
fn round(figure: f64) -> String {
    match figure {
        100.0.. => {
            let unit = 10_f64.powf(figure.log10().floor() - 2.0);
            let rounded = (figure / unit).round() * unit;
            thousands(format!("{rounded:.0}").parse().unwrap_or_default())
        }
        10.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

fn machine() -> String {
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("an unknown processor", |(_, model)| model);
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let said = |program, argument| {
        let output = Command::new(program).arg(argument).output();
        let output = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        output.unwrap_or_else(|_| format!("{program}?"))
    };
    format!(
        "{}, on {model}, {processors} processors, Linux {}, {}",
        jiff::Timestamp::now().strftime("%Y-%m-%d"),
        said("uname", "-r"),
        said("rustc", "--version"),
    )
}

/// The version that was built, by the lock file.
fn version(package: &str) -> &'static str {
    let lock = include_str!("../../Cargo.lock");
    let mut lines = lock.lines();
    lines.find(|line| {
        line.strip_prefix("name = ")
            .is_some_and(|name| name.trim_matches('"') == package)
    });
    let version = lines
        .next()
        .and_then(|line| line.strip_prefix("version = "));
    version.map_or("?", |version| version.trim_matches('"'))
}
