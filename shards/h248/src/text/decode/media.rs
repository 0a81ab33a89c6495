//! Media, modem, multiplex, statistics and packages descriptors.

use super::super::keyword::Keyword;
use super::cursor::{Cursor, Rule};
use crate::arena::Gather;
use crate::error::Problem;
use crate::model::{
    EventBufferControl, List, LocalControlDescriptor, LocalRemoteDescriptor, MediaDescriptor,
    MediaStreams, ModemDescriptor, ModemType, MuxDescriptor, MuxType, PackagesItem, ParmValue,
    PropertyParm, ServiceState, StatisticsDescriptor, StatisticsParameter, StreamDescriptor,
    StreamId, StreamMode, StreamParms, TerminationStateDescriptor, Token,
};

impl<'a> Cursor<'a, '_> {
    /// `mediaDescriptor`, behind its keyword.
    pub(super) fn media(&mut self) -> Rule<MediaDescriptor<'a>> {
        let (termination_state, one, multi) = self.media_parts(
            Self::termination_state,
            Self::stream_parm,
            |stream, parms| StreamDescriptor { stream, parms },
        )?;
        let streams = match one {
            Some(parms) => MediaStreams::One(self.arena.value(parms)),
            None if multi.is_empty() => MediaStreams::None,
            None => MediaStreams::Multi(multi),
        };
        Ok(MediaDescriptor {
            termination_state,
            streams,
        })
    }

    /// The parts of a `mediaDescriptor` or of its audit: a termination state, and either the parameters of one stream or
    /// numbered streams.
    #[inline]
    pub(super) fn media_parts<State, Parms: Default, Stream>(
        &mut self,
        state: impl Fn(&mut Self) -> Rule<State>,
        stream_parm: impl Fn(&mut Self, Keyword, usize, &mut Parms) -> Rule<()>,
        numbered: impl Fn(StreamId, Parms) -> Stream,
    ) -> Rule<(Option<State>, Option<Parms>, List<'a, Stream>)> {
        self.open()?;
        let mut termination_state = None;
        let mut one = None;
        let mut multi: Gather<'a, Stream> = self.arena.gather();
        loop {
            let (keyword, start) = self.keyword();
            match keyword {
                Keyword::TerminationState => {
                    let state = state(self)?;
                    self.once(&mut termination_state, start, "TerminationState", state)?;
                }
                Keyword::Stream if one.is_some() => {
                    return Err(self.fail_at(start, Problem::Unexpected("Stream")));
                }
                Keyword::Stream => {
                    if multi.len() >= self.limits.items_max {
                        return Err(self.fail_at(start, Problem::Limit("items_max")));
                    }
                    let (stream, parms) = self.stream(&stream_parm)?;
                    multi.push(numbered(stream, parms));
                }
                _ if multi.is_empty() => {
                    stream_parm(self, keyword, start, one.get_or_insert_default())?;
                }
                _ => return Err(self.fail_at(start, Problem::Expected("Stream"))),
            }
            if !self.more()? {
                return Ok((termination_state, one, multi.finish()));
            }
        }
    }

    /// `streamDescriptor` or its audit, behind the keyword.
    #[inline]
    fn stream<Parms: Default>(
        &mut self,
        stream_parm: impl Fn(&mut Self, Keyword, usize, &mut Parms) -> Rule<()>,
    ) -> Rule<(StreamId, Parms)> {
        self.equal()?;
        let stream = self.uint16("stream id")?;
        self.open()?;
        let mut parms = Parms::default();
        loop {
            let (keyword, start) = self.keyword();
            stream_parm(self, keyword, start, &mut parms)?;
            if !self.more()? {
                return Ok((stream, parms));
            }
        }
    }

    /// `streamParm`, behind its keyword.
    fn stream_parm(
        &mut self,
        keyword: Keyword,
        start: usize,
        parms: &mut StreamParms<'a>,
    ) -> Rule<()> {
        match keyword {
            Keyword::LocalControl => {
                let control = self.local_control()?;
                self.once(&mut parms.local_control, start, "LocalControl", control)
            }
            Keyword::Local => {
                let local = LocalRemoteDescriptor::Octets(self.octet_string()?);
                self.once(&mut parms.local, start, "Local", local)
            }
            Keyword::Remote => {
                let remote = LocalRemoteDescriptor::Octets(self.octet_string()?);
                self.once(&mut parms.remote, start, "Remote", remote)
            }
            Keyword::Statistics => {
                let statistics = self.statistics()?;
                self.once(&mut parms.statistics, start, "Statistics", statistics)
            }
            _ => Err(self.fail_at(start, Problem::Expected("media parameter"))),
        }
    }

    /// `localControlDescriptor`, behind its keyword.
    fn local_control(&mut self) -> Rule<LocalControlDescriptor<'a>> {
        self.open()?;
        let mut control = LocalControlDescriptor::default();
        let mut properties: Gather<'a, PropertyParm<'a>> = self.arena.gather();
        loop {
            let word = self.word("local control parameter")?;
            match self.keyword_of(&word) {
                Keyword::Mode => {
                    self.equal()?;
                    let mode = self.stream_mode()?;
                    self.once(&mut control.stream_mode, word.start, "Mode", mode)?;
                }
                Keyword::ReservedValue => {
                    self.equal()?;
                    let value = self.on_or_off()?;
                    let slot = &mut control.reserve_value;
                    self.once(slot, word.start, "ReservedValue", value)?;
                }
                Keyword::ReservedGroup => {
                    self.equal()?;
                    let value = self.on_or_off()?;
                    let slot = &mut control.reserve_group;
                    self.once(slot, word.start, "ReservedGroup", value)?;
                }
                _ => self.add_property(&word, &mut properties)?,
            }
            if !self.more()? {
                control.property_parms = properties.finish();
                return Ok(control);
            }
        }
    }

    fn add_property(
        &mut self,
        word: &super::cursor::Word<'a>,
        properties: &mut Gather<'a, PropertyParm<'a>>,
    ) -> Rule<()> {
        if properties.len() >= self.limits.items_max {
            return Err(self.fail_at(word.start, Problem::Limit("items_max")));
        }
        properties.push(self.property_parm_of(word)?);
        Ok(())
    }

    /// `streamModes`
    pub(super) fn stream_mode(&mut self) -> Rule<StreamMode> {
        match self.keyword() {
            (Keyword::SendOnly, _) => Ok(StreamMode::SendOnly),
            (Keyword::RecvOnly, _) => Ok(StreamMode::RecvOnly),
            (Keyword::SendRecv, _) => Ok(StreamMode::SendRecv),
            (Keyword::Inactive, _) => Ok(StreamMode::Inactive),
            (Keyword::Loopback, _) => Ok(StreamMode::LoopBack),
            (_, start) => Err(self.fail_at(start, Problem::Expected("stream mode"))),
        }
    }

    /// `terminationStateDescriptor`, behind its keyword.
    fn termination_state(&mut self) -> Rule<TerminationStateDescriptor<'a>> {
        self.open()?;
        let mut state = TerminationStateDescriptor::default();
        let mut properties: Gather<'a, PropertyParm<'a>> = self.arena.gather();
        loop {
            let word = self.word("termination state parameter")?;
            match self.keyword_of(&word) {
                Keyword::ServiceStates => {
                    self.equal()?;
                    let service = self.service_state()?;
                    let slot = &mut state.service_state;
                    self.once(slot, word.start, "ServiceStates", service)?;
                }
                Keyword::Buffer => {
                    self.equal()?;
                    let control = match self.keyword() {
                        (Keyword::Off, _) => EventBufferControl::Off,
                        (Keyword::LockStep, _) => EventBufferControl::LockStep,
                        (_, start) => {
                            return Err(self.fail_at(start, Problem::Expected("OFF or LockStep")));
                        }
                    };
                    let slot = &mut state.event_buffer_control;
                    self.once(slot, word.start, "Buffer", control)?;
                }
                _ => self.add_property(&word, &mut properties)?,
            }
            if !self.more()? {
                state.property_parms = properties.finish();
                return Ok(state);
            }
        }
    }

    /// The value of `serviceStates`.
    pub(super) fn service_state(&mut self) -> Rule<ServiceState> {
        match self.keyword() {
            (Keyword::Test, _) => Ok(ServiceState::Test),
            (Keyword::OutOfSvc, _) => Ok(ServiceState::OutOfSvc),
            (Keyword::InSvc, _) => Ok(ServiceState::InSvc),
            (_, start) => Err(self.fail_at(start, Problem::Expected("service state"))),
        }
    }

    /// `muxDescriptor`, behind its keyword.
    pub(super) fn mux(&mut self) -> Rule<MuxDescriptor<'a>> {
        self.equal()?;
        let word = self.word("multiplex type")?;
        let mux_type = match self.keyword_of(&word) {
            Keyword::H221 => MuxType::H221,
            Keyword::H223 => MuxType::H223,
            Keyword::H226 => MuxType::H226,
            Keyword::V76 => MuxType::V76,
            Keyword::Nx64k => MuxType::Nx64k,
            _ => MuxType::Extension(self.extension_of(&word)?),
        };
        let terminations = self.termination_id_list()?;
        Ok(MuxDescriptor {
            mux_type,
            terminations,
            non_standard_data: None,
        })
    }

    /// The word as an `extensionParameter`: `X-` or `X+` and a name.
    pub(super) fn extension_of(&mut self, word: &super::cursor::Word<'a>) -> Rule<Token<'a>> {
        match word.bytes {
            [b'X' | b'x', b'-' | b'+', _, ..] => self.token_of(word),
            _ => Err(self.fail_at(word.start, Problem::Unexpected("type"))),
        }
    }

    /// `modemDescriptor`, behind its keyword.
    pub(super) fn modem(&mut self) -> Rule<ModemDescriptor<'a>> {
        let types = if self.peek_past_space() == b'[' {
            self.at += 1;
            let mut types: Gather<'a, ModemType<'a>> = self.arena.gather();
            loop {
                if types.len() >= self.limits.items_max {
                    return Err(self.fail(Problem::Limit("items_max")));
                }
                types.push(self.modem_type()?);
                if !self.more_in_brackets()? {
                    break types.finish();
                }
            }
        } else {
            self.equal()?;
            let modem_type = self.modem_type()?;
            self.arena.one_item(modem_type)
        };
        let property_parms = if self.try_open()? {
            self.list(Self::property_parm)?
        } else {
            List::EMPTY
        };
        Ok(ModemDescriptor {
            types,
            property_parms,
            non_standard_data: None,
        })
    }

    fn modem_type(&mut self) -> Rule<ModemType<'a>> {
        let word = self.word("modem type")?;
        Ok(match self.keyword_of(&word) {
            Keyword::V18 => ModemType::V18,
            Keyword::V22 => ModemType::V22,
            Keyword::V22bis => ModemType::V22bis,
            Keyword::V32 => ModemType::V32,
            Keyword::V32bis => ModemType::V32bis,
            Keyword::V34 => ModemType::V34,
            Keyword::V90 => ModemType::V90,
            Keyword::V91 => ModemType::V91,
            Keyword::SynchIsdn => ModemType::SynchIsdn,
            _ => ModemType::Extension(self.extension_of(&word)?),
        })
    }

    /// `statisticsDescriptor`, behind its keyword; the keyword alone is one without statistics.
    pub(super) fn statistics(&mut self) -> Rule<StatisticsDescriptor<'a>> {
        if !self.try_open()? {
            return Ok(List::EMPTY);
        }
        self.list(|cursor| {
            let name = cursor.pkgd_name()?;
            if cursor.peek_past_space() != b'=' {
                return Ok(StatisticsParameter { name, value: None });
            }
            let start = cursor.at;
            match cursor.parm_value()? {
                value @ (ParmValue::Value(_) | ParmValue::All(_)) => Ok(StatisticsParameter {
                    name,
                    value: Some(value),
                }),
                _ => Err(cursor.fail_at(start, Problem::Expected("statistic value"))),
            }
        })
    }

    /// `packagesDescriptor`, behind its keyword.
    pub(super) fn packages(&mut self) -> Rule<List<'a, PackagesItem<'a>>> {
        self.open()?;
        self.list(Self::packages_item)
    }

    /// `packagesItem`: a name, a hyphen, a version.
    pub(super) fn packages_item(&mut self) -> Rule<PackagesItem<'a>> {
        let word = self.word("package")?;
        let hyphen = memchr::memrchr(b'-', word.bytes).filter(|&hyphen| hyphen > 0);
        let Some(hyphen) = hyphen else {
            return Err(self.fail_at(word.start, Problem::Expected("package name and version")));
        };
        let end = self.at;
        self.at = word.start + hyphen + 1;
        let version = self.number_here(0xFFFF, "package version")? as u16;
        if self.at != end {
            return Err(self.fail(Problem::Expected("package version")));
        }
        Ok(PackagesItem {
            name: Token::checked(&word.bytes[..hyphen]),
            version,
        })
    }
}
