//! What a run came to: one JSON object, lines for a reader, and histograms in the formats that plotters know.

use super::board::Tally;
use crate::card::Card;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use serde::Serialize;
use std::fmt;
use std::io::{self, Write};
use std::time::{Duration, SystemTime};

#[cfg(test)]
mod tests;

/// The result of a run. Serialized, it is the one object that `--json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Packets that came back while figures counted.
    pub packets: u64,
    /// Attempts, connections and packets that went wrong.
    pub errors: u64,
    /// Packets that never came back.
    pub lost: u64,
    /// Packets that came back on another connection.
    pub misrouted: u64,
    /// How long figures counted.
    pub seconds: f64,
    /// Latency from the intended start.
    pub latency_us: Latency,
    /// Processor time of the measured process per packet, if one was named with `--server-pid`.
    pub cpu_us_per_packet: Option<f64>,
    /// Where this was measured.
    pub machine: Card,
}

/// Latencies in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Half of the packets were not slower.
    pub p50: f64,
    /// 99 of 100.
    pub p99: f64,
    /// 999 of 1,000.
    pub p999: f64,
    /// None was slower.
    pub max: f64,
}

/// What the generator learned, before it is said in a bench's own words.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Counts of the whole run.
    pub tally: Tally,
    /// How long figures counted.
    pub seconds: Duration,
    /// Of what counted, in nanoseconds.
    pub latencies: Histogram<u64>,
    /// What the measured process used meanwhile.
    pub cpu: Option<Duration>,
    /// From the start until all connections were there.
    pub opened_in: Duration,
    /// What went wrong first.
    pub trouble: Option<String>,
    /// Where this was measured.
    pub machine: Card,
}

impl Measured {
    /// Processor time of the measured process per packet.
    #[must_use]
    pub fn cpu_us_per_packet(&self) -> Option<f64> {
        let packets = self.tally.packets;
        let per_packet = |cpu: Duration| cpu.as_secs_f64() * 1e6 / packets as f64;
        self.cpu.filter(|_| packets > 0).map(per_packet)
    }
}

impl Latency {
    /// The percentiles of a distribution in nanoseconds.
    #[must_use]
    pub fn of(latencies: &Histogram<u64>) -> Latency {
        let microseconds = |nanos: u64| nanos as f64 / 1_000.0;
        let at = |quantile: f64| microseconds(latencies.value_at_quantile(quantile));
        Latency {
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            max: microseconds(latencies.max()),
        }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Latency {
            p50,
            p99,
            p999,
            max,
        } = self;
        writeln!(
            f,
            "latency      p50 {p50:.1} us, p99 {p99:.1} us, p99.9 {p999:.1} us, max {max:.1} us"
        )
    }
}

impl From<Measured> for Outcome {
    fn from(measured: Measured) -> Outcome {
        let tally = measured.tally;
        Outcome {
            packets: tally.packets,
            errors: tally.errors,
            lost: tally.lost,
            misrouted: tally.misrouted,
            seconds: measured.seconds.as_secs_f64(),
            latency_us: Latency::of(&measured.latencies),
            cpu_us_per_packet: measured.cpu_us_per_packet(),
            machine: measured.machine,
        }
    }
}

impl Outcome {
    /// Whether every packet came back, whole, and where it belongs.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.errors == 0 && self.lost == 0 && self.misrouted == 0
    }
}

/// For a reader; without the machine.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome {
            packets,
            errors,
            lost,
            misrouted,
            seconds,
            latency_us,
            ..
        } = self;
        let rate = *packets as f64 / seconds.max(1e-9);
        writeln!(
            f,
            "packets      {packets} in {seconds:.1} s, {rate:.0} per second"
        )?;
        writeln!(
            f,
            "lost         {lost}, misrouted {misrouted}, other errors {errors}"
        )?;
        write!(f, "{latency_us}")?;
        match self.cpu_us_per_packet {
            Some(cpu) => writeln!(
                f,
                "CPU          {cpu:.2} us per packet in the measured process"
            ),
            None => Ok(()),
        }
    }
}

/// Writes the distribution as HdrHistogram's own programs do (`.hgrm`), in microseconds.
///
/// # Errors
///
/// The writer's.
pub fn write_hgrm(latencies: &Histogram<u64>, writer: &mut impl Write) -> io::Result<()> {
    let microseconds = |nanos: f64| nanos / 1_000.0;
    writeln!(
        writer,
        "{:>12} {:>14} {:>10} {:>14}\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    )?;
    let mut count = 0;
    for step in latencies.iter_quantiles(5) {
        count += step.count_since_last_iteration();
        let (value, quantile) = (
            microseconds(step.value_iterated_to() as f64),
            step.quantile_iterated_to(),
        );
        write!(writer, "{value:>12.3} {quantile:>14.12} {count:>10}")?;
        match quantile < 1.0 {
            true => writeln!(writer, " {:>14.2}", 1.0 / (1.0 - quantile))?,
            false => writeln!(writer)?,
        }
    }
    let (mean, deviation) = (
        microseconds(latencies.mean()),
        microseconds(latencies.stdev()),
    );
    let max = microseconds(latencies.max() as f64);
    writeln!(
        writer,
        "#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]"
    )?;
    writeln!(
        writer,
        "#[Max     = {max:>12.3}, Total count    = {:>12}]",
        latencies.len()
    )?;
    let (buckets, subs) = (
        latencies.buckets(),
        latencies.distinct_values() / usize::from(latencies.buckets()).max(1),
    );
    writeln!(
        writer,
        "#[Buckets = {buckets:>12}, SubBuckets     = {subs:>12}]"
    )
}

/// Writes one histogram per second as HdrHistogram's log readers expect it (`.hlog`): values in nanoseconds, the
/// maximum in the third column in milliseconds, tagged `run`.
///
/// # Errors
///
/// The writer's.
pub fn write_hlog(
    intervals: &[(u64, Histogram<u64>)],
    began: SystemTime,
    writer: &mut impl Write,
) -> io::Result<()> {
    let mut serializer = V2DeflateSerializer::new();
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment("[Logged by megaphone bench]")
        .with_start_time(began)
        .with_base_time(began)
        .with_max_value_divisor(1e6)
        .begin_log_with(writer, &mut serializer)?;
    for (second, latencies) in intervals {
        let start = Duration::from_secs(*second);
        log.write_histogram(latencies, start, Duration::from_secs(1), Tag::new("run"))
            .map_err(io::Error::other)?;
    }
    Ok(())
}
