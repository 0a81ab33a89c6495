//! Media descriptors and the properties in them, multiplexing, modems, statistics and packages.

use super::Decoder;
use crate::arena::Text;
use crate::ber::read::{ENUMERATED, Element, Reader, Result, SEQUENCE};
use crate::ber::value;
use crate::error::Problem;
use crate::model::{
    EventBufferControl, List, LocalControlDescriptor, LocalRemoteDescriptor, MediaDescriptor,
    MediaStreams, ModemDescriptor, ModemType, MuxDescriptor, MuxType, OctetString,
    PackagesDescriptor, PackagesItem, ParmValue, PropertyParm, Relation, ServiceState,
    StatisticsDescriptor, StatisticsParameter, StreamDescriptor, StreamMode, StreamParms,
    TerminationStateDescriptor, Token, Value,
};
use crate::package::{Scope, ValueType};
use crate::sdp::kind_of_tag;

impl<'a> Decoder<'_, 'a> {
    #[inline(always)]
    pub(super) fn media(&self, element: Element<'a>) -> Result<MediaDescriptor<'a>> {
        let mut reader = element.open()?;
        let termination_state = reader.optionally(0, |state| self.termination_state(state))?;
        let streams = match reader.optional(1)? {
            None => MediaStreams::None,
            Some(streams) => {
                let streams = streams.only()?;
                match streams.number() {
                    Some(0) => MediaStreams::One(self.value_in_arena(self.stream_parms(streams)?)),
                    Some(1) => MediaStreams::Multi(self.items::<_, 2>(streams, |stream| {
                        let mut reader = self.sequence(stream)?;
                        let stream = reader.required(0, "streamID")?.u16("streamID")?;
                        let parms = self.stream_parms(reader.required(1, "streamParms")?)?;
                        reader.finish()?;
                        Ok(StreamDescriptor { stream, parms })
                    })?),
                    _ => return Err(streams.error(Problem::Unexpected("streams"))),
                }
            }
        };
        reader.skip_extensions()?;
        Ok(MediaDescriptor {
            termination_state,
            streams,
        })
    }

    #[inline(always)]
    fn stream_parms(&self, element: Element<'a>) -> Result<StreamParms<'a>> {
        let mut reader = element.open()?;
        let parms = StreamParms {
            local_control: reader.optionally(0, |control| self.local_control(control))?,
            local: reader.optionally(1, |local| self.local_remote(local))?,
            remote: reader.optionally(2, |remote| self.local_remote(remote))?,
            statistics: reader.optionally(3, |statistics| self.statistics(statistics))?,
        };
        reader.skip_extensions()?;
        Ok(parms)
    }

    #[inline(always)]
    fn local_control(&self, element: Element<'a>) -> Result<LocalControlDescriptor<'a>> {
        let mut reader = element.open()?;
        let control = LocalControlDescriptor {
            stream_mode: reader.optionally(0, |mode| stream_mode(&mode))?,
            reserve_value: reader.optionally(1, |reserve| reserve.boolean())?,
            reserve_group: reader.optionally(2, |reserve| reserve.boolean())?,
            property_parms: self.properties(reader.required(3, "propertyParms")?)?,
        };
        reader.skip_extensions()?;
        Ok(control)
    }

    #[inline(always)]
    fn termination_state(&self, element: Element<'a>) -> Result<TerminationStateDescriptor<'a>> {
        let mut reader = element.open()?;
        let property_parms = self.properties(reader.required(0, "propertyParms")?)?;
        let event_buffer_control = match reader.optional(1)? {
            None => None,
            Some(control) => Some(match control.u8(1, "eventBufferControl")? {
                0 => EventBufferControl::Off,
                _ => EventBufferControl::LockStep,
            }),
        };
        let service_state = reader.optionally(2, |state| service_state(&state))?;
        reader.skip_extensions()?;
        Ok(TerminationStateDescriptor {
            property_parms,
            event_buffer_control,
            service_state,
        })
    }

    /// `LocalRemoteDescriptor`: SDP lines become a body, anything else stays in groups.
    pub(super) fn local_remote(&self, element: Element<'a>) -> Result<LocalRemoteDescriptor<'a>> {
        let mut reader = element.open()?;
        let groups = reader.required(0, "propGrps")?;
        reader.skip_extensions()?;
        if let Some(body) = self.sdp(groups)? {
            return Ok(LocalRemoteDescriptor::Octets(body));
        }
        let groups = self.items::<_, 2>(groups, |group| {
            if group.tag() != SEQUENCE {
                return Err(group.error(Problem::Expected("property group")));
            }
            self.properties(group)
        })?;
        Ok(LocalRemoteDescriptor::Groups(groups))
    }

    /// The body that property groups stand for, when every property is an SDP line.
    fn sdp(&self, groups: Element<'a>) -> Result<Option<OctetString<'a>>> {
        // A property on the wire is longer than its line.
        let mut body = self.arena.text(groups.contents.len());
        let mut reader = groups.open()?;
        while let Some(group) = reader.universal(SEQUENCE, "property group")? {
            let mut properties = group.open()?;
            let mut first = true;
            while let Some(property) = properties.next()? {
                let Some((kind, line)) = self.sdp_line(property)? else {
                    return Ok(None);
                };
                if std::mem::take(&mut first) && !body.is_empty() && kind != b'v' {
                    // Only a "v=" line tells this group from the one before it.
                    self.push_line(&mut body, b'v', b"0", &property)?;
                }
                self.push_line(&mut body, kind, line, &property)?;
            }
        }
        Ok(Some(OctetString::checked(body.finish())))
    }

    /// The kind and value of a property that is an SDP line.
    #[inline]
    fn sdp_line(&self, property: Element<'a>) -> Result<Option<(u8, &'a [u8])>> {
        let mut reader = self.sequence(property)?;
        let [package_high, package_low, tag_high, tag_low] =
            self.exact(reader.required(0, "name")?, "four octets")?;
        let kind = kind_of_tag(u16::from_be_bytes([tag_high, tag_low]));
        let Some(kind) = kind.filter(|_| [package_high, package_low] == [0, 0]) else {
            return Ok(None);
        };
        let mut values = reader.required(1, "value")?.open()?;
        if reader.optional(2)?.is_some() {
            return Ok(None);
        }
        reader.skip_extensions()?;
        let line = match values.next()? {
            None => Some(&b"$"[..]),
            Some(element) => value::decode_string(self.string_of(element)?),
        };
        // A line that holds a line end would be two lines.
        let line = line.filter(|line| !line.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
        Ok(line.filter(|_| values.is_empty()).map(|line| (kind, line)))
    }

    #[inline]
    fn push_line(
        &self,
        body: &mut Text<'_>,
        kind: u8,
        line: &[u8],
        element: &Element<'a>,
    ) -> Result<()> {
        body.push(&[kind, b'=']);
        body.push(line);
        body.push(self.names.config.sdp_line_end.bytes());
        if body.len() > self.limits.body_bytes_max {
            return Err(element.error(Problem::Limit("body_bytes_max")));
        }
        Ok(())
    }

    #[inline(always)]
    pub(super) fn properties(&self, element: Element<'a>) -> Result<List<'a, PropertyParm<'a>>> {
        self.items::<_, 4>(element, |property| {
            let reader = self.sequence(property)?;
            self.property(reader)
        })
    }

    /// The inside of a `PropertyParm`.
    #[inline(always)]
    pub(super) fn property(&self, mut reader: Reader<'a>) -> Result<PropertyParm<'a>> {
        let (name, item) = self.pkgd_name(reader.required(0, "name")?, Scope::Property)?;
        let value = self.parm_value(&mut reader, item.map(|item| item.value))?;
        reader.skip_extensions()?;
        Ok(PropertyParm { name, value })
    }

    /// `value` and `extraInfo`, which are components 1 and 2 wherever they occur.
    #[inline(always)]
    pub(super) fn parm_value(
        &self,
        reader: &mut Reader<'a>,
        value_type: Option<ValueType>,
    ) -> Result<ParmValue<'a>> {
        let element = reader.required(1, "value")?;
        let extra = reader.optionally(2, |extra| self.extra_info(extra))?;
        let mut values = element.open()?;
        let Some(first) = values.next()? else {
            return match extra {
                None | Some(Extra::None) => {
                    Ok(ParmValue::Value(Value::Token(Token::checked(b"$"))))
                }
                Some(_) => Err(element.error(Problem::Missing("value"))),
            };
        };
        if extra.is_none() && values.is_empty() {
            return self.value(first, value_type).map(ParmValue::Value);
        }
        let values = self.items::<_, 4>(element, |value| self.value(value, value_type))?;
        match (extra, values.as_slice()) {
            (None | Some(Extra::None), [only]) => Ok(ParmValue::Value(only.clone())),
            (Some(Extra::Relation(relation)), [only]) => {
                Ok(ParmValue::Relation(relation, only.clone()))
            }
            (Some(Extra::Range), [low, high]) => Ok(ParmValue::Range(
                self.value_in_arena([low.clone(), high.clone()]),
            )),
            (Some(Extra::Relation(_)), _) => Err(element.error(Problem::Expected("one value"))),
            (Some(Extra::Range), _) => Err(element.error(Problem::Expected("two values"))),
            (Some(Extra::All), _) => Ok(ParmValue::All(values)),
            (None | Some(Extra::None | Extra::Any), _) => Ok(ParmValue::Any(values)),
        }
    }

    fn extra_info(&self, element: Element<'a>) -> Result<Extra> {
        let extra = element.only()?;
        Ok(match extra.number() {
            Some(0) => Extra::Relation(match extra.u8(2, "relation")? {
                0 => Relation::GreaterThan,
                1 => Relation::SmallerThan,
                _ => Relation::UnequalTo,
            }),
            Some(1) => {
                if extra.boolean()? {
                    Extra::Range
                } else {
                    Extra::None
                }
            }
            Some(2) => {
                if extra.boolean()? {
                    Extra::All
                } else {
                    Extra::Any
                }
            }
            _ => return Err(extra.error(Problem::Unexpected("extraInfo"))),
        })
    }

    #[inline(always)]
    pub(super) fn statistics(&self, element: Element<'a>) -> Result<StatisticsDescriptor<'a>> {
        self.items::<_, 8>(element, |parameter| {
            let mut reader = self.sequence(parameter)?;
            let (name, item) = self.pkgd_name(reader.required(0, "statName")?, Scope::Statistic)?;
            let value_type = item.map(|item| item.value);
            let value = match reader.optional(1)? {
                None => None,
                Some(values) => {
                    let list = self.items::<_, 4>(values, |value| self.value(value, value_type))?;
                    match list.as_slice() {
                        [] => return Err(values.error(Problem::Missing("statValue"))),
                        [only] => Some(ParmValue::Value(only.clone())),
                        _ => Some(ParmValue::All(list)),
                    }
                }
            };
            reader.finish()?;
            Ok(StatisticsParameter { name, value })
        })
    }

    pub(super) fn packages(&self, element: Element<'a>) -> Result<PackagesDescriptor<'a>> {
        self.items::<_, 8>(element, |item| {
            let mut reader = self.sequence(item)?;
            let name = self.exact(reader.required(0, "packageName")?, "two octets")?;
            let version = reader
                .required(1, "packageVersion")?
                .u16("packageVersion")?;
            reader.skip_extensions()?;
            Ok(PackagesItem {
                name: self.names.read_package_name(name, self.arena),
                version,
            })
        })
    }

    pub(super) fn mux(&self, element: Element<'a>) -> Result<MuxDescriptor<'a>> {
        let mut reader = element.open()?;
        let mux_type = match reader.required(0, "muxType")?.u8(4, "muxType")? {
            0 => MuxType::H221,
            1 => MuxType::H223,
            2 => MuxType::H226,
            3 => MuxType::V76,
            _ => MuxType::Nx64k,
        };
        let terminations = self.termination_ids(reader.required(1, "termList")?)?;
        let data = reader.optionally(2, |data| self.non_standard_data(data))?;
        reader.skip_extensions()?;
        Ok(MuxDescriptor {
            mux_type,
            terminations,
            non_standard_data: data,
        })
    }

    pub(super) fn modem(&self, element: Element<'a>) -> Result<ModemDescriptor<'a>> {
        let mut reader = element.open()?;
        let types = self.items::<_, 4>(reader.required(0, "mtl")?, |kind| {
            if kind.tag() != ENUMERATED {
                return Err(kind.error(Problem::Expected("modem type")));
            }
            Ok(match kind.u8(8, "modem type")? {
                0 => ModemType::V18,
                1 => ModemType::V22,
                2 => ModemType::V22bis,
                3 => ModemType::V32,
                4 => ModemType::V32bis,
                5 => ModemType::V34,
                6 => ModemType::V90,
                7 => ModemType::V91,
                _ => ModemType::SynchIsdn,
            })
        })?;
        let property_parms = self.properties(reader.required(1, "mpl")?)?;
        let data = reader.optionally(2, |data| self.non_standard_data(data))?;
        reader.finish()?;
        Ok(ModemDescriptor {
            types,
            property_parms,
            non_standard_data: data,
        })
    }
}

/// `extraInfo`.
#[derive(Clone, Copy)]
enum Extra {
    /// A range that is not one says nothing.
    None,
    Relation(Relation),
    Range,
    All,
    Any,
}

pub(super) fn stream_mode(element: &Element<'_>) -> Result<StreamMode> {
    Ok(match element.u8(4, "streamMode")? {
        0 => StreamMode::SendOnly,
        1 => StreamMode::RecvOnly,
        2 => StreamMode::SendRecv,
        3 => StreamMode::Inactive,
        _ => StreamMode::LoopBack,
    })
}

pub(super) fn service_state(element: &Element<'_>) -> Result<ServiceState> {
    Ok(match element.u8(2, "serviceState")? {
        0 => ServiceState::Test,
        1 => ServiceState::OutOfSvc,
        _ => ServiceState::InSvc,
    })
}
