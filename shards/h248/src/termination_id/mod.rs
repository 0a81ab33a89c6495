//! Termination ids between their text form and the octets and wildcard fields of the binary encoding; no BER here.
//!
//! A binary id is 1 to 8 octets and a list of wildcard fields (RFC 3525 A.1). How its bits form a hierarchy is a matter
//! of provisioning: a [`TerminationIdLayout`] says how many bits each level has and how a level is written in text.
//!
//! ```text
//!   layout 8/8/8, written in bits              wildcard fields           octets
//!   11111111/00000000/00000001                 -                         ff 00 01
//!   11111111/*                                 cf = ALL, lower too, 15   ff 00 00
//!   11111111/$/00000001                        0f = CHOOSE, bit 15       ff 00 01
//!   ROOT                                       -                         ff ff ff ff ff ff ff ff
//!
//!   wildcard field:  | ALL 1 / CHOOSE 0 | this level and all lower | bit position, 6 bits |
//! ```
//!
//! An id that does not fit the layout (another length, a wildcard inside a level that is not written in bits) is never
//! an error when received: it becomes an *open name*, `id_` and its octets in hexadecimal, then for each wildcard
//! field `*` or `$` and the field in hexadecimal: `id_0a0b*c7`. Such names are encoded as what they say.

use smallvec::SmallVec;

use self::levels::{decode_levels, decode_plain, encode_levels, encode_plain};
pub(crate) use self::levels::{usual_name, usual_octets};

mod levels;
#[cfg(test)]
mod tests;

/// Most octets of a binary termination id (RFC 3525 A.1).
pub const ID_OCTETS_MAX: usize = 8;

/// Most wildcard fields of one id; as many as an open name of 64 characters can show.
pub const WILDCARDS_MAX: usize = 15;

/// Most characters of a termination id in text (RFC 3525 B.2, `pathNAME`).
pub const NAME_BYTES_MAX: usize = 64;

/// The octets of ROOT.
const ROOT: [u8; ID_OCTETS_MAX] = [0xff; ID_OCTETS_MAX];

/// How a level of a termination id is written in text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum LevelForm {
    /// One `0` or `1` per bit, most significant first; a wildcard may follow any number of bits. Erlang/OTP's form.
    #[default]
    Bits,
    /// A decimal number without leading zeros.
    Decimal,
    /// A hexadecimal number, lower case, one digit for every four bits begun.
    Hexadecimal,
}

/// How the bits of binary termination ids form levels.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TerminationIdLayout {
    levels: SmallVec<[u8; 8]>,
    form: LevelForm,
    octets: u8,
    /// Every level is one octet written in bits: the usual layout, which has a short way of its own.
    plain: bool,
    /// The default.
    usual: bool,
}

impl Default for TerminationIdLayout {
    /// Three levels of eight bits, written in bits: what Erlang/OTP uses.
    fn default() -> Self {
        Self {
            levels: SmallVec::from_slice(&[8, 8, 8]),
            form: LevelForm::Bits,
            octets: 3,
            plain: true,
            usual: true,
        }
    }
}

impl TerminationIdLayout {
    /// A layout of levels with these numbers of bits, highest level first.
    ///
    /// # Errors
    /// [`TerminationIdError::Layout`] unless there is a level, none is empty, and together they fill 1 to 8 octets.
    pub fn new(levels: &[u8], form: LevelForm) -> Result<Self, TerminationIdError> {
        let bits: u32 = levels.iter().map(|&bits| u32::from(bits)).sum();
        if levels.contains(&0) || bits == 0 || bits > 64 || !bits.is_multiple_of(8) {
            return Err(TerminationIdError::Layout);
        }
        let plain = form == LevelForm::Bits && levels.iter().all(|&bits| bits == 8);
        Ok(Self {
            levels: SmallVec::from_slice(levels),
            form,
            octets: (bits / 8) as u8,
            plain,
            usual: plain && levels.len() == 3,
        })
    }

    /// Whether this is the default layout.
    #[inline]
    pub(crate) fn is_usual(&self) -> bool {
        self.usual
    }

    /// Turns a text name into wildcard fields and octets.
    ///
    /// # Errors
    /// [`TerminationIdError::NotRepresentable`] when the name is not of this layout.
    #[inline]
    pub fn encode(&self, name: &[u8]) -> Result<BinaryTerminationId, TerminationIdError> {
        if name.eq_ignore_ascii_case(b"root") {
            return Ok(BinaryTerminationId {
                octets: ROOT,
                len: ID_OCTETS_MAX as u8,
                wildcards: SmallVec::new(),
            });
        }
        if let Some(open) = name.strip_prefix(b"id_") {
            return decode_open(open).ok_or(TerminationIdError::NotRepresentable);
        }
        if self.plain
            && let Some(id) = encode_plain(self, name)
        {
            return Ok(id);
        }
        encode_levels(self, name).ok_or(TerminationIdError::NotRepresentable)
    }

