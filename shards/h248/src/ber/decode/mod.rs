//! Elements to model: the message, its sender, and what every part needs (lists, names, values, errors).

mod audit;
mod command;
mod context;
mod events;
mod media;
mod service_change;
mod signals;
mod transaction;

use core::net::{Ipv4Addr, Ipv6Addr};

use smallvec::SmallVec;

use super::header::{lenient, look};
use super::names::Names;
use super::read::{Element, Error, OCTET_STRING, Reader, Result, SEQUENCE};
use super::{BerConfig, value};
use crate::chars;
use crate::codes::ErrorCode;
use crate::error::{DecodeError, Decoded, Fault, MiniMessage, Position, Problem, SyntaxError};
use crate::model::{
    AuthData, AuthenticationHeader, ErrorDescriptor, IntoOwned, List, MId, Message, MessageBody,
    MtpAddress, PkgdName, Quoted, Ref, TerminationId, TerminationIdList, Token, Value,
};
use crate::package::{Item, Scope, ValueType};
use crate::{Arena, Limits};

/// Levels above the command that a reader may open: message, transaction, action and their lists need ten.
const OUTER_DEPTH: u8 = 16;

/// What decoding needs at every level.
pub(super) struct Decoder<'c, 'a> {
    arena: &'a Arena,
    limits: &'c Limits,
    names: Names<'c>,
    input: &'a [u8],
}

pub(super) fn message<'a>(
    input: &'a [u8],
    arena: &'a Arena,
    limits: &Limits,
    config: &BerConfig,
) -> core::result::Result<Decoded<'a>, DecodeError> {
    let decoder = Decoder {
        arena,
        limits,
        names: Names { config },
        input,
    };
    let mut faults = Vec::new();
    match decoder.message(input, &mut faults) {
        Ok(message) => Ok(Decoded { message, faults }),
        Err(error) => Err(DecodeError {
            error: decoder.syntax_error(&error, ErrorCode::SYNTAX_ERROR_IN_MESSAGE),
            mini: mini(input, config).map(Box::new),
        }),
    }
}

pub(super) fn mini(input: &[u8], config: &BerConfig) -> Option<MiniMessage> {
    let (limits, arena) = (Limits::default(), Arena::new());
    let decoder = Decoder {
        arena: &arena,
        limits: &limits,
        names: Names { config },
        input,
    };
    // The outer lengths may promise more than arrived; what is needed stands at the beginning.
    let (_, shell) = lenient(input).filter(|(tag, _)| *tag == SEQUENCE)?;
    let mut shell = shell;
    if shell.first() == Some(&0xa0) {
        let mut reader = Reader::new(shell, OUTER_DEPTH);
        reader.next().ok()?;
        shell = reader.rest();
    }
    let (_, message) = lenient(shell).filter(|(tag, _)| *tag == 0xa1)?;
    let mut reader = Reader::new(message, OUTER_DEPTH);
    let version = reader.required(0, "version").ok()?.u8(99, "version").ok()?;
    let mid = decoder
        .mid(reader.required(1, "mId").ok()?.only().ok()?)
        .ok()?;
    Some(MiniMessage {
        version,
        mid: mid.into_owned(),
    })
}

