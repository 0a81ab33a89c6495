//! Tests of the package table against the list of Erlang/OTP's resolver and against itself.

use super::*;

/// The rows of `tests/data/packages.tsv`: package, its number, scope, item, its number, parameter, its number.
fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    let text = include_str!("../../tests/data/packages.tsv");
    text.lines().skip(1).map(|line| line.split('\t').collect())
}

fn number(hex: &str) -> u16 {
    u16::from_str_radix(hex, 16).expect("the file holds hexadecimal numbers")
}

fn scope(word: &str) -> Scope {
    match word.trim_end_matches("_parameter") {
        "property" => Scope::Property,
        "event" => Scope::Event,
        "signal" => Scope::Signal,
        "statistics" => Scope::Statistic,
        other => panic!("unknown scope {other}"),
    }
}

#[test]
fn every_row_of_otps_resolver_is_in_the_table() {
    let table = PackageTable::standard();
    let mut count = 0;
    for row in rows() {
        let [name, id, kind, item, item_id, parameter, parameter_id] = row[..] else {
            panic!("seven columns expected: {row:?}");
        };
        let package = table.package_by_id(number(id)).expect(name);
        if name != "native" {
            assert_eq!(package.name, name);
            assert!(std::ptr::eq(table.package(name).expect(name), package));
        }
        let found = table
            .item(package, scope(kind), item)
            .unwrap_or_else(|| panic!("{name}/{item}"));
        if parameter.is_empty() {
            assert_eq!(found.id, number(item_id), "{name}/{item}");
            let again = table
                .item_by_id(package, scope(kind), found.id)
                .expect(item);
            assert!(std::ptr::eq(again, found));
        } else {
            let found = found
                .parameter(parameter)
                .unwrap_or_else(|| panic!("{name}/{item} {parameter}"));
            assert_eq!(found.id, number(parameter_id), "{name}/{item} {parameter}");
        }
        count += 1;
    }
    assert_eq!(count, 174);
}

#[test]
fn names_and_numbers_are_unique() {
    let table = PackageTable::standard();
    let mut last = None;
    for package in table
        .packages()
        .filter(|p| p.reference != Reference::Private)
    {
        assert!(last < Some(package.id), "{} is out of order", package.name);
        last = Some(package.id);
    }
    for package in table.packages() {
        assert!(std::ptr::eq(
            table.package(package.name).expect(package.name),
            package
        ));
        assert!(std::ptr::eq(
            table.package_by_id(package.id).expect(package.name),
            package
        ));
        for scope in [
            Scope::Property,
            Scope::Event,
            Scope::Signal,
            Scope::Statistic,
        ] {
            let items = package.items(scope);
            for (i, item) in items.iter().enumerate() {
                let rest = &items[i + 1..];
                assert!(
                    rest.iter().all(|other| other.id != item.id),
                    "{}/{}",
                    package.name,
                    item.name
                );
                let twin = rest
                    .iter()
                    .find(|other| other.name.eq_ignore_ascii_case(item.name));
                assert!(twin.is_none(), "{}/{}", package.name, item.name);
            }
        }
    }
}

#[test]
fn names_ignore_case_and_extensions_inherit() {
    let table = PackageTable::standard();
    let tdmc = table.package("TdmC").expect("tdmc");
    assert_eq!(tdmc.id, 0x000d);
    assert_eq!(
        table.item(tdmc, Scope::Property, "GAIN").map(|i| i.id),
        Some(0x000a)
    );
    assert_eq!(
        table.item(tdmc, Scope::Property, "jit").map(|i| i.id),
        Some(0x0007)
    );
    assert_eq!(
        table.item_by_id(tdmc, Scope::Statistic, 2).map(|i| i.name),
        Some("os")
    );
    let dd = table.package("dd").expect("dd");
    assert_eq!(table.item(dd, Scope::Event, "std").map(|i| i.id), Some(1));
    assert_eq!(table.item(dd, Scope::Event, "nothing").map(|i| i.id), None);
    assert!(table.package("no-such-package").is_none());
    assert!(table.package_by_id(0x7fff).is_none());
}

