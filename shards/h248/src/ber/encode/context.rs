//! Context properties, topology, and audits of contexts.

use super::{Encoder, INTEGER, Result};
use crate::ber::read::SEQUENCE;
use crate::ber::write::{constructed, primitive};
use crate::error::EncodeError;
use crate::model::{
    ContextAttrAuditRequest, ContextRequest, SelectLogic, TopologyDirection,
    TopologyDirectionExtension, TopologyRequest,
};

impl Encoder<'_, '_> {
    pub(super) fn context_request(&mut self, request: &ContextRequest<'_>) -> Result<()> {
        self.priority(0, request.priority)?;
        self.optional_boolean(1, request.emergency);
        if !request.topology.is_empty() {
            self.list(constructed(2), &request.topology, |e, triple| {
                e.topology_request(triple)
            })?;
        }
        self.optional_boolean(3, request.ieps_call_ind);
        if !request.context_prop.is_empty() {
            self.properties(constructed(4), &request.context_prop)?;
        }
        if !request.context_list.is_empty() {
            self.list(constructed(5), &request.context_list, |e, context| {
                e.writer.unsigned(INTEGER, context.0);
                Ok(())
            })?;
        }
        Ok(())
    }

    fn priority(&mut self, number: u8, priority: Option<u8>) -> Result<()> {
        if priority.is_some_and(|priority| priority > 15) {
            return Err(EncodeError::OutOfRange("priority"));
        }
        self.optional(number, priority);
        Ok(())
    }

    fn topology_request(&mut self, triple: &TopologyRequest<'_>) -> Result<()> {
        self.within(SEQUENCE, |e| {
            e.termination_id(constructed(0), &triple.from)?;
            e.termination_id(constructed(1), &triple.to)?;
            let direction = match triple.direction {
                TopologyDirection::Bothway => 0,
                TopologyDirection::Isolate => 1,
                TopologyDirection::Oneway => 2,
            };
            e.writer.unsigned(primitive(2), direction);
            e.optional(3, triple.stream);
            let extension = triple.extension.map(|extension| match extension {
                TopologyDirectionExtension::OnewayExternal => 0u8,
                TopologyDirectionExtension::OnewayBoth => 1,
            });
            e.optional(4, extension);
            Ok(())
        })
    }

    pub(super) fn context_attr_audit(&mut self, audit: &ContextAttrAuditRequest<'_>) -> Result<()> {
        self.flag(0, audit.topology);
        self.flag(1, audit.emergency);
        self.flag(2, audit.priority);
        self.flag(3, audit.ieps_call_ind);
        if !audit.context_prop.is_empty() {
            self.ind_aud_properties(constructed(4), &audit.context_prop)?;
        }
        self.priority(5, audit.select_priority)?;
        self.optional_boolean(6, audit.select_emergency);
        self.optional_boolean(7, audit.select_ieps_call_ind);
        // AND is what absence means.
        if audit.select_logic == SelectLogic::Or {
            let mark = self.writer.open(constructed(8));
            self.writer.null(primitive(1));
            self.writer.close(mark);
        }
        Ok(())
    }
}
