//! Peers that mean no good, by the failures that this family of protocols is known for. After each of them a gateway that means
//! well is served as before, and nobody unknown gets more than twice the bytes that it sent.

use super::bench::gateways;
use super::served::serve;
use crate::appliance::{Appliance, PATIENCE, Setup, own_address, wait_for};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

fn peer(to: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is left");
    socket.connect(to).expect("connecting a datagram socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("possible");
    socket
}

fn ask(socket: &UdpSocket, message: impl AsRef<[u8]>) {
    socket.send(message.as_ref()).expect("loopback takes it");
}

/// Reads answers until one contains `mark`; the bytes of those before it.
fn until(socket: &UdpSocket, mark: &str) -> usize {
    let mut room = [0; 65_536];
    let mut before = 0;
    loop {
        let len = socket.recv(&mut room).expect("an answer");
        if room[..len]
            .windows(mark.len())
            .any(|part| part == mark.as_bytes())
        {
            return before;
        }
        before += len;
    }
}

/// Asks as a gateway does over UDP: again, until it is answered. A burst of others may cost the first tries.
fn insist(socket: &UdpSocket, message: &str, mark: &str) {
    let some_time = Some(Duration::from_millis(200));
    socket.set_read_timeout(some_time).expect("possible");
    let mut room = [0; 65_536];
    wait_for("an answer", || {
        ask(socket, message);
        let len = socket.recv(&mut room).ok()?;
        let answer = String::from_utf8_lossy(&room[..len]);
        answer.contains(mark).then_some(())
    });
}

fn register(mid: &str, id: u32) -> String {
    format!("!/1 <{mid}> T={id}{{C=-{{SC=ROOT{{SV{{MT=RS,RE=\"901\"}}}}}}}}")
}

fn notify(mid: &str, id: u32) -> String {
    format!("!/1 <{mid}> T={id}{{C=-{{N=A1{{OE=1{{19990729T22000000:al/of}}}}}}}}")
}

/// Text of a message with a property group of about so many bytes in an SDP of a termination.
fn with_properties(bytes: usize) -> Vec<u8> {
    let line = "a=fmtp:96 ";
    let value = "x".repeat(bytes.saturating_sub(line.len()));
    let sdp = format!("v=0\nc=IN IP4 192.0.2.9\n{line}{value}\n");
    format!("!/1 <h20> T=1{{C=1{{MF=A1{{M{{ST=1{{L{{\n{sdp}}}}}}}}}}}}}").into_bytes()
}

/// The shapes of the catalogue that come in families: sizes around every growth of a buffer, every depth, every wrong end of contents, every
/// form of an address.
fn families() -> Vec<(&'static str, Vec<u8>)> {
    let mut messages = Vec::new();
    for power in 6..15 {
        for bytes in [(1 << power) - 1, 1 << power, (1 << power) + 1] {
            let name = "OTP-10998: large messages with property groups";
            messages.push((name, with_properties(bytes)));
        }
    }
    for depth in [1, 31, 32, 33, 1_337, 1_338, 4_096] {
        let opens = "{".repeat(depth);
        let text = format!("!/1 <h21> T=1{opens}").into_bytes();
        messages.push(("braces nested to any depth", text));
        let mut levels = Vec::new();
        for _ in 0..depth {
            levels.extend([0x30, 0x80]);
        }
        messages.push(("simple_asn1: BER nested to any depth", levels));
    }
    for level in 0..6 {
        for second in [0, 1, 0x80, 0xff] {
            let mut bytes = [0x30, 0x80].repeat(level + 1);
            bytes.extend([0, second].repeat(level + 1));
            messages.push(("asn1c: malformed ends of contents at each level", bytes));
        }
    }
    for mid in [
        "[2001:db8::1]:2944",
        "[::]",
        "[::ffff:192.0.2.1]:1",
        "[2001:db8::1",
        "[]:2944",
        "[:::]",
    ] {
        for version in 1..=3 {
            let name = "OTP-16818, OTP-16631: IPv6 addresses in every version";
            let text = format!("!/{version} {mid} T=1{{C=-{{AV=ROOT{{AT{{}}}}}}}}");
            messages.push((name, text.into_bytes()));
        }
    }
    for empty in [
        "SA{}", "M{}", "E{}", "SG{}", "DM{}", "AT{}", "OE=1{}", "MD{}", "MX{}", "EB{}",
    ] {
        let name = "OTP-17012: an empty descriptor of each kind";
        let text = format!("!/1 <h22> T=1{{C=1{{MF=A1{{{empty}}}}}}}P=9{{C=1{{S=A1{{{empty}}}}}}}");
        messages.push((name, text.into_bytes()));
    }
    messages
}

/// Messages by what they are known for: what broke decoders of this family of protocols and of its neighbours.
fn encodings() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: String| text.into_bytes();
    let nested = "{".repeat(4_000);
    let mut indefinite = vec![0x30, 0x80, 0xa1, 0x80];
    indefinite.extend([0; 64]);
    let deep_ber: Vec<u8> = [0x30, 0x82, 0x03, 0xe8].repeat(1_338);
    vec![
        ("nothing", Vec::new()),
        ("CVE-2014-6423: an empty line", b"\r\n\r\n".to_vec()),
        (
            "CVE-2014-6423: an empty line behind the header",
            b"MEGACO/1 [192.0.2.1]:2944\r\n\r\n\r\n".to_vec(),
        ),
        (
            "2005 advisories: white space without end",
            [b"!/1 <h1> ", &[b' '; 15_000][..]].concat(),
        ),
        (
            "CVE-2007-6118: braces without end",
            text(format!("!/1 <h2> T=1{nested}")),
        ),
        (
            "2005 advisories: a comment without end",
            text(format!("!/1 <h3> ;{}", "x".repeat(9_000))),
        ),
        (
            "WBXML: an offset of 32 bits that wraps with its length",
            vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x80, 1, 1],
        ),
        (
            "a length of 2^63",
            vec![0x30, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ),
        (
            "CVE-2026-42583: 22 bytes that speak of 32 MB",
            [&[0x30, 0x83, 0xff, 0xff, 0xff][..], &[0xa1; 17]].concat(),
        ),
        ("asn1c: ends of contents over and over", indefinite),
        ("simple_asn1: BER 1,338 levels deep", deep_ber),
        ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        (
            "SIP",
            b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n\r\n".to_vec(),
        ),
        (
            "TLS",
            [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3][..], &[7; 200]].concat(),
        ),
        ("octets of every kind", (0..=255).collect()),
    ]
}

