//! Every crate that comes in from outside has a licence that `deny.toml` allows, or is named there as an exception.

use cargo_metadata::MetadataCommand;

/// The quoted strings of the list that starts at `key = [` in a TOML text.
fn list(toml: &str, key: &str) -> Vec<String> {
    let Some((_, rest)) = toml.split_once(&format!("\n{key} = [")) else {
        return Vec::new();
    };
    let body = rest.split("\n]").next().unwrap_or_default();
    let code = body
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default());
    let quoted = code.flat_map(|line| {
        line.split('"')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    quoted.collect()
}

/// Whether an SPDX expression can be met with licences from `allowed`: one arm of an `OR`, all of an `AND`.
///
/// Old manifests write `/` for `OR`. Parentheses occur around an `OR` inside an `AND` only.
fn allows(allowed: &[String], expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let expression = expression.trim();
    if let Some((group, rest)) = expression.strip_prefix('(').and_then(|e| e.split_once(')')) {
        let rest = rest.trim().strip_prefix("AND ").unwrap_or("").trim();
        return allows(allowed, group) && (rest.is_empty() || allows(allowed, rest));
    }
    let all_of = |arm: &str| {
        arm.split(" AND ")
            .all(|l| allowed.iter().any(|known| known == l.trim()))
    };
    expression.split(" OR ").any(all_of)
}

#[test]
fn every_licence_is_allowed() {
    // As deny.toml's graph: what is built for Linux. Crates for other systems are in the lock file and nowhere else.
    let platform = ["--filter-platform", "x86_64-unknown-linux-gnu"]
        .map(String::from)
        .to_vec();
    let metadata = MetadataCommand::new()
        .other_options(platform)
        .exec()
        .expect("cargo metadata resolves the workspace");
    let policy = std::fs::read_to_string(metadata.workspace_root.join("deny.toml"))
        .expect("deny.toml is there");
    let allowed = list(&policy, "allow");
    let exceptions = list(&policy, "exceptions");
    assert!(allowed.len() > 3, "deny.toml allows {allowed:?}");

    let unknown: Vec<_> = metadata
        .packages
        .iter()
        .filter(|p| !exceptions.iter().any(|name| *name == p.name.as_str()))
        .filter(|p| {
            !p.license
                .as_deref()
                .is_some_and(|licence| allows(&allowed, licence))
        })
        .map(|p| format!("{} {}: {:?}", p.name, p.version, p.license))
        .collect();
    assert!(
        unknown.is_empty(),
        "licences that deny.toml does not allow: {unknown:#?}"
    );
}

#[test]
fn a_licence_that_is_not_allowed_is_found() {
    let allowed = list(
        "\nallow = [ # these\n  \"MIT\",\n  # \"GPL-3.0\",\n  \"Zlib\",\n]\n",
        "allow",
    );
    assert_eq!(allowed, ["MIT", "Zlib"]);
    assert!(allows(&allowed, "MIT OR GPL-3.0"));
    assert!(allows(&allowed, "Apache-2.0/MIT"));
    assert!(allows(&allowed, "(MIT OR Apache-2.0) AND Zlib"));
    assert!(!allows(&allowed, "(MIT OR Apache-2.0) AND Unicode-3.0"));
    assert!(!allows(&allowed, "MIT AND GPL-3.0"));
    assert!(!allows(&allowed, "GPL-3.0"));
}
