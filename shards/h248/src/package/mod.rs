//! Package names and numbers in both directions: the text codec writes names, BER writes numbers; it holds no behaviour.
//!
//! A [`PackageTable`] maps package, property, event, signal, statistic and parameter names to their two-octet
//! identifiers (RFC 3525 12.4) and tells the type of each value (RFC 3525 A.2). The standard table knows the base packages
//! with all their items, Annex C, and the registered packages with the items that could be found; a caller can add packages.
//!
//! **The table never decides whether a message can be read.** A number that nobody listed becomes an *open name*, and an
//! open name becomes its number again:
//!
//! | on the wire | name |
//! | --- | --- |
//! | package `0x8a3f` | `pkg_8a3f` |
//! | item or parameter `0x0005` | `item_0005` |
//! | `0xffff` (wildcard) | `*` |

mod annex_c;
mod base;
mod index;
mod items;
mod registered;
#[cfg(test)]
mod tests;

/// The identifier that stands for "every package" or "every item" (RFC 3525 A.2, `PkgdName`).
pub const WILDCARD: u16 = 0xffff;

/// The pseudo package of the Annex C properties.
pub const NATIVE: u16 = 0x0000;

/// Where a package is written down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Reference {
    /// RFC 3525 Annex E, the base packages.
    AnnexE,
    /// RFC 3525 Annex C, the media stream properties.
    AnnexC,
    /// Another document, named.
    Recommendation(&'static str),
    /// Not registered; numbers from 0x8000 up.
    Private,
}

/// A package: its names, numbers and items.
#[derive(Debug)]
pub struct Package {
    /// The text name (`PackageID`); comparisons ignore ASCII case.
    pub name: &'static str,
    /// The serial number.
    pub id: u16,
    /// The latest version known to the table.
    pub version: u8,
    /// The package this one extends; its items can be used under this package's name.
    pub extends: Option<u16>,
    /// What people call it.
    pub title: &'static str,
    /// Where it is defined.
    pub reference: Reference,
    /// Properties.
    pub properties: &'static [Item],
    /// Events.
    pub events: &'static [Item],
    /// Signals.
    pub signals: &'static [Item],
    /// Statistics.
    pub statistics: &'static [Item],
}

/// A property, event, signal or statistic of a package.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// The text name; comparisons ignore ASCII case.
    pub name: &'static str,
    /// The binary identifier.
    pub id: u16,
    /// The type of a property's or statistic's value; meaningless for events and signals.
    pub value: ValueType,
    /// The parameters of an event or signal.
    pub parameters: &'static [Parameter],
}

/// A parameter of an event or signal.
#[derive(Debug)]
pub struct Parameter {
    /// The text name; comparisons ignore ASCII case.
    pub name: &'static str,
    /// The binary identifier.
    pub id: u16,
    /// The type of its value.
    pub value: ValueType,
}

/// The type of a value, which decides its inner BER encoding (RFC 3525 A.2, table under note 4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueType {
    /// IA5String when all ASCII, else UTF8String.
    String,
    /// OCTET STRING; hexadecimal digit pairs in text (RFC 3525 B.3).
    OctetString,
    /// Four- or eight-octet integer: INTEGER.
    Integer,
    /// INTEGER with some values that have names.
    NamedInteger(&'static [(&'static str, i64)]),
    /// A 32-bit whole number and a 32-bit fraction in one INTEGER; a decimal fraction in text (E.12.4, `pl`).
    FixedPoint,
    /// BOOLEAN; the two text forms, false first.
    Boolean([&'static str; 2]),
    /// ENUMERATED with its names.
    Enumeration(&'static [(&'static str, u32)]),
    /// A signal's name: its four-octet `PkgdName` in an OCTET STRING, `package/signal` in text (E.1.2, `SigID`).
    SignalName,
}

/// Which list of a package an item is in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// Properties, of terminations, streams and contexts.
    Property,
    /// Events.
    Event,
    /// Signals.
    Signal,
    /// Statistics.
    Statistic,
}

/// An item of the standard table under one package that has it, with its whole name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    /// Package and item.
    pub(crate) number: u32,
    pub(crate) item: &'static Item,
    scope: Scope,
    /// Where the name stands in the text of all names.
    start: u16,
    len: u16,
}

impl Package {
    /// The items of one kind, in the order of the table.
    pub fn items(&self, scope: Scope) -> &'static [Item] {
        match scope {
            Scope::Property => self.properties,
            Scope::Event => self.events,
            Scope::Signal => self.signals,
            Scope::Statistic => self.statistics,
        }
    }
}

impl Item {
    /// The parameter of this name.
    pub fn parameter(&self, name: impl AsRef<[u8]>) -> Option<&'static Parameter> {
        let name = name.as_ref();
        self.parameters
            .iter()
            .find(|p| p.name.as_bytes().eq_ignore_ascii_case(name))
    }

    /// The parameter of this number.
    pub fn parameter_by_id(&self, id: u16) -> Option<&'static Parameter> {
        self.parameters.iter().find(|p| p.id == id)
    }
}

