//! Registration procedures that OTP leaves to its users (RFC 3525 9.2, 11.2 to 11.5): the gate of error 505, admission, and a gateway's search for its controller.

mod admission;
mod gateway;

#[cfg(test)]
mod tests;

pub(crate) use admission::Admission;
pub use admission::AdmissionRate;
pub use gateway::{Contact, Gateway, GatewayOptions, GatewayState, Method, Step};

use crate::call::Actions;
use crate::config::{Config, Registration};
use crate::connection::Connection;
use crate::mid::Mid;
use megaphone_h248::model::{
    ActionRequest, Command, CommandReply, ServiceChangeMethod, ServiceChangeResParm,
    ServiceChangeResult, TransactionResult,
};

/// Whether a call or cast registers us. Pre-encoded actions are not looked into.
pub(crate) fn registers(config: &Config, actions: &Actions<'_>) -> bool {
    match actions {
        Actions::Plain(actions) => {
            config.registration == Registration::Gateway && has_root_change(actions)
        }
        Actions::Encoded(_) => false,
    }
}

/// Whether a received request registers its sender.
pub(crate) fn is_registration(config: &Config, actions: &[ActionRequest<'_>]) -> bool {
    config.registration == Registration::Controller && has_root_change(actions)
}

/// Whether a request comes before registration: error 505 (RFC 3525 11.2 for the gateway, 9.1 rule 6 for the controller).
pub(crate) fn refuses(row: &Connection, registers: bool) -> bool {
    match row.config.registration {
        Registration::Off => false,
        Registration::Gateway => !row.registered,
        Registration::Controller => !row.registered && !registers,
    }
}

fn has_root_change(actions: &[ActionRequest<'_>]) -> bool {
    let commands = actions.iter().flat_map(|action| action.commands.iter());
    commands.into_iter().any(|request| match &request.command {
        Command::ServiceChange(change) => {
            let announces = matches!(
                change.parms.method,
                ServiceChangeMethod::Restart
                    | ServiceChangeMethod::Failover
                    | ServiceChangeMethod::Disconnected
                    | ServiceChangeMethod::HandOff
            );
            announces
                && change
                    .terminations
                    .iter()
                    .any(|termination| termination.is_root())
        }
        _ => false,
    })
}

/// The version an accepting answer to a registration names, if any: accepted unless there is an error or a redirection (RFC 3525 11.3).
pub(crate) fn accepted_version(result: &TransactionResult<'_>) -> Option<Option<u8>> {
    let parms = accepted(result)?;
    let version = parms.and_then(|parms| parms.version);
    Some(version.filter(|version| (1..=3).contains(version)))
}

/// The controller that a ServiceChange reply sends us to.
pub(crate) fn redirection(result: &TransactionResult<'_>) -> Option<Mid> {
    let TransactionResult::ActionReplies(replies) = result else {
        return None;
    };
    let mut commands = replies.iter().flat_map(|action| action.commands.iter());
    commands.find_map(|command| match command {
        CommandReply::ServiceChange(reply) => match &reply.result {
            ServiceChangeResult::Parms(parms) => parms.mgc_id.as_ref().map(Mid::new),
            _ => None,
        },
        _ => None,
    })
}

/// What a controller's HandOff says: to whom, or to nobody in particular.
pub(crate) fn hand_off(config: &Config, actions: &[ActionRequest<'_>]) -> Option<Option<Mid>> {
    if config.registration != Registration::Gateway {
        return None;
    }
    let mut commands = actions.iter().flat_map(|action| action.commands.iter());
    commands.find_map(|request| match &request.command {
        Command::ServiceChange(change)
            if change.parms.method == ServiceChangeMethod::HandOff
                && change
                    .terminations
                    .iter()
                    .any(|termination| termination.is_root()) =>
        {
            Some(change.parms.mgc_id.as_ref().map(Mid::new))
        }
        _ => None,
    })
}

/// The parameters of an accepting ServiceChange reply; `None` if it does not accept.
fn accepted<'a>(result: &'a TransactionResult<'a>) -> Option<Option<&'a ServiceChangeResParm<'a>>> {
    let TransactionResult::ActionReplies(replies) = result else {
        return None;
    };
    let mut commands = replies.iter().flat_map(|action| action.commands.iter());
    commands.find_map(|command| match command {
        CommandReply::ServiceChange(reply) => match &reply.result {
            ServiceChangeResult::Error(_) => None,
            ServiceChangeResult::Accepted => Some(None),
            ServiceChangeResult::Parms(parms) if parms.mgc_id.is_some() => None,
            ServiceChangeResult::Parms(parms) => Some(Some(&**parms)),
        },
        _ => None,
    })
}
