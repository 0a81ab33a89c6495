//! Snapshots as text for a scraper: Prometheus 0.0.4 or OpenMetrics 1.0; it serves no HTTP.

use crate::{
    Buckets, Family, Histogram, HistogramFamily, Kind, LinkMetric, Metric, PREFIX, Snapshot,
};
use std::fmt::{self, Write};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// The text format of an exposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Format {
    /// The format that an HTTP `Accept` header asks for: OpenMetrics if it is named and not valued less
    /// than plain text, else plain text.
    #[must_use]
    pub fn from_accept(accept: Option<&str>) -> Format {
        let ranges = || accept.unwrap_or("").split(',').map(media_range);
        let quality = |wanted: &str| {
            ranges()
                .filter(|r| r.0.eq_ignore_ascii_case(wanted))
                .map(|r| r.1)
                .max()
        };
        match quality("application/openmetrics-text") {
            Some(open) if open > 0 && open >= quality("text/plain").unwrap_or(0) => {
                Format::OpenMetrics
            }
            _ => Format::Text,
        }
    }

    /// The value of the `Content-Type` header.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Format::Text => "text/plain; version=0.0.4; charset=utf-8",
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// A media range's type and its quality in thousandths (RFC 9110 12.4.2).
fn media_range(range: &str) -> (&str, u32) {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or("");
    let quality = parts
        .filter_map(|part| part.strip_prefix("q="))
        .find_map(|value| value.parse::<f64>().ok());
    (
        media_type,
        (quality.unwrap_or(1.0).clamp(0.0, 1.0) * 1000.0) as u32,
    )
}

/// What a scrape sees: the snapshots of all shards and what is true of the whole process.
#[derive(Clone, Copy, Debug)]
pub struct Exposition<'a> {
    /// Labels of `megaphone_build_info`, such as the version.
    pub build: &'a [(&'a str, &'a str)],
    /// How long the process has been serving.
    pub uptime: Duration,
    /// The names of the configured links, in the order of their indices. Those of the same name are summed.
    pub links: &'a [String],
    /// The shards' figures, by shard number.
    pub shards: &'a [Snapshot],
}

impl Exposition<'_> {
    /// The whole text.
    #[must_use]
    pub fn render(&self, format: Format) -> String {
        let mut writer = Writer {
            text: String::new(),
            format,
        };
        // Writing to a `String` cannot fail.
        let _ = self.write(&mut writer);
        writer.text
    }

    fn write(&self, writer: &mut Writer) -> fmt::Result {
        self.write_process(writer)?;
        for family in Metric::FAMILIES {
            writer.head(family.name, family.kind.word(), family.help)?;
            self.write_figures(writer, family)?;
        }
        for family in LinkMetric::FAMILIES
            .iter()
            .filter(|_| !self.links.is_empty())
        {
            writer.head(family.name, family.kind.word(), family.help)?;
            self.write_link_figures(writer, family)?;
        }
        for family in Histogram::FAMILIES {
            self.write_histogram(writer, family)?;
        }
        if writer.format == Format::OpenMetrics {
            writer.text.push_str("# EOF\n");
        }
        Ok(())
    }

    fn write_process(&self, writer: &mut Writer) -> fmt::Result {
        let info = match writer.format {
            Format::Text => "gauge",
            Format::OpenMetrics => "info",
        };
        writer.head(
            &format!("{PREFIX}build_info"),
            info,
            "What is running; always 1.",
        )?;
        write!(writer.text, "{PREFIX}build_info")?;
        writer.labels(self.build.iter().copied())?;
        writer.text.push_str(" 1\n");
        writer.head(
            &format!("{PREFIX}uptime_seconds"),
            "gauge",
            "How long this process has been serving.",
        )?;
        writeln!(
            writer.text,
            "{PREFIX}uptime_seconds {}",
            Seconds(self.uptime.as_nanos())
        )
    }

    fn write_figures(&self, writer: &mut Writer, family: &Family<Metric>) -> fmt::Result {
        for series in family.series {
            for (shard, snapshot) in self.shards.iter().enumerate() {
                let shard = shard.to_string();
                let labels =
                    std::iter::once(("shard", shard.as_str())).chain(series.labels.iter().copied());
                writer.sample(family.name, labels, snapshot.get(series.metric))?;
            }
        }
        Ok(())
    }

    fn write_link_figures(&self, writer: &mut Writer, family: &Family<LinkMetric>) -> fmt::Result {
        for series in family.series {
            for (shard, snapshot) in self.shards.iter().enumerate() {
                let shard = shard.to_string();
                for (at, link) in self.links.iter().enumerate() {
                    // Several links may have one name; what is routed by it is one series.
                    if self.links[..at].contains(link) {
                        continue;
                    }
                    let alike = (0..).zip(self.links).filter(|(_, name)| *name == link);
                    let value = alike.map(|(at, _)| snapshot.link(at, series.metric)).sum();
                    let own = [("shard", shard.as_str()), ("link", link.as_str())];
                    let labels = own.into_iter().chain(series.labels.iter().copied());
                    writer.sample(family.name, labels, value)?;
                }
            }
        }
        Ok(())
    }

    /// Histograms are summed over the shards: a thousand buckets per shard would tell nobody more.
    fn write_histogram(&self, writer: &mut Writer, family: &HistogramFamily) -> fmt::Result {
        let mut sum = Buckets::new();
        self.shards
            .iter()
            .for_each(|snapshot| sum.merge(&snapshot.histogram(family.histogram)));
        writer.head(family.name, "histogram", family.help)?;
        let name = family.name;
        let (first, last) = family.exponents;
        for exponent in first..=last {
            let bound = Value::of(name, 1 << exponent);
            writeln!(
                writer.text,
                "{name}_bucket{{le=\"{bound}\"}} {}",
                sum.count_to(exponent)
            )?;
        }
        let count = sum.count();
        writeln!(writer.text, "{name}_bucket{{le=\"+Inf\"}} {count}")?;
        writeln!(
            writer.text,
            "{name}_sum {}\n{name}_count {count}",
            Value::of(name, sum.sum())
        )
    }
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        }
    }
}

