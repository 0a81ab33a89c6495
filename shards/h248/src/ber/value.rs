//! Package values inside their OCTET STRINGs: typed BER as annex A demands, and the bare text that Erlang/OTP writes.

use crate::Arena;
use crate::chars;
use crate::error::{EncodeError, Problem};
use crate::model::{Quoted, Token, Value};
use crate::package::ValueType;

use super::names::Names;
use super::read::{Element, Reader, Result};
use super::write::Writer;

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const UTF8_STRING: u8 = 0x0c;
const IA5_STRING: u8 = 0x16;

/// Writes a value as one OCTET STRING. Without a type (`None`) a decimal number is an INTEGER and all else a string.
#[inline]
pub(super) fn encode(
    value: &Value<'_>,
    value_type: Option<ValueType>,
    names: &Names<'_>,
    writer: &mut Writer<'_>,
) -> core::result::Result<(), EncodeError> {
    if names.wraps_once() {
        writer.octets(OCTET_STRING, value.as_bytes());
        return Ok(());
    }
    let typed = match value {
        Value::Token(token) => typed(token.as_bytes(), value_type, names),
        Value::Quoted(_) => None,
    };
    let Some(typed) = typed else {
        string(value.as_bytes(), writer);
        return Ok(());
    };
    let mark = writer.open(OCTET_STRING);
    match typed {
        Typed::Boolean(on) => writer.boolean(BOOLEAN, on),
        Typed::Integer(number) => writer.signed(INTEGER, number),
        Typed::Enumerated(number) => writer.unsigned(ENUMERATED, number),
        Typed::Octets => {
            let mark = writer.open(OCTET_STRING);
            for pair in value.as_bytes().chunks_exact(2) {
                writer.raw(&[hex(pair).unwrap_or_default()]);
            }
            writer.close(mark);
        }
        Typed::SignalName(octets) => writer.octets(OCTET_STRING, &octets),
    }
    writer.close(mark);
    Ok(())
}

/// Writes text as a string inside an OCTET STRING: an SDP line, a reason.
#[inline]
pub(super) fn encode_string(text: &[u8], once: bool, writer: &mut Writer<'_>) {
    if once {
        writer.octets(OCTET_STRING, text);
    } else {
        string(text, writer);
    }
}

/// A string inside an OCTET STRING.
#[inline]
fn string(text: &[u8], writer: &mut Writer<'_>) {
    let tag = if text.is_ascii() {
        IA5_STRING
    } else {
        UTF8_STRING
    };
    match u8::try_from(text.len()) {
        // Both lengths are short ones.
        Ok(length @ ..0x7e) => {
            writer.raw(&[OCTET_STRING, length + 2, tag, length]);
            writer.raw(text);
        }
        _ => {
            let mark = writer.open(OCTET_STRING);
            writer.octets(tag, text);
            writer.close(mark);
        }
    }
}

/// A token read as what its type makes of it.
enum Typed {
    Boolean(bool),
    Integer(i128),
    Enumerated(u32),
    Octets,
    SignalName([u8; 4]),
}

/// What a token is under its type; `None` when it goes as a string.
fn typed(token: &[u8], value_type: Option<ValueType>, names: &Names<'_>) -> Option<Typed> {
    let same = |name: &str| name.as_bytes().eq_ignore_ascii_case(token);
    match value_type {
        Some(ValueType::String) => None,
        Some(ValueType::Integer) => decimal(token).map(Typed::Integer),
        Some(ValueType::NamedInteger(named)) => {
            let number = named
                .iter()
                .find(|(name, _)| same(name))
                .map(|&(_, number)| i128::from(number));
            number.or_else(|| decimal(token)).map(Typed::Integer)
        }
        Some(ValueType::FixedPoint) => {
            fixed_point(token).map(|number| Typed::Integer(i128::from(number)))
        }
        Some(ValueType::Boolean([off, on])) => {
            if same(on) {
                Some(Typed::Boolean(true))
            } else {
                same(off).then_some(Typed::Boolean(false))
            }
        }
        Some(ValueType::Enumeration(named)) => {
            let number = named
                .iter()
                .find(|(name, _)| same(name))
                .map(|&(_, number)| number);
            let plain = || {
                u32::try_from(decimal(token)?)
                    .ok()
                    .filter(|&number| number < 0x8000_0000)
            };
            number.or_else(plain).map(Typed::Enumerated)
        }
        Some(ValueType::OctetString) => {
            let pairs = token.len().is_multiple_of(2) && token.iter().all(u8::is_ascii_hexdigit);
            pairs.then_some(Typed::Octets)
        }
        Some(ValueType::SignalName) => names.signal(token).map(Typed::SignalName),
        // Only the one way to write a number counts: "007" may be a number to dial.
        None => decimal(token)
            .filter(|_| is_canonical(token))
            .map(Typed::Integer),
    }
}

