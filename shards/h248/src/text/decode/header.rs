//! The header of a message: authentication, version, message identifier.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::super::keyword::Keyword;
use super::cursor::{Cursor, Rule};
use crate::arena::Arena;
use crate::chars::{HEX, is};
use crate::error::{MiniMessage, Problem};
use crate::limits::Limits;
use crate::model::{
    AuthData, AuthenticationHeader, IntoOwned, MId, MtpAddress, PATH_BYTES_MAX, TerminationId,
    Token,
};

/// The longest text between square brackets: an IPv6 address with an IPv4 tail, and some white space.
const ADDRESS_BYTES_MAX: usize = 64;
/// The highest version spoken.
const VERSION_MAX: u8 = 3;

/// Version and sender of a text message, if they can be read; nothing else of the message is looked at.
#[must_use]
pub fn mini(input: &[u8]) -> Option<MiniMessage> {
    let (arena, limits) = (Arena::new(), Limits::default());
    let mut cursor = Cursor::new(input, &arena, &limits);
    let version = cursor.preamble().ok()?.1;
    let mid = cursor.mid().ok()?.into_owned();
    Some(MiniMessage { version, mid })
}

impl<'a> Cursor<'a, '_> {
    /// `[authenticationHeader SEP] MegacopToken SLASH Version SEP mId SEP`
    pub(super) fn header(&mut self) -> Rule<(Option<AuthenticationHeader>, u8, MId<'a>)> {
        let (auth, version) = self.preamble()?;
        if !(1..=VERSION_MAX).contains(&version) {
            return Err(self.fail_with(406, self.at, Problem::Version(version)));
        }
        let mid = self.mid()?;
        Ok((auth, version, mid))
    }

    /// `[authenticationHeader SEP] MegacopToken SLASH Version SEP`
    fn preamble(&mut self) -> Rule<(Option<AuthenticationHeader>, u8)> {
        let mut word = self.word("MEGACO/")?;
        let mut auth = None;
        if self.keyword_of(&word) == Keyword::Auth {
            auth = Some(self.authentication_header()?);
            word = self.word("MEGACO/")?;
        }
        let protocol = |name: &[u8]| name == b"!" || name.eq_ignore_ascii_case(b"MEGACO");
        let digits = match memchr::memchr(b'/', word.bytes) {
            Some(slash) if protocol(&word.bytes[..slash]) => &word.bytes[slash + 1..],
            _ => return Err(self.fail_at(word.start, Problem::Expected("MEGACO/"))),
        };
        let version = match digits {
            [ones] if ones.is_ascii_digit() => ones - b'0',
            [tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit() => {
                (tens - b'0') * 10 + ones - b'0'
            }
            _ => return Err(self.fail_at(self.at - digits.len(), Problem::Expected("version"))),
        };
        Ok((auth, version))
    }

    fn authentication_header(&mut self) -> Rule<AuthenticationHeader> {
        self.equal()?;
        let mut sec_parm_index = [0; 4];
        let mut seq_num = [0; 4];
        let mut data = [0; 32];
        self.hex_field(&mut sec_parm_index, 4)?;
        self.punctuation(b':', ":")?;
        self.hex_field(&mut seq_num, 4)?;
        self.punctuation(b':', ":")?;
        let len = self.hex_field(&mut data, 12)?;
        match AuthData::new(&data[..len]) {
            Some(auth_data) => Ok(AuthenticationHeader {
                sec_parm_index,
                seq_num,
                auth_data,
            }),
            None => Err(self.fail(Problem::Expected("authentication data"))),
        }
    }

    /// `0x` and an even number of hexadecimal digits that fill at least `least` octets.
    fn hex_field(&mut self, octets: &mut [u8], least: usize) -> Rule<usize> {
        let word = self.word("0x")?;
        let [b'0', b'x' | b'X', digits @ ..] = word.bytes else {
            return Err(self.fail_at(word.start, Problem::Expected("0x")));
        };
        match hex_octets(digits, octets) {
            Some(len) if len >= least => Ok(len),
            _ => Err(self.fail_at(word.start, Problem::Expected("hexadecimal octets"))),
        }
    }

    /// `mId`
    pub(super) fn mid(&mut self) -> Rule<MId<'a>> {
        match self.peek_past_space() {
            b'[' => self.domain_address(),
            b'<' => self.domain_name(),
            _ => {
                let word = self.word("message identifier")?;
                if self.keyword_of(&word) == Keyword::Mtp && self.peek_past_space() == b'{' {
                    return self.mtp_address();
                }
                if word.bytes.len() > PATH_BYTES_MAX {
                    return Err(self.fail_at(word.start, Problem::Expected("message identifier")));
                }
                Ok(MId::DeviceName(TerminationId::checked(word.bytes)))
            }
        }
    }

    fn domain_address(&mut self) -> Rule<MId<'a>> {
        let start = self.at + 1;
        let rest = &self.input[start..];
        if let Some((address, len)) = ip4(rest) {
            self.at = start + len;
            return Ok(MId::Ip4Address(address, self.port()?));
        }
        let Some(len) = memchr::memchr(b']', &rest[..rest.len().min(ADDRESS_BYTES_MAX)]) else {
            return Err(self.fail_at(start, Problem::Expected("address and ]")));
        };
        let text = rest[..len].trim_ascii();
        self.at = start + len + 1;
        match core::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse::<Ipv6Addr>().ok())
        {
            Some(address) => Ok(MId::Ip6Address(address, self.port()?)),
            None => Err(self.fail_at(start, Problem::Expected("IP address"))),
        }
    }

    fn domain_name(&mut self) -> Rule<MId<'a>> {
        self.at += 1;
        let word = self.word("domain name")?;
        let shape = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if word.bytes.len() > PATH_BYTES_MAX || !word.bytes.iter().all(shape) {
            return Err(self.fail_at(word.start, Problem::Expected("domain name")));
        }
        self.punctuation(b'>', ">")?;
        Ok(MId::DomainName(Token::checked(word.bytes), self.port()?))
    }

    /// `[":" portNumber]`
    fn port(&mut self) -> Rule<Option<u16>> {
        if self.peek() != b':' {
            return Ok(None);
        }
        self.at += 1;
        Ok(Some(self.number_here(0xFFFF, "port")? as u16))
    }

    fn mtp_address(&mut self) -> Rule<MId<'a>> {
        self.open()?;
        let word = self.word("MTP address")?;
        let mut octets = [0; 4];
        let address =
            hex_octets(word.bytes, &mut octets).and_then(|len| MtpAddress::new(&octets[..len]));
        let Some(address) = address else {
            return Err(self.fail_at(word.start, Problem::Expected("4 to 8 hexadecimal digits")));
        };
        self.close()?;
        Ok(MId::MtpAddress(address))
    }
}

