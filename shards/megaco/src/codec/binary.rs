//! Binary messages put together from encoded transactions: the few outer elements of annex A.
//!
//! ```text
//! 30 MegacoMessage ─ A1 mess ┬ 80 version
//!                            ├ A1 mId
//!                            └ A2 messageBody ─ A1 transactions ─ one element per transaction
//! A0 transactionRequest ┬ 80 transactionId
//!                       └ A1 actions ─ one element per action
//! ```

use megaphone_h248::EncodeError;
use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::model::{MId, Message, Transaction};

/// Appends an element.
fn element(tag: u8, contents: &[&[u8]], out: &mut Vec<u8>) {
    let length: usize = contents.iter().map(|part| part.len()).sum();
    out.push(tag);
    match u8::try_from(length) {
        Ok(short @ 0..0x80) => out.push(short),
        _ => {
            let octets = length.to_be_bytes();
            let from = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len() - 1);
            let octets = &octets[from..];
            // At most eight octets make a usize.
            out.push(0x80 | octets.len() as u8);
            out.extend_from_slice(octets);
        }
    }
    contents.iter().for_each(|part| out.extend_from_slice(part));
}

/// An unsigned number as an INTEGER: no leading zero octets but the one that keeps it positive.
fn integer(tag: u8, number: u32, out: &mut Vec<u8>) {
    let octets = [0, number.to_be_bytes()[0], number.to_be_bytes()[1], number.to_be_bytes()[2], number.to_be_bytes()[3]];
    let from = (0..4).find(|at| octets[*at] != 0 || octets[*at + 1] >= 0x80).unwrap_or(4);
    element(tag, &[&octets[from..]], out);
}

/// A transaction request of encoded actions.
pub(super) fn join_request(id: u32, actions: &[&[u8]], out: &mut Vec<u8>) {
    let (mut number, mut list) = (Vec::new(), Vec::new());
    integer(0x80, id, &mut number);
    element(0xA1, actions, &mut list);
    element(0xA0, &[&number, &list], out);
}

/// A message of encoded transactions.
pub(super) fn join_message(
    version: u8,
    mid: &MId<'_>,
    config: &BerConfig,
    parts: &[&[u8]],
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let head = head(version, mid, config)?;
    let (mut transactions, mut body, mut mess) = (Vec::new(), Vec::new(), Vec::new());
    element(0xA1, parts, &mut transactions);
    element(0xA2, &[&transactions], &mut body);
    element(0xA1, &[&head, &body], &mut mess);
    element(0x30, &[&mess], out);
    Ok(())
}

/// Version and MID as they stand before the body: cut out of the smallest message there is, which the codec writes.
fn head(version: u8, mid: &MId<'_>, config: &BerConfig) -> Result<Vec<u8>, EncodeError> {
    let mut whole = Vec::new();
    ber::encode(&Message::new(version, mid.clone(), [Transaction::Pending(1)]), config, &mut whole)?;
    let (mut body, mut list, mut pending) = (Vec::new(), Vec::new(), Vec::new());
    ber::encode_transaction(&Transaction::Pending(1), config, &mut pending)?;
    element(0xA1, &[&pending], &mut list);
    element(0xA2, &[&list], &mut body);
    let inside = contents(contents(&whole));
    Ok(inside[..inside.len().saturating_sub(body.len())].to_vec())
}

/// What an element written by [`element`] or the codec contains.
fn contents(element: &[u8]) -> &[u8] {
    match element {
        [_, short @ 0..0x80, rest @ ..] => &rest[..usize::from(*short).min(rest.len())],
        [_, long, rest @ ..] => rest.get(usize::from(long & 0x7F)..).unwrap_or(&[]),
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use megaphone_h248::model::{ActionRequest, ContextId, List, TransactionRequest};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn joined_is_what_the_codec_writes(ids in proptest::collection::vec(any::<u32>(), 1..60), port in any::<Option<u16>>()) {
            let config = BerConfig::default();
            let mid = MId::Ip4Address([10, 0, 0, 1].into(), port);
            let pendings: Vec<Transaction<'_>> = ids.iter().map(|id| Transaction::Pending(*id)).collect();
            let parts: Vec<Vec<u8>> = pendings
                .iter()
                .map(|pending| {
                    let mut out = Vec::new();
                    ber::encode_transaction(pending, &config, &mut out).expect("a Pending has a form");
                    out
                })
                .collect();
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let (mut joined, mut whole) = (Vec::new(), Vec::new());
            join_message(2, &mid, &config, &parts, &mut joined).expect("it has a form");
            ber::encode(&Message::new(2, mid, pendings.clone()), &config, &mut whole).expect("it has a form");
            prop_assert_eq!(joined, whole);
        }

        #[test]
        fn a_joined_request_is_what_the_codec_writes(id in any::<u32>(), contexts in proptest::collection::vec(any::<u32>(), 1..20)) {
            let config = BerConfig::default();
            let audit = megaphone_h248::model::ContextAttrAuditRequest { topology: true, ..Default::default() };
            let actions: Vec<ActionRequest<'_>> = contexts
                .iter()
                .map(|context| ActionRequest {
                    context_attr_audit: Some(audit.clone()),
                    ..ActionRequest::new(ContextId(*context), List::EMPTY)
                })
                .collect();
            let parts: Vec<Vec<u8>> = actions
                .iter()
                .map(|action| {
                    let mut out = Vec::new();
                    ber::encode_action_request(action, &config, &mut out).expect("it has a form");
                    out
                })
                .collect();
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let (mut joined, mut whole) = (Vec::new(), Vec::new());
            join_request(id, &parts, &mut joined);
            let request = TransactionRequest { transaction_id: id, actions: actions.into() };
            ber::encode_transaction(&Transaction::Request(request), &config, &mut whole).expect("it has a form");
            prop_assert_eq!(joined, whole);
        }
    }
}
