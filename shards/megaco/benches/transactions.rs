//! Request and reply in process: decode, dedupe, user, encode; and a call with its reply. Run with `cargo bench -p megaphone-megaco`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use megaphone_h248::model::{ActionRequest, MId, Token, TransactionResult};
use megaphone_megaco::config::{Config, Encoding, Timer};
use megaphone_megaco::user::{Answer, Context, User, UserAnswer};
use megaphone_megaco::{Engine, Input, Options, Output, ReceiveHandle, RequestToken, SendHandle};
use megaphone_wheel::Tick;

/// Answers every request with an error descriptor: the cheapest user.
struct Brief;

impl User for Brief {
    fn handle_trans_request<'m>(
        &mut self,
        _: &Context<'_>,
        _: RequestToken,
        _: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        let error = megaphone_h248::model::ErrorDescriptor {
            code: 501,
            text: None,
        };
        Answer::Reply(UserAnswer::discard(TransactionResult::Error(error)))
    }
}

fn engine(encoding_mod: Encoding) -> (Engine, ReceiveHandle) {
    let mut engine = Engine::new(Options::default());
    let config = Config {
        encoding_mod,
        user_mod: engine
            .add_module("brief", Box::new(Brief))
            .expect("a new name"),
        reply_timer: Timer::Once(1000),
        long_timer: 1000,
        ..Config::default()
    };
    let mid = MId::DomainName(Token::try_from("mgc").expect("a name"), None);
    let user = engine
        .start_user_with(&mid, config)
        .expect("a legal configuration");
    let receive = engine.receive_handle(user).expect("it runs");
    (engine, receive)
}

fn answering(c: &mut Criterion) {
    let mut group = c.benchmark_group("answer");
    group.throughput(Throughput::Elements(1));
    for (name, encoding) in [("compact", Encoding::Compact), ("pretty", Encoding::Pretty)] {
        let (mut engine, receive) = engine(encoding);
        let (mut id, mut now) = (0_u32, Tick::ZERO);
        group.bench_function(name, |b| {
            b.iter(|| {
                id += 1;
                now = Tick(now.0 + 2000);
                let message =
                    format!("!/1 [10.0.0.1]:2944 T={id}{{C=-{{N=A4444{{OE=2222{{al/of}}}}}}}}");
                let input = Input::Received {
                    receive: &receive,
                    send_handle: SendHandle(1),
                    control: None,
                    extra: None,
                    bytes: message.as_bytes(),
                };
                engine.handle(now, input);
                while let Some(Output::Send(send)) = engine.poll() {
                    engine.recycle(send.bytes);
                }
                if engine.deadline().is_some_and(|due| due <= now) {
                    engine.handle(now, Input::Timeout);
                }
            });
        });
    }
}

criterion_group!(benches, answering);
criterion_main!(benches);