struct Writer {
    text: String,
    format: Format,
}

impl Writer {
    /// The lines before a family's samples. OpenMetrics names the family without the suffix of its samples.
    fn head(&mut self, name: &str, kind: &str, help: &str) -> fmt::Result {
        let family = match (self.format, kind) {
            (Format::OpenMetrics, "counter") => name.trim_end_matches("_total"),
            (Format::OpenMetrics, "info") => name.trim_end_matches("_info"),
            _ => name,
        };
        writeln!(self.text, "# HELP {family} {help}\n# TYPE {family} {kind}")
    }

    fn sample<'l>(
        &mut self,
        name: &str,
        labels: impl Iterator<Item = (&'l str, &'l str)>,
        value: u64,
    ) -> fmt::Result {
        self.text.push_str(name);
        self.labels(labels)?;
        writeln!(self.text, " {}", Value::of(name, value))
    }

    fn labels<'l>(&mut self, labels: impl Iterator<Item = (&'l str, &'l str)>) -> fmt::Result {
        let mut separator = '{';
        for (label, value) in labels {
            write!(self.text, "{separator}{label}=\"{}\"", Escaped(value))?;
            separator = ',';
        }
        if separator == ',' {
            self.text.push('}');
        }
        Ok(())
    }
}

/// A cell's number in the unit that its name promises.
enum Value {
    Plain(u64),
    Seconds(Seconds),
}

impl Value {
    fn of(name: &str, cell: u64) -> Value {
        match name.trim_end_matches("_total").ends_with("_seconds") {
            true => Value::Seconds(Seconds(u128::from(cell))),
            false => Value::Plain(cell),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Plain(number) => write!(f, "{number}"),
            Value::Seconds(seconds) => seconds.fmt(f),
        }
    }
}

/// Nanoseconds written as seconds, exactly, without trailing zeros but with one decimal at least.
struct Seconds(u128);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:09}", self.0 % 1_000_000_000);
        let significant = decimals.trim_end_matches('0');
        let shown = if significant.is_empty() {
            "0"
        } else {
            significant
        };
        write!(f, "{}.{shown}", self.0 / 1_000_000_000)
    }
}

/// A label value with the three characters escaped that the formats reserve.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '\\' => f.write_str("\\\\"),
            '"' => f.write_str("\\\""),
            '\n' => f.write_str("\\n"),
            other => f.write_char(other),
        })
    }
}
