//! Audits: whole descriptors as a set of bits, single items by name (version 2).

use super::media::package_version;
use super::{Encoder, Result};
use crate::ber::read::SEQUENCE;
use crate::ber::write::{constructed, primitive};
use crate::error::EncodeError;
use crate::model::{
    AuditDescriptor, AuditSelect, IndAudLocalControlDescriptor, IndAudLocalRemoteDescriptor,
    IndAudMediaDescriptor, IndAudPropertyParm, IndAudSignal, IndAudSignalsDescriptor,
    IndAudStatisticsDescriptor, IndAudStreamParms, IndAudStreams, IndAudTerminationStateDescriptor,
    IndAuditParameter, LocalRemoteDescriptor,
};
use crate::package::Scope;
use crate::sdp;

impl Encoder<'_, '_> {
    pub(super) fn audit(&mut self, number: u8, audit: &AuditDescriptor<'_>) -> Result<()> {
        self.within(constructed(number), |e| {
            if !audit.tokens.is_empty() {
                e.writer.bits(primitive(0), audit.tokens.0);
            }
            if !audit.parameters.is_empty() {
                e.list(constructed(1), &audit.parameters, |e, parameter| {
                    e.ind_audit(parameter)
                })?;
            }
            Ok(())
        })
    }

    fn ind_audit(&mut self, parameter: &IndAuditParameter<'_>) -> Result<()> {
        match parameter {
            IndAuditParameter::Media(media) => {
                self.within(constructed(0), |e| e.ind_aud_media(media))
            }
            IndAuditParameter::Events(events) => self.within(constructed(1), |e| {
                e.optional(0, events.request_id.map(|id| id.0));
                let (name, _) = e.names.pkgd_name(&events.name, Scope::Event)?;
                e.writer.octets(primitive(1), &name);
                e.optional(2, events.stream);
                Ok(())
            }),
            IndAuditParameter::EventBuffer(buffer) => self.within(constructed(2), |e| {
                let (name, _) = e.names.pkgd_name(&buffer.name, Scope::Event)?;
                e.writer.array(primitive(0), name);
                e.optional(1, buffer.stream);
                Ok(())
            }),
            IndAuditParameter::Signals(signals) => self.within(constructed(3), |e| match signals {
                IndAudSignalsDescriptor::Signal(signal) => e.ind_aud_signal(0, signal),
                IndAudSignalsDescriptor::SeqSigList(list) => e.within(constructed(1), |e| {
                    e.writer.unsigned(primitive(0), list.id.into());
                    e.part(1, &list.signal, Self::ind_aud_signal)
                }),
            }),
            IndAuditParameter::DigitMap(map) => self.within(constructed(4), |e| {
                if let Some(name) = &map.name {
                    let name = e.names.digit_map_name(name)?;
                    e.writer.array(primitive(0), name);
                }
                Ok(())
            }),
            IndAuditParameter::Statistics(statistics) => self.ind_aud_statistics(5, statistics),
            IndAuditParameter::Packages(package) => self.within(constructed(6), |e| {
                let name = e.names.package_name(&package.name)?;
                e.writer.array(primitive(0), name);
                e.writer
                    .unsigned(primitive(1), package_version(package.version)?);
                Ok(())
            }),
        }
    }

    fn ind_aud_statistics(
        &mut self,
        number: u8,
        statistics: &IndAudStatisticsDescriptor<'_>,
    ) -> Result<()> {
        self.within(constructed(number), |e| {
            let (name, _) = e.names.pkgd_name(&statistics.name, Scope::Statistic)?;
            e.writer.array(primitive(0), name);
            Ok(())
        })
    }

    fn ind_aud_signal(&mut self, number: u8, signal: &IndAudSignal<'_>) -> Result<()> {
        self.within(constructed(number), |e| {
            let (name, _) = e.names.pkgd_name(&signal.name, Scope::Signal)?;
            e.writer.array(primitive(0), name);
            e.optional(1, signal.stream);
            e.optional(2, signal.request_id.map(|id| id.0));
            Ok(())
        })
    }

    fn ind_aud_media(&mut self, media: &IndAudMediaDescriptor<'_>) -> Result<()> {
        self.part(0, &media.termination_state, Self::ind_aud_state)?;
        match &media.streams {
            IndAudStreams::None => Ok(()),
            IndAudStreams::One(parms) => {
                self.within(constructed(1), |e| e.ind_aud_stream(0, parms))
            }
            IndAudStreams::Multi(streams) => self.within(constructed(1), |e| {
                e.list(constructed(1), streams, |e, stream| {
                    e.within(SEQUENCE, |e| {
                        e.writer.unsigned(primitive(0), stream.stream.into());
                        e.ind_aud_stream(1, &stream.parms)
                    })
                })
            }),
        }
    }

