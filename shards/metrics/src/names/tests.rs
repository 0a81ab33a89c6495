use super::*;
use std::collections::BTreeSet;
use std::fmt::Debug;

/// Label names that may exist: a new one is a decision, not an accident.
const LABELS: &[&str] = &[
    "action", "answer", "dir", "kind", "op", "path", "reason", "result", "state",
];

fn word(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn check_families<M: Debug + Copy + 'static>(families: &[Family<M>], index: fn(M) -> usize) {
    let mut cells = Vec::new();
    for family in families {
        let name = family.name;
        assert!(name.starts_with(PREFIX) && word(name), "{name}");
        assert_eq!(
            name.ends_with("_total"),
            family.kind == Kind::Counter,
            "{name}"
        );
        check_unit_and_help(name.trim_end_matches("_total"), family.help);
        let mut combinations = BTreeSet::new();
        let labels = |series: &Series<M>| series.labels.iter().map(|l| l.0).collect::<Vec<_>>();
        for series in family.series {
            assert_eq!(
                labels(series),
                labels(&family.series[0]),
                "{name}: every series has the same labels"
            );
            assert!(
                combinations.insert(series.labels),
                "{name}: {:?} twice",
                series.labels
            );
            for (label, value) in series.labels {
                assert!(
                    LABELS.contains(label) && word(value),
                    "{name}: {label}={value}"
                );
            }
            cells.push(index(series.metric));
        }
    }
    assert!(
        cells.iter().copied().eq(0..cells.len()),
        "cells are numbered in the order of the table"
    );
}

fn check_unit_and_help(name: &str, help: &str) {
    for unit in [
        "_ns",
        "_us",
        "_ms",
        "_millis",
        "_kib",
        "_mib",
        "_percent",
        "_sec",
        "_duration",
    ] {
        assert!(!name.ends_with(unit), "{name}: base units only");
    }
    for unit in ["_seconds", "_bytes"] {
        assert!(
            !name.contains(unit) || name.ends_with(unit),
            "{name}: the unit comes last"
        );
    }
    assert!(
        help.len() > 10 && help.ends_with('.') && !help.contains(['\n', '\\']),
        "{name}: {help}"
    );
}

#[test]
fn every_name_keeps_the_rules() {
    check_families(Metric::FAMILIES, |metric| metric as usize);
    check_families(LinkMetric::FAMILIES, |metric| metric as usize);
    for (at, family) in Histogram::FAMILIES.iter().enumerate() {
        assert_eq!(family.histogram as usize, at);
        assert!(
            family.name.starts_with(PREFIX) && word(family.name),
            "{}",
            family.name
        );
        assert!(!family.name.ends_with("_total"), "{}", family.name);
        check_unit_and_help(family.name, family.help);
        assert!(family.exponents.0 < family.exponents.1);
    }
}

#[test]
fn no_name_is_used_twice() {
    let mut names = BTreeSet::new();
    let figures = Metric::FAMILIES.iter().map(|f| f.name);
    let links = LinkMetric::FAMILIES.iter().map(|f| f.name);
    for name in figures
        .chain(links)
        .chain(Histogram::FAMILIES.iter().map(|f| f.name))
    {
        assert!(names.insert(name.trim_end_matches("_total")), "{name}");
    }
}
