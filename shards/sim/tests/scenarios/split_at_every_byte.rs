//! However a client's or a backend's bytes are cut, the same frames come out at the other end.

use crate::stage::{CLASSIC_FIXED, CLASSIC_VAR, RAW, TPKT, finish, ms, only, with_backend};

#[test]
fn one_byte_at_a_time_both_ways() {
    for listener in [RAW, CLASSIC_FIXED, CLASSIC_VAR, TPKT] {
        let (mut world, backend) = with_backend(2);
        world.chunk = 1;
        let client = world.connect(1, listener);
        world.settle(ms(10));
        let connection = only(&world, backend);
        for len in [1, 9, 40] {
            world.write(client, len);
            world.backend_writes(backend, connection, len, true);
        }
        world.settle(ms(10));
        assert_eq!(
            (world.clients[client].arrived, world.clients[client].got),
            (50, 50)
        );
        finish(world);
    }
}

#[test]
fn any_first_cut_of_a_stream() {
    for listener in [CLASSIC_FIXED, CLASSIC_VAR, TPKT] {
        for cut in 1..90 {
            let (mut world, _) = with_backend(1);
            let client = world.connect(0, listener);
            world.settle(ms(10));
            world.chunk = cut;
            world.write(client, 7);
            world.write(client, 30);
            world.settle(ms(10));
            assert_eq!(
                (
                    world.clients[client].arrived,
                    world.clients[client].frames.len()
                ),
                (37, 0),
                "cut at {cut}"
            );
        }
    }
}