fn is_canonical(decimal: &[u8]) -> bool {
    let digits = decimal.strip_prefix(b"-").unwrap_or(decimal);
    digits == b"0" && decimal.len() == 1 || digits.first().is_some_and(|&digit| digit != b'0')
}

/// A decimal integer of at most 19 digits.
fn decimal(text: &[u8]) -> Option<i128> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    let magnitude = digits.iter().try_fold(0i128, |value, digit| {
        digit
            .is_ascii_digit()
            .then(|| value * 10 + i128::from(digit - b'0'))
    })?;
    Some(if negative { -magnitude } else { magnitude })
}

/// `12.5` as a 32-bit whole number and a 32-bit fraction; at most ten digits behind the point.
fn fixed_point(text: &[u8]) -> Option<u64> {
    let point = text
        .iter()
        .position(|&byte| byte == b'.')
        .unwrap_or(text.len());
    // "-0.5": a whole number of 0 would lose the sign.
    if text.starts_with(b"-") {
        return None;
    }
    let (whole, fraction) = text.split_at_checked(point)?;
    let whole = u32::try_from(decimal(whole)?).ok()?;
    let fraction = match fraction.get(1..) {
        None => 0,
        Some(digits) if digits.len() <= FRACTION_DIGITS_MAX => {
            let value = u128::try_from(decimal(digits)?).ok()?;
            to_binary(value, digits.len())
        }
        Some(_) => return None,
    };
    (u64::from(whole) << 32).checked_add(fraction)
}

/// Digits enough to tell any two 32-bit fractions apart.
const FRACTION_DIGITS_MAX: usize = 10;

/// `value / 10^digits`, which is below 1, in units of 2^-32, to the nearest.
fn to_binary(value: u128, digits: usize) -> u64 {
    let scale = 10u128.pow(digits as u32);
    // Below 2^33, for value is below scale.
    (((value << 32) + scale / 2) / scale) as u64
}

fn write_fixed_point(number: u64, text: &mut Text) {
    push_decimal(text, number >> 32, 1);
    let fraction = number & 0xffff_ffff;
    if fraction == 0 {
        return;
    }
    for digits in 1..=FRACTION_DIGITS_MAX {
        let scale = 10u128.pow(digits as u32);
        let value = ((u128::from(fraction) * scale) + (1 << 31)) >> 32;
        if value < scale && to_binary(value, digits) == fraction {
            text.push(b'.');
            // Below 10^10.
            push_decimal(text, value as u64, digits);
            return;
        }
    }
}

fn hex(pair: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    match pair {
        [high, low] => Some((digit(*high)? * 16 + digit(*low)?) as u8),
        _ => None,
    }
}

/// A short text under construction.
type Text = smallvec::SmallVec<[u8; 64]>;

/// Appends a number in `width` digits or more.
fn push_decimal(text: &mut Text, mut number: u64, width: usize) {
    let start = text.len();
    while number > 0 || text.len() - start < width {
        text.push(b'0' + (number % 10) as u8);
        number /= 10;
    }
    text[start..].reverse();
}

/// Reads the value in an OCTET STRING's contents, wrapped once or twice.
#[inline]
pub(super) fn decode<'a>(
    element: &Element<'a>,
    contents: &'a [u8],
    value_type: Option<ValueType>,
    names: &Names<'_>,
    arena: &'a Arena,
) -> Result<Value<'a>> {
    let value = match inner(contents) {
        None => text(contents, None, names),
        Some((UTF8_STRING | IA5_STRING, string)) => text(string, Some(value_type), names),
        Some((BOOLEAN, octets)) => {
            let [off, on] = match value_type {
                Some(ValueType::Boolean(names)) => names,
                _ => ["off", "on"],
            };
            Some(token(if octets == [0] { off } else { on }.as_bytes()))
        }
        Some((INTEGER, octets)) => signed(octets).map(|number| integer(number, value_type, arena)),
        Some((ENUMERATED, octets)) => {
            signed(octets).map(|number| enumerated(number, value_type, arena))
        }
        Some((_, octets)) => Some(octet_string(octets, value_type, names, arena)),
    };
    value.ok_or_else(|| element.error(Problem::Expected("value")))
}

/// Reads the string in an OCTET STRING's contents, wrapped once or twice: an SDP line, a reason. `None` when another type
/// is wrapped.
#[inline]
pub(super) fn decode_string(contents: &[u8]) -> Option<&[u8]> {
    match inner(contents) {
        None => Some(contents),
        Some((UTF8_STRING | IA5_STRING, string)) => Some(string),
        Some(_) => None,
    }
}