/// What troubles the transaction layer.
fn transactions() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: String| text.into_bytes();
    let ranges = vec!["1-4294967295"; 64].join(",");
    let too_many = vec!["1-2"; 5_000].join(",");
    let twice = "T=5{C=-{AV=A1{AT{}}}}";
    let commands = vec!["AV=A1{AT{}}"; 1_000].join(",");
    let one_by_one: Vec<String> = (0..8_000).map(|id| format!("{id}")).collect();
    vec![
        (
            "all acknowledgements there are, 64 times",
            text(format!("!/1 <h4> K{{{ranges}}}")),
        ),
        (
            "more ranges than anybody has",
            text(format!("!/1 <h5> K{{{too_many}}}")),
        ),
        (
            "SPDY SETTINGS: as many elements as fit",
            text(format!("!/1 <h23> K{{{}}}", one_by_one.join(","))),
        ),
        (
            "CVE-2006-1937: BER that is cut short",
            vec![0x30, 0x0c, 0xa1, 0x0a, 0x80, 0x01, 0x01, 0xa1, 0x05, 0xa4],
        ),
        (
            "an acknowledgement before the reply",
            text("!/1 <h24> K{5}T=5{C=-{AV=A1{AT{}}}}".into()),
        ),
        (
            "the ids around the wrap",
            text("!/1 <h25> T=4294967294{C=-{N=A1{OE=1{al/of}}}}T=4294967295{C=-{N=A1{OE=1{al/of}}}}T=1{C=-{N=A1{OE=1{al/of}}}}".into()),
        ),
        (
            "wildcards in every place",
            text("!/1 <h26> T=1{C=*{W-S=*},C=$,C=*{AV=*/$/*{AT{}}}}".into()),
        ),
        (
            "an answer longer than any message: every termination of a thousand contexts",
            text(format!("!/1 <h27> T=1{{{}}}", vec!["C=*{AC=*{AT{M,E,SG,DM,SA,OE,PG}}}"; 400].join(","))),
        ),
        (
            "a range that runs backwards",
            text("!/1 <h6> K{9-1}".into()),
        ),
        (
            "a request of number 0",
            text("!/1 <h7> T=0{C=-{AV=A1{AT{}}}}".into()),
        ),
        (
            "the highest number",
            text("!/1 <h8> T=4294967295{C=-{AV=A1{AT{}}}}".into()),
        ),
        (
            "a number that does not fit",
            text("!/1 <h9> T=4294967296{C=-{AV=A1{AT{}}}}".into()),
        ),
        (
            "the same number twice",
            text(format!("!/1 <h10> {twice}{twice}")),
        ),
        (
            "a reply that nobody waits for",
            text("!/1 <h11> P=77{C=-{N=A1}}".into()),
        ),
        (
            "a reply to number 0",
            text("!/1 <h12> P=0{ER=400{\"\"}}".into()),
        ),
        (
            "pendings for nothing",
            text(format!("!/1 <h13> {}", "PN=7{}".repeat(60))),
        ),
        ("a request of nobody known", text(notify("h14", 9))),
        (
            "a thousand commands",
            text(format!("!/1 <h15> T=1{{C=-{{{commands}}}}}")),
        ),
        (
            "every termination of every context",
            text("!/1 <h16> T=1{C=*{AV=*{AT{M,E,SG,SA}}}}".into()),
        ),
        (
            "version 9",
            text("MEGACO/9 <h17> T=1{C=-{AV=A1{AT{}}}}".into()),
        ),
        (
            "an error to an error",
            text("!/1 <h18> ER=400{\"\"}".into()),
        ),
        (
            "a segment of nothing",
            text("!/3 <h19> P=7/65535/&{C=-{N=A1}}".into()),
        ),
    ]
}

