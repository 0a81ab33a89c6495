//! The two formats of 2011 and 2012, spoken by an independent client, through two shards to an Erlang backend and back.

use crate::appliance::{Setup, wait_for};
use crate::clients::Client;
use crate::peers::{Backend, python_client};

#[test]
fn classic_clients_reach_the_backend_and_get_their_packets_back() {
    for framing in ["classic-fixed", "classic-var"] {
        let mut appliance = Setup::new()
            .listen(framing, "link:chat")
            .link("chat")
            .start();
        let mut backend = Backend::linked(appliance.links(), &[]);
        let whole = [
            "--framing",
            framing,
            "--connections",
            "40",
            "--packets",
            "50",
            "--window",
            "10",
            "--size",
            "2000",
        ];
        python_client(appliance.clients(), &whole);
        let cut = [
            "--framing",
            framing,
            "--connections",
            "8",
            "--packets",
            "20",
            "--chunk",
            "5",
            "--size",
            "100",
        ];
        python_client(appliance.clients(), &cut);
        appliance.wait_until("clients to be on both shards", |f| {
            f.shards_with("megaphone_connections_accepted_total") == 2
        });
        assert_eq!(backend.count("opens"), 48);
        wait_for("the backend to see every close", || {
            (backend.count("connections") == 0).then_some(())
        });
        appliance.must_come_to_rest();
    }
}

/// Sends `bytes` and expects the connection to be closed for it, with one fault of that kind counted.
fn is_refused(framing: &str, bytes: &[u8], kind: &str) {
    let mut appliance = Setup::new().listen(framing, "echo").start();
    let mut client = Client::connect(appliance.clients());
    client.send(bytes);
    client.finish();
    assert!(client.is_closed(), "{framing} {bytes:?}");
    drop(client);
    appliance.must_come_to_rest();
    appliance.must_count(
        &format!("megaphone_frame_faults_total{{kind=\"{kind}\"}}"),
        1,
    );
}

#[test]
fn a_length_that_is_no_number_is_refused() {
    is_refused(
        "classic-fixed",
        b"00000000x3|00000000000000000001|a",
        "malformed",
    );
    is_refused("classic-var", b"1|-3|abc", "malformed");
}

#[test]
fn a_length_below_the_header_is_refused() {
    is_refused(
        "classic-fixed",
        b"0000000031|00000000000000000001|",
        "too_short",
    );
}

#[test]
fn a_length_above_the_limit_is_refused_before_its_bytes_arrive() {
    is_refused(
        "classic-fixed",
        b"9999999999|00000000000000000001|",
        "too_long",
    );
    is_refused("classic-var", b"1|99999999999999999999999999|", "malformed");
}

#[test]
fn an_end_inside_a_packet_is_counted() {
    is_refused("classic-fixed", b"0000000040|000000000", "ended_inside");
    is_refused(
        "classic-fixed",
        b"0000000040|00000000000000000001|abc",
        "ended_inside",
    );
}
