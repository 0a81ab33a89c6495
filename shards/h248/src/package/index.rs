//! Hashing done at compile time: names and numbers to places in the standard tables; packages added later are not here.
//!
//! Besides packages it finds items by their whole name (`dd/ce`) or number, under every package that has them: a codec
//! asks for those with each property, event, signal and statistic of a message.

use super::{EXTENSION_DEPTH_MAX, Item, Listed, Package, Scope, annex_c, base, registered};

const SLOTS: usize = 256;
const EMPTY: u8 = u8::MAX;
const COUNT: usize = base::BASE.len() + registered::REGISTERED.len();

static NAMES: [u8; SLOTS] = names();
static NUMBERS: [u8; SLOTS] = numbers();

const fn at(place: usize) -> &'static Package {
    if place < base::BASE.len() {
        &base::BASE[place]
    } else {
        &registered::REGISTERED[place - base::BASE.len()]
    }
}

const fn slot(name: &[u8]) -> usize {
    let mut hash: u32 = 0x811c_9dc5;
    let mut i = 0;
    while i < name.len() {
        hash = (hash ^ name[i].to_ascii_lowercase() as u32).wrapping_mul(0x0100_0193);
        i += 1;
    }
    ((hash >> 16) ^ hash) as usize % SLOTS
}

const fn names() -> [u8; SLOTS] {
    let mut slots = [EMPTY; SLOTS];
    let mut place = 0;
    while place < COUNT {
        let mut slot = slot(at(place).name.as_bytes());
        while slots[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        slots[slot] = place as u8;
        place += 1;
    }
    slots
}

const fn numbers() -> [u8; SLOTS] {
    let mut slots = [EMPTY; SLOTS];
    let mut place = 0;
    while place < COUNT {
        let id = at(place).id as usize;
        if id < SLOTS {
            slots[id] = place as u8;
        }
        place += 1;
    }
    slots
}

#[inline]
pub(super) fn by_name(name: &[u8]) -> Option<&'static Package> {
    if name.is_empty() {
        return Some(&annex_c::NATIVE);
    }
    let mut slot = slot(name);
    loop {
        let place = NAMES[slot];
        if place == EMPTY {
            return None;
        }
        let package = at(usize::from(place));
        if package.name.as_bytes().eq_ignore_ascii_case(name) {
            return Some(package);
        }
        slot = (slot + 1) % SLOTS;
    }
}

#[inline]
pub(super) fn by_id(id: u16) -> Option<&'static Package> {
    match id {
        super::NATIVE => Some(&annex_c::NATIVE),
        _ => match NUMBERS.get(usize::from(id)) {
            Some(&EMPTY) => None,
            Some(&place) => Some(at(usize::from(place))),
            None => base::BASE.iter().find(|p| p.id == id),
        },
    }
}

const SCOPES: [Scope; 4] = [
    Scope::Property,
    Scope::Event,
    Scope::Signal,
    Scope::Statistic,
];

const fn items(package: &Package, scope: Scope) -> &'static [Item] {
    match scope {
        Scope::Property => package.properties,
        Scope::Event => package.events,
        Scope::Signal => package.signals,
        Scope::Statistic => package.statistics,
    }
}

/// The package that `package` extends, if it is listed.
const fn extended(package: &Package) -> Option<&'static Package> {
    let Some(id) = package.extends else {
        return None;
    };
    let mut place = 0;
    while place < COUNT {
        if at(place).id == id {
            return Some(at(place));
        }
        place += 1;
    }
    None
}

/// Every item under every package that has it: how many there are, and how long their names are together.
const fn extent() -> (usize, usize) {
    let (mut count, mut text) = (0, 0);
    let mut place = 0;
    while place < COUNT {
        let mut scope = 0;
        while scope < SCOPES.len() {
            let (mut package, mut depth) = (Some(at(place)), 0);
            while let Some(from) = package {
                let list = items(from, SCOPES[scope]);
                let mut i = 0;
                while i < list.len() {
                    count += 1;
                    text += at(place).name.len() + 1 + list[i].name.len();
                    i += 1;
                }
                depth += 1;
                package = if depth < EXTENSION_DEPTH_MAX {
                    extended(from)
                } else {
                    None
                };
            }
            scope += 1;
        }
        place += 1;
    }
    (count, text)
}

const ITEMS: usize = extent().0;

const TEXT_LEN: usize = extent().1;

/// All whole names, one behind the other, and the items they name.
struct Items {
    text: [u8; TEXT_LEN],
    listed: [Listed; ITEMS],
}

static ITEM_LIST: Items = list();

const fn append(text: &mut [u8], mut to: usize, piece: &[u8]) -> usize {
    let mut i = 0;
    while i < piece.len() {
        text[to] = piece[i];
        to += 1;
        i += 1;
    }
    to
}

