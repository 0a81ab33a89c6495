//! The smallest machine that does something: it sends back what comes.
//!
//! `cargo run --release -p megaphone-engine --example echo -- ADDRESS [SHARDS [FIRST_CPU]]`

use megaphone_core::{Close, Input, Machine, Output, SocketId};
use megaphone_engine::{Birth, EngineConfig, ListenerSpec, run};
use megaphone_pool::{Gather, Pool};
use megaphone_wheel::Tick;
use std::collections::VecDeque;

struct Echo {
    pool: Pool,
    outputs: VecDeque<Output<()>>,
    /// By slot.
    outgoing: Vec<Gather>,
}

impl Echo {
    fn gather(&mut self, socket: SocketId) -> &mut Gather {
        let slot = socket.slot as usize;
        if slot >= self.outgoing.len() {
            self.outgoing.resize_with(slot + 1, Gather::new);
        }
        &mut self.outgoing[slot]
    }
}

impl Machine for Echo {
    type Item = ();

    fn handle(&mut self, _now: Tick, input: Input<()>) {
        match input {
            Input::Accepted { socket, .. } => {
                self.outputs.push_back(Output::Read { socket, on: true })
            }
            Input::Received { socket, data } => {
                let gather = self.gather(socket);
                let idle = gather.is_empty();
                gather.push_lease(data);
                if idle {
                    self.outputs.push_back(Output::Send { socket });
                }
            }
            Input::Sent { socket, bytes } => self.gather(socket).advance(bytes, drop),
            Input::Ended { socket } => self.outputs.push_back(Output::Close {
                socket,
                how: Close::Gracefully,
            }),
            Input::Closed { socket } => {
                let gather = std::mem::take(self.gather(socket));
                self.pool.recycle(gather);
            }
            Input::Drain { .. } => self.outputs.push_back(Output::Drained),
            _ => {}
        }
    }

    fn poll(&mut self) -> Option<Output<()>> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Tick> {
        None
    }

    fn outgoing(&self, socket: SocketId) -> Option<&Gather> {
        self.outgoing.get(socket.slot as usize)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:7007".into());
    let shards = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let cpus = arguments
        .next()
        .map(|text| text.parse::<usize>())
        .transpose()?;
    let config = EngineConfig {
        shards,
        cpus: cpus.map_or(Vec::new(), |first| {
            (first..first + usize::from(shards)).collect()
        }),
        listeners: vec![ListenerSpec::tcp(address.parse()?)],
        ..EngineConfig::default()
    };
    let make = |birth: Birth| Echo {
        pool: birth.pool,
        outputs: VecDeque::new(),
        outgoing: Vec::new(),
    };
    let running = run(config, make, drop)?;
    println!("READY {:?}", running.listening());
    running.join()?;
    Ok(())
}
