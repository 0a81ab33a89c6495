//! Audit descriptors: whole descriptors and single items (version 2 and up).

use super::super::keyword::Keyword;
use super::cursor::{Cursor, Rule, Word};
use crate::arena::Gather;
use crate::error::Problem;
use crate::model::{
    AuditDescriptor, AuditItem, AuditSelect, IndAudDigitMapDescriptor, IndAudEventBufferDescriptor,
    IndAudEventsDescriptor, IndAudLocalControlDescriptor, IndAudLocalRemoteDescriptor,
    IndAudMediaDescriptor, IndAudPackagesDescriptor, IndAudPropertyParm, IndAudSeqSigList,
    IndAudSignal, IndAudSignalsDescriptor, IndAudStatisticsDescriptor, IndAudStreamDescriptor,
    IndAudStreamParms, IndAudStreams, IndAudTerminationStateDescriptor, IndAuditParameter,
    LocalRemoteDescriptor, PackagesItem, Relation, RequestId,
};

type Parameters<'a> = Gather<'a, IndAuditParameter<'a>>;

impl<'a> Cursor<'a, '_> {
    /// `auditDescriptor`, behind its keyword.
    pub(super) fn audit(&mut self) -> Rule<AuditDescriptor<'a>> {
        self.open()?;
        let mut audit = AuditDescriptor::default();
        if self.peek_past_space() == b'}' {
            self.close()?;
            return Ok(audit);
        }
        let mut parameters: Parameters<'a> = self.arena.gather();
        loop {
            let (keyword, start) = self.keyword();
            self.audit_item(keyword, start, &mut audit, &mut parameters)?;
            if !self.more()? {
                audit.parameters = parameters.finish();
                return Ok(audit);
            }
        }
    }

    /// `auditItem` or `indAudterminationAudit`, behind its keyword.
    pub(super) fn audit_item(
        &mut self,
        keyword: Keyword,
        start: usize,
        audit: &mut AuditDescriptor<'a>,
        parameters: &mut Parameters<'a>,
    ) -> Rule<()> {
        let Some(item) = item_of(keyword) else {
            return Err(self.fail_at(start, Problem::Expected("descriptor to audit")));
        };
        if !matches!(self.peek_past_space(), b'{' | b'=') {
            audit.tokens = audit.tokens.with(item);
            return Ok(());
        }
        if parameters.len() >= self.limits.descriptors_max {
            return Err(self.fail_at(start, Problem::Limit("descriptors_max")));
        }
        let parameter = match item {
            AuditItem::Media => IndAuditParameter::Media(self.ind_aud_media()?),
            AuditItem::Events => IndAuditParameter::Events(self.ind_aud_events()?),
            AuditItem::EventBuffer => IndAuditParameter::EventBuffer(self.ind_aud_event_buffer()?),
            AuditItem::Signals => match self.ind_aud_signals()? {
                Some(signals) => IndAuditParameter::Signals(signals),
                None => {
                    audit.tokens = audit.tokens.with(AuditItem::Signals);
                    return Ok(());
                }
            },
            AuditItem::DigitMap => {
                self.equal()?;
                IndAuditParameter::DigitMap(IndAudDigitMapDescriptor {
                    name: Some(self.name()?),
                })
            }
            AuditItem::Statistics => IndAuditParameter::Statistics(self.ind_aud_statistics()?),
            AuditItem::Packages => {
                self.open()?;
                let PackagesItem { name, version } = self.packages_item()?;
                self.close()?;
                IndAuditParameter::Packages(IndAudPackagesDescriptor { name, version })
            }
            AuditItem::Mux | AuditItem::Modem | AuditItem::ObservedEvents => {
                return Err(self.fail(Problem::Expected(", or }")));
            }
        };
        parameters.push(parameter);
        Ok(())
    }

    /// `indAudmediaDescriptor`
    fn ind_aud_media(&mut self) -> Rule<IndAudMediaDescriptor<'a>> {
        let (termination_state, one, multi) = self.media_parts(
            Self::ind_aud_termination_state,
            Self::ind_aud_stream_parm,
            |stream, parms| IndAudStreamDescriptor { stream, parms },
        )?;
        let streams = match one {
            Some(parms) => IndAudStreams::One(parms),
            None if multi.is_empty() => IndAudStreams::None,
            None => IndAudStreams::Multi(multi),
        };
        Ok(IndAudMediaDescriptor {
            termination_state,
            streams,
        })
    }

    /// `indAudstreamParm`, behind its keyword.
    fn ind_aud_stream_parm(
        &mut self,
        keyword: Keyword,
        start: usize,
        parms: &mut IndAudStreamParms<'a>,
    ) -> Rule<()> {
        match keyword {
            Keyword::LocalControl => {
                let control = self.ind_aud_local_control()?;
                self.once(&mut parms.local_control, start, "LocalControl", control)
            }
            Keyword::Local => {
                let local = self.ind_aud_octets()?;
                self.once(&mut parms.local, start, "Local", local)
            }
            Keyword::Remote => {
                let remote = self.ind_aud_octets()?;
                self.once(&mut parms.remote, start, "Remote", remote)
            }
            Keyword::Statistics => {
                let statistics = self.ind_aud_statistics()?;
                self.once(&mut parms.statistics, start, "Statistics", statistics)
            }
            _ => Err(self.fail_at(start, Problem::Expected("media parameter"))),
        }
    }

    fn ind_aud_octets(&mut self) -> Rule<IndAudLocalRemoteDescriptor<'a>> {
        Ok(IndAudLocalRemoteDescriptor::Octets(
            LocalRemoteDescriptor::Octets(self.octet_string()?),
        ))
    }

    /// `indAudlocalControlDescriptor`, behind its keyword.
    fn ind_aud_local_control(&mut self) -> Rule<IndAudLocalControlDescriptor<'a>> {
        self.open()?;
        let mut control = IndAudLocalControlDescriptor::default();
        let mut properties: Gather<'a, IndAudPropertyParm<'a>> = self.arena.gather();
        loop {
            let word = self.word("local control parameter")?;
            match self.keyword_of(&word) {
                Keyword::Mode => {
                    let mode = self.selection(Self::stream_mode)?;
                    self.once(&mut control.stream_mode, word.start, "Mode", mode)?;
                }
                Keyword::ReservedValue => control.reserve_value = true,
                Keyword::ReservedGroup => control.reserve_group = true,
                _ => self.ind_aud_property(&word, &mut properties)?,
            }
            if !self.more()? {
                control.property_parms = properties.finish();
                return Ok(control);
            }
        }
    }

    /// `indAudterminationStateDescriptor`, behind its keyword.
    fn ind_aud_termination_state(&mut self) -> Rule<IndAudTerminationStateDescriptor<'a>> {
        self.open()?;
        let mut state = IndAudTerminationStateDescriptor::default();
        let mut properties: Gather<'a, IndAudPropertyParm<'a>> = self.arena.gather();
        loop {
            let word = self.word("termination state parameter")?;
            match self.keyword_of(&word) {
                Keyword::Buffer => state.event_buffer_control = true,
                Keyword::ServiceStates => {
                    let service = self.selection(Self::service_state)?;
                    let slot = &mut state.service_state;
                    self.once(slot, word.start, "ServiceStates", service)?;
                }
                _ => self.ind_aud_property(&word, &mut properties)?,
            }
            if !self.more()? {
                state.property_parms = properties.finish();
                return Ok(state);
            }
        }
    }

    /// Nothing (report), `= value` or a relation (select).
    fn selection<T>(&mut self, value: impl FnOnce(&mut Self) -> Rule<T>) -> Rule<AuditSelect<T>> {
        let relation = match self.peek_past_space() {
            b'=' => {
                self.at += 1;
                return Ok(AuditSelect::Equal(value(self)?));
            }
            b'>' => Relation::GreaterThan,
            b'<' => Relation::SmallerThan,
            b'#' => Relation::UnequalTo,
            _ => return Ok(AuditSelect::Report),
        };
        self.at += 1;
        Ok(AuditSelect::Relation(relation, value(self)?))
    }

    fn ind_aud_property(
        &mut self,
        word: &Word<'a>,
        properties: &mut Gather<'a, IndAudPropertyParm<'a>>,
    ) -> Rule<()> {
        if properties.len() >= self.limits.items_max {
            return Err(self.fail_at(word.start, Problem::Limit("items_max")));
        }
        let name = self.pkgd_name_of(word)?;
        let select = match self.peek_past_space() {
            b'=' | b'<' | b'>' | b'#' => Some(self.parm_value()?),
            _ => None,
        };
        properties.push(IndAudPropertyParm { name, select });
        Ok(())
    }

    /// `indAudeventsDescriptor`
    fn ind_aud_events(&mut self) -> Rule<IndAudEventsDescriptor<'a>> {
        let mut request_id = None;
        if self.peek_past_space() == b'=' {
            self.equal()?;
            request_id = Some(self.request_id()?);
        }
        self.open()?;
        let name = self.pkgd_name()?;
        self.close()?;
        Ok(IndAudEventsDescriptor {
            request_id,
            name,
            stream: None,
        })
    }

    /// `indAudeventBufferDescriptor`
    fn ind_aud_event_buffer(&mut self) -> Rule<IndAudEventBufferDescriptor<'a>> {
        self.open()?;
        let name = self.pkgd_name()?;
        let mut stream = None;
        if self.try_open()? {
            match self.keyword() {
                (Keyword::Stream, _) => {}
                (_, start) => return Err(self.fail_at(start, Problem::Expected("Stream"))),
            }
            self.equal()?;
            stream = Some(self.uint16("stream id")?);
            self.close()?;
        }
        self.close()?;
        Ok(IndAudEventBufferDescriptor { name, stream })
    }

    /// `indAudsignalsDescriptor`; nothing in the braces asks for the whole descriptor.
    fn ind_aud_signals(&mut self) -> Rule<Option<IndAudSignalsDescriptor<'a>>> {
        self.open()?;
        if self.peek_past_space() == b'}' {
            self.close()?;
            return Ok(None);
        }
        let word = self.word("signal")?;
        let signals = if self.keyword_of(&word) == Keyword::SignalList {
            self.equal()?;
            let id = self.uint16("signal list id")?;
            let mut signal = None;
            if self.try_open()? {
                let word = self.word("signal")?;
                signal = Some(self.ind_aud_signal(&word)?);
                self.close()?;
            }
            IndAudSignalsDescriptor::SeqSigList(IndAudSeqSigList { id, signal })
        } else {
            IndAudSignalsDescriptor::Signal(self.ind_aud_signal(&word)?)
        };
        self.close()?;
        Ok(Some(signals))
    }

    /// A signal's name with its stream and request, behind the name.
    fn ind_aud_signal(&mut self, word: &Word<'a>) -> Rule<IndAudSignal<'a>> {
        let name = self.pkgd_name_of(word)?;
        let (mut stream, mut request_id): (_, Option<RequestId>) = (None, None);
        if !self.try_open()? {
            return Ok(IndAudSignal {
                name,
                stream,
                request_id,
            });
        }
        loop {
            match self.keyword() {
                (Keyword::Stream, start) => {
                    self.equal()?;
                    let id = self.uint16("stream id")?;
                    self.once(&mut stream, start, "Stream", id)?;
                }
                (Keyword::RequestId, start) => {
                    self.equal()?;
                    let id = self.request_id()?;
                    self.once(&mut request_id, start, "SPARequestID", id)?;
                }
                (_, start) => {
                    return Err(self.fail_at(start, Problem::Expected("Stream or SPARequestID")));
                }
            }
            if !self.more()? {
                return Ok(IndAudSignal {
                    name,
                    stream,
                    request_id,
                });
            }
        }
    }

    /// `indAudstatisticsDescriptor`, behind its keyword.
    fn ind_aud_statistics(&mut self) -> Rule<IndAudStatisticsDescriptor<'a>> {
        self.open()?;
        let name = self.pkgd_name()?;
        self.close()?;
        Ok(IndAudStatisticsDescriptor { name })
    }
}

/// The bit that a keyword stands for.
pub(super) fn item_of(keyword: Keyword) -> Option<AuditItem> {
    Some(match keyword {
        Keyword::Mux => AuditItem::Mux,
        Keyword::Modem => AuditItem::Modem,
        Keyword::Media => AuditItem::Media,
        Keyword::Events => AuditItem::Events,
        Keyword::Signals => AuditItem::Signals,
        Keyword::DigitMap => AuditItem::DigitMap,
        Keyword::Statistics => AuditItem::Statistics,
        Keyword::ObservedEvents => AuditItem::ObservedEvents,
        Keyword::Packages => AuditItem::Packages,
        Keyword::EventBuffer => AuditItem::EventBuffer,
        _ => return None,
    })
}
