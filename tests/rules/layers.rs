//! Imports point downwards only: a crate depends on crates of lower layers, never on its own layer or above.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// The layer of every package of this workspace. A package that is not here is a finding.
const LAYERS: &[(&str, u8)] = &[
    ("megaphone-pool", 0),
    ("megaphone-wheel", 0),
    ("megaphone-frame", 1),
    ("megaphone-h248", 1),
    ("megaphone-metrics", 1),
    ("megaphone-megaco", 2),
    ("megaphone-mesh", 2),
    ("megaphone-core", 3),
    ("megaphone-engine", 4),
    ("megaphone-sim", 4),
    ("megaphone", 5),
];

/// What a crate below layer 4 may never depend on, whatever it says in its sources: each of these does I/O, starts
/// threads, or reads a clock or a source of randomness.
const IMPURE_CRATES: &[&str] = &[
    "core_affinity",
    "crossbeam-channel",
    "fastrand",
    "getrandom",
    "glommio",
    "io-uring",
    "mio",
    "nix",
    "rand",
    "signal-hook",
    "socket2",
    "tokio",
];

/// A dependency of one workspace package: on `on`, wanted for `kind`.
#[derive(Clone, Debug)]
struct Edge {
    from: String,
    on: String,
    kind: DependencyKind,
}

fn edge(from: &str, on: &str, kind: DependencyKind) -> Edge {
    Edge {
        from: from.to_owned(),
        on: on.to_owned(),
        kind,
    }
}

fn layer(package: &str) -> Option<u8> {
    LAYERS
        .iter()
        .find(|(name, _)| *name == package)
        .map(|(_, layer)| *layer)
}

fn findings(packages: &[String], edges: &[Edge]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        if layer(package).is_none() {
            found.push(format!("{package} has no layer"));
        }
    }
    for Edge { from, on, kind } in edges {
        let Some(own) = layer(from) else { continue };
        if *kind == DependencyKind::Development {
            continue;
        }
        if let Some(other) = layer(on) {
            if other >= own {
                found.push(format!(
                    "{from} (layer {own}) depends on {on} (layer {other})"
                ));
            }
        } else if own < 4 && IMPURE_CRATES.contains(&on.as_str()) {
            found.push(format!(
                "{from} (layer {own}) depends on {on}, which does I/O"
            ));
        }
    }
    found.extend(cycle(edges).map(|names| format!("a cycle: {}", names.join(" -> "))));
    found
}

/// A cycle among workspace packages over dependencies of every kind, if there is one.
///
/// Cargo itself allows a cycle through development dependencies; two copies of one crate in a test are then near.
fn cycle(edges: &[Edge]) -> Option<Vec<String>> {
    let mut below: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for edge in edges.iter().filter(|e| layer(&e.on).is_some()) {
        below.entry(&edge.from).or_default().insert(&edge.on);
    }
    let mut done = BTreeSet::new();
    below
        .keys()
        .find_map(|start| walk(start, &below, &mut Vec::new(), &mut done))
}

fn walk<'a>(
    at: &'a str,
    below: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    trail: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) -> Option<Vec<String>> {
    if let Some(from) = trail.iter().position(|name| *name == at) {
        return Some(
            trail[from..]
                .iter()
                .chain([&at])
                .map(ToString::to_string)
                .collect(),
        );
    }
    if !done.insert(at) {
        return None;
    }
    trail.push(at);
    let found = below
        .get(at)
        .into_iter()
        .flatten()
        .find_map(|next| walk(next, below, trail, done));
    trail.pop();
    found
}

#[test]
fn imports_point_downwards() {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .expect("cargo metadata runs in this workspace");
    let packages: Vec<String> = metadata
        .packages
        .iter()
        .map(|p| p.name.to_string())
        .collect();
    let edges: Vec<Edge> = metadata
        .packages
        .iter()
        .flat_map(|p| {
            p.dependencies
                .iter()
                .map(|d| edge(p.name.as_str(), &d.name, d.kind))
        })
        .collect();
    assert!(
        packages.len() >= LAYERS.len(),
        "the workspace lists {packages:?}"
    );
    assert_eq!(findings(&packages, &edges), Vec::<String>::new());
}

#[test]
fn an_import_upwards_or_sideways_is_found() {
    let edges = [
        edge("megaphone-pool", "megaphone-mesh", DependencyKind::Normal),
        edge(
            "megaphone-frame",
            "megaphone-metrics",
            DependencyKind::Build,
        ),
        edge("megaphone-core", "megaphone-mesh", DependencyKind::Normal),
    ];
    let expected = [
        "megaphone-pool (layer 0) depends on megaphone-mesh (layer 2)",
        "megaphone-frame (layer 1) depends on megaphone-metrics (layer 1)",
    ];
    assert_eq!(findings(&[], &edges), expected);
}

#[test]
fn a_development_dependency_may_point_up_but_not_in_a_circle() {
    let up = edge(
        "megaphone-core",
        "megaphone-sim",
        DependencyKind::Development,
    );
    assert_eq!(
        findings(&[], std::slice::from_ref(&up)),
        Vec::<String>::new()
    );

    let circle = [
        up,
        edge("megaphone-sim", "megaphone-core", DependencyKind::Normal),
    ];
    assert_eq!(
        findings(&[], &circle),
        ["a cycle: megaphone-core -> megaphone-sim -> megaphone-core"]
    );
}

#[test]
fn a_crate_without_a_layer_and_an_impure_dependency_are_found() {
    let found = findings(
        &[String::from("megaphone-new")],
        &[edge("megaphone-core", "rand", DependencyKind::Normal)],
    );
    assert_eq!(
        found,
        [
            "megaphone-new has no layer",
            "megaphone-core (layer 3) depends on rand, which does I/O"
        ]
    );
}
