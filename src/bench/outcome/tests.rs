use super::*;
use crate::bench::board::latencies;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

fn a_thousand() -> Histogram<u64> {
    let mut histogram = latencies();
    (1..=1_000).for_each(|value: u64| histogram.saturating_record(value * 1_000));
    histogram
}

fn outcome(tally: Tally, cpu: Option<Duration>) -> Outcome {
    Outcome::from(Measured {
        tally,
        seconds: Duration::from_secs(2),
        latencies: a_thousand(),
        cpu,
        opened_in: Duration::ZERO,
        trouble: None,
        machine: Card::default(),
    })
}

#[test]
fn the_json_has_the_promised_keys() {
    let tally = Tally {
        packets: 1_000,
        errors: 1,
        lost: 2,
        misrouted: 3,
        ..Tally::default()
    };
    let json =
        serde_json::to_value(outcome(tally, Some(Duration::from_millis(5)))).expect("plain data");
    let keys: Vec<&str> = json
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected = [
        "packets",
        "errors",
        "lost",
        "misrouted",
        "seconds",
        "latency_us",
        "cpu_us_per_packet",
        "machine",
    ];
    expected.sort_unstable();
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    let latency: Vec<&String> = json["latency_us"]
        .as_object()
        .expect("an object")
        .keys()
        .collect();
    assert_eq!(latency.len(), 4);
    assert_eq!(json["packets"], 1_000);
    assert_eq!(json["seconds"], 2.0);
    assert_eq!(json["cpu_us_per_packet"], 5.0);
    let p50 = json["latency_us"]["p50"].as_f64().expect("a number");
    assert!((499.0..=501.0).contains(&p50), "{p50}");
    assert!(json["latency_us"]["max"].as_f64() >= json["latency_us"]["p999"].as_f64());
}

#[test]
fn without_packets_there_is_no_cpu_per_packet() {
    let empty = outcome(Tally::default(), Some(Duration::from_secs(1)));
    assert_eq!(empty.cpu_us_per_packet, None);
    let json = serde_json::to_string(&empty).expect("plain data");
    assert!(json.contains("\"cpu_us_per_packet\":null"));
}

#[test]
fn only_a_run_without_any_fault_is_clean() {
    assert!(outcome(Tally::default(), None).is_clean());
    for tally in [
        Tally {
            errors: 1,
            ..Tally::default()
        },
        Tally {
            lost: 1,
            ..Tally::default()
        },
        Tally {
            misrouted: 1,
            ..Tally::default()
        },
    ] {
        assert!(!outcome(tally, None).is_clean());
    }
}

#[test]
fn the_percentile_file_has_four_columns_and_a_summary() {
    let mut file = Vec::new();
    write_hgrm(&a_thousand(), &mut file).expect("memory takes everything");
    let text = String::from_utf8(file).expect("text");
    assert!(
        text.starts_with("       Value     Percentile TotalCount 1/(1-Percentile)\n\n"),
        "{text}"
    );
    let rows: Vec<Vec<f64>> = text
        .lines()
        .skip(2)
        .take_while(|line| !line.starts_with('#'))
        .map(|line| {
            line.split_whitespace()
                .map(|cell| cell.parse().expect("a number"))
                .collect()
        })
        .collect();
    assert!(
        rows.windows(2)
            .all(|pair| pair[0][0] <= pair[1][0] && pair[0][2] <= pair[1][2])
    );
    let last = rows.last().expect("rows");
    assert_eq!((last[1], last[2], last.len()), (1.0, 1_000.0, 3));
    assert!(text.contains("#[Mean    ="), "{text}");
    assert!(text.contains("Total count    =         1000]"), "{text}");
}

#[test]
fn the_interval_log_can_be_read_back() {
    let mut file = Vec::new();
    let began = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    write_hlog(&[(0, a_thousand()), (1, a_thousand())], began, &mut file)
        .expect("memory takes everything");
    let entries: Vec<_> = IntervalLogIterator::new(&file)
        .map(|entry| entry.expect("well formed"))
        .collect();
    let intervals: Vec<_> = entries
        .iter()
        .filter_map(|entry| match entry {
            LogEntry::Interval(interval) => Some(interval),
            _ => None,
        })
        .collect();
    assert_eq!(intervals.len(), 2);
    assert_eq!(intervals[1].start_timestamp(), Duration::from_secs(1));
    assert_eq!(intervals[0].tag().map(|tag| tag.as_str()), Some("run"));
    let bytes = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        intervals[0].encoded_histogram(),
    );
    let read: Histogram<u64> = Deserializer::new()
        .deserialize(&mut bytes.expect("base64").as_slice())
        .expect("a histogram");
    assert_eq!(read.len(), 1_000);
}