#[test]
fn a_package_can_be_added_and_hides_a_standard_one() {
    static OURS: Package = Package {
        name: "al",
        id: 0x8001,
        version: 3,
        extends: Some(0x8001),
        title: "Ours",
        reference: Reference::Private,
        properties: &[],
        events: &[Item {
            name: "ring",
            id: 1,
            value: ValueType::String,
            parameters: &[],
        }],
        signals: &[],
        statistics: &[],
    };
    let table = PackageTable::with(vec![&OURS]);
    assert_eq!(table.package("al").map(|p| p.id), Some(0x8001));
    assert_eq!(
        table.package_by_id(0x0009).map(|p| p.title),
        Some("Analog Line Supervision")
    );
    assert_eq!(
        table.item(&OURS, Scope::Event, "Ring").map(|i| i.id),
        Some(1)
    );
    assert!(
        table.item(&OURS, Scope::Event, "absent").is_none(),
        "a package that extends itself ends the search"
    );
}

#[test]
fn open_names_are_their_numbers() {
    assert_eq!(open_number(OPEN_PACKAGE, "pkg_8a3f"), Some(0x8a3f));
    assert_eq!(open_number(OPEN_ITEM, "item_0005"), Some(5));
    assert_eq!(open_number(OPEN_ITEM, "*"), Some(WILDCARD));
    for bad in [
        "",
        "item_",
        "item_5",
        "item_00005",
        "item_+005",
        "item_00G0",
        "item_00AB",
        "pkg_0005",
    ] {
        assert_eq!(open_number(OPEN_ITEM, bad), None, "{bad}");
    }
}

#[test]
fn no_listed_name_looks_like_an_open_name() {
    for package in PackageTable::standard().packages() {
        assert!(!package.name.starts_with(OPEN_PACKAGE));
        for scope in [
            Scope::Property,
            Scope::Event,
            Scope::Signal,
            Scope::Statistic,
        ] {
            assert!(
                package
                    .items(scope)
                    .iter()
                    .all(|i| !i.name.starts_with(OPEN_ITEM))
            );
        }
    }
}

#[test]
fn whole_names_are_what_their_parts_are() {
    let table = PackageTable::standard();
    let scopes = [
        Scope::Property,
        Scope::Event,
        Scope::Signal,
        Scope::Statistic,
    ];
    let mut count = 0;
    for package in table.packages().filter(|package| package.id != NATIVE) {
        for scope in scopes {
            // Every number an item of the table may have, and the items of what the package extends.
            for id in 0..0x100 {
                let number = u32::from(package.id) << 16 | u32::from(id);
                let by_parts = table.item_by_id(package, scope, id);
                let listed = table.listed_by_number(number, scope);
                // Places do not tell: the compiler may keep an item twice.
                let told = |item: &Item| (item.name, item.id, item.value, item.parameters.len());
                let found = listed.map(|listed| told(listed.item));
                assert_eq!(found, by_parts.map(told), "{}", package.name);
                let Some(listed) = listed else { continue };
                count += 1;
                let name = format!("{}/{}", package.name, listed.item.name);
                assert_eq!(listed.name(), name.as_bytes());
                for written in [
                    name.clone(),
                    name.to_ascii_uppercase(),
                    name.to_ascii_lowercase(),
                ] {
                    let item = table
                        .item(package, scope, listed.item.name)
                        .expect("by name");
                    match table.listed_by_name(written.as_bytes(), scope) {
                        Some(again) => {
                            assert_eq!(again.number >> 16, u32::from(package.id), "{written}");
                            assert_eq!(told(again.item), told(item), "{written}");
                        }
                        None => assert!(written.len() > 16, "{written}"),
                    }
                }
                let other = format!("{name}x");
                assert!(
                    table
                        .listed_by_name(other.as_bytes(), scope)
                        .is_none_or(|other| other.number != number)
                );
            }
        }
    }
    assert!(count > 100, "{count}");
    let hiding = PackageTable::with(vec![table.package("dd").expect("listed")]);
    assert!(hiding.listed_by_number(0x0006_0004, Scope::Event).is_none());
}