/// The element that fills an OCTET STRING exactly, if it is of a type that annex A wraps.
#[inline]
fn inner(contents: &[u8]) -> Option<(u8, &[u8])> {
    match *contents {
        // The usual one: a short string or number.
        [tag, length, ref inner @ ..] if usize::from(length) == inner.len() && length < 0x80 => {
            (is_wrapped_type(tag)).then_some((tag, inner))
        }
        [tag, _, ..] if is_wrapped_type(tag) => {
            let mut reader = Reader::new(contents, 0);
            match reader.next() {
                Ok(Some(element)) if reader.is_empty() => Some((element.tag(), element.contents)),
                _ => None,
            }
        }
        _ => None,
    }
}

#[inline]
fn is_wrapped_type(tag: u8) -> bool {
    matches!(
        tag,
        BOOLEAN | INTEGER | OCTET_STRING | ENUMERATED | UTF8_STRING | IA5_STRING
    )
}

#[inline]
fn token(checked: &[u8]) -> Value<'_> {
    Value::Token(Token::checked(checked))
}

/// Text as a token when it can be one, else quoted. A string that would have been written as another type had it been
/// a token was quoted: `typed_as` is the type it was wrapped under, `None` when it was bare text.
#[inline]
fn text<'a>(
    bytes: &'a [u8],
    typed_as: Option<Option<ValueType>>,
    names: &Names<'_>,
) -> Option<Value<'a>> {
    let is_token = chars::is_token(bytes);
    if is_token && typed_as.is_none_or(|value_type| typed(bytes, value_type, names).is_none()) {
        return Some(token(bytes));
    }
    (is_token || chars::is_quoted(bytes)).then(|| Value::Quoted(Quoted::checked(bytes)))
}

fn signed(octets: &[u8]) -> Option<i128> {
    let first = *octets.first().filter(|_| octets.len() <= 9)?;
    let sign = if first & 0x80 == 0 { 0 } else { -1 };
    Some(
        octets
            .iter()
            .fold(sign, |value, &octet| value << 8 | i128::from(octet)),
    )
}

fn integer<'a>(number: i128, value_type: Option<ValueType>, arena: &'a Arena) -> Value<'a> {
    match value_type {
        Some(ValueType::NamedInteger(named)) => {
            match named.iter().find(|(_, value)| i128::from(*value) == number) {
                Some((name, _)) => token(name.as_bytes()),
                None => number_token(number, arena),
            }
        }
        Some(ValueType::FixedPoint) => match u64::try_from(number) {
            Ok(number) => {
                let mut text = Text::new();
                write_fixed_point(number, &mut text);
                token(arena.bytes(&text))
            }
            Err(_) => number_token(number, arena),
        },
        _ => number_token(number, arena),
    }
}

fn enumerated<'a>(number: i128, value_type: Option<ValueType>, arena: &'a Arena) -> Value<'a> {
    if let Some(ValueType::Enumeration(named)) = value_type
        && let Some((name, _)) = named.iter().find(|(_, value)| i128::from(*value) == number)
    {
        return token(name.as_bytes());
    }
    number_token(number, arena)
}

fn number_token<'a>(number: i128, arena: &'a Arena) -> Value<'a> {
    // A sign and 22 digits of nine octets.
    let mut digits = [0; 24];
    let mut at = digits.len();
    let mut left = number.unsigned_abs();
    // Most numbers are small; 128-bit division is not for them.
    if let Ok(mut small) = u64::try_from(left) {
        loop {
            at -= 1;
            digits[at] = b'0' + (small % 10) as u8;
            small /= 10;
            if small == 0 {
                break;
            }
        }
    } else {
        while left > 0 {
            at -= 1;
            digits[at] = b'0' + (left % 10) as u8;
            left /= 10;
        }
    }
    if number < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    token(arena.bytes(&digits[at..]))
}

fn octet_string<'a>(
    octets: &[u8],
    value_type: Option<ValueType>,
    names: &Names<'_>,
    arena: &'a Arena,
) -> Value<'a> {
    if let (Some(ValueType::SignalName), &[a, b, c, d]) = (value_type, octets) {
        return token(names.signal_name([a, b, c, d], arena));
    }
    if octets.is_empty() {
        return Value::Quoted(Quoted::checked(b""));
    }
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |octet: u8| [HEX[usize::from(octet >> 4)], HEX[usize::from(octet & 15)]];
    let text: Text = octets.iter().flat_map(|&octet| digit(octet)).collect();
    token(arena.bytes(&text))
}
