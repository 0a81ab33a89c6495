use super::*;
use crate::{Cells, Page};

fn snapshot(cells: &Cells, links: usize) -> Snapshot {
    let (page, mut snapshot) = (Page::new(links), Snapshot::new());
    cells.publish(&page);
    assert!(page.read(&mut snapshot));
    snapshot
}

fn two_shards(format: Format) -> String {
    let (mut first, mut second) = (Cells::new(1), Cells::new(1));
    first.add(Metric::FramesIn, 7);
    first.add(Metric::ReactorBusy, 1_500_000_000);
    second.add(Metric::FramesOut, 9);
    second.link_add(0, LinkMetric::PacketsIn, 4);
    first.record(Histogram::FrameLatency, 1_024);
    first.record(Histogram::FrameLatency, 1_025);
    second.record(Histogram::FrameLatency, 3_000_000_000_000);
    let shards = [snapshot(&first, 1), snapshot(&second, 1)];
    let links = [String::from("a \"b\"\\\n")];
    let build = [("version", "0.1.0"), ("commit", "abc")];
    Exposition {
        build: &build,
        uptime: Duration::from_millis(2_500),
        links: &links,
        shards: &shards,
    }
    .render(format)
}

/// The lines that mention a name.
fn lines<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    text.lines().filter(|line| line.contains(name)).collect()
}

#[test]
fn plain_text_as_prometheus_reads_it() {
    let text = two_shards(Format::Text);
    assert!(text.starts_with(concat!(
        "# HELP megaphone_build_info What is running; always 1.\n",
        "# TYPE megaphone_build_info gauge\n",
        "megaphone_build_info{version=\"0.1.0\",commit=\"abc\"} 1\n",
        "# HELP megaphone_uptime_seconds How long this process has been serving.\n",
        "# TYPE megaphone_uptime_seconds gauge\n",
        "megaphone_uptime_seconds 2.5\n",
    )));
    assert_eq!(
        lines(&text, "megaphone_frames_total"),
        [
            "# HELP megaphone_frames_total Frames cut out of byte streams, and put into them.",
            "# TYPE megaphone_frames_total counter",
            "megaphone_frames_total{shard=\"0\",dir=\"in\"} 7",
            "megaphone_frames_total{shard=\"1\",dir=\"in\"} 0",
            "megaphone_frames_total{shard=\"0\",dir=\"out\"} 0",
            "megaphone_frames_total{shard=\"1\",dir=\"out\"} 9",
        ]
    );
    assert_eq!(
        lines(&text, "reactor_busy_seconds_total{")[0],
        "megaphone_reactor_busy_seconds_total{shard=\"0\"} 1.5"
    );
    assert_eq!(
        lines(&text, "megaphone_link_packets_total{")[1],
        r#"megaphone_link_packets_total{shard="1",link="a \"b\"\\\n",dir="in"} 4"#
    );
    assert!(!text.contains("# EOF"));
}

#[test]
fn openmetrics_names_families_without_suffix_and_ends() {
    let text = two_shards(Format::OpenMetrics);
    assert!(text.ends_with("\n# EOF\n"));
    assert_eq!(text.matches("# EOF").count(), 1);
    assert!(text.contains("# TYPE megaphone_build info\nmegaphone_build_info{"));
    assert!(text.contains("# TYPE megaphone_frames counter\nmegaphone_frames_total{"));
    assert!(text.contains("# TYPE megaphone_link_up gauge\nmegaphone_link_up{"));
}

#[test]
fn histograms_are_cumulative_and_summed_over_the_shards() {
    let text = two_shards(Format::Text);
    let shown = lines(&text, "megaphone_frame_latency_seconds");
    assert_eq!(
        shown[2],
        "megaphone_frame_latency_seconds_bucket{le=\"0.000001024\"} 1"
    );
    assert_eq!(
        shown[3],
        "megaphone_frame_latency_seconds_bucket{le=\"0.000002048\"} 2"
    );
    assert_eq!(
        shown[shown.len() - 4..],
        [
            "megaphone_frame_latency_seconds_bucket{le=\"68.719476736\"} 2",
            "megaphone_frame_latency_seconds_bucket{le=\"+Inf\"} 3",
            "megaphone_frame_latency_seconds_sum 3000.000002049",
            "megaphone_frame_latency_seconds_count 3",
        ]
    );
}

/// Both formats allow a family to appear once, with its lines in one piece, help and type first.
#[test]
fn every_family_is_one_piece_with_help_and_type() {
    for format in [Format::Text, Format::OpenMetrics] {
        let text = two_shards(format);
        let (mut family, mut seen) = ("", std::collections::BTreeSet::new());
        let mut typed = false;
        for line in text.lines().filter(|line| *line != "# EOF") {
            if let Some(help) = line.strip_prefix("# HELP ") {
                family = help.split(' ').next().unwrap_or("");
                typed = false;
                assert!(seen.insert(family), "{family} twice");
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                assert_eq!(kind.split(' ').next(), Some(family));
                typed = true;
            } else {
                assert!(typed && line.starts_with(family), "{line} under {family}");
                let (_, value) = line.rsplit_once(' ').expect("a sample has a value");
                assert!(value.parse::<f64>().is_ok(), "{line}");
            }
        }
        assert_eq!(
            seen.len(),
            2 + Metric::FAMILIES.len() + LinkMetric::FAMILIES.len() + Histogram::FAMILIES.len()
        );
    }
}

#[test]
fn without_links_there_are_no_link_families() {
    let shards = [snapshot(&Cells::new(0), 0)];
    let exposition = Exposition {
        build: &[],
        uptime: Duration::ZERO,
        links: &[],
        shards: &shards,
    };
    let text = exposition.render(Format::Text);
    assert!(!text.contains("megaphone_link_"));
    assert!(
        text.contains("megaphone_build_info 1\n")
            && text.contains("megaphone_uptime_seconds 0.0\n")
    );
}

#[test]
fn the_accept_header_decides() {
    let prometheus =
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
    assert_eq!(Format::from_accept(Some(prometheus)), Format::OpenMetrics);
    assert_eq!(
        Format::from_accept(Some("text/plain, application/openmetrics-text;q=0.9")),
        Format::Text
    );
    assert_eq!(
        Format::from_accept(Some("application/openmetrics-text; q=0")),
        Format::Text
    );
    for plain in [None, Some(""), Some("*/*"), Some("text/html,;;q=x")] {
        assert_eq!(Format::from_accept(plain), Format::Text);
    }
}

#[test]
fn links_of_one_name_are_one_series() {
    let mut cells = Cells::new(3);
    (0..3).for_each(|link| cells.link_add(link, LinkMetric::Up, 1));
    let (shards, links) = (
        [snapshot(&cells, 3)],
        ["chat", "other", "chat"].map(String::from),
    );
    let exposition = Exposition {
        build: &[],
        uptime: Duration::ZERO,
        links: &links,
        shards: &shards,
    };
    let text = exposition.render(Format::Text);
    assert_eq!(
        lines(&text, "megaphone_link_up{"),
        [
            "megaphone_link_up{shard=\"0\",link=\"chat\"} 2",
            "megaphone_link_up{shard=\"0\",link=\"other\"} 1",
        ]
    );
}
