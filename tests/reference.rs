//! `docs/reference.md` is written from the program itself, and this test holds it to that.
//!
//! `MEGAPHONE_UPDATE=1 cargo test --test reference` writes it anew.
#![forbid(unsafe_code)]

use clap::{Arg, Command, CommandFactory};
use megaphone::cli::Cli;
use megaphone_core::LIMITS;
use megaphone_metrics::{Family, Histogram, Kind, LinkMetric, Metric};
use std::collections::HashSet;
use std::fmt::Write;
use std::path::Path;

const START: &str = "\
# Reference

Every option, limit and figure, written from the program (`MEGAPHONE_UPDATE=1 cargo test --test reference`).
[operating.md](operating.md) says what to make of them.
";

/// A table's cell: one line, without a bar that would end it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn options(text: &mut String, name: &str, command: &Command) {
    let own = |argument: &&Arg| !["help", "version"].contains(&argument.get_id().as_str());
    let arguments: Vec<&Arg> = command.get_arguments().filter(own).collect();
    let about = command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    if !arguments.is_empty() {
        let _ = writeln!(
            text,
            "\n## `{name}`\n\n{about}.\n\n| option | default | meaning |\n| --- | --- | --- |"
        );
    }
    for argument in arguments {
        let value = argument
            .get_value_names()
            .filter(|_| argument.get_action().takes_values());
        let value = value
            .map(|names| format!(" {}", names.join(" ")))
            .unwrap_or_default();
        let option = match argument.get_long() {
            Some(long) => format!("`--{long}{value}`"),
            None => format!("`{}`", value.trim()),
        };
        let defaults = argument
            .get_default_values()
            .iter()
            .map(|value| value.to_string_lossy());
        let default = defaults
            .filter(|value| value != "false")
            .collect::<Vec<_>>()
            .join(" ");
        let variable = argument
            .get_env()
            .map(|name| format!(" Also `{}`.", name.to_string_lossy()));
        let help = argument
            .get_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let meaning = format!(
            "{}.{}",
            help.trim_end_matches('.'),
            variable.unwrap_or_default()
        );
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            cell(&option),
            cell(&default),
            cell(&meaning)
        );
    }
    for verb in command
        .get_subcommands()
        .filter(|verb| verb.get_name() != "help")
    {
        options(text, &format!("{name} {}", verb.get_name()), verb);
    }
}

fn keys(text: &mut String, title: &str, example: &str, keys: &[(&str, &str)]) {
    let _ = writeln!(
        text,
        "\n## {title}\n\n`{example}`\n\n| key | meaning |\n| --- | --- |"
    );
    for (key, meaning) in keys {
        let _ = writeln!(text, "| `{key}` | {meaning} |");
    }
}

fn limits(text: &mut String) {
    text.push_str(
        "\n## Limits\n\nOf each shard, set with `--limit KEY=NUMBER`. `_ms` are milliseconds. Limits on a source (`source_…`) hold for the process: all clients of a source come\nto one shard.\n\n",
    );
    text.push_str("| key | default | least | most | how full | when it is met |\n| --- | --- | --- | --- | --- | --- |\n");
    for limit in LIMITS {
        let (key, default) = (limit.key, limit.default);
        let _ = writeln!(
            text,
            "| `{key}` | {default} | {} | {} | `{}` | `{}` |",
            limit.least, limit.most, limit.occupancy, limit.refused
        );
    }
}

fn families<M>(text: &mut String, families: &[Family<M>], label: &str) {
    for family in families {
        let kind = match family.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let mut labels = label.to_owned();
        for (at, (name, _)) in family
            .series
            .first()
            .map_or(&[][..], |series| series.labels)
            .iter()
            .enumerate()
        {
            let values: Vec<&str> = family
                .series
                .iter()
                .map(|series| series.labels[at].1)
                .collect();
            let _ = write!(labels, ", {name}: {}", values.join(" "));
        }
        let _ = writeln!(
            text,
            "| `{}` | {kind} | {labels} | {} |",
            family.name,
            cell(family.help)
        );
    }
}

fn figures(text: &mut String) {
    text.push_str(
        "\n## Figures\n\nAt `/metrics`, of each shard but for histograms, which are summed.\n\n",
    );
    text.push_str("| name | kind | labels | meaning |\n| --- | --- | --- | --- |\n");
    families(text, Metric::FAMILIES, "shard");
    families(text, LinkMetric::FAMILIES, "shard, link");
    for family in Histogram::FAMILIES {
        let _ = writeln!(
            text,
            "| `{}` | histogram | | {} |",
            family.name,
            cell(family.help)
        );
    }
}

#[test]
fn the_reference_is_the_programs_own() {
    let mut expected = String::from(START);
    let mut command = Cli::command();
    command.build();
    options(&mut expected, "megaphone", &command);
    let listen = "--listen 'tcp://127.0.0.1:7000?framing=raw&route=echo'";
    keys(
        &mut expected,
        "Listeners",
        listen,
        megaphone::config::listen::KEYS,
    );
    let gateways = "--listen h248+tcp://127.0.0.1:2944";
    keys(
        &mut expected,
        "Listeners of gateways",
        gateways,
        megaphone::config::h248::KEYS,
    );
    let link = "--link 'listen:127.0.0.1:6280?name=chat'";
    keys(&mut expected, "Links", link, megaphone::config::link::KEYS);
    limits(&mut expected);
    figures(&mut expected);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference.md");
    if std::env::var_os("MEGAPHONE_UPDATE").is_some() {
        std::fs::write(path, &expected).expect("the reference can be written");
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let differs = expected
        .lines()
        .zip(written.lines())
        .find(|(expected, written)| expected != written);
    assert!(
        written == expected,
        "docs/reference.md is not the program's; write it anew as it says. First: {differs:?}"
    );
}

/// The sources of the shards' crates but for the table of names itself, and of the appliance.
fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder of the tree can be listed") {
        let path = entry.expect("an entry of the tree can be read").path();
        if path.is_dir() && !path.ends_with("metrics") {
            sources(&path, text);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            text.push_str(&std::fs::read_to_string(&path).expect("a source is text"));
        }
    }
}

/// A figure that nothing counts tells an operator that nothing happens.
#[test]
fn every_figure_is_counted_somewhere() {
    let (root, mut text) = (Path::new(env!("CARGO_MANIFEST_DIR")), String::new());
    sources(&root.join("shards"), &mut text);
    let figures = Metric::FAMILIES.iter().flat_map(|family| family.series);
    let figures = figures.map(|series| format!("Metric::{:?}", series.metric));
    let links = LinkMetric::FAMILIES.iter().flat_map(|family| family.series);
    let links = links.map(|series| format!("LinkMetric::{:?}", series.metric));
    let histograms = Histogram::FAMILIES
        .iter()
        .map(|family| format!("Histogram::{:?}", family.histogram));
    let words: HashSet<&str> = text
        .split(|c: char| !c.is_alphanumeric() && c != ':' && c != '_')
        .collect();
    let idle: Vec<String> = figures
        .chain(links)
        .chain(histograms)
        .filter(|name| !words.contains(name.as_str()))
        .collect();
    assert!(idle.is_empty(), "counted nowhere: {idle:?}");
}
