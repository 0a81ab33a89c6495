//! Actions, context properties, topology and context audits.

use super::super::keyword::Keyword;
use super::writer::Writer;
use crate::error::EncodeError;
use crate::model::{
    ActionReply, ActionRequest, ContextAttrAuditRequest, ContextId, ContextRequest,
    IndAudPropertyParm, SelectLogic, TopologyDirection, TopologyDirectionExtension,
    TopologyRequest,
};

impl<const PRETTY: bool> Writer<'_, PRETTY> {
    pub(super) fn context_id(&mut self, id: ContextId) {
        match id {
            ContextId::NULL => self.byte(b'-'),
            ContextId::CHOOSE => self.byte(b'$'),
            ContextId::ALL => self.byte(b'*'),
            ContextId(id) => self.number(id),
        }
    }

    pub(super) fn action(&mut self, action: &ActionRequest<'_>) {
        self.key_equal(Keyword::Context);
        self.context_id(action.context_id);
        self.open();
        let mut first = true;
        if let Some(request) = &action.context_request {
            self.context_request(request, &mut first);
        }
        if let Some(audit) = &action.context_attr_audit {
            self.next(&mut first);
            self.context_audit(audit);
        }
        for command in &action.commands {
            self.next(&mut first);
            self.command_request(command);
        }
        if first {
            self.refuse(EncodeError::Empty("action"));
        }
        self.close();
    }

    pub(super) fn action_reply(&mut self, reply: &ActionReply<'_>) {
        self.key_equal(Keyword::Context);
        self.context_id(reply.context_id);
        if reply.error.is_none() && reply.context_reply.is_none() && reply.commands.is_empty() {
            return;
        }
        self.open();
        let mut first = true;
        if let Some(properties) = &reply.context_reply {
            self.context_request(properties, &mut first);
        }
        for command in &reply.commands {
            self.next(&mut first);
            self.command_reply(command);
        }
        if let Some(error) = &reply.error {
            self.next(&mut first);
            self.error_descriptor(error);
        }
        self.close();
    }

    fn context_request(&mut self, request: &ContextRequest<'_>, first: &mut bool) {
        let before = *first;
        if let Some(priority) = request.priority {
            self.next(first);
            self.key_equal(Keyword::Priority);
            self.number(priority.into());
        }
        if let Some(emergency) = request.emergency {
            self.next(first);
            self.key(if emergency {
                Keyword::Emergency
            } else {
                Keyword::EmergencyOff
            });
        }
        if !request.topology.is_empty() {
            self.next(first);
            self.key_open(Keyword::Topology);
            self.separated(&request.topology, Self::topology);
            self.close();
        }
        if let Some(ieps) = request.ieps_call_ind {
            self.next(first);
            self.key_equal(Keyword::Ieps);
            self.on_or_off(ieps);
        }
        if !request.context_prop.is_empty() {
            self.next(first);
            self.key_open(Keyword::ContextAttr);
            self.separated(&request.context_prop, Self::property_parm);
            self.close();
        }
        if !request.context_list.is_empty() {
            self.next(first);
            self.key_open(Keyword::ContextAttr);
            self.key_equal(Keyword::ContextList);
            self.braced(&request.context_list, "ContextList", |writer, &id| {
                writer.context_id(id)
            });
            self.close();
        }
        if before && *first {
            self.refuse(EncodeError::Empty("context request"));
        }
    }

    fn topology(&mut self, triple: &TopologyRequest<'_>) {
        self.raw(triple.from.as_bytes());
        self.comma();
        self.raw(triple.to.as_bytes());
        self.comma();
        let refined = triple.extension.map(|extension| match extension {
            TopologyDirectionExtension::OnewayExternal => Keyword::OnewayExternal,
            TopologyDirectionExtension::OnewayBoth => Keyword::OnewayBoth,
        });
        let direction = match triple.direction {
            TopologyDirection::Bothway => Keyword::Bothway,
            TopologyDirection::Isolate => Keyword::Isolate,
            TopologyDirection::Oneway => Keyword::Oneway,
        };
        // The extension takes the place of `Oneway`; beside any other direction it needs a place of its own.
        let (direction, refined) = match refined {
            Some(refined) if triple.direction == TopologyDirection::Oneway => (refined, None),
            refined => (direction, refined),
        };
        self.keyword(direction);
        self.stream(triple.stream, &mut false);
        if let Some(refined) = refined {
            self.comma();
            self.keyword(refined);
        }
    }

    /// A keyword that is not known when compiling.
    fn keyword(&mut self, keyword: Keyword) {
        self.key(keyword);
    }

    fn context_audit(&mut self, audit: &ContextAttrAuditRequest<'_>) {
        self.key_open(Keyword::ContextAudit);
        let mut first = true;
        let flags = [
            (audit.topology, Keyword::Topology),
            (audit.emergency, Keyword::Emergency),
            (audit.priority, Keyword::Priority),
            (audit.ieps_call_ind, Keyword::Ieps),
        ];
        for (_, keyword) in flags.into_iter().filter(|(set, _)| *set) {
            self.next(&mut first);
            self.keyword(keyword);
        }
        self.context_audit_properties(audit, &mut first);
        if let Some(priority) = audit.select_priority {
            self.next(&mut first);
            self.key_equal(Keyword::Priority);
            self.number(priority.into());
        }
        if let Some(emergency) = audit.select_emergency {
            self.next(&mut first);
            self.key_equal(Keyword::EmergencyValue);
            self.keyword(if emergency {
                Keyword::Emergency
            } else {
                Keyword::EmergencyOff
            });
        }
        if let Some(ieps) = audit.select_ieps_call_ind {
            self.next(&mut first);
            self.key_equal(Keyword::Ieps);
            self.on_or_off(ieps);
        }
        if audit.select_logic == SelectLogic::Or {
            self.next(&mut first);
            self.key(Keyword::OrAuditSelect);
        }
        if first {
            self.refuse(EncodeError::Empty("ContextAudit"));
        }
        self.close();
    }

    /// Properties to report stand by themselves, properties to select by in a `ContextAttr` (H.248.1 v3).
    fn context_audit_properties(&mut self, audit: &ContextAttrAuditRequest<'_>, first: &mut bool) {
        let mut rest: &[IndAudPropertyParm<'_>] = &audit.context_prop;
        while let Some(property) = rest.first() {
            self.next(first);
            if property.select.is_none() {
                self.ind_aud_property(property);
                rest = &rest[1..];
                continue;
            }
            let run = rest
                .iter()
                .take_while(|property| property.select.is_some())
                .count();
            self.key_open(Keyword::ContextAttr);
            self.separated(&rest[..run], Self::ind_aud_property);
            self.close();
            rest = &rest[run..];
        }
    }
}
