//! Media, modem, multiplex, digit map, statistics and packages descriptors.

use super::super::keyword::Keyword;
use super::writer::Writer;
use crate::error::EncodeError;
use crate::model::{
    DigitMapDescriptor, DigitMapValue, EventBufferControl, LocalControlDescriptor,
    LocalRemoteDescriptor, MediaDescriptor, MediaStreams, ModemDescriptor, ModemType,
    MuxDescriptor, MuxType, PackagesItem, ParmValue, ServiceState, StatisticsParameter, StreamId,
    StreamMode, StreamParms, TerminationStateDescriptor,
};

impl<const PRETTY: bool> Writer<'_, PRETTY> {
    pub(super) fn media(&mut self, media: &MediaDescriptor<'_>) {
        self.key_open(Keyword::Media);
        let mut first = true;
        if let Some(state) = &media.termination_state {
            self.next(&mut first);
            self.termination_state(state);
        }
        match &media.streams {
            MediaStreams::None if first => self.refuse(EncodeError::Empty("Media")),
            MediaStreams::None => {}
            MediaStreams::One(parms) => self.stream_parms(parms, &mut first),
            MediaStreams::Multi(streams) => self.streams(
                streams,
                &mut first,
                |stream| stream.stream,
                |writer, stream| writer.stream_parms(&stream.parms, &mut true),
            ),
        }
        self.close();
    }

    /// `streamDescriptor`s or their audits.
    pub(super) fn streams<T>(
        &mut self,
        streams: &[T],
        first: &mut bool,
        id: impl Fn(&T) -> StreamId,
        parms: impl Fn(&mut Self, &T),
    ) {
        self.not_empty(streams, "stream list");
        for stream in streams {
            self.next(first);
            self.key_equal(Keyword::Stream);
            self.number(id(stream).into());
            self.open();
            parms(self, stream);
            self.close();
        }
    }

    fn stream_parms(&mut self, parms: &StreamParms<'_>, first: &mut bool) {
        if let Some(control) = &parms.local_control {
            self.next(first);
            self.local_control(control);
        }
        if let Some(local) = &parms.local {
            self.next(first);
            self.key(Keyword::Local);
            self.local_remote(local);
        }
        if let Some(remote) = &parms.remote {
            self.next(first);
            self.key(Keyword::Remote);
            self.local_remote(remote);
        }
        if let Some(statistics) = &parms.statistics {
            self.next(first);
            self.statistics(statistics);
        }
        if *parms == StreamParms::default() {
            self.refuse(EncodeError::Empty("stream"));
        }
    }

    pub(super) fn local_remote(&mut self, descriptor: &LocalRemoteDescriptor<'_>) {
        match descriptor {
            LocalRemoteDescriptor::Octets(octets) => self.octet_string(octets.as_bytes()),
            LocalRemoteDescriptor::Groups(_) => {
                self.refuse(EncodeError::NotRepresentable("annex C property group"))
            }
        }
    }

    fn local_control(&mut self, control: &LocalControlDescriptor<'_>) {
        self.key_open(Keyword::LocalControl);
        let mut first = true;
        if let Some(mode) = control.stream_mode {
            self.next(&mut first);
            self.key_equal(Keyword::Mode);
            self.stream_mode(mode);
        }
        if let Some(reserve) = control.reserve_group {
            self.next(&mut first);
            self.key_equal(Keyword::ReservedGroup);
            self.on_or_off(reserve);
        }
        if let Some(reserve) = control.reserve_value {
            self.next(&mut first);
            self.key_equal(Keyword::ReservedValue);
            self.on_or_off(reserve);
        }
        self.properties(&control.property_parms, &mut first);
        if first {
            self.refuse(EncodeError::Empty("LocalControl"));
        }
        self.close();
    }

    pub(super) fn stream_mode(&mut self, mode: StreamMode) {
        self.key(match mode {
            StreamMode::SendOnly => Keyword::SendOnly,
            StreamMode::RecvOnly => Keyword::RecvOnly,
            StreamMode::SendRecv => Keyword::SendRecv,
            StreamMode::Inactive => Keyword::Inactive,
            StreamMode::LoopBack => Keyword::Loopback,
        });
    }

    fn termination_state(&mut self, state: &TerminationStateDescriptor<'_>) {
        self.key_open(Keyword::TerminationState);
        let mut first = true;
        self.properties(&state.property_parms, &mut first);
        if let Some(control) = state.event_buffer_control {
            self.next(&mut first);
            self.key_equal(Keyword::Buffer);
            self.key(match control {
                EventBufferControl::Off => Keyword::Off,
                EventBufferControl::LockStep => Keyword::LockStep,
            });
        }
        if let Some(service) = state.service_state {
            self.next(&mut first);
            self.key_equal(Keyword::ServiceStates);
            self.service_state(service);
        }
        if first {
            self.refuse(EncodeError::Empty("TerminationState"));
        }
        self.close();
    }

    pub(super) fn service_state(&mut self, state: ServiceState) {
        self.key(match state {
            ServiceState::Test => Keyword::Test,
            ServiceState::OutOfSvc => Keyword::OutOfSvc,
            ServiceState::InSvc => Keyword::InSvc,
        });
    }

    pub(super) fn mux(&mut self, mux: &MuxDescriptor<'_>) {
        if mux.non_standard_data.is_some() {
            self.refuse(EncodeError::NotRepresentable("non-standard data"));
        }
        self.key_equal(Keyword::Mux);
        match &mux.mux_type {
            MuxType::H221 => self.key(Keyword::H221),
            MuxType::H223 => self.key(Keyword::H223),
            MuxType::H226 => self.key(Keyword::H226),
            MuxType::V76 => self.key(Keyword::V76),
            MuxType::Nx64k => self.key(Keyword::Nx64k),
            MuxType::Extension(name) => self.extension(name.as_bytes()),
        }
        self.braced(&mux.terminations, "termination id list", |writer, id| {
            writer.raw(id.as_bytes())
        });
    }

    /// `X-...` or `X+...`; anything else would be read as something else.
    pub(super) fn extension(&mut self, name: &[u8]) {
        if !matches!(name, [b'X' | b'x', b'-' | b'+', _, ..]) {
            self.refuse(EncodeError::NotRepresentable("extension without X- or X+"));
        }
        self.raw(name);
    }

    pub(super) fn modem(&mut self, modem: &ModemDescriptor<'_>) {
        if modem.non_standard_data.is_some() {
            self.refuse(EncodeError::NotRepresentable("non-standard data"));
        }
        self.not_empty(&modem.types, "modem type list");
        self.key(Keyword::Modem);
        if let [modem_type] = modem.types.as_slice() {
            self.equal();
            self.modem_type(modem_type);
        } else {
            self.byte(b'[');
            self.separated(&modem.types, Self::modem_type);
            self.byte(b']');
        }
        if !modem.property_parms.is_empty() {
            self.open();
            self.separated(&modem.property_parms, Self::property_parm);
            self.close();
        }
    }

    fn modem_type(&mut self, modem_type: &ModemType<'_>) {
        self.key(match modem_type {
            ModemType::V18 => Keyword::V18,
            ModemType::V22 => Keyword::V22,
            ModemType::V22bis => Keyword::V22bis,
            ModemType::V32 => Keyword::V32,
            ModemType::V32bis => Keyword::V32bis,
            ModemType::V34 => Keyword::V34,
            ModemType::V90 => Keyword::V90,
            ModemType::V91 => Keyword::V91,
            ModemType::SynchIsdn => Keyword::SynchIsdn,
            ModemType::Extension(name) => return self.extension(name.as_bytes()),
        });
    }

    pub(super) fn digit_map(&mut self, map: &DigitMapDescriptor<'_>) {
        self.key_equal(Keyword::DigitMap);
        if let Some(name) = &map.name {
            self.raw(name.as_bytes());
        }
        match &map.value {
            Some(value) => self.digit_map_value(value),
            None if map.name.is_none() => self.refuse(EncodeError::Empty("DigitMap")),
            None => {}
        }
    }

    pub(super) fn digit_map_value(&mut self, value: &DigitMapValue<'_>) {
        self.open();
        let timers = [
            (value.start_timer, b"T:"),
            (value.short_timer, b"S:"),
            (value.long_timer, b"L:"),
            (value.duration_timer, b"Z:"),
        ];
        for (timer, letter) in timers {
            if let Some(timer) = timer {
                if timer > 99 {
                    self.refuse(EncodeError::OutOfRange("digit map timer"));
                }
                self.raw(letter);
                self.number(timer.into());
                self.byte(b',');
            }
        }
        self.raw(value.body.as_bytes());
        self.close();
    }

    pub(super) fn statistics(&mut self, statistics: &[StatisticsParameter<'_>]) {
        self.key(Keyword::Statistics);
        if statistics.is_empty() {
            return;
        }
        self.open();
        self.separated(statistics, |writer, statistic| {
            writer.raw(statistic.name.as_bytes());
            match &statistic.value {
                None => {}
                Some(value @ (ParmValue::Value(_) | ParmValue::All(_))) => writer.parm_value(value),
                Some(_) => {
                    writer.refuse(EncodeError::NotRepresentable("statistic with alternatives"))
                }
            }
        });
        self.close();
    }

    pub(super) fn packages(&mut self, packages: &[PackagesItem<'_>]) {
        self.key(Keyword::Packages);
        self.braced(packages, "Packages", |writer, item| {
            writer.packages_item(item.name.as_bytes(), item.version);
        });
    }

    pub(super) fn packages_item(&mut self, name: &[u8], version: u16) {
        self.raw(name);
        self.byte(b'-');
        self.number(version.into());
    }
}
