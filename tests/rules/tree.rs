//! The files of this tree: how to walk them, and what none of them may name.

use std::fs;
use std::path::Path;

/// Folders that are not the project's own text.
const NOT_OURS: &[&str] = &[".git", "target"];

/// Every file below the workspace's root as (path from the root, text); files that are not UTF-8 are left out.
pub(crate) fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(root, root, &mut found);
    found.sort();
    assert!(found.len() > 20, "the tree has files");
    found
}

/// The files whose path ends with `end`.
pub(crate) fn files_ending(end: &str) -> Vec<(String, String)> {
    files()
        .into_iter()
        .filter(|(path, _)| path.ends_with(end))
        .collect()
}

/// The sources of one crate of `shards/` that go into its library: no `tests` modules, benches or examples.
pub(crate) fn shipped_sources(krate: &str) -> Vec<(String, String)> {
    let folder = format!("shards/{krate}/src/");
    let shipped = |path: &str| {
        path.starts_with(&folder) && !path.ends_with("/tests.rs") && !path.contains("/tests/")
    };
    files_ending(".rs")
        .into_iter()
        .filter(|(path, _)| shipped(path))
        .collect()
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder of the tree can be listed") {
        let path = entry.expect("an entry of the tree can be read").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if NOT_OURS.contains(&name.as_str()) || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let name = path
                .strip_prefix(root)
                .expect("the walk stays below the root");
            found.push((name.to_string_lossy().into_owned(), text));
        }
    }
}

/// What would tie the tree to one machine or to one network: a home folder, a scratch folder of a build, a sibling of the
/// checkout, a private address. (Each is written in two parts, so that this file does not name it.)
const FOREIGN: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/wo", "rk/"),
    concat!("/tmp/tar", "get"),
    concat!("../sha", "red"),
    concat!("house", "-style"),
    concat!("DESIGN", ".md"),
    concat!("/Us", "ers/"),
];

/// Hosts that a text may point its reader to.
const KNOWN_HOSTS: &[&str] = &[
    "127.0.0.1",
    "localhost",
    "[::1]",
    "docs.kernel.org",
    "etherx.jabber.org", // in the name of XMPP's stream namespace (RFC 6120 4.8.1)
    "jabber.org",        // in the names of XMPP extensions
    "docs.rs",
    "doc.rust-lang.org",
    "erlang.org",
    "www.apache.org",
    "www.erlang.org",
    "www.haproxy.org",
    "www.itu.int",
    "www.kernel.org",
    "www.rfc-editor.org",
    "prometheus.io",
    "xmpp.org",
    "example.com",
    "example.net",
    "example.org",
    "www.w3.org",
    "json.schemastore.org",
];

fn foreign(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    // The lock file names the registry; Cargo writes it.
    if path == "Cargo.lock" || path.ends_with("/Cargo.lock") {
        return found;
    }
    for (number, line) in text.lines().enumerate() {
        let place = format!("{path}:{}", number + 1);
        found.extend(
            FOREIGN
                .iter()
                .filter(|word| line.contains(**word))
                .map(|word| format!("{place}: {word}")),
        );
        found.extend(unknown_hosts(line).map(|host| format!("{place}: {host}")));
    }
    found
}

/// The hosts of the URLs in `line` that are not in [`KNOWN_HOSTS`].
fn unknown_hosts(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("://").filter_map(|(at, _)| {
        let scheme = line[..at].ends_with("http") || line[..at].ends_with("https");
        let rest = &line[at + 3..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || ".-[]:".contains(c)))
            .unwrap_or(rest.len());
        let host = without_port(&rest[..end]);
        let domain = host.contains('.') || host.contains('[');
        (scheme && domain && !KNOWN_HOSTS.contains(&host)).then_some(host)
    })
}

fn without_port(host: &str) -> &str {
    if host.starts_with('[') {
        return host.find(']').map_or(host, |end| &host[..=end]);
    }
    host.split(':').next().unwrap_or(host).trim_end_matches('.')
}

#[test]
fn nothing_names_a_foreign_path_or_host() {
    let found: Vec<_> = files()
        .iter()
        .flat_map(|(path, text)| foreign(path, text))
        .collect();
    assert!(
        found.is_empty(),
        "foreign paths or hosts:\n{}",
        found.join("\n")
    );
}

#[test]
fn a_foreign_name_is_found() {
    for word in FOREIGN {
        assert_eq!(
            foreign("a.md", &format!("ok\nsee {word}x")),
            [format!("a.md:2: {word}")]
        );
    }
    let url = concat!("see https", "://build.example.test:8080/x");
    assert_eq!(foreign("a.md", url), ["a.md:1: build.example.test"]);
    assert_eq!(
        foreign("a.md", "curl http://127.0.0.1:9464/metrics"),
        Vec::<String>::new()
    );
    assert_eq!(foreign("a.md", "tcp://10.0.0.1:1"), Vec::<String>::new());
}
