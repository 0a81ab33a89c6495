//! Names that follow a layout, level by level.

use super::{BinaryTerminationId, LevelForm, NAME_BYTES_MAX, Name, TerminationIdLayout};

/// The bit of a wildcard field that tells ALL from CHOOSE.
pub(super) const ALL: u8 = 0x80;

/// The bit of a wildcard field that extends it to all lower levels.
const LOWER: u8 = 0x40;

/// The bits of a wildcard field that hold the position.
const POSITION: u8 = 0x3f;

/// The digits of an octet, one character per bit, by its value.
static BITS: [[u8; 8]; 256] = {
    let mut table = [[b'0'; 8]; 256];
    let mut value = 0;
    while value < 256 {
        let mut bit = 0;
        while bit < 8 {
            if value & (0x80 >> bit) != 0 {
                table[value][bit] = b'1';
            }
            bit += 1;
        }
        value += 1;
    }
    table
};

/// One level of a name: its leading bits, how many of them are given, and the wildcard behind them.
struct Level {
    value: u64,
    given: u8,
    wildcard: Option<u8>,
}

/// Characters of a level in a plain layout, with its slash.
const PLAIN: usize = 9;

/// The name of a plain layout without wildcards; `None` for another length.
#[inline]
pub(super) fn decode_plain(layout: &TerminationIdLayout, octets: &[u8]) -> Option<Name> {
    let len = octets.len() * PLAIN - 1;
    if octets.len() != usize::from(layout.octets) || len > NAME_BYTES_MAX {
        return None;
    }
    let mut name = Name {
        bytes: [b'/'; NAME_BYTES_MAX],
        len: len as u8,
    };
    for (place, &octet) in name.bytes.chunks_mut(PLAIN).zip(octets) {
        place
            .get_mut(..8)?
            .copy_from_slice(&BITS[usize::from(octet)]);
    }
    Some(name)
}

/// Characters of a name in the default layout.
const USUAL: usize = 3 * PLAIN - 1;

/// The name of three octets without wildcards in the default layout.
#[inline]
pub(crate) fn usual_name([a, b, c]: [u8; 3]) -> [u8; USUAL] {
    let mut name = [b'/'; USUAL];
    name[..8].copy_from_slice(&BITS[usize::from(a)]);
    name[9..17].copy_from_slice(&BITS[usize::from(b)]);
    name[18..].copy_from_slice(&BITS[usize::from(c)]);
    name
}

/// The octets of a name in the default layout; `None` when it has wildcards, or is not of the layout.
#[inline]
pub(crate) fn usual_octets(name: &[u8; USUAL]) -> Option<[u8; 3]> {
    let (&[first, second], last) = name.as_chunks::<PLAIN>() else {
        return None;
    };
    if (first[8], second[8]) != (b'/', b'/') {
        return None;
    }
    Some([
        octet(first.first_chunk()?)?,
        octet(second.first_chunk()?)?,
        octet(last.first_chunk()?)?,
    ])
}