/// Four decimal octets with dots between them and a square bracket behind them, and their length.
fn ip4(text: &[u8]) -> Option<(Ipv4Addr, usize)> {
    let mut octets = [0u8; 4];
    let mut at = 0;
    for (index, octet) in octets.iter_mut().enumerate() {
        let mut value = 0u16;
        let start = at;
        while let Some(digit) = text
            .get(at)
            .map(|byte| byte.wrapping_sub(b'0'))
            .filter(|&digit| digit < 10)
        {
            value = value * 10 + u16::from(digit);
            at += 1;
            if at - start > 3 {
                return None;
            }
        }
        let behind = if index == 3 { b']' } else { b'.' };
        if at == start || text.get(at) != Some(&behind) {
            return None;
        }
        *octet = u8::try_from(value).ok()?;
        at += 1;
    }
    Some((octets.into(), at))
}

/// Pairs of hexadecimal digits as octets.
fn hex_octets(digits: &[u8], octets: &mut [u8]) -> Option<usize> {
    if !digits.len().is_multiple_of(2)
        || digits.len() / 2 > octets.len()
        || !digits.iter().all(|&digit| is(digit, HEX))
    {
        return None;
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16).unwrap_or(0) as u8;
    for (octet, pair) in octets.iter_mut().zip(digits.chunks_exact(2)) {
        *octet = nibble(pair[0]) << 4 | nibble(pair[1]);
    }
    Some(digits.len() / 2)
}
