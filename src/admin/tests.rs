use super::*;
use megaphone_metrics::{Cells, Metric, Page};
use std::io::{Read, Write};

fn report(shards: usize) -> (Vec<Arc<Page>>, Arc<Report>) {
    let pages: Vec<_> = (0..shards).map(|_| Arc::new(Page::new(1))).collect();
    let by_shard = pages.iter().map(|page| vec![Arc::clone(page)]).collect();
    let report = Report::new(by_shard, vec!["chat".into()]);
    (pages, Arc::new(report))
}

/// Starts the real thing and sends it bytes; what comes back until it closes.
fn exchange(report: &Arc<Report>, request: &[u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let at = start(&listener, report).expect("threads can be started");
    let mut stream = TcpStream::connect(at).expect("it listens");
    // A refused request may be answered, and its connection reset, before all of it is sent.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).expect("answers are text")
}

fn get(report: &Arc<Report>, path: &str) -> String {
    exchange(
        report,
        format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes(),
    )
}

#[test]
fn metrics_come_from_the_pages() {
    let (pages, report) = report(2);
    let mut cells = Cells::new(1);
    cells.add(Metric::FramesIn, 42);
    cells.publish(&pages[1]);
    let answer = get(&report, "/metrics?x=y");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(
        head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"),
        "{head}"
    );
    assert!(
        head.contains(&format!("Content-Length: {}\r\n", body.len())),
        "{head}"
    );
    assert!(body.contains("megaphone_frames_total{shard=\"1\",dir=\"in\"} 42\n"));
    assert!(body.contains("link=\"chat\""));

    let open = exchange(
        &report,
        b"GET /metrics HTTP/1.1\r\naccept: application/openmetrics-text\r\n\r\n",
    );
    assert!(
        open.contains("application/openmetrics-text; version=1.0.0") && open.ends_with("# EOF\n")
    );
}

#[test]
fn a_scrape_asks_for_figures_of_the_moment() {
    let (pages, report) = report(1);
    let asked = Arc::clone(&pages[0]);
    report.ask_with(move || {
        let mut cells = Cells::new(1);
        cells.add(Metric::FramesOut, 5);
        cells.publish(&asked);
    });
    assert!(
        get(&report, "/metrics").contains("megaphone_frames_total{shard=\"0\",dir=\"out\"} 5\n")
    );
}

#[test]
fn a_shard_that_does_not_publish_holds_no_scrape_up_for_long() {
    let (_, report) = report(1);
    report.ask_with(|| ());
    assert!(get(&report, "/metrics").starts_with("HTTP/1.1 200 "));
}

#[test]
fn readiness_follows_the_stage() {
    let (_, report) = report(1);
    assert!(get(&report, "/readyz").starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    report.set_stage(Stage::Serving);
    assert!(get(&report, "/readyz").ends_with("\r\n\r\nserving\n"));
    report.set_stage(Stage::Draining);
    assert!(get(&report, "/readyz").ends_with("\r\n\r\ndraining\n"));
}

#[test]
fn a_shard_that_stands_still_is_noticed() {
    let (pages, report) = report(2);
    let start = Instant::now();
    let after = |seconds| report.health(start + Duration::from_secs(seconds));
    assert!(after(9).is_ok());
    Cells::new(1).publish(&pages[0]);
    assert_eq!(
        after(12).expect_err("shard 1 is silent"),
        "shard 1 has published nothing for 12 s"
    );
    Cells::new(1).publish(&pages[1]);
    assert_eq!(after(20).as_deref(), Ok("all 2 shards are alive"));
    assert!(
        after(23).is_err(),
        "shard 0 was last seen to publish at 12 s"
    );
}

#[test]
fn only_get_and_only_three_paths() {
    let (_, report) = report(1);
    let posted = exchange(
        &report,
        b"POST /metrics HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    );
    assert!(posted.starts_with("HTTP/1.1 405 ") && posted.contains("\r\nAllow: GET\r\n"));
    assert!(get(&report, "/").starts_with("HTTP/1.1 404 "));
    assert!(get(&report, "/healthz").starts_with("HTTP/1.1 200 "));
}

#[test]
fn what_is_not_http_is_refused() {
    let (_, report) = report(1);
    assert!(
        exchange(&report, b"\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n").starts_with("HTTP/1.1 400 ")
    );
}

/// A head of exactly so many bytes.
fn head_of(bytes: usize) -> Vec<u8> {
    let start = "GET /healthz HTTP/1.1\r\nX: ";
    format!("{start}{}\r\n\r\n", "x".repeat(bytes - start.len() - 4)).into_bytes()
}

#[test]
fn the_head_is_limited() {
    let (_, report) = report(1);
    for (bytes, status) in [
        (http::HEAD_BYTES_MAX - 1, 200),
        (http::HEAD_BYTES_MAX, 200),
        (http::HEAD_BYTES_MAX + 1, 431),
    ] {
        let answer = exchange(&report, &head_of(bytes));
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{bytes}: {answer}"
        );
    }
}

#[test]
fn the_header_lines_are_limited() {
    let head = |lines: usize| format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(lines));
    assert!(matches!(
        http::parse(head(http::HEADERS_MAX).as_bytes()),
        Ok(Some(_))
    ));
    let refusal = http::parse(head(http::HEADERS_MAX + 1).as_bytes()).expect_err("one too many");
    assert_eq!(refusal.status, 431);
}

#[test]
fn every_split_of_a_request_is_the_same_request() {
    let whole = b"GET /metrics?a=b HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n";
    for cut in 0..whole.len() {
        assert_eq!(
            http::parse(&whole[..cut]).expect("a start of something right"),
            None
        );
    }
    let request = http::parse(whole).expect("right").expect("whole");
    assert_eq!(
        (request.path.as_str(), request.accept.as_deref()),
        ("/metrics", Some("*/*"))
    );
}

#[test]
fn time_that_is_up_ends_a_request() {
    let (_, report) = report(1);
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let mut client =
        TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
    let (server, _) = listener.accept().expect("the client is there");
    client
        .write_all(b"GET /healthz HTTP/1.1\r\n")
        .expect("room for a line");
    // The deadline has passed already: neither reading nor answering may go on.
    let ended = answer(&server, &report, Instant::now()).expect_err("no time is left");
    assert_eq!(ended.kind(), io::ErrorKind::TimedOut);
}
