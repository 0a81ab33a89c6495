//! Media descriptors and the properties in them, multiplexing, modems, statistics and packages.

use super::{Encoder, Result};
use crate::ber::read::{ENUMERATED, SEQUENCE};
use crate::ber::value;
use crate::ber::write::{constructed, primitive};
use crate::error::EncodeError;
use crate::model::{
    LocalControlDescriptor, LocalRemoteDescriptor, MediaDescriptor, MediaStreams, ModemDescriptor,
    ModemType, MuxDescriptor, MuxType, PackagesItem, ParmValue, PkgdName, PropertyParm,
    StatisticsParameter, StreamParms, TerminationStateDescriptor,
};
use crate::package::Scope;
use crate::sdp;

/// The extension tokens of the text encoding.
pub(super) const EXTENSION: EncodeError = EncodeError::NotRepresentable("an extension token");

impl Encoder<'_, '_> {
    pub(super) fn media(&mut self, number: u8, media: &MediaDescriptor<'_>) -> Result<()> {
        self.within(constructed(number), |e| {
            if let Some(state) = &media.termination_state {
                e.termination_state(state)?;
            }
            match &media.streams {
                MediaStreams::None => Ok(()),
                MediaStreams::One(parms) => e.within(constructed(1), |e| e.stream_parms(0, parms)),
                MediaStreams::Multi(streams) => e.within(constructed(1), |e| {
                    e.list(constructed(1), streams, |e, stream| {
                        e.within(SEQUENCE, |e| {
                            e.writer.unsigned(primitive(0), stream.stream.into());
                            e.stream_parms(1, &stream.parms)
                        })
                    })
                }),
            }
        })
    }

    fn stream_parms(&mut self, number: u8, parms: &StreamParms<'_>) -> Result<()> {
        self.within(constructed(number), |e| {
            if let Some(control) = &parms.local_control {
                e.local_control(control)?;
            }
            if let Some(local) = &parms.local {
                e.local_remote(1, local)?;
            }
            if let Some(remote) = &parms.remote {
                e.local_remote(2, remote)?;
            }
            if let Some(statistics) = &parms.statistics {
                e.statistics(3, statistics)?;
            }
            Ok(())
        })
    }

    fn local_control(&mut self, control: &LocalControlDescriptor<'_>) -> Result<()> {
        self.within(constructed(0), |e| {
            e.optional(0, control.stream_mode.map(|mode| mode as u8));
            e.optional_boolean(1, control.reserve_value);
            e.optional_boolean(2, control.reserve_group);
            e.properties(constructed(3), &control.property_parms)
        })
    }

    fn termination_state(&mut self, state: &TerminationStateDescriptor<'_>) -> Result<()> {
        self.within(constructed(0), |e| {
            e.properties(constructed(0), &state.property_parms)?;
            e.optional(1, state.event_buffer_control.map(|control| control as u8));
            e.optional(2, state.service_state.map(|state| state as u8));
            Ok(())
        })
    }

    fn local_remote(&mut self, number: u8, descriptor: &LocalRemoteDescriptor<'_>) -> Result<()> {
        self.within(constructed(number), |e| {
            e.within(constructed(0), |e| match descriptor {
                LocalRemoteDescriptor::Octets(body) => e.sdp(body.as_bytes()),
                LocalRemoteDescriptor::Groups(groups) => groups
                    .iter()
                    .try_for_each(|group| e.properties(SEQUENCE, group)),
            })
        })
    }

    /// The property groups of an SDP body.
    fn sdp(&mut self, body: &[u8]) -> Result<()> {
        let once = self.names.wraps_once();
        let mut group = None;
        for property in sdp::groups(body) {
            let (begins, property) =
                property.map_err(|_| EncodeError::NotRepresentable("a body that is not SDP"))?;
            if begins {
                if let Some(group) = group {
                    self.writer.close(group);
                }
                group = Some(self.writer.open(SEQUENCE));
            }
            let [high, low] = property.tag.to_be_bytes();
            let mark = self.writer.open(SEQUENCE);
            self.writer.array(primitive(0), [0, 0, high, low]);
            if property.value == b"$" {
                self.writer.null(constructed(1));
            } else {
                let values = self.writer.open(constructed(1));
                value::encode_string(property.value, once, &mut self.writer);
                self.writer.close(values);
            }
            self.writer.close(mark);
        }
        if let Some(group) = group {
            self.writer.close(group);
        }
        Ok(())
    }

