//! Context identifiers, properties, topology and audits.

use super::super::keyword::Keyword;
use super::cursor::{Cursor, Rule};
use crate::arena::Gather;
use crate::error::Problem;
use crate::model::{
    ContextAttrAuditRequest, ContextId, ContextRequest, IndAudPropertyParm, List, SelectLogic,
    TopologyDirection, TopologyDirectionExtension, TopologyRequest,
};

impl<'a> Cursor<'a, '_> {
    /// `ContextID`
    pub(super) fn context_id(&mut self) -> Rule<ContextId> {
        let special = match self.peek_past_space() {
            b'-' => ContextId::NULL,
            b'$' => ContextId::CHOOSE,
            b'*' => ContextId::ALL,
            _ => {
                let start = self.at;
                let id = ContextId(self.number(u32::MAX, "context id")?);
                if matches!(id, ContextId::NULL | ContextId::CHOOSE | ContextId::ALL) {
                    return Err(self.fail_at(start, Problem::OutOfRange("context id")));
                }
                return Ok(id);
            }
        };
        self.at += 1;
        Ok(special)
    }

    /// `contextProperty`, behind its keyword; false if the keyword is not one of a property.
    #[inline]
    pub(super) fn context_property(
        &mut self,
        keyword: Keyword,
        start: usize,
        request: &mut Option<ContextRequest<'a>>,
    ) -> Rule<bool> {
        let known = matches!(
            keyword,
            Keyword::Topology
                | Keyword::Priority
                | Keyword::Emergency
                | Keyword::EmergencyOff
                | Keyword::EmergencyOffV2
                | Keyword::Ieps
                | Keyword::ContextAttr
        );
        if known {
            self.known_context_property(keyword, start, request.get_or_insert_default())?;
        }
        Ok(known)
    }

    fn known_context_property(
        &mut self,
        keyword: Keyword,
        start: usize,
        request: &mut ContextRequest<'a>,
    ) -> Rule<()> {
        match keyword {
            Keyword::Topology => {
                if !request.topology.is_empty() {
                    return Err(self.fail_at(start, Problem::Repeated("Topology")));
                }
                request.topology = self.topology()?;
            }
            Keyword::Priority => {
                self.equal()?;
                let priority = self.number(15, "priority")? as u8;
                self.once(&mut request.priority, start, "Priority", priority)?;
            }
            Keyword::Emergency => self.once(&mut request.emergency, start, "Emergency", true)?,
            Keyword::EmergencyOff | Keyword::EmergencyOffV2 => {
                self.once(&mut request.emergency, start, "Emergency", false)?
            }
            Keyword::Ieps => {
                self.equal()?;
                let ieps = self.on_or_off()?;
                self.once(&mut request.ieps_call_ind, start, "IEPSCall", ieps)?;
            }
            _ => self.context_attr(start, request)?,
        }
        Ok(())
    }

    /// `contextAttrDescriptor`, behind its keyword: properties, or a list of contexts.
    fn context_attr(&mut self, start: usize, request: &mut ContextRequest<'a>) -> Rule<()> {
        self.open()?;
        let word = self.word("property or ContextList")?;
        if self.keyword_of(&word) != Keyword::ContextList {
            if !request.context_prop.is_empty() {
                return Err(self.fail_at(start, Problem::Repeated("ContextAttr")));
            }
            self.at = word.start;
            request.context_prop = self.list(Self::property_parm)?;
            return Ok(());
        }
        if !request.context_list.is_empty() {
            return Err(self.fail_at(start, Problem::Repeated("ContextList")));
        }
        self.equal()?;
        self.open()?;
        request.context_list = self.list(Self::context_id)?;
        self.close()
    }

    /// `topologyDescriptor`, behind its keyword.
    fn topology(&mut self) -> Rule<List<'a, TopologyRequest<'a>>> {
        self.open()?;
        let mut triples: Gather<'a, TopologyRequest<'a>> = self.arena.gather();
        loop {
            if triples.len() >= self.limits.items_max {
                return Err(self.fail(Problem::Limit("items_max")));
            }
            let (triple, more) = self.topology_triple()?;
            triples.push(triple);
            if !more {
                return Ok(triples.finish());
            }
        }
    }

    /// `terminationA COMMA terminationB COMMA topologyDirection`, then a stream and an extension in any order; and
    /// whether another triple follows.
    fn topology_triple(&mut self) -> Rule<(TopologyRequest<'a>, bool)> {
        let from = self.termination_id()?;
        self.punctuation(b',', ",")?;
        let to = self.termination_id()?;
        self.punctuation(b',', ",")?;
        let (keyword, start) = self.keyword();
        let (direction, mut extension) = match direction_of(keyword) {
            Some(direction) => direction,
            None => return Err(self.fail_at(start, Problem::Expected("topology direction"))),
        };
        let mut stream = None;
        loop {
            if !self.more()? {
                return Ok((
                    TopologyRequest {
                        from,
                        to,
                        direction,
                        stream,
                        extension,
                    },
                    false,
                ));
            }
            let (keyword, start) = self.keyword();
            let behind = self.peek_past_space();
            match (keyword, direction_of(keyword)) {
                (Keyword::Stream, _) if behind == b'=' => {
                    self.equal()?;
                    let id = self.uint16("stream id")?;
                    self.once(&mut stream, start, "Stream", id)?;
                }
                (_, Some((_, Some(refined)))) => {
                    self.once(&mut extension, start, "topology direction", refined)?
                }
                _ => {
                    self.at = start;
                    return Ok((
                        TopologyRequest {
                            from,
                            to,
                            direction,
                            stream,
                            extension,
                        },
                        true,
                    ));
                }
            }
        }
    }

    /// `contextAudit`, behind its keyword.
    pub(super) fn context_audit(&mut self) -> Rule<ContextAttrAuditRequest<'a>> {
        let mut request = ContextAttrAuditRequest::default();
        let mut properties: Gather<'a, IndAudPropertyParm<'a>> = self.arena.gather();
        self.open()?;
        while self.context_audit_item(&mut request, &mut properties)? {}
        request.context_prop = properties.finish();
        Ok(request)
    }

    /// `contextAuditProperties`, and whether another one follows.
    fn context_audit_item(
        &mut self,
        request: &mut ContextAttrAuditRequest<'a>,
        properties: &mut Gather<'a, IndAudPropertyParm<'a>>,
    ) -> Rule<bool> {
        if properties.len() >= self.limits.items_max {
            return Err(self.fail(Problem::Limit("items_max")));
        }
        let word = self.word("context property")?;
        let keyword = self.keyword_of(&word);
        let selects = self.peek_past_space() == b'=';
        match keyword {
            Keyword::Topology => request.topology = true,
            Keyword::Emergency => request.emergency = true,
            Keyword::Priority if selects => {
                self.equal()?;
                let priority = self.number(15, "priority")? as u8;
                self.once(
                    &mut request.select_priority,
                    word.start,
                    "Priority",
                    priority,
                )?;
            }
            Keyword::Priority => request.priority = true,
            Keyword::Ieps if selects => {
                self.equal()?;
                let ieps = self.on_or_off()?;
                self.once(
                    &mut request.select_ieps_call_ind,
                    word.start,
                    "IEPSCall",
                    ieps,
                )?;
            }
            Keyword::Ieps => request.ieps_call_ind = true,
            Keyword::EmergencyValue => {
                self.equal()?;
                let emergency = match self.keyword() {
                    (Keyword::Emergency, _) => true,
                    (Keyword::EmergencyOff | Keyword::EmergencyOffV2, _) => false,
                    (_, start) => {
                        return Err(
                            self.fail_at(start, Problem::Expected("Emergency or EmergencyOff"))
                        );
                    }
                };
                self.once(
                    &mut request.select_emergency,
                    word.start,
                    "EmergencyValue",
                    emergency,
                )?;
            }
            Keyword::AndAuditSelect => request.select_logic = SelectLogic::And,
            Keyword::OrAuditSelect => request.select_logic = SelectLogic::Or,
            Keyword::ContextAttr => {
                self.open()?;
                while self.context_audit_item(request, properties)? {}
            }
            _ => {
                let name = self.pkgd_name_of(&word)?;
                let select = match self.peek_past_space() {
                    b'=' | b'<' | b'>' | b'#' => Some(self.parm_value()?),
                    _ => None,
                };
                properties.push(IndAudPropertyParm { name, select });
            }
        }
        self.more()
    }
}

/// `topologyDirection`; an extension refines `Oneway` (H.248.1 v3).
fn direction_of(
    keyword: Keyword,
) -> Option<(TopologyDirection, Option<TopologyDirectionExtension>)> {
    match keyword {
        Keyword::Bothway => Some((TopologyDirection::Bothway, None)),
        Keyword::Isolate => Some((TopologyDirection::Isolate, None)),
        Keyword::Oneway => Some((TopologyDirection::Oneway, None)),
        Keyword::OnewayExternal => Some((
            TopologyDirection::Oneway,
            Some(TopologyDirectionExtension::OnewayExternal),
        )),
        Keyword::OnewayBoth => Some((
            TopologyDirection::Oneway,
            Some(TopologyDirectionExtension::OnewayBoth),
        )),
        _ => None,
    }
}
