//! What controllers are told of an association whose peer says its MID only later.

use super::*;
use crate::config::{Dialect, LinkSide, LinkSpec, ShardConfig};
use crate::contract::SocketId;
use crate::h248::channel::Channel;
use crate::h248::{Answers, Form, H248User};
use crate::item::{LinkStatus, Serves, Stage};
use megaphone_h248::model::{MId, Token};
use megaphone_megaco::engine::Input as EngineInput;
use megaphone_megaco::{Remote, SendHandle};
use megaphone_pool::{Pool, PoolConfig};
use megaphone_wheel::Tick;

/// A shard with a user that controllers on a link answer for, and so many of them.
fn shard(controllers: u16) -> Shard {
    let mut config = ShardConfig::new(ShardId(0), 1);
    config.links.push(LinkSpec {
        name: "mgc".into(),
        side: LinkSide::Listen,
        dialect: Dialect::V1,
        token: Vec::new(),
    });
    let name = Token::new(&b"mgc.example"[..]).expect("a name");
    config.h248.users.push(H248User {
        answers: Answers::Controllers("mgc".into()),
        ..H248User::new("mgc", MId::DomainName(name, None))
    });
    let pool = Pool::new(&PoolConfig::new(0)).expect("a pool");
    let mut shard = Shard::new(config, pool, None).expect("a configuration");
    for place in 0..controllers {
        shard.link_status(LinkStatus {
            link: link(place),
            spec: 0,
            stage: Stage::Up,
            payload_max: 2_048,
            serves: Serves {
                users: 1,
                node: 77 + u64::from(place),
            },
        });
    }
    shard
}

fn link(place: u16) -> LinkId {
    LinkId {
        home: 0,
        place,
        serial: 1,
    }
}

fn socket() -> SendHandle {
    let socket = SocketId {
        slot: 3,
        generation: 1,
    };
    let channel = Channel::Socket(ShardId(0), socket).pack();
    channel.expect("a slot that exists")
}

/// Turns what the engine told into frames; those of each controller since the last time, as type and payload.
fn told(shard: &mut Shard, h248: &mut H248) -> Vec<Vec<(u8, String)>> {
    loop {
        let event = h248.controllers.inbox.borrow_mut().events.pop_front();
        let Some(event) = event else { break };
        shard.relay_event(h248, event);
    }
    let mut all = Vec::new();
    for place in 0..shard.config.limits.links_max as u16 {
        let out = h248.controllers.outgoing.remove(&(0, place));
        let frames = out.map(|out| out.frames).unwrap_or_default();
        let shown = frames.iter().map(|frame| {
            let payload = String::from_utf8_lossy(&frame.payload).into_owned();
            (frame.head.kind.code(), payload)
        });
        all.push(shown.collect::<Vec<_>>());
    }
    all.retain(|frames| !frames.is_empty());
    all
}

#[test]
fn the_controller_that_has_it_is_told_the_mid_and_no_other_is_told_of_it() {
    // Several, so that the MID would name another one if it were asked again.
    let mut moved = 0;
    for number in 0..16 {
        let mut shard = shard(4);
        let mut h248 = shard.h248.take().expect("H.248 is on");
        let receive = h248.receive_handle(0, Form::Compact, SendMod::Tcp);
        let receive = receive.expect("the user is there");
        let made =
            h248.engine
                .connect(Tick(1), &receive, Remote::Preliminary, socket(), None, None);
        let connection = made.expect("it is the first");
        let first = told(&mut shard, &mut h248);
        let connects = |frames: &[(u8, String)], mid: &str| {
            let (kind, payload) = &frames[0];
            assert_eq!(*kind, UserFrame::Connect as u8);
            assert!(payload.contains(mid), "{payload:?} names {mid:?}");
        };
        assert_eq!(first.len(), 1, "one controller has it");
        connects(&first[0], "\0\0");
        let has_it = h248.controllers.row(connection).expect("a row").controller;

        let message = format!("!/1 gw{number} T=1{{C=-{{N=a{{OE=1{{al/of}}}}}}}}");
        h248.engine.handle(
            Tick(2),
            EngineInput::Received {
                receive: &receive,
                send_handle: socket(),
                control: None,
                extra: None,
                bytes: message.as_bytes(),
            },
        );
        let then = told(&mut shard, &mut h248);
        assert_eq!(then.len(), 1, "nobody else is told");
        let kinds: Vec<u8> = then[0].iter().map(|frame| frame.0).collect();
        assert_eq!(kinds, [UserFrame::Connect as u8, UserFrame::Request as u8]);
        connects(&then[0], &format!("gw{number}"));
        let row = h248.controllers.row(connection).expect("a row");
        assert_eq!(row.controller, has_it, "it stays where it is");
        moved += u32::from(shard.router.controller(0, row.key) != has_it);
    }
    assert!(moved > 0, "some of these names are another controller's");
}
