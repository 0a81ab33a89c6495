//! Splitting a reply into segments (version 3): by action reply, and inside one between its command replies.

use super::reply;
use crate::config::{Config, Profile};
use crate::segment::SEGMENTS_MAX;
use megaphone_h248::model::{ActionReply, List, Segment, TransactionResult};

/// Encoded segments of at most `limit` bytes each, as far as the pieces allow; `None` if the reply cannot be split.
///
/// Profile `otp` gives every action reply a segment of its own, as OTP does; profile `rfc` fills segments. What is
/// too large alone is split between command replies; one command reply is never split.
pub(crate) fn segments(
    config: &Config,
    id: u32,
    imm_ack: bool,
    result: &TransactionResult<'_>,
    limit: usize,
) -> Option<Vec<Box<[u8]>>> {
    let TransactionResult::ActionReplies(replies) = result else {
        return None;
    };
    let pieces: Vec<ActionReply<'_>> = replies
        .iter()
        .flat_map(|reply| split(config, id, reply, limit))
        .collect();
    let mut groups: Vec<Vec<ActionReply<'_>>> = Vec::new();
    for piece in pieces {
        let fits = config.profile == Profile::Rfc
            && groups.last().is_some_and(|group| {
                let joined = group.iter().chain([&piece]).cloned().collect();
                size(config, id, joined) <= limit
            });
        match groups.last_mut() {
            Some(group) if fits => group.push(piece),
            _ => groups.push(vec![piece]),
        }
    }
    let count = u16::try_from(groups.len())
        .ok()
        .filter(|count| (2..=SEGMENTS_MAX).contains(count))?;
    let encoded = groups.into_iter().zip(1..).map(|(group, number)| {
        let complete = number == count;
        let result = TransactionResult::ActionReplies(List::Owned(group));
        let bytes = reply(
            config,
            id,
            imm_ack && complete,
            Some(Segment { number, complete }),
            &result,
        )
        .ok()?;
        Some(bytes.into())
    });
    encoded.collect()
}

/// One action reply in pieces of the same context: context properties first, the error last.
fn split<'m>(
    config: &Config,
    id: u32,
    whole: &ActionReply<'m>,
    limit: usize,
) -> Vec<ActionReply<'m>> {
    if whole.commands.len() < 2 || size(config, id, vec![whole.clone()]) <= limit {
        return vec![whole.clone()];
    }
    let mut pieces = vec![ActionReply {
        context_reply: whole.context_reply.clone(),
        ..ActionReply::new(whole.context_id, List::EMPTY)
    }];
    for command in &whole.commands {
        let Some(last) = pieces.last_mut() else { break };
        let mut grown = last.clone();
        grown.commands.push(command.clone());
        let empty = last.commands.is_empty() && last.context_reply.is_none();
        if empty || size(config, id, vec![grown.clone()]) <= limit {
            *last = grown;
        } else {
            pieces.push(ActionReply::new(whole.context_id, vec![command.clone()]));
        }
    }
    if let Some(last) = pieces.last_mut() {
        last.error = whole.error.clone();
    }
    pieces
}

fn size(config: &Config, id: u32, replies: Vec<ActionReply<'_>>) -> usize {
    let result = TransactionResult::ActionReplies(List::Owned(replies));
    let segment = Segment {
        number: SEGMENTS_MAX,
        complete: true,
    };
    reply(config, id, true, Some(segment), &result).map_or(usize::MAX, |bytes| bytes.len())
}
