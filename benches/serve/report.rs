//! The tables.

use std::fmt::Write;
use std::process::Command;
use std::time::Duration;

use crate::large_host::LargeHost;
use crate::processes::load_average;

/// The work of one turn.
pub(crate) struct Figures {
    pub(crate) count: u64,
    pub(crate) elapsed: Duration,
    /// The processor time of the server.
    pub(crate) used: Duration,
}

/// The turns of both servers under one load.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) ours: Vec<Figures>,
    pub(crate) theirs: Vec<Figures>,
}

impl Row {
    /// The row of the table.
    pub(crate) fn markdown(&self) -> String {
        let pairs = || self.ours.iter().zip(&self.theirs);
        let ratio = pairs().map(|(ours, theirs)| ours.rate() / theirs.rate());
        let costs = pairs().map(|(ours, theirs)| theirs.cost() / ours.cost());
        let (ratio, costs) = (median(ratio.collect()), median(costs.collect()));
        let [ours, theirs] =
            [&self.ours, &self.theirs].map(|turns| median_of(turns, Figures::rate));
        let [cost, their_cost] =
            [&self.ours, &self.theirs].map(|turns| median_of(turns, Figures::cost));
        format!(
            "| {} | {ours:.0} | {theirs:.0} | {ratio:.2} | {cost:.1} | {their_cost:.1} | {costs:.2} |\n",
            self.name
        )
    }
}

impl Figures {
    fn rate(&self) -> f64 {
        self.count as f64 / self.elapsed.as_secs_f64()
    }

    /// Microseconds of processor time.
    fn cost(&self) -> f64 {
        self.used.as_secs_f64() * 1e6 / self.count as f64
    }
}

pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

fn median_of(turns: &[Figures], figure: impl Fn(&Figures) -> f64) -> f64 {
    median(turns.iter().map(figure).collect())
}

pub(crate) fn markdown(
    rows: &[Row],
    large: &LargeHost,
    rounds: usize,
    pinned: bool,
    load_before: &str,
) -> String {
    let mut text = format!(
        "{}. {rounds} rounds, the servers in turn; medians, and the median of the ratios of the rounds. {}. \
         Load averages before: {load_before}; after: {}.\n\n",
        machine(),
        match pinned {
            true => "Each server on one processor, the client on another",
            false => "Servers and client on all processors",
        },
        load_average(),
    );
    text.push_str(
        "| a second | certbind | nginx | ratio | processor time of certbind, µs | of nginx, µs | ratio |\n\
         |---|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        text.push_str(&row.markdown());
    }
    writeln!(
        text,
        "\nA host with {} bindings and {} certificates: ready after {:.2} s ({:.2} s of processor time), choice \
         of a binding {} ns, memory of a certificate beyond its DER and key {:.0} bytes, {:.0} after a \
         connection to each.",
        large.bindings,
        large.certificates,
        large.ready.as_secs_f64(),
        large.processor_time.as_secs_f64(),
        large.choice.as_nanos(),
        large.memory,
        large.memory_after_use,
    )
    .unwrap();
    text
}

fn machine() -> String {
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("an unknown processor", |(_, model)| model);
    let processors = information.matches("model name").count();
    let nginx = Command::new("nginx").arg("-v").output();
    let nginx = nginx.map(|output| String::from_utf8_lossy(&output.stderr).trim().to_owned());
    let nginx = nginx.unwrap_or_default();
    format!(
        "{}, on {model}, {processors} processors, {}",
        jiff::Timestamp::now().strftime("%Y-%m-%d"),
        nginx.trim_start_matches("nginx version: "),
    )
}
