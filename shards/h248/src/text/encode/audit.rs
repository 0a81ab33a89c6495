//! Audit descriptors: whole descriptors and single items.

use super::super::keyword::Keyword;
use super::writer::Writer;
use crate::error::EncodeError;
use crate::model::{
    AuditDescriptor, AuditSelect, IndAudLocalControlDescriptor, IndAudLocalRemoteDescriptor,
    IndAudMediaDescriptor, IndAudPropertyParm, IndAudSignal, IndAudSignalsDescriptor,
    IndAudStreamParms, IndAudStreams, IndAudTerminationStateDescriptor, IndAuditParameter,
    PkgdName,
};

impl<const PRETTY: bool> Writer<'_, PRETTY> {
    pub(super) fn audit(&mut self, audit: &AuditDescriptor<'_>) {
        self.key(Keyword::Audit);
        if *audit == AuditDescriptor::default() {
            self.raw(if PRETTY { b" {}" } else { b"{}" });
            return;
        }
        self.open();
        self.audit_items(audit, &mut true);
        self.close();
    }

    pub(super) fn audit_items(&mut self, audit: &AuditDescriptor<'_>, first: &mut bool) {
        for item in audit.tokens.iter() {
            self.next(first);
            self.audit_item(item);
        }
        for parameter in &audit.parameters {
            self.next(first);
            self.ind_audit(parameter);
        }
    }

    fn ind_audit(&mut self, parameter: &IndAuditParameter<'_>) {
        match parameter {
            IndAuditParameter::Media(media) => self.ind_aud_media(media),
            IndAuditParameter::Events(events) => {
                if events.stream.is_some() {
                    self.refuse(EncodeError::NotRepresentable("stream of an audited event"));
                }
                self.key(Keyword::Events);
                if let Some(id) = events.request_id {
                    self.equal();
                    self.request_id(id);
                }
                self.named(&events.name);
            }
            IndAuditParameter::EventBuffer(spec) => {
                self.key_open(Keyword::EventBuffer);
                self.raw(spec.name.as_bytes());
                if spec.stream.is_some() {
                    self.open();
                    self.stream(spec.stream, &mut true);
                    self.close();
                }
                self.close();
            }
            IndAuditParameter::Signals(signals) => self.ind_aud_signals(signals),
            IndAuditParameter::DigitMap(map) => match &map.name {
                Some(name) => {
                    self.key_equal(Keyword::DigitMap);
                    self.raw(name.as_bytes());
                }
                None => self.refuse(EncodeError::NotRepresentable(
                    "audited digit map without a name",
                )),
            },
            IndAuditParameter::Statistics(statistics) => {
                self.key(Keyword::Statistics);
                self.named(&statistics.name);
            }
            IndAuditParameter::Packages(item) => {
                self.key_open(Keyword::Packages);
                self.packages_item(item.name.as_bytes(), item.version);
                self.close();
            }
        }
    }

    /// A name in braces.
    fn named(&mut self, name: &PkgdName<'_>) {
        self.open();
        self.raw(name.as_bytes());
        self.close();
    }

    fn ind_aud_media(&mut self, media: &IndAudMediaDescriptor<'_>) {
        self.key_open(Keyword::Media);
        let mut first = true;
        if let Some(state) = &media.termination_state {
            self.next(&mut first);
            self.ind_aud_termination_state(state);
        }
        match &media.streams {
            IndAudStreams::None if first => self.refuse(EncodeError::Empty("Media")),
            IndAudStreams::None => {}
            IndAudStreams::One(parms) => self.ind_aud_stream_parms(parms, &mut first),
            IndAudStreams::Multi(streams) => self.streams(
                streams,
                &mut first,
                |stream| stream.stream,
                |writer, stream| writer.ind_aud_stream_parms(&stream.parms, &mut true),
            ),
        }
        self.close();
    }

    fn ind_aud_stream_parms(&mut self, parms: &IndAudStreamParms<'_>, first: &mut bool) {
        if let Some(control) = &parms.local_control {
            self.next(first);
            self.ind_aud_local_control(control);
        }
        for (keyword, descriptor) in [
            (Keyword::Local, &parms.local),
            (Keyword::Remote, &parms.remote),
        ] {
            match descriptor {
                None => {}
                Some(IndAudLocalRemoteDescriptor::Octets(octets)) => {
                    self.next(first);
                    self.key(keyword);
                    self.local_remote(octets);
                }
                Some(IndAudLocalRemoteDescriptor::Properties { .. }) => {
                    self.refuse(EncodeError::NotRepresentable("audited annex C properties"));
                }
            }
        }
        if let Some(statistics) = &parms.statistics {
            self.next(first);
            self.key(Keyword::Statistics);
            self.named(&statistics.name);
        }
        if *parms == IndAudStreamParms::default() {
            self.refuse(EncodeError::Empty("stream"));
        }
    }

    fn ind_aud_local_control(&mut self, control: &IndAudLocalControlDescriptor<'_>) {
        self.key_open(Keyword::LocalControl);
        let mut first = true;
        if let Some(mode) = control.stream_mode {
            self.next(&mut first);
            self.key(Keyword::Mode);
            self.selection(mode, Self::stream_mode);
        }
        if control.reserve_value {
            self.next(&mut first);
            self.key(Keyword::ReservedValue);
        }
        if control.reserve_group {
            self.next(&mut first);
            self.key(Keyword::ReservedGroup);
        }
        for property in &control.property_parms {
            self.next(&mut first);
            self.ind_aud_property(property);
        }
        if first {
            self.refuse(EncodeError::Empty("LocalControl"));
        }
        self.close();
    }

    fn ind_aud_termination_state(&mut self, state: &IndAudTerminationStateDescriptor<'_>) {
        self.key_open(Keyword::TerminationState);
        let mut first = true;
        for property in &state.property_parms {
            self.next(&mut first);
            self.ind_aud_property(property);
        }
        if state.event_buffer_control {
            self.next(&mut first);
            self.key(Keyword::Buffer);
        }
        if let Some(service) = state.service_state {
            self.next(&mut first);
            self.key(Keyword::ServiceStates);
            self.selection(service, Self::service_state);
        }
        if first {
            self.refuse(EncodeError::Empty("TerminationState"));
        }
        self.close();
    }

    fn selection<T>(&mut self, select: AuditSelect<T>, write: impl FnOnce(&mut Self, T)) {
        match select {
            AuditSelect::Report => {}
            AuditSelect::Equal(value) => {
                self.equal();
                write(self, value);
            }
            AuditSelect::Relation(relation, value) => {
                self.relation(relation);
                write(self, value);
            }
        }
    }

    pub(super) fn ind_aud_property(&mut self, property: &IndAudPropertyParm<'_>) {
        self.raw(property.name.as_bytes());
        if let Some(value) = &property.select {
            self.parm_value(value);
        }
    }

    fn ind_aud_signals(&mut self, signals: &IndAudSignalsDescriptor<'_>) {
        self.key_open(Keyword::Signals);
        match signals {
            IndAudSignalsDescriptor::Signal(signal) => self.ind_aud_signal(signal),
            IndAudSignalsDescriptor::SeqSigList(list) => {
                self.key_equal(Keyword::SignalList);
                self.number(list.id.into());
                if let Some(signal) = &list.signal {
                    self.open();
                    self.ind_aud_signal(signal);
                    self.close();
                }
            }
        }
        self.close();
    }

    fn ind_aud_signal(&mut self, signal: &IndAudSignal<'_>) {
        self.raw(signal.name.as_bytes());
        if signal.stream.is_none() && signal.request_id.is_none() {
            return;
        }
        self.open();
        let mut first = true;
        self.stream(signal.stream, &mut first);
        if let Some(id) = signal.request_id {
            self.next(&mut first);
            self.key_equal(Keyword::RequestId);
            self.request_id(id);
        }
        self.close();
    }
}
