//! Registers gateways with the built-in user and lets them notify, through the shipped shard with its real pool, for instruction
//! counts that do not depend on the machine's mood:
//!
//! ```text
//! cargo build --release -p megaphone-core --example gateways_callgrind
//! valgrind --tool=callgrind --toggle-collect='*measured*' target/release/examples/gateways_callgrind pretty 500 40
//! ```
//!
//! Arguments: encoding (`pretty`, `compact`, `ber`), gateways, rounds of one Notify each. The count divided by the number printed is
//! what a transaction costs in user space, without the engine and its system calls.

use megaphone_core::{
    H248Door, H248User, Input, ListenerId, Machine, Output, Peer, Shard, ShardConfig, ShardId,
    SocketId,
};
use megaphone_frame::{Framing, tpkt};
use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::model::{MId, Token};
use megaphone_h248::text::{self, Layout};
use megaphone_h248::{Arena, Limits};
use megaphone_pool::{Class, Lease, Pool, PoolConfig};
use megaphone_wheel::Tick;
use std::time::Duration;

/// From one round to the next: as fast as a busy shard comes round.
const ROUND: Duration = Duration::from_millis(20);

const REGISTER: &str = "ServiceChange=ROOT{Services{Method=Restart,Reason=\"901 Cold Boot\",Version=1,Profile=resgw/1}}";
const NOTIFY: &str =
    "Notify=11111111/00000000/00000001{ObservedEvents=2222{20260101T00000000:al/of}}";

/// A request of gateway `number` in TPKT.
fn message(encoding: &str, number: u32, id: u32, command: &str) -> Vec<u8> {
    let source = format!("MEGACO/1 <mg{number}> Transaction={id}{{Context=-{{{command}}}}}");
    let (arena, mut out) = (Arena::new(), Vec::new());
    let decoded = text::decode(source.as_bytes(), &arena, &Limits::default());
    let message = decoded.expect("well-formed").clean().expect("no fault");
    match encoding {
        "pretty" => text::encode(&message, Layout::Pretty, &mut out),
        "compact" => text::encode(&message, Layout::Compact, &mut out),
        "ber" => ber::encode(&message, &BerConfig::default(), &mut out),
        other => panic!("{other} is no encoding"),
    }
    .expect("every encoding can say it");
    let header = tpkt::header(out.len() as u32).expect("short");
    [&header[..], &out].concat()
}

fn shard(pool: &Pool) -> Shard {
    let mut config = ShardConfig::new(ShardId(0), 1);
    let listener = H248Door::of("mgc").listener(Framing::Tpkt);
    config.listeners.push(listener);
    let name = Token::try_from("mgc").expect("a name");
    let user = H248User::new("mgc", MId::DomainName(name, None));
    config.h248.users.push(user);
    Shard::new(config, pool.clone(), None).expect("a configuration")
}

fn socket(number: u32) -> SocketId {
    SocketId {
        slot: number,
        generation: 1,
    }
}

/// One request of each gateway arrives and is answered; the number of bytes that were sent.
#[inline(never)]
fn measured(shard: &mut Shard, now: Tick, arrived: Vec<Lease>) -> usize {
    let mut sent = 0;
    for (number, data) in (0..).zip(arrived) {
        let socket = socket(number);
        shard.handle(now, Input::Received { socket, data });
        while shard.poll().is_some() {}
    }
    for number in 0.. {
        let socket = socket(number);
        let Some(bytes) = shard.outgoing(socket).map(|gather| gather.len()) else {
            break;
        };
        sent += bytes;
        shard.handle(now, Input::Sent { socket, bytes });
        while shard.poll().is_some() {}
    }
    shard.handle(now, Input::Deadline);
    while shard.poll().is_some() {}
    sent
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [encoding, gateways, rounds] = &arguments[..] else {
        panic!("usage: gateways_callgrind ENCODING GATEWAYS ROUNDS")
    };
    let gateways: u32 = gateways.parse().expect("a number of gateways");
    let rounds: u32 = rounds.parse().expect("a number of rounds");

    let pool = Pool::new(&PoolConfig::new(0)).expect("a pool");
    let mut shard = shard(&pool);
    let mut now = Tick(1);
    let peer = Peer::Tcp {
        remote: "127.0.0.1:1".parse().expect("an address"),
        local: "127.0.0.1:2944".parse().expect("an address"),
    };
    for number in 0..gateways {
        let accepted = Input::Accepted {
            listener: ListenerId(0),
            socket: socket(number),
            peer,
        };
        shard.handle(now, accepted);
        let output = shard.poll();
        assert!(
            matches!(output, Some(Output::Read { on: true, .. })),
            "{output:?}"
        );
        // So many a second are listened to at once.
        now += Duration::from_millis(1);
    }
    let (mut id, mut bytes) = (0, 0);
    for round in 0..=rounds {
        let command = if round == 0 { REGISTER } else { NOTIFY };
        let arrived = (0..gateways).map(|number| {
            id += 1;
            let mut block = pool.writable(Class::Receive).expect("a block");
            block.put(&message(encoding, number, id, command));
            block.freeze()
        });
        bytes += measured(&mut shard, now, arrived.collect());
        now += ROUND;
    }
    println!(
        "{} transactions, {bytes} bytes sent",
        gateways * (rounds + 1)
    );
}
