//! What the transport gives with a message reaches every callback of it.

use crate::harness::{Talk, config, notify};
use megaphone_h248::model::{ActionRequest, TransactionResult};
use megaphone_megaco::config::Item;
use megaphone_megaco::user::{Answer, Connect, Context, LongAnswer, User, UserAnswer};
use megaphone_megaco::{Input, RequestToken, SendHandle};
use std::cell::RefCell;
use std::rc::Rc;

type Seen = Rc<RefCell<Vec<(&'static str, Option<u64>)>>>;

struct Extra(Seen);

impl User for Extra {
    fn handle_connect(&mut self, cx: &Context<'_>) -> Connect {
        self.0.borrow_mut().push(("connect", cx.extra));
        Connect::Accept
    }

    fn handle_trans_request<'m>(
        &mut self,
        cx: &Context<'_>,
        _: RequestToken,
        _: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        self.0.borrow_mut().push(("request", cx.extra));
        Answer::Pending(0)
    }

    fn handle_trans_long_request(
        &mut self,
        cx: &Context<'_>,
        _: RequestToken,
        _: u64,
    ) -> LongAnswer<'static> {
        self.0.borrow_mut().push(("long", cx.extra));
        LongAnswer::Reply(UserAnswer::discard(TransactionResult::ActionReplies(
            Vec::new().into(),
        )))
    }
}

#[test]
fn otp_6865_request_and_reply_plain_extra1() {
    let mut talk = Talk::new(config());
    let seen = Rc::new(RefCell::new(Vec::new()));
    talk.engine
        .add_module("extra", Box::new(Extra(seen.clone())))
        .and_then(|module| {
            let name = module.name().into();
            talk.engine
                .update_user_info(talk.user, Item::UserMod, &name)
        })
        .expect("it exists");
    let bytes = format!("!/1 <mg> {}", notify(1));
    let input = Input::Received {
        receive: &talk.receive,
        send_handle: SendHandle(1),
        control: None,
        extra: Some(77),
        bytes: bytes.as_bytes(),
    };
    talk.engine.handle(talk.now, input);
    assert_eq!(
        *seen.borrow(),
        [
            ("connect", Some(77)),
            ("request", Some(77)),
            ("long", Some(77))
        ]
    );
}