const fn list() -> Items {
    let nothing = Listed {
        number: 0,
        item: &annex_c::NATIVE.properties[0],
        scope: Scope::Property,
        start: 0,
        len: 0,
    };
    let mut all = Items {
        text: [0; TEXT_LEN],
        listed: [nothing; ITEMS],
    };
    let (mut count, mut end) = (0, 0);
    let mut place = 0;
    while place < COUNT {
        let top = at(place);
        let mut scope = 0;
        while scope < SCOPES.len() {
            let (mut package, mut depth) = (Some(top), 0);
            while let Some(from) = package {
                let list = items(from, SCOPES[scope]);
                let mut i = 0;
                while i < list.len() {
                    let start = end;
                    end = append(&mut all.text, end, top.name.as_bytes());
                    end = append(&mut all.text, end, b"/");
                    end = append(&mut all.text, end, list[i].name.as_bytes());
                    all.listed[count] = Listed {
                        number: (top.id as u32) << 16 | list[i].id as u32,
                        item: &list[i],
                        scope: SCOPES[scope],
                        start: start as u16,
                        len: (end - start) as u16,
                    };
                    count += 1;
                    i += 1;
                }
                depth += 1;
                package = if depth < EXTENSION_DEPTH_MAX {
                    extended(from)
                } else {
                    None
                };
            }
            scope += 1;
        }
        place += 1;
    }
    all
}

const ITEM_BITS: u32 = 10;
const ITEM_SLOTS: usize = 1 << ITEM_BITS;
const NO_ITEM: u16 = u16::MAX;
const _: () = assert!(ITEMS * 2 <= ITEM_SLOTS && TEXT_LEN <= u16::MAX as usize);

static ITEM_NUMBERS: [u16; ITEM_SLOTS] = item_numbers();
static ITEM_NAMES: [u16; ITEM_SLOTS] = item_names();

#[inline]
const fn spread(value: u64, scope: Scope) -> usize {
    let mixed = (value ^ (scope as u64) << 13).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (u64::BITS - ITEM_BITS)) as usize
}

/// Puts an item where a search that begins at `slot` finds it last.
const fn place_item(slots: &mut [u16; ITEM_SLOTS], mut slot: usize, item: usize) {
    while slots[slot] != NO_ITEM {
        slot = (slot + 1) % ITEM_SLOTS;
    }
    slots[slot] = item as u16;
}

const fn item_numbers() -> [u16; ITEM_SLOTS] {
    let mut slots = [NO_ITEM; ITEM_SLOTS];
    let mut i = 0;
    while i < ITEMS {
        let listed = &ITEM_LIST.listed[i];
        place_item(&mut slots, spread(listed.number as u64, listed.scope), i);
        i += 1;
    }
    slots
}

const fn item_names() -> [u16; ITEM_SLOTS] {
    let mut slots = [NO_ITEM; ITEM_SLOTS];
    let mut i = 0;
    while i < ITEMS {
        let listed = &ITEM_LIST.listed[i];
        let (_, behind) = ITEM_LIST.text.split_at(listed.start as usize);
        if let Some(key) = Key::of(behind.split_at(listed.len as usize).0) {
            place_item(&mut slots, key.slot(listed.scope), i);
        }
        i += 1;
    }
    slots
}

/// A name of up to 16 characters as numbers: its beginning and its end, which overlap, without regard to case.
///
/// Letters of either case differ in one bit. Setting it in everything else makes no other character of a name equal to one
/// that the table's names have (letters, digits, `_` and `/`).
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    first: u64,
    last: u64,
    len: usize,
}

impl Key {
    #[inline]
    const fn of(name: &[u8]) -> Option<Self> {
        const CASE: u64 = 0x2020_2020_2020_2020;
        let (first, last) = match name.len() {
            8..=16 => match (name.first_chunk(), name.last_chunk()) {
                (Some(first), Some(last)) => {
                    (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
                }
                _ => return None,
            },
            4..8 => match (name.first_chunk(), name.last_chunk()) {
                (Some(first), Some(last)) => (
                    u32::from_le_bytes(*first) as u64,
                    u32::from_le_bytes(*last) as u64,
                ),
                _ => return None,
            },
            3 => (name[0] as u64 | (name[1] as u64) << 8, name[2] as u64),
            _ => return None,
        };
        Some(Self {
            first: first | CASE,
            last: last | CASE,
            len: name.len(),
        })
    }

    #[inline]
    const fn slot(self, scope: Scope) -> usize {
        let both = self.first ^ self.last.rotate_left(29);
        spread(
            both.wrapping_mul(0xff51_afd7_ed55_8ccd) ^ self.len as u64,
            scope,
        )
    }
}

#[inline]
pub(super) fn item_by_number(number: u32, scope: Scope) -> Option<&'static Listed> {
    let mut slot = spread(number.into(), scope);
    loop {
        let listed = ITEM_LIST.listed.get(usize::from(ITEM_NUMBERS[slot]))?;
        if listed.number == number && listed.scope == scope {
            return Some(listed);
        }
        slot = (slot + 1) % ITEM_SLOTS;
    }
}

#[inline]
pub(super) fn item_by_name(name: &[u8], scope: Scope) -> Option<&'static Listed> {
    let key = Key::of(name)?;
    let mut slot = key.slot(scope);
    loop {
        let listed = ITEM_LIST.listed.get(usize::from(ITEM_NAMES[slot]))?;
        if listed.scope == scope && Key::of(listed.name()) == Some(key) {
            return Some(listed);
        }
        slot = (slot + 1) % ITEM_SLOTS;
    }
}

impl Listed {
    /// The whole name: package, slash, item.
    #[inline]
    pub(crate) fn name(&self) -> &'static [u8] {
        let start = usize::from(self.start);
        let name = ITEM_LIST.text.get(start..start + usize::from(self.len));
        name.unwrap_or_default()
    }
}