impl<'a> Decoder<'_, 'a> {
    #[inline(always)]
    fn message(&self, input: &'a [u8], faults: &mut Vec<Fault>) -> Result<Message<'a>> {
        if input.len() > self.limits.message_bytes_max {
            return Err(Reader::new(input, 0).error(Problem::Limit("message_bytes_max")));
        }
        let mut whole = Reader::new(input, OUTER_DEPTH);
        let shell = match whole.universal(SEQUENCE, "message")? {
            Some(shell) => shell,
            None => return Err(whole.error(Problem::Missing("message"))),
        };
        whole.finish()?;
        let mut shell = shell.open()?;
        let auth_header = shell
            .optional(0)?
            .map(|header| self.auth_header(header))
            .transpose()?;
        let mess = shell.required(1, "message")?;
        shell.finish()?;

        let mut mess = mess.open()?;
        let version_element = mess.required(0, "version")?;
        let version = version_element.u8(99, "version")?;
        let mid = self.mid(mess.required(1, "mId")?.only()?)?;
        if !(1..=3).contains(&version) {
            let error = version_element.error(Problem::Version(version));
            return Err(error.with_code(ErrorCode::VERSION_NOT_SUPPORTED));
        }
        let body = mess.required(2, "messageBody")?.only()?;
        mess.skip_extensions()?;
        let body = match body.number() {
            Some(0) => MessageBody::Error(self.error_descriptor(body)?),
            Some(1) => MessageBody::Transactions(self.transactions(body, faults)?),
            _ => return Err(body.error(Problem::Unexpected("messageBody"))),
        };
        Ok(Message {
            auth_header,
            version,
            mid,
            body,
        })
    }

    fn auth_header(&self, header: Element<'a>) -> Result<AuthenticationHeader> {
        let mut reader = header.open()?;
        let four = |element: Element<'a>| {
            let octets = self.octets(element)?;
            <[u8; 4]>::try_from(octets).map_err(|_| element.error(Problem::Expected("four octets")))
        };
        let sec_parm_index = four(reader.required(0, "secParmIndex")?)?;
        let seq_num = four(reader.required(1, "seqNum")?)?;
        let data = reader.required(2, "ad")?;
        let auth_data = AuthData::new(self.octets(data)?);
        reader.finish()?;
        let auth_data = auth_data.ok_or_else(|| data.error(Problem::OutOfRange("ad")))?;
        Ok(AuthenticationHeader {
            sec_parm_index,
            seq_num,
            auth_data,
        })
    }

    /// The content of a `MId`: one of its alternatives.
    #[inline(always)]
    fn mid(&self, element: Element<'a>) -> Result<MId<'a>> {
        self.address(element, 0)
    }

    /// An alternative of `MId`, or of `ServiceChangeAddress`, whose numbers are one higher.
    fn address(&self, element: Element<'a>, first: u8) -> Result<MId<'a>> {
        let number = element
            .number()
            .and_then(|number| number.checked_sub(first));
        Ok(match number {
            Some(0) => {
                let (octets, port) = self.address_and_port(element)?;
                let octets = <[u8; 4]>::try_from(octets);
                MId::Ip4Address(
                    Ipv4Addr::from(
                        octets.map_err(|_| element.error(Problem::Expected("address")))?,
                    ),
                    port,
                )
            }
            Some(1) => {
                let (octets, port) = self.address_and_port(element)?;
                let octets = <[u8; 16]>::try_from(octets);
                MId::Ip6Address(
                    Ipv6Addr::from(
                        octets.map_err(|_| element.error(Problem::Expected("address")))?,
                    ),
                    port,
                )
            }
            Some(2) => {
                let (name, port) = self.address_and_port(element)?;
                if !chars::is_token(name) {
                    return Err(element.error(Problem::Expected("domain name")));
                }
                MId::DomainName(Token::checked(name), port)
            }
            Some(3) => {
                let path = self.octets(element)?;
                if !chars::is_path(path) {
                    return Err(element.error(Problem::Expected("path name")));
                }
                MId::DeviceName(TerminationId::checked(path))
            }
            Some(4) => {
                let address = MtpAddress::new(self.octets(element)?);
                MId::MtpAddress(
                    address.ok_or_else(|| element.error(Problem::OutOfRange("mtpAddress")))?,
                )
            }
            _ => return Err(element.error(Problem::Unexpected("address"))),
        })
    }

    #[inline(always)]
    fn address_and_port(&self, element: Element<'a>) -> Result<(&'a [u8], Option<u16>)> {
        let mut reader = element.open()?;
        let address = self.octets(reader.required(0, "address")?)?;
        let port = reader.optionally(1, |port| port.u16("portNumber"))?;
        reader.finish()?;
        Ok((address, port))
    }

    fn error_descriptor(&self, element: Element<'a>) -> Result<ErrorDescriptor<'a>> {
        let mut reader = element.open()?;
        let code = reader.required(0, "errorCode")?.u16("errorCode")?;
        let text = reader.optionally(1, |text| self.quoted(text))?;
        reader.finish()?;
        Ok(ErrorDescriptor { code, text })
    }

    fn quoted(&self, element: Element<'a>) -> Result<Quoted<'a>> {
        let text = self.value_octets(element)?;
        if !chars::is_quoted(text) {
            return Err(element.error(Problem::Expected("printable text")));
        }
        Ok(Quoted::checked(text))
    }

    /// Contents of an octet or character string, in one piece or in several (X.690 8.7.3).
    #[inline(always)]
    fn octets(&self, element: Element<'a>) -> Result<&'a [u8]> {
        look(element.contents.len());
        if element.is_constructed() {
            return self.joined(element);
        }
        Ok(element.contents)
    }

    #[cold]
    fn joined(&self, element: Element<'a>) -> Result<&'a [u8]> {
        let mut joined = SmallVec::<[u8; 64]>::new();
        join(element, &mut joined)?;
        Ok(self.arena.bytes(&joined))
    }

    /// Contents of a string that is subject to `value_bytes_max`.
    #[inline(always)]
    fn value_octets(&self, element: Element<'a>) -> Result<&'a [u8]> {
        let octets = self.octets(element)?;
        if octets.len() > self.limits.value_bytes_max {
            return Err(element.error(Problem::Limit("value_bytes_max")));
        }
        Ok(octets)
    }

    /// Exactly this many octets.
    #[inline(always)]
    fn exact<const N: usize>(&self, element: Element<'a>, what: &'static str) -> Result<[u8; N]> {
        let octets = self.octets(element)?;
        <[u8; N]>::try_from(octets).map_err(|_| element.error(Problem::Expected(what)))
    }

    /// A `SEQUENCE OF` as a list: `item` reads each element.
    #[inline(always)]
    fn list<T, const N: usize>(
        &self,
        element: Element<'a>,
        (max, limit): (usize, &'static str),
        mut item: impl FnMut(Element<'a>) -> Result<T>,
    ) -> Result<List<'a, T>> {
        let mut reader = element.open()?;
        let Some(first) = reader.next()? else {
            return Ok(List::EMPTY);
        };
        if max == 0 {
            return Err(first.error(Problem::Limit(limit)));
        }
        let first = item(first)?;
        if reader.is_empty() {
            return Ok(self.arena.one_item(first));
        }
        let mut items = self.arena.gather_from(first);
        while let Some(next) = reader.next()? {
            if items.len() >= max {
                return Err(next.error(Problem::Limit(limit)));
            }
            items.push(item(next)?);
        }
        Ok(items.finish())
    }

    /// A `SEQUENCE OF` under the general limit on list lengths.
    #[inline(always)]
    fn items<T, const N: usize>(
        &self,
        element: Element<'a>,
        item: impl FnMut(Element<'a>) -> Result<T>,
    ) -> Result<List<'a, T>> {
        self.list::<T, N>(element, (self.limits.items_max, "items_max"), item)
    }

    /// The elements of an element that must be a universal SEQUENCE.
    #[inline(always)]
    fn sequence(&self, element: Element<'a>) -> Result<Reader<'a>> {
        if element.tag() != SEQUENCE {
            return Err(element.error(Problem::Expected("SEQUENCE")));
        }
        element.open()
    }

    #[inline(always)]
    fn value_in_arena<T>(&self, value: T) -> Ref<'a, T> {
        self.arena.value(value)
    }

    /// A package item's name and what the table knows about it.
    #[inline(always)]
    fn pkgd_name(
        &self,
        element: Element<'a>,
        scope: Scope,
    ) -> Result<(PkgdName<'a>, Option<&'static Item>)> {
        let octets = self.exact(element, "four octets")?;
        Ok(self.names.read_pkgd_name(octets, scope, self.arena))
    }

    /// One value: an OCTET STRING in a `SEQUENCE OF`.
    #[inline(always)]
    fn value(&self, element: Element<'a>, value_type: Option<ValueType>) -> Result<Value<'a>> {
        let contents = self.string_of(element)?;
        value::decode(&element, contents, value_type, &self.names, self.arena)
    }

    /// Contents of an element that must be a universal OCTET STRING.
    #[inline(always)]
    fn string_of(&self, element: Element<'a>) -> Result<&'a [u8]> {
        if element.tag() & 0xdf != OCTET_STRING {
            return Err(element.error(Problem::Expected("OCTET STRING")));
        }
        self.value_octets(element)
    }

    /// The inside of a `TerminationID`.
    #[inline(always)]
    fn termination_id(&self, reader: Reader<'a>) -> Result<TerminationId<'a>> {
        if let [0xa0, 0, 0x81, 3, a, b, c] = *reader.rest()
            && let Some(id) = self.names.read_usual_termination_id([a, b, c], self.arena)
        {
            return Ok(id);
        }
        self.other_termination_id(reader)
    }

    #[inline(never)]
    fn other_termination_id(&self, mut reader: Reader<'a>) -> Result<TerminationId<'a>> {
        let wildcard = reader.required(0, "wildcard")?;
        let id = reader.required(1, "id")?;
        reader.skip_extensions()?;
        let octets = self.octets(id)?;
        if wildcard.contents.is_empty() {
            return self.names.read_termination_id(&id, &[], octets, self.arena);
        }
        let mut fields = SmallVec::<[u8; 8]>::new();
        let mut reader = wildcard.open()?;
        while let Some(field) = reader.universal(OCTET_STRING, "wildcard field")? {
            if fields.len() >= self.limits.items_max {
                return Err(field.error(Problem::Limit("items_max")));
            }
            let [field] = self.exact(field, "one octet")?;
            fields.push(field);
        }
        self.names
            .read_termination_id(&id, &fields, octets, self.arena)
    }

    #[inline]
    fn termination_ids(&self, element: Element<'a>) -> Result<TerminationIdList<'a>> {
        self.items::<_, 4>(element, |id| self.termination_id(self.sequence(id)?))
    }

    /// A list that must not be empty.
    fn some_termination_ids(&self, element: Element<'a>) -> Result<TerminationIdList<'a>> {
        let ids = self.termination_ids(element)?;
        if ids.is_empty() {
            Err(element.error(Problem::Missing("terminationID")))
        } else {
            Ok(ids)
        }
    }

    #[cold]
    fn syntax_error(&self, error: &Error, default: ErrorCode) -> SyntaxError {
        let details = error.details();
        let offset = details.offset(self.input);
        let column = u32::try_from(offset).unwrap_or(u32::MAX).saturating_add(1);
        SyntaxError {
            code: if details.code == 0 {
                default.0
            } else {
                details.code
            },
            position: Position {
                offset,
                line: 1,
                column,
            },
            problem: details.problem,
        }
    }
}

/// Appends the pieces of a constructed string, whose levels the element's depth bounds.
fn join(element: Element<'_>, joined: &mut SmallVec<[u8; 64]>) -> Result<()> {
    if !element.is_constructed() {
        joined.extend_from_slice(element.contents);
        return Ok(());
    }
    let mut reader = element.open()?;
    while let Some(piece) = reader.universal(OCTET_STRING, "piece of a string")? {
        join(piece, joined)?;
    }
    Ok(())
}