    /// Turns wildcard fields and octets into the text name.
    ///
    /// # Errors
    /// [`TerminationIdError::Octets`] unless there are 1 to 8 octets, [`TerminationIdError::Wildcards`] when there are more
    /// than [`WILDCARDS_MAX`] fields. Whatever else they hold, they have a name.
    #[inline]
    pub fn decode(&self, wildcards: &[u8], octets: &[u8]) -> Result<Name, TerminationIdError> {
        if octets.is_empty() || octets.len() > ID_OCTETS_MAX {
            return Err(TerminationIdError::Octets(octets.len()));
        }
        if wildcards.len() > WILDCARDS_MAX {
            return Err(TerminationIdError::Wildcards { max: WILDCARDS_MAX });
        }
        if octets == ROOT && wildcards.is_empty() {
            let mut name = Name::default();
            name.push_all(b"ROOT");
            return Ok(name);
        }
        if self.plain
            && wildcards.is_empty()
            && let Some(name) = decode_plain(self, octets)
        {
            return Ok(name);
        }
        Ok(
            decode_levels(self, wildcards, octets)
                .unwrap_or_else(|| encode_open(wildcards, octets)),
        )
    }
}

/// A termination id as the binary encoding carries it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct BinaryTerminationId {
    octets: [u8; ID_OCTETS_MAX],
    len: u8,
    wildcards: SmallVec<[u8; 8]>,
}

impl BinaryTerminationId {
    /// The octets, 1 to 8.
    pub fn octets(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }

    /// The wildcard fields, highest level first.
    pub fn wildcards(&self) -> &[u8] {
        &self.wildcards
    }
}

/// A termination id's text form, without an allocation.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; NAME_BYTES_MAX],
    len: u8,
}

impl Default for Name {
    fn default() -> Self {
        Self {
            bytes: [0; NAME_BYTES_MAX],
            len: 0,
        }
    }
}

impl Name {
    /// The characters: letters, digits, `_`, `/`, `*` and `$`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Appends, or gives `false` when there is no room.
    fn push_all(&mut self, bytes: &[u8]) -> bool {
        let from = usize::from(self.len);
        let to = from + bytes.len();
        let Some(place) = self.bytes.get_mut(from..to) else {
            return false;
        };
        place.copy_from_slice(bytes);
        // At most NAME_BYTES_MAX, by the bounds check above.
        self.len = to as u8;
        true
    }
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.as_bytes()))
    }
}

/// Why a termination id could not be converted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TerminationIdError {
    /// The layout has an empty level, or does not fill 1 to 8 octets.
    #[error("a termination id layout fills 1 to 8 octets with levels of at least one bit")]
    Layout,
    /// The text name does not follow the layout.
    #[error("the termination id does not fit the binary layout")]
    NotRepresentable,
    /// The wire held another number of octets than 1 to 8.
    #[error("a termination id of {0} octets")]
    Octets(usize),
    /// The wire held too many wildcard fields.
    #[error("a termination id with more than {max} wildcard fields")]
    Wildcards {
        /// The limit.
        max: usize,
    },
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn encode_open(wildcards: &[u8], octets: &[u8]) -> Name {
    let mut name = Name::default();
    // 3 + 2 * 8 + 3 * 15 characters fill the name exactly.
    name.push_all(b"id_");
    for &octet in octets {
        name.push_all(&[HEX[usize::from(octet >> 4)], HEX[usize::from(octet & 15)]]);
    }
    for &field in wildcards {
        let sign = if field & levels::ALL != 0 { b'*' } else { b'$' };
        name.push_all(&[
            sign,
            HEX[usize::from(field >> 4)],
            HEX[usize::from(field & 15)],
        ]);
    }
    name
}

fn decode_open(open: &[u8]) -> Option<BinaryTerminationId> {
    let end = open
        .iter()
        .position(|b| matches!(b, b'*' | b'$'))
        .unwrap_or(open.len());
    let (octets, fields) = open.split_at_checked(end)?;
    let mut id = BinaryTerminationId::default();
    if octets.is_empty() || octets.len() % 2 != 0 || octets.len() > 2 * ID_OCTETS_MAX {
        return None;
    }
    for (place, pair) in id.octets.iter_mut().zip(octets.chunks_exact(2)) {
        *place = hex_octet(pair)?;
    }
    id.len = (octets.len() / 2) as u8;
    let (fields, rest) = fields.as_chunks::<3>();
    if !rest.is_empty() || fields.len() > WILDCARDS_MAX {
        return None;
    }
    for [sign, digits @ ..] in fields {
        let field = hex_octet(digits)?;
        let all = field & levels::ALL != 0;
        if *sign != if all { b'*' } else { b'$' } {
            return None;
        }
        id.wildcards.push(field);
    }
    Some(id)
}

fn hex_octet(digits: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    match digits {
        [high, low] => Some((digit(*high)? * 16 + digit(*low)?) as u8),
        _ => None,
    }
}
