//! Names and ids between their text in the model and their octets on the wire.

use smallvec::SmallVec;

use crate::Arena;
use crate::error::{EncodeError, Problem};
use crate::model::{PkgdName, TerminationId, Token};
use crate::package::{
    Item, OPEN_ITEM, OPEN_PACKAGE, Package, PackageTable, Scope, ValueType, WILDCARD, open_number,
};
use crate::termination_id::{BinaryTerminationId, TerminationIdError, usual_name, usual_octets};

use super::read::{Element, Result};
use super::{BerConfig, BerProfile};

/// The agreements of an association, as lookups.
#[derive(Clone, Copy)]
pub(super) struct Names<'c> {
    pub(super) config: &'c BerConfig,
}

/// A four-octet name and what the table knows about its item.
pub(super) type WireName = ([u8; 4], Option<&'static Item>);

/// Text under construction.
type Text = SmallVec<[u8; 64]>;

impl Names<'_> {
    /// Whether values are written as bare text.
    #[inline]
    pub(super) fn wraps_once(&self) -> bool {
        self.config.profile == BerProfile::Otp
    }

    fn table(&self) -> &PackageTable {
        &self.config.packages
    }

    /// A package's number, and the package if it is listed.
    #[inline]
    fn package(&self, name: &[u8]) -> Option<(u16, Option<&'static Package>)> {
        if let Some(package) = self.table().package(name) {
            return Some((package.id, Some(package)));
        }
        let id = open_number(OPEN_PACKAGE, name)?;
        Some((id, self.table().package_by_id(id)))
    }

    #[inline]
    fn item(
        &self,
        package: Option<&'static Package>,
        scope: Scope,
        name: &[u8],
    ) -> Option<(u16, Option<&'static Item>)> {
        if let Some(package) = package
            && let Some(item) = self.table().item(package, scope, name)
        {
            return Some((item.id, Some(item)));
        }
        let id = open_number(OPEN_ITEM, name)?;
        let listed = package.and_then(|package| self.table().item_by_id(package, scope, id));
        Some((id, listed))
    }

    fn wire_name(&self, package: &[u8], scope: Scope, item: &[u8]) -> Option<WireName> {
        let (package_id, package) = self.package(package)?;
        let (item_id, item) = self.item(package, scope, item)?;
        let ([a, b], [c, d]) = (package_id.to_be_bytes(), item_id.to_be_bytes());
        Some(([a, b, c, d], item))
    }

    /// The octets of a package item's name.
    #[inline]
    pub(super) fn pkgd_name(
        &self,
        name: &PkgdName<'_>,
        scope: Scope,
    ) -> core::result::Result<WireName, EncodeError> {
        if let Some(listed) = self.table().listed_by_name(name.as_bytes(), scope) {
            return Ok((listed.number.to_be_bytes(), Some(listed.item)));
        }
        let found = self.wire_name(name.package(), scope, name.item());
        found.ok_or(EncodeError::NotRepresentable(
            "a package item without a number",
        ))
    }

    /// The octets of a signal's name given as a value.
    pub(super) fn signal(&self, name: &[u8]) -> Option<[u8; 4]> {
        let slash = memchr::memchr(b'/', name)?;
        let (package, item) = (name.get(..slash)?, name.get(slash + 1..)?);
        self.wire_name(package, Scope::Signal, item)
            .map(|(octets, _)| octets)
    }

    /// The octets and the value's type of a parameter of an event or signal.
    #[inline]
    pub(super) fn parameter(
        &self,
        item: Option<&'static Item>,
        name: &Token<'_>,
    ) -> core::result::Result<([u8; 2], Option<ValueType>), EncodeError> {
        if let Some(parameter) = item.and_then(|item| item.parameter(name.as_bytes())) {
            return Ok((parameter.id.to_be_bytes(), Some(parameter.value)));
        }
        let id = open_number(OPEN_ITEM, name.as_bytes());
        let id = id.ok_or(EncodeError::NotRepresentable(
            "a parameter without a number",
        ))?;
        let listed = item.and_then(|item| item.parameter_by_id(id));
        Ok((id.to_be_bytes(), listed.map(|parameter| parameter.value)))
    }

    /// The octets of a package's name.
    pub(super) fn package_name(
        &self,
        name: &Token<'_>,
    ) -> core::result::Result<[u8; 2], EncodeError> {
        let found = self
            .package(name.as_bytes())
            .map(|(id, _)| id.to_be_bytes());
        found.ok_or(EncodeError::NotRepresentable("a package without a number"))
    }

    /// The name of a package item, and what the table knows about it.
    #[inline]
    pub(super) fn read_pkgd_name<'a>(
        &self,
        octets: [u8; 4],
        scope: Scope,
        arena: &'a Arena,
    ) -> (PkgdName<'a>, Option<&'static Item>) {
        let (name, item) = self.name_of(octets, scope, arena);
        (PkgdName::checked(name), item)
    }

    /// The name of a signal given as a value.
    pub(super) fn signal_name<'a>(&self, octets: [u8; 4], arena: &'a Arena) -> &'a [u8] {
        self.name_of(octets, Scope::Signal, arena).0
    }

    #[inline]
    fn name_of<'a>(
        &self,
        octets: [u8; 4],
        scope: Scope,
        arena: &'a Arena,
    ) -> (&'a [u8], Option<&'static Item>) {
        let number = u32::from_be_bytes(octets);
        match self.table().listed_by_number(number, scope) {
            Some(listed) => (listed.name(), Some(listed.item)),
            None => self.build_name(octets, scope, arena),
        }
    }

    /// The name of an item that is not listed as it is.
    #[inline(never)]
    fn build_name<'a>(
        &self,
        [a, b, c, d]: [u8; 4],
        scope: Scope,
        arena: &'a Arena,
    ) -> (&'a [u8], Option<&'static Item>) {
        let (package_id, item_id) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let package = self.table().package_by_id(package_id);
        let item = package.and_then(|package| self.table().item_by_id(package, scope, item_id));
        let package_name = package
            .map(|package| package.name)
            .filter(|name| !name.is_empty());
        // A few names of annex C are not names in the sense of the ABNF.
        let item_name = item.map(|item| item.name).filter(|name| is_name(name));
        let mut text = Text::new();
        match package_name {
            Some(name) => text.extend_from_slice(name.as_bytes()),
            None => push_open(&mut text, OPEN_PACKAGE, package_id),
        }
        text.push(b'/');
        match item_name {
            Some(name) => text.extend_from_slice(name.as_bytes()),
            None => push_open(&mut text, OPEN_ITEM, item_id),
        }
        (arena.bytes(&text), item)
    }

    /// The name and the value's type of a parameter of an event or signal.
    #[inline]
    pub(super) fn read_parameter<'a>(
        &self,
        item: Option<&'static Item>,
        octets: [u8; 2],
        arena: &'a Arena,
    ) -> (Token<'a>, Option<ValueType>) {
        let id = u16::from_be_bytes(octets);
        match item.and_then(|item| item.parameter_by_id(id)) {
            Some(parameter) => (
                Token::checked(parameter.name.as_bytes()),
                Some(parameter.value),
            ),
            None => {
                let mut text = Text::new();
                push_open(&mut text, OPEN_ITEM, id);
                (Token::checked(arena.bytes(&text)), None)
            }
        }
    }

    /// The name of a package.
    pub(super) fn read_package_name<'a>(&self, octets: [u8; 2], arena: &'a Arena) -> Token<'a> {
        let id = u16::from_be_bytes(octets);
        match self.table().package_by_id(id) {
            Some(package) if !package.name.is_empty() => Token::checked(package.name.as_bytes()),
            _ => {
                let mut text = Text::new();
                push_open(&mut text, OPEN_PACKAGE, id);
                Token::checked(arena.bytes(&text))
            }
        }
    }

    /// The octets of a termination id without wildcards in the default layout.
    #[inline]
    pub(super) fn usual_termination_id(&self, id: &TerminationId<'_>) -> Option<[u8; 3]> {
        let name = id.as_bytes().try_into().ok()?;
        let usual = self.config.termination_ids.is_usual();
        usual.then(|| usual_octets(name)).flatten()
    }

    /// The octets and wildcard fields of a termination id.
    #[inline]
    pub(super) fn termination_id(
        &self,
        id: &TerminationId<'_>,
    ) -> core::result::Result<BinaryTerminationId, EncodeError> {
        let encoded = self.config.termination_ids.encode(id.as_bytes());
        encoded.map_err(|_| {
            EncodeError::NotRepresentable("a termination id outside the binary layout")
        })
    }

    /// The text of a termination id without wildcards, in the default layout; `None` in another.
    #[inline]
    pub(super) fn read_usual_termination_id<'a>(
        &self,
        octets: [u8; 3],
        arena: &'a Arena,
    ) -> Option<TerminationId<'a>> {
        let usual = self.config.termination_ids.is_usual();
        usual.then(|| TerminationId::checked(arena.array(usual_name(octets))))
    }

    /// The text of a termination id.
    pub(super) fn read_termination_id<'a>(
        &self,
        element: &Element<'_>,
        wildcards: &[u8],
        octets: &[u8],
        arena: &'a Arena,
    ) -> Result<TerminationId<'a>> {
        if octets == [0xff; 8] && wildcards.is_empty() {
            return Ok(TerminationId::ROOT);
        }
        match self.config.termination_ids.decode(wildcards, octets) {
            Ok(name) => Ok(TerminationId::checked(arena.bytes(name.as_bytes()))),
            Err(TerminationIdError::Wildcards { .. }) => {
                Err(element.error(Problem::OutOfRange("wildcard fields")))
            }
            Err(_) => Err(element.error(Problem::OutOfRange("termination id"))),
        }
    }

    /// The two octets of a digit map's name.
    ///
    /// `dialplanNN` is Erlang/OTP's form: two digits, one per octet. A name of two characters is those characters. Any
    /// other pair of octets has the open name `dm_` and four hexadecimal digits.
    pub(super) fn digit_map_name(
        &self,
        name: &Token<'_>,
    ) -> core::result::Result<[u8; 2], EncodeError> {
        let name = name.as_bytes();
        let dialplan = || match name.split_at_checked(8)? {
            (plan, &[a @ b'0'..=b'9', b @ b'0'..=b'9'])
                if plan.eq_ignore_ascii_case(b"dialplan") =>
            {
                Some([a - b'0', b - b'0'])
            }
            _ => None,
        };
        let characters = || match *name {
            [a, b] if is_two_characters([a, b]) => Some([a, b]),
            _ => None,
        };
        let open = || {
            open_number("dm_", name)
                .filter(|_| name != b"*")
                .map(u16::to_be_bytes)
        };
        let found = dialplan().or_else(characters).or_else(open);
        found.ok_or(EncodeError::NotRepresentable(
            "a digit map name that is not two octets",
        ))
    }

    /// The name of a digit map.
    pub(super) fn read_digit_map_name<'a>(&self, octets: [u8; 2], arena: &'a Arena) -> Token<'a> {
        let mut text = Text::new();
        match octets {
            [a @ 0..10, b @ 0..10] => {
                text.extend_from_slice(b"dialplan");
                text.extend_from_slice(&[a + b'0', b + b'0']);
            }
            _ if is_two_characters(octets) => text.extend_from_slice(&octets),
            _ => push_open(&mut text, "dm_", u16::from_be_bytes(octets)),
        }
        Token::checked(arena.bytes(&text))
    }
}

fn is_name(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_two_characters([a, b]: [u8; 2]) -> bool {
    a.is_ascii_alphabetic() && (b.is_ascii_alphanumeric() || b == b'_')
}

fn push_open(text: &mut Text, prefix: &str, id: u16) {
    if id == WILDCARD && prefix != "dm_" {
        text.push(b'*');
        return;
    }
    const HEX: &[u8; 16] = b"0123456789abcdef";
    text.extend_from_slice(prefix.as_bytes());
    text.extend([12, 8, 4, 0].map(|shift| HEX[usize::from(id >> shift & 15)]));
}