fn all() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    [encodings(), transactions(), families()]
        .into_iter()
        .flatten()
}

/// It goes on, and nothing that should never happen did.
fn must_still_serve(appliance: &mut Appliance, at: SocketAddr) {
    for (transport, name) in [("tcp", "goodtcp"), ("udp", "goodudp")] {
        let more = ["--gateways", "3", "--requests", "3", "--name", name];
        gateways(at, (transport, "pretty", 1), &more).assert_clean(9);
    }
    appliance.must_come_to_rest();
}

#[test]
fn datagrams_known_for_breaking_others_break_nothing_and_are_not_amplified() {
    let (mut appliance, at) = serve();
    for (number, (name, message)) in all().enumerate() {
        let socket = peer(at);
        ask(&socket, &message);
        // The answer to this one comes behind whatever the other was worth.
        let id = 900_000 + number as u32;
        let asked = register(&format!("after{number}"), id);
        ask(&socket, &asked);
        let got = until(&socket, &format!("={id}"));
        assert!(
            got <= 2 * message.len(),
            "{name}: {got} bytes for {}",
            message.len()
        );
    }
    must_still_serve(&mut appliance, at);
}

#[test]
fn streams_known_for_breaking_others_break_nothing() {
    let (mut appliance, at) = serve();
    for (name, message) in all() {
        let mut stream = TcpStream::connect(at).expect("connects");
        stream.set_read_timeout(Some(PATIENCE)).expect("possible");
        let header = [
            3,
            0,
            ((message.len() + 4) >> 8) as u8,
            (message.len() + 4) as u8,
        ];
        // It may be closed before all is written.
        let _ = stream.write_all(&[&header[..], &message].concat());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer).is_ok();
        let was_reset = !ended;
        assert!(
            answer.len() <= 2 * message.len() + 100,
            "{name}: {was_reset}"
        );
    }
    for header in [
        &[3_u8, 0, 0, 0][..],
        &[3, 0, 0, 1],
        &[3, 0, 0, 2],
        &[3, 0, 0, 3],
        &[3, 0, 0xff, 0xff],
        &[2, 0, 0, 8, 1, 1, 1, 1],
        &[3],
        b"GET / HTTP/1.1\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(at).expect("connects");
        stream.set_read_timeout(Some(PATIENCE)).expect("possible");
        let _ = stream.write_all(header);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        // Closed or reset, but not left alone.
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty(), "{header:?}");
    }
    must_still_serve(&mut appliance, at);
}

#[test]
fn nobody_takes_a_gateways_name_from_another_address() {
    let (mut appliance, at) = serve();
    let victim = peer(at);
    insist(&victim, &register("victim", 1), "=1{");
    let thief = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).expect("a port is left");
    for id in 100..150 {
        let forged = notify("victim", id);
        thief.send_to(forged.as_bytes(), at).expect("taken");
    }
    // The victim is served where it is, and the thief is told nothing.
    for id in 2..20 {
        insist(&victim, &notify("victim", id), &format!("={id}{{"));
    }
    thief.set_nonblocking(true).expect("possible");
    assert!(thief.recv(&mut [0; 100]).is_err());
    appliance.wait_until("forgeries to be seen", |f| {
        f.sum("megaphone_h248_faults_total{kind=\"forged\"}") > 0.0
    });
    must_still_serve(&mut appliance, at);
}