/// The octet that eight characters write in bits.
#[inline]
fn octet(characters: &[u8; 8]) -> Option<u8> {
    // Eight characters at once: "0" is 0x30 and "1" is 0x31.
    let ones = u64::from_be_bytes(*characters) ^ u64::from_ne_bytes([b'0'; 8]);
    if ones & !u64::from_ne_bytes([1; 8]) != 0 {
        return None;
    }
    // Gathers the lowest bit of each byte into the highest byte, first character first.
    Some((ones.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8)
}

/// The octets of a name in a plain layout; `None` when it has wildcards, or is not of the layout.
#[inline]
pub(super) fn encode_plain(
    layout: &TerminationIdLayout,
    name: &[u8],
) -> Option<BinaryTerminationId> {
    let octets = usize::from(layout.octets);
    if name.len() != octets * PLAIN - 1 {
        return None;
    }
    let mut id = BinaryTerminationId {
        len: layout.octets,
        ..Default::default()
    };
    for (index, place) in id.octets.iter_mut().take(octets).enumerate() {
        let level = name.get(index * PLAIN..)?;
        if level.get(8).is_some_and(|&byte| byte != b'/') {
            return None;
        }
        *place = octet(level.first_chunk()?)?;
    }
    Some(id)
}

#[inline]
pub(super) fn encode_levels(
    layout: &TerminationIdLayout,
    name: &[u8],
) -> Option<BinaryTerminationId> {
    let mut id = BinaryTerminationId {
        len: layout.octets,
        ..Default::default()
    };
    let mut bits_left = u32::from(layout.octets) * 8;
    let mut whole: u64 = 0;
    let mut rest = Some(name);
    for (index, &bits) in layout.levels.iter().enumerate() {
        let text = rest?;
        let (level_text, behind) = split_level(text, bits, layout.form);
        rest = behind;
        let level = read_level(level_text, bits, layout.form)?;
        if let Some(sign) = level.wildcard {
            // `given` is less than `bits`, so one position is left; positions are at most 63.
            let position = (bits_left - u32::from(level.given) - 1) as u8;
            let last_written = rest.is_none();
            let lower = last_written && index + 1 < layout.levels.len();
            id.wildcards
                .push(sign | if lower { LOWER } else { 0 } | position);
            let unused = bits - level.given;
            whole |= shift_left(
                shift_left(level.value, u32::from(unused)),
                bits_left - u32::from(bits),
            );
            bits_left -= u32::from(bits);
            if last_written {
                break;
            }
            continue;
        }
        whole |= shift_left(level.value, bits_left - u32::from(bits));
        bits_left -= u32::from(bits);
    }
    if rest.is_some() {
        return None;
    }
    let all = shift_left(whole, 64 - u32::from(layout.octets) * 8).to_be_bytes();
    id.octets = all;
    Some(id)
}

/// The text of the next level and what is behind its slash. Levels written in bits are as long as their bits.
#[inline]
fn split_level(text: &[u8], bits: u8, form: LevelForm) -> (&[u8], Option<&[u8]>) {
    let guess = usize::from(bits);
    if form == LevelForm::Bits {
        match text.get(guess) {
            Some(b'/') => return (&text[..guess], Some(&text[guess + 1..])),
            None if text.len() == guess => return (text, None),
            _ => {}
        }
    }
    match text.iter().position(|&b| b == b'/') {
        Some(slash) => (&text[..slash], Some(&text[slash + 1..])),
        None => (text, None),
    }
}

#[inline]
fn read_level(text: &[u8], bits: u8, form: LevelForm) -> Option<Level> {
    let (digits, wildcard) = match text.split_last()? {
        (b'*', digits) => (digits, Some(ALL)),
        (b'$', digits) => (digits, Some(0)),
        _ => (text, None),
    };
    if form != LevelForm::Bits && wildcard.is_some() && !digits.is_empty() {
        return None;
    }
    let mut value: u64 = 0;
    for &digit in digits {
        let (digit, base) = match (form, digit) {
            (LevelForm::Bits, b'0' | b'1') => (digit - b'0', 2),
            (LevelForm::Decimal, b'0'..=b'9') => (digit - b'0', 10),
            (LevelForm::Hexadecimal, b'0'..=b'9') => (digit - b'0', 16),
            (LevelForm::Hexadecimal, b'a'..=b'f' | b'A'..=b'F') => ((digit | 0x20) - b'a' + 10, 16),
            _ => return None,
        };
        value = value.checked_mul(base)?.checked_add(u64::from(digit))?;
    }
    let given = match (form, wildcard) {
        (LevelForm::Bits, _) => u8::try_from(digits.len()).ok()?,
        (_, Some(_)) => 0,
        (LevelForm::Decimal, None) if digits.len() > 1 && digits[0] == b'0' => return None,
        (LevelForm::Hexadecimal, None) if digits.len() != usize::from(bits).div_ceil(4) => {
            return None;
        }
        (_, None) => bits,
    };
    let fits = bits >= 64 || value < 1 << bits;
    let enough = if wildcard.is_some() {
        given < bits
    } else {
        given == bits
    };
    (fits && enough).then_some(Level {
        value,
        given,
        wildcard,
    })
}

#[inline]
pub(super) fn decode_levels(
    layout: &TerminationIdLayout,
    wildcards: &[u8],
    octets: &[u8],
) -> Option<Name> {
    if octets.len() != usize::from(layout.octets) {
        return None;
    }
    let mut padded = [0; 8];
    padded.get_mut(..octets.len())?.copy_from_slice(octets);
    let whole = u64::from_be_bytes(padded);
    let mut used = 0;
    let mut offset: u32 = 0;
    let mut name = Name::default();
    for (index, &bits) in layout.levels.iter().enumerate() {
        let value = shift_right(shift_left(whole, offset), 64 - u32::from(bits));
        let bits_left = u32::from(layout.octets) * 8 - offset;
        if index > 0 && !name.push_all(b"/") {
            return None;
        }
        let field = wildcard_of(wildcards, bits_left, bits)?;
        let given = match field {
            Some(field) => (bits_left - 1 - u32::from(field & POSITION)) as u8,
            None => bits,
        };
        if !write_level(&mut name, value, bits, given, layout.form) {
            return None;
        }
        offset += u32::from(bits);
        let Some(field) = field else { continue };
        used += 1;
        if !name.push_all(if field & ALL != 0 { b"*" } else { b"$" }) {
            return None;
        }
        if field & LOWER != 0 {
            break;
        }
    }
    (used == wildcards.len()).then_some(name)
}

/// The wildcard field that starts inside the level whose highest bit has position `bits_left - 1`; `None` when more
/// than one does.
#[inline]
fn wildcard_of(wildcards: &[u8], bits_left: u32, bits: u8) -> Option<Option<u8>> {
    if wildcards.is_empty() {
        return Some(None);
    }
    let lowest = bits_left - u32::from(bits);
    let mut here = wildcards.iter().copied().filter(|field| {
        let position = u32::from(field & POSITION);
        (lowest..bits_left).contains(&position)
    });
    let first = here.next();
    match here.next() {
        None => Some(first),
        Some(_) => None,
    }
}

/// Writes the first `given` of a level's `bits` bits; `false` when that cannot be written.
#[inline]
fn write_level(name: &mut Name, value: u64, bits: u8, given: u8, form: LevelForm) -> bool {
    match form {
        LevelForm::Bits if bits == 8 => {
            name.push_all(&BITS[(value & 0xff) as usize][..usize::from(given.min(8))])
        }
        LevelForm::Bits => (0..given).all(|i| {
            name.push_all(if value >> (bits - 1 - i) & 1 == 1 {
                b"1"
            } else {
                b"0"
            })
        }),
        _ if given == 0 => true,
        _ if given < bits => false,
        LevelForm::Decimal => name.push_all(value.to_string().as_bytes()),
        LevelForm::Hexadecimal => name.push_all(
            format!("{value:0width$x}", width = usize::from(bits).div_ceil(4)).as_bytes(),
        ),
    }
}

fn shift_left(value: u64, by: u32) -> u64 {
    value.checked_shl(by).unwrap_or(0)
}

fn shift_right(value: u64, by: u32) -> u64 {
    value.checked_shr(by).unwrap_or(0)
}