/// A property or statistic.
const fn valued(name: &'static str, id: u16, value: ValueType) -> Item {
    Item {
        name,
        id,
        value,
        parameters: &[],
    }
}

/// An event or signal.
const fn with(name: &'static str, id: u16, parameters: &'static [Parameter]) -> Item {
    Item {
        name,
        id,
        value: ValueType::String,
        parameters,
    }
}

const fn par(name: &'static str, id: u16, value: ValueType) -> Parameter {
    Parameter { name, id, value }
}

/// The packages a codec knows.
#[derive(Clone, Debug, Default)]
pub struct PackageTable {
    added: Vec<&'static Package>,
}

static STANDARD: PackageTable = PackageTable { added: Vec::new() };

impl PackageTable {
    /// The base packages, Annex C and the registered packages.
    pub fn standard() -> &'static Self {
        &STANDARD
    }

    /// The standard table and `added`, which is asked first: a package added under a standard name or number hides it.
    pub fn with(added: Vec<&'static Package>) -> Self {
        Self { added }
    }

    /// Every package: those added, then the standard ones in ascending order of number.
    pub fn packages(&self) -> impl Iterator<Item = &'static Package> {
        let added = self.added.iter().copied();
        added
            .chain([&annex_c::NATIVE])
            .chain(base::BASE)
            .chain(registered::REGISTERED)
    }

    /// The package of this name.
    #[inline]
    pub fn package(&self, name: impl AsRef<[u8]>) -> Option<&'static Package> {
        let name = name.as_ref();
        if let Some(found) = self
            .added
            .iter()
            .find(|p| p.name.as_bytes().eq_ignore_ascii_case(name))
        {
            return Some(found);
        }
        index::by_name(name)
    }

    /// The package of this number.
    #[inline]
    pub fn package_by_id(&self, id: u16) -> Option<&'static Package> {
        if let Some(found) = self.added.iter().find(|p| p.id == id) {
            return Some(found);
        }
        index::by_id(id)
    }

    /// The item of this name in `package` or in what that package extends.
    #[inline]
    pub fn item(
        &self,
        package: &'static Package,
        scope: Scope,
        name: impl AsRef<[u8]>,
    ) -> Option<&'static Item> {
        let name = name.as_ref();
        self.find(package, scope, |item| {
            item.name.as_bytes().eq_ignore_ascii_case(name)
        })
    }

    /// The item of this number in `package` or in what that package extends.
    #[inline]
    pub fn item_by_id(
        &self,
        package: &'static Package,
        scope: Scope,
        id: u16,
    ) -> Option<&'static Item> {
        self.find(package, scope, |item| item.id == id)
    }

    /// The listed item of this number, package in the upper half; `None` for items that are not listed and where
    /// packages were added.
    #[inline]
    pub(crate) fn listed_by_number(&self, number: u32, scope: Scope) -> Option<&'static Listed> {
        if self.added.is_empty() {
            index::item_by_number(number, scope)
        } else {
            None
        }
    }

    /// The listed item of this name, `package/item`; `None` as above, and for names that are long.
    #[inline]
    pub(crate) fn listed_by_name(&self, name: &[u8], scope: Scope) -> Option<&'static Listed> {
        if self.added.is_empty() {
            index::item_by_name(name, scope)
        } else {
            None
        }
    }

    #[inline]
    fn find(
        &self,
        package: &'static Package,
        scope: Scope,
        wanted: impl Fn(&Item) -> bool,
    ) -> Option<&'static Item> {
        let mut package = package;
        // Extension chains in the register are at most three long; the bound also ends a chain that bites its tail.
        for _ in 0..EXTENSION_DEPTH_MAX {
            if let Some(found) = package.items(scope).iter().find(|item| wanted(item)) {
                return Some(found);
            }
            package = self.package_by_id(package.extends?)?;
        }
        None
    }
}

/// The longest chain of packages extending packages that a lookup follows.
const EXTENSION_DEPTH_MAX: usize = 4;

/// The number in an open name (`item_0005` gives 5) or in the wildcard `*`.
pub fn open_number(prefix: &str, name: impl AsRef<[u8]>) -> Option<u16> {
    let name = name.as_ref();
    if name == b"*" {
        return Some(WILDCARD);
    }
    let digits: [u8; 4] = name.strip_prefix(prefix.as_bytes())?.try_into().ok()?;
    digits.iter().try_fold(0, |number, digit| match digit {
        b'0'..=b'9' => Some(number << 4 | u16::from(digit - b'0')),
        b'a'..=b'f' => Some(number << 4 | u16::from(digit - b'a' + 10)),
        _ => None,
    })
}

/// What an open package name starts with.
pub const OPEN_PACKAGE: &str = "pkg_";

/// What an open item or parameter name starts with.
pub const OPEN_ITEM: &str = "item_";