    #[inline]
    pub(super) fn properties(&mut self, tag: u8, properties: &[PropertyParm<'_>]) -> Result<()> {
        self.list(tag, properties, |e, property| {
            e.property(SEQUENCE, &property.name, &property.value)
        })
    }

    #[inline]
    pub(super) fn property(
        &mut self,
        tag: u8,
        name: &PkgdName<'_>,
        value: &ParmValue<'_>,
    ) -> Result<()> {
        let (name, item) = self.names.pkgd_name(name, Scope::Property)?;
        self.within(tag, |e| {
            e.writer.array(primitive(0), name);
            e.parm_value(value, item.map(|item| item.value))
        })
    }

    pub(super) fn statistics(
        &mut self,
        number: u8,
        statistics: &[StatisticsParameter<'_>],
    ) -> Result<()> {
        self.list(constructed(number), statistics, |e, statistic| {
            let (name, item) = e.names.pkgd_name(&statistic.name, Scope::Statistic)?;
            let value_type = item.map(|item| item.value);
            e.within(SEQUENCE, |e| {
                e.writer.array(primitive(0), name);
                match &statistic.value {
                    None => Ok(()),
                    Some(ParmValue::Value(value)) => {
                        e.values(1, core::slice::from_ref(value), value_type)
                    }
                    Some(ParmValue::All(values)) if values.is_empty() => {
                        Err(EncodeError::Empty("value list"))
                    }
                    Some(ParmValue::All(values)) => e.values(1, values, value_type),
                    Some(_) => Err(EncodeError::NotRepresentable(
                        "a statistic with a relation or alternatives",
                    )),
                }
            })
        })
    }

    pub(super) fn packages(&mut self, number: u8, packages: &[PackagesItem<'_>]) -> Result<()> {
        self.list(constructed(number), packages, |e, item| {
            let name = e.names.package_name(&item.name)?;
            let version = package_version(item.version)?;
            e.within(SEQUENCE, |e| {
                e.writer.array(primitive(0), name);
                e.writer.unsigned(primitive(1), version);
                Ok(())
            })
        })
    }

    pub(super) fn mux(&mut self, number: u8, mux: &MuxDescriptor<'_>) -> Result<()> {
        let kind = match &mux.mux_type {
            MuxType::H221 => 0,
            MuxType::H223 => 1,
            MuxType::H226 => 2,
            MuxType::V76 => 3,
            MuxType::Nx64k => 4,
            MuxType::Extension(_) => return Err(EXTENSION),
        };
        self.within(constructed(number), |e| {
            e.writer.unsigned(primitive(0), kind);
            e.list(constructed(1), &mux.terminations, |e, id| {
                e.termination_id(SEQUENCE, id)
            })?;
            e.part(2, &mux.non_standard_data, |e, number, data| {
                e.non_standard_data(number, data)
            })
        })
    }

    pub(super) fn modem(&mut self, number: u8, modem: &ModemDescriptor<'_>) -> Result<()> {
        self.within(constructed(number), |e| {
            e.list(constructed(0), &modem.types, |e, kind| {
                let kind = match kind {
                    ModemType::V18 => 0,
                    ModemType::V22 => 1,
                    ModemType::V22bis => 2,
                    ModemType::V32 => 3,
                    ModemType::V32bis => 4,
                    ModemType::V34 => 5,
                    ModemType::V90 => 6,
                    ModemType::V91 => 7,
                    ModemType::SynchIsdn => 8,
                    ModemType::Extension(_) => return Err(EXTENSION),
                };
                e.writer.unsigned(ENUMERATED, kind);
                Ok(())
            })?;
            e.properties(constructed(1), &modem.property_parms)?;
            e.part(2, &modem.non_standard_data, |e, number, data| {
                e.non_standard_data(number, data)
            })
        })
    }
}

/// `INTEGER(0..99)`.
pub(super) fn package_version(version: u16) -> Result<u32> {
    if version > 99 {
        Err(EncodeError::OutOfRange("package version"))
    } else {
        Ok(version.into())
    }
}