#[test]
fn floods_cost_their_senders_only() {
    let (mut appliance, at) = serve();
    let flooder = peer(at);
    insist(&flooder, &register("flood", 1), "=1{");
    let request = notify("flood", 2);
    for number in 0..2_000 {
        ask(
            &flooder,
            format!("!/1 <flood> K{{{}-4294967295}}", number + 10),
        );
        ask(&flooder, "!/1 <flood> PN=9{}");
        ask(&flooder, &request);
    }
    must_still_serve(&mut appliance, at);
    // Its registration and its one request, which is executed once; 3 registrations and 9 requests over each transport.
    appliance.must_count("megaphone_h248_transactions_total{dir=\"in\"}", 26);
}

/// Many names, each said once: over one socket of each transport, and from several addresses.
#[test]
fn a_flood_of_names_that_nobody_knows_takes_so_many_places_and_gives_them_back() {
    const MOST: u32 = 40;
    const NAMES: u32 = 3_000;
    let at = SocketAddr::from((own_address(), 2944));
    // What they asked is remembered for a while, and has a place as long as that.
    let document = format!(
        "listen = ['h248+tcp://{at}', 'h248+udp://{at}']\n\
         [limits]\nassociations_max = {MOST}\nunregistered_ms = 3000\n\
         [megaco]\nreply_timer = 500\nlong_timer = 500\n\
         [[megaco.user]]\nmid = '<mgc.example>'\n"
    );
    let mut appliance = Setup::new().document(&document).start();
    let known = peer(at);
    insist(&known, &register("known", 1), "=1{");
    let mut stream = TcpStream::connect(at).expect("connects");
    stream.set_read_timeout(Some(PATIENCE)).expect("possible");
    let mut hears = stream.try_clone().expect("possible");
    let heard = thread::spawn(move || {
        // Each message has its answer: of success, or that there is no place.
        for _ in 0..NAMES {
            let mut header = [0; 4];
            hears.read_exact(&mut header).expect("an answer");
            let length = u16::from_be_bytes([header[2], header[3]]);
            let mut message = vec![0; usize::from(length) - 4];
            hears.read_exact(&mut message).expect("all of it");
        }
    });
    let mut flooders = [2, 3, 4].map(|last| {
        let from = Ipv4Addr::new(127, 0, 0, last);
        let socket = UdpSocket::bind((from, 0)).expect("a port is left");
        socket.connect(at).expect("connecting a datagram socket");
        socket.set_nonblocking(true).expect("possible");
        (socket, 0, 0)
    });
    for number in 0..NAMES {
        let message = notify(&format!("nobody{number}"), 1);
        let (socket, said, got) = &mut flooders[number as usize % 3];
        // What does not go out is no flood.
        *said += socket.send(message.as_bytes()).unwrap_or(0);
        *got += drained(socket);
        let message = notify(&format!("noone{number}"), 1);
        let header = [3, 0, 0, (message.len() + 4) as u8];
        stream.write_all(&header).expect("it is read");
        stream.write_all(message.as_bytes()).expect("it is read");
        if number % 500 == 0 {
            let id = 2 + number;
            insist(&known, &notify("known", id), &format!("={id}{{"));
        }
    }
    let full = appliance.wait_until("refusals", |f| f.sum("megaphone_h248_refused_total") > 0.0);
    let places = full.sum("megaphone_h248_associations");
    assert!(places <= f64::from(2 * MOST), "{places} of {MOST} a shard");
    // Those who said nothing more are forgotten, and others find a place again.
    appliance.wait_until("the flood to be forgotten", |f| {
        f.sum("megaphone_h248_associations") == 1.0
    });
    insist(&known, &notify("known", 900_000), "=900000{");
    for (socket, said, got) in &mut flooders {
        *got += drained(socket);
        assert!(*got <= 2 * *said, "{got} bytes for {said}");
    }
    heard.join().expect("each had an answer");
    drop(stream);
    must_still_serve(&mut appliance, at);
}

/// The bytes that wait on a socket.
fn drained(socket: &UdpSocket) -> usize {
    let mut room = [0; 65_536];
    let mut bytes = 0;
    while let Ok(len) = socket.recv(&mut room) {
        bytes += len;
    }
    bytes
}
