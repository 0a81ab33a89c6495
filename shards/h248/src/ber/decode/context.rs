//! Context properties, topology, and audits of contexts.

use super::Decoder;
use crate::ber::read::{Element, INTEGER, Result};
use crate::error::Problem;
use crate::model::{
    ContextAttrAuditRequest, ContextId, ContextRequest, SelectLogic, TopologyDirection,
    TopologyDirectionExtension, TopologyRequest,
};

impl<'a> Decoder<'_, 'a> {
    /// `ContextRequest`; `None` when it says nothing.
    #[inline(always)]
    pub(super) fn context_request(
        &self,
        element: Element<'a>,
    ) -> Result<Option<ContextRequest<'a>>> {
        let mut reader = element.open()?;
        let mut request = ContextRequest::default();
        if let Some(priority) = reader.optional(0)? {
            request.priority = Some(priority.u8(15, "priority")?);
        }
        if let Some(emergency) = reader.optional(1)? {
            request.emergency = Some(emergency.boolean()?);
        }
        if let Some(topology) = reader.optional(2)? {
            request.topology =
                self.items::<_, 4>(topology, |triple| self.topology_request(triple))?;
        }
        if let Some(ieps) = reader.optional(3)? {
            request.ieps_call_ind = Some(ieps.boolean()?);
        }
        if let Some(properties) = reader.optional(4)? {
            request.context_prop = self.properties(properties)?;
        }
        if let Some(contexts) = reader.optional(5)? {
            request.context_list = self.items::<_, 8>(contexts, |context| {
                if context.tag() != INTEGER {
                    return Err(context.error(Problem::Expected("contextId")));
                }
                context.u32("contextId").map(ContextId)
            })?;
        }
        reader.skip_extensions()?;
        Ok((request != ContextRequest::default()).then_some(request))
    }

    fn topology_request(&self, element: Element<'a>) -> Result<TopologyRequest<'a>> {
        let mut reader = self.sequence(element)?;
        let from = self.termination_id(reader.required(0, "terminationFrom")?.open()?)?;
        let to = self.termination_id(reader.required(1, "terminationTo")?.open()?)?;
        let direction = reader.required(2, "topologyDirection")?;
        let direction = match direction.u8(2, "topologyDirection")? {
            0 => TopologyDirection::Bothway,
            1 => TopologyDirection::Isolate,
            _ => TopologyDirection::Oneway,
        };
        let stream = reader.optionally(3, |stream| stream.u16("streamID"))?;
        let extension = match reader.optional(4)? {
            None => None,
            Some(extension) => Some(match extension.u8(1, "topologyDirectionExtension")? {
                0 => TopologyDirectionExtension::OnewayExternal,
                _ => TopologyDirectionExtension::OnewayBoth,
            }),
        };
        reader.skip_extensions()?;
        Ok(TopologyRequest {
            from,
            to,
            direction,
            stream,
            extension,
        })
    }

    /// `ContextAttrAuditRequest`; `None` when it asks nothing.
    pub(super) fn context_attr_audit(
        &self,
        element: Element<'a>,
    ) -> Result<Option<ContextAttrAuditRequest<'a>>> {
        let mut reader = element.open()?;
        let mut audit = ContextAttrAuditRequest {
            topology: self.flag(&mut reader, 0)?,
            emergency: self.flag(&mut reader, 1)?,
            priority: self.flag(&mut reader, 2)?,
            ieps_call_ind: self.flag(&mut reader, 3)?,
            ..Default::default()
        };
        if let Some(properties) = reader.optional(4)? {
            audit.context_prop = self.ind_aud_properties(properties)?;
        }
        if let Some(priority) = reader.optional(5)? {
            audit.select_priority = Some(priority.u8(15, "selectpriority")?);
        }
        if let Some(emergency) = reader.optional(6)? {
            audit.select_emergency = Some(emergency.boolean()?);
        }
        if let Some(ieps) = reader.optional(7)? {
            audit.select_ieps_call_ind = Some(ieps.boolean()?);
        }
        if let Some(logic) = reader.optional(8)? {
            let logic = logic.only()?;
            logic.null()?;
            audit.select_logic = match logic.number() {
                Some(0) => SelectLogic::And,
                Some(1) => SelectLogic::Or,
                _ => return Err(logic.error(Problem::Unexpected("selectLogic"))),
            };
        }
        reader.skip_extensions()?;
        Ok((audit != ContextAttrAuditRequest::default()).then_some(audit))
    }
}