    fn ind_aud_state(
        &mut self,
        number: u8,
        state: &IndAudTerminationStateDescriptor<'_>,
    ) -> Result<()> {
        self.within(constructed(number), |e| {
            e.ind_aud_properties(constructed(0), &state.property_parms)?;
            e.flag(1, state.event_buffer_control);
            e.selection(
                2,
                3,
                state
                    .service_state
                    .map(|select| map_selection(select, |state| state as u8)),
            )
        })
    }

    /// A part that is reported (component `report`) or selected by (component `select`).
    fn selection(
        &mut self,
        report: u8,
        select: u8,
        selection: Option<AuditSelect<u8>>,
    ) -> Result<()> {
        match selection {
            None => Ok(()),
            Some(AuditSelect::Report) => {
                self.flag(report, true);
                Ok(())
            }
            Some(AuditSelect::Equal(value)) => {
                self.optional(select, Some(value));
                Ok(())
            }
            Some(AuditSelect::Relation(..)) => Err(EncodeError::NotRepresentable(
                "a selection of modes or states by relation",
            )),
        }
    }

    fn ind_aud_stream(&mut self, number: u8, parms: &IndAudStreamParms<'_>) -> Result<()> {
        self.within(constructed(number), |e| {
            e.part(0, &parms.local_control, Self::ind_aud_control)?;
            e.part(1, &parms.local, Self::ind_aud_local_remote)?;
            e.part(2, &parms.remote, Self::ind_aud_local_remote)?;
            e.part(3, &parms.statistics, Self::ind_aud_statistics)
        })
    }

    fn ind_aud_control(
        &mut self,
        number: u8,
        control: &IndAudLocalControlDescriptor<'_>,
    ) -> Result<()> {
        let mode = control
            .stream_mode
            .map(|select| map_selection(select, |mode| mode as u8));
        self.within(constructed(number), |e| {
            e.flag(0, mode == Some(AuditSelect::Report));
            e.flag(1, control.reserve_value);
            e.flag(2, control.reserve_group);
            if !control.property_parms.is_empty() {
                e.ind_aud_properties(constructed(3), &control.property_parms)?;
            }
            e.selection(0, 4, mode.filter(|mode| *mode != AuditSelect::Report))
        })
    }

    fn ind_aud_local_remote(
        &mut self,
        number: u8,
        descriptor: &IndAudLocalRemoteDescriptor<'_>,
    ) -> Result<()> {
        self.within(constructed(number), |e| match descriptor {
            IndAudLocalRemoteDescriptor::Properties {
                group,
                property_parms,
            } => {
                e.optional(0, *group);
                e.ind_aud_properties(constructed(1), property_parms)
            }
            IndAudLocalRemoteDescriptor::Octets(LocalRemoteDescriptor::Octets(body)) => {
                e.within(constructed(1), |e| e.ind_aud_sdp(body.as_bytes()))
            }
            IndAudLocalRemoteDescriptor::Octets(LocalRemoteDescriptor::Groups(_)) => Err(
                EncodeError::NotRepresentable("an audit of property groups given as octets"),
            ),
        })
    }

    /// SDP lines to report: a line without a value, or with `$`, asks for it; one with a value selects by it.
    fn ind_aud_sdp(&mut self, body: &[u8]) -> Result<()> {
        let once = self.names.wraps_once();
        for property in sdp::groups(body) {
            let (_, property) =
                property.map_err(|_| EncodeError::NotRepresentable("a body that is not SDP"))?;
            let [high, low] = property.tag.to_be_bytes();
            self.within(SEQUENCE, |e| {
                e.writer.octets(primitive(0), &[0, 0, high, low]);
                if property.value.is_empty() || property.value == b"$" {
                    return Ok(());
                }
                e.within(constructed(1), |e| {
                    e.writer.octets(primitive(0), &[0, 0, high, low]);
                    let values = e.writer.open(constructed(1));
                    crate::ber::value::encode_string(property.value, once, &mut e.writer);
                    e.writer.close(values);
                    Ok(())
                })
            })?;
        }
        Ok(())
    }

    pub(super) fn ind_aud_properties(
        &mut self,
        tag: u8,
        properties: &[IndAudPropertyParm<'_>],
    ) -> Result<()> {
        self.list(tag, properties, |e, property| {
            let (name, _) = e.names.pkgd_name(&property.name, Scope::Property)?;
            e.within(SEQUENCE, |e| {
                e.writer.array(primitive(0), name);
                match &property.select {
                    None => Ok(()),
                    Some(value) => e.property(constructed(1), &property.name, value),
                }
            })
        })
    }
}

fn map_selection<T, U>(selection: AuditSelect<T>, map: impl FnOnce(T) -> U) -> AuditSelect<U> {
    match selection {
        AuditSelect::Report => AuditSelect::Report,
        AuditSelect::Equal(value) => AuditSelect::Equal(map(value)),
        AuditSelect::Relation(relation, value) => AuditSelect::Relation(relation, map(value)),
    }
}
