//! Composing a message without sending it (`test_request/5`, `test_reply/5`): nothing changes, no id is used.

use super::Engine;
use crate::codec::Form;
use crate::config::Encoding;
use crate::fault::Error;
use crate::handle::{ConnectionId, UserId};
use megaphone_h248::EncodeError;
use megaphone_h248::model::{
    ActionRequest, IntoOwned, List, Message, Transaction, TransactionReply, TransactionRequest,
    TransactionResult,
};

/// A message as values, and as it would be written.
pub type Trial<'a> = (Message<'a>, Result<Vec<u8>, EncodeError>);

impl Engine {
    /// What a call with these actions would send on a connection, in any version and codec. Its id is the one that would be next.
    pub fn test_request<'a>(
        &self,
        connection: ConnectionId,
        version: u8,
        encoding: Encoding,
        actions: &'a [ActionRequest<'a>],
    ) -> Result<Trial<'a>, Error> {
        let request = TransactionRequest {
            transaction_id: self.user(UserId(self.row(connection)?.user))?.next_id,
            actions: List::Borrowed(actions),
        };
        self.test(connection, version, encoding, Transaction::Request(request))
    }

    /// What a reply of the user would be on a connection: to transaction 0, which nobody has asked for.
    pub fn test_reply<'a>(
        &self,
        connection: ConnectionId,
        version: u8,
        encoding: Encoding,
        result: TransactionResult<'a>,
    ) -> Result<Trial<'a>, Error> {
        let reply = TransactionReply {
            transaction_id: 0,
            imm_ack_required: false,
            segment: None,
            result,
        };
        self.test(connection, version, encoding, Transaction::Reply(reply))
    }

    fn test<'a>(
        &self,
        connection: ConnectionId,
        version: u8,
        encoding: Encoding,
        transaction: Transaction<'a>,
    ) -> Result<Trial<'a>, Error> {
        let row = self.row(connection)?;
        let mid = self.user(UserId(row.user))?.model.clone().into_owned();
        let message = Message::new(version, mid, vec![transaction]);
        let mut out = Vec::new();
        let written = Form::new(encoding, row.config.otp_values).message(&message, &mut out);
        Ok((message, written.map(|()| out)))
    }
}
