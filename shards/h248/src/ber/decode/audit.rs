//! Audits: whole descriptors as a set of bits, single items by name (version 2).

use super::Decoder;
use super::command::unknown_descriptor;
use super::media::{service_state, stream_mode};
use crate::ber::read::{Element, Reader, Result};
use crate::error::Problem;
use crate::model::{
    AuditDescriptor, AuditItem, AuditSelect, AuditTokens, IndAudDigitMapDescriptor,
    IndAudEventBufferDescriptor, IndAudEventsDescriptor, IndAudLocalControlDescriptor,
    IndAudLocalRemoteDescriptor, IndAudMediaDescriptor, IndAudPackagesDescriptor,
    IndAudPropertyParm, IndAudSeqSigList, IndAudSignal, IndAudSignalsDescriptor,
    IndAudStatisticsDescriptor, IndAudStreamDescriptor, IndAudStreamParms, IndAudStreams,
    IndAudTerminationStateDescriptor, IndAuditParameter, List,
};
use crate::package::Scope;

impl<'a> Decoder<'_, 'a> {
    pub(super) fn audit(&self, element: Element<'a>) -> Result<AuditDescriptor<'a>> {
        let mut reader = element.open()?;
        let tokens = match reader.optional(0)? {
            Some(tokens) => AuditTokens(self.bits(tokens, AuditItem::EVERY.len() as u32)?),
            None => AuditTokens::default(),
        };
        let limit = (self.limits.descriptors_max, "descriptors_max");
        let parameters = match reader.optional(1)? {
            Some(list) => self.list::<_, 4>(list, limit, |parameter| self.ind_audit(parameter))?,
            None => List::EMPTY,
        };
        reader.skip_extensions()?;
        Ok(AuditDescriptor { tokens, parameters })
    }

    fn ind_audit(&self, element: Element<'a>) -> Result<IndAuditParameter<'a>> {
        Ok(match element.number() {
            Some(0) => IndAuditParameter::Media(self.ind_aud_media(element)?),
            Some(1) => {
                let mut reader = element.open()?;
                let request_id = self.request_id(&mut reader, 0)?;
                let (name, _) = self.pkgd_name(reader.required(1, "pkgdName")?, Scope::Event)?;
                let stream = self.stream_id(&mut reader, 2)?;
                reader.skip_extensions()?;
                IndAuditParameter::Events(IndAudEventsDescriptor {
                    request_id,
                    name,
                    stream,
                })
            }
            Some(2) => {
                let mut reader = element.open()?;
                let (name, _) = self.pkgd_name(reader.required(0, "eventName")?, Scope::Event)?;
                let stream = self.stream_id(&mut reader, 1)?;
                reader.skip_extensions()?;
                IndAuditParameter::EventBuffer(IndAudEventBufferDescriptor { name, stream })
            }
            // A CHOICE, hence an explicit tag.
            Some(3) => IndAuditParameter::Signals(self.ind_aud_signals(element.only()?)?),
            Some(4) => {
                let mut reader = element.open()?;
                let name = reader.optionally(0, |name| self.digit_map_name(name))?;
                reader.finish()?;
                IndAuditParameter::DigitMap(IndAudDigitMapDescriptor { name })
            }
            Some(5) => IndAuditParameter::Statistics(self.ind_aud_statistics(element)?),
            Some(6) => {
                let mut reader = element.open()?;
                let name = self.exact(reader.required(0, "packageName")?, "two octets")?;
                let name = self.names.read_package_name(name, self.arena);
                let version = reader
                    .required(1, "packageVersion")?
                    .u16("packageVersion")?;
                reader.skip_extensions()?;
                IndAuditParameter::Packages(IndAudPackagesDescriptor { name, version })
            }
            _ => return Err(unknown_descriptor(element)),
        })
    }

    fn ind_aud_statistics(&self, element: Element<'a>) -> Result<IndAudStatisticsDescriptor<'a>> {
        let mut reader = element.open()?;
        let (name, _) = self.pkgd_name(reader.required(0, "statName")?, Scope::Statistic)?;
        reader.finish()?;
        Ok(IndAudStatisticsDescriptor { name })
    }

    fn ind_aud_signals(&self, element: Element<'a>) -> Result<IndAudSignalsDescriptor<'a>> {
        Ok(match element.number() {
            Some(0) => IndAudSignalsDescriptor::Signal(self.ind_aud_signal(element)?),
            Some(1) => {
                let mut reader = element.open()?;
                let id = reader.required(0, "id")?.u16("id")?;
                let signal = reader.optionally(1, |signal| self.ind_aud_signal(signal))?;
                reader.finish()?;
                IndAudSignalsDescriptor::SeqSigList(IndAudSeqSigList { id, signal })
            }
            _ => return Err(element.error(Problem::Unexpected("signal"))),
        })
    }

    fn ind_aud_signal(&self, element: Element<'a>) -> Result<IndAudSignal<'a>> {
        let mut reader = element.open()?;
        let (name, _) = self.pkgd_name(reader.required(0, "signalName")?, Scope::Signal)?;
        let stream = self.stream_id(&mut reader, 1)?;
        let request_id = self.request_id(&mut reader, 2)?;
        reader.skip_extensions()?;
        Ok(IndAudSignal {
            name,
            stream,
            request_id,
        })
    }

    fn ind_aud_media(&self, element: Element<'a>) -> Result<IndAudMediaDescriptor<'a>> {
        let mut reader = element.open()?;
        let termination_state = reader.optionally(0, |state| self.ind_aud_state(state))?;
        let streams = match reader.optional(1)? {
            None => IndAudStreams::None,
            Some(streams) => {
                let streams = streams.only()?;
                match streams.number() {
                    Some(0) => IndAudStreams::One(self.ind_aud_stream(streams)?),
                    Some(1) => IndAudStreams::Multi(self.items::<_, 2>(streams, |stream| {
                        let mut reader = self.sequence(stream)?;
                        let stream = reader.required(0, "streamID")?.u16("streamID")?;
                        let parms = self.ind_aud_stream(reader.required(1, "streamParms")?)?;
                        reader.finish()?;
                        Ok(IndAudStreamDescriptor { stream, parms })
                    })?),
                    _ => return Err(streams.error(Problem::Unexpected("streams"))),
                }
            }
        };
        reader.skip_extensions()?;
        Ok(IndAudMediaDescriptor {
            termination_state,
            streams,
        })
    }

    fn ind_aud_state(&self, element: Element<'a>) -> Result<IndAudTerminationStateDescriptor<'a>> {
        let mut reader = element.open()?;
        let property_parms = self.ind_aud_properties(reader.required(0, "propertyParms")?)?;
        let event_buffer_control = self.flag(&mut reader, 1)?;
        let report = self.flag(&mut reader, 2)?;
        let select = reader.optionally(3, |state| service_state(&state))?;
        reader.skip_extensions()?;
        let service_state = selection(report, select);
        Ok(IndAudTerminationStateDescriptor {
            property_parms,
            event_buffer_control,
            service_state,
        })
    }

    fn ind_aud_stream(&self, element: Element<'a>) -> Result<IndAudStreamParms<'a>> {
        let mut reader = element.open()?;
        let parms = IndAudStreamParms {
            local_control: reader.optionally(0, |control| self.ind_aud_control(control))?,
            local: reader.optionally(1, |local| self.ind_aud_local_remote(local))?,
            remote: reader.optionally(2, |remote| self.ind_aud_local_remote(remote))?,
            statistics: reader.optionally(3, |statistics| self.ind_aud_statistics(statistics))?,
        };
        reader.skip_extensions()?;
        Ok(parms)
    }

    fn ind_aud_control(&self, element: Element<'a>) -> Result<IndAudLocalControlDescriptor<'a>> {
        let mut reader = element.open()?;
        let report = self.flag(&mut reader, 0)?;
        let reserve_value = self.flag(&mut reader, 1)?;
        let reserve_group = self.flag(&mut reader, 2)?;
        let property_parms = match reader.optional(3)? {
            Some(properties) => self.ind_aud_properties(properties)?,
            None => List::EMPTY,
        };
        let select = reader.optionally(4, |mode| stream_mode(&mode))?;
        reader.skip_extensions()?;
        let stream_mode = selection(report, select);
        Ok(IndAudLocalControlDescriptor {
            stream_mode,
            reserve_value,
            reserve_group,
            property_parms,
        })
    }

    fn ind_aud_local_remote(
        &self,
        element: Element<'a>,
    ) -> Result<IndAudLocalRemoteDescriptor<'a>> {
        let mut reader = element.open()?;
        let group = reader.optionally(0, |group| group.u16("propGroupID"))?;
        let property_parms = self.ind_aud_properties(reader.required(1, "propGrps")?)?;
        reader.skip_extensions()?;
        Ok(IndAudLocalRemoteDescriptor::Properties {
            group,
            property_parms,
        })
    }

    pub(super) fn ind_aud_properties(
        &self,
        element: Element<'a>,
    ) -> Result<List<'a, IndAudPropertyParm<'a>>> {
        self.items::<_, 4>(element, |property| {
            let reader = self.sequence(property)?;
            self.ind_aud_property(reader)
        })
    }

    fn ind_aud_property(&self, mut reader: Reader<'a>) -> Result<IndAudPropertyParm<'a>> {
        let (name, _) = self.pkgd_name(reader.required(0, "name")?, Scope::Property)?;
        let select = match reader.optional(1)? {
            Some(property) => Some(self.property(property.open()?)?.value),
            None => None,
        };
        reader.skip_extensions()?;
        Ok(IndAudPropertyParm { name, select })
    }
}

/// "If both are present only [the selection] shall be honoured" (version 3).
fn selection<T>(report: bool, select: Option<T>) -> Option<AuditSelect<T>> {
    match select {
        Some(value) => Some(AuditSelect::Equal(value)),
        None => report.then_some(AuditSelect::Report),
    }
}
