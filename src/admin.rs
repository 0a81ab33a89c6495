//! The reading side: `/metrics`, `/healthz` and `/readyz` over plain HTTP, on threads of its own. It changes
//! nothing, and it never touches a shard: only the pages that shards publish.

pub mod desk;
mod http;
mod report;

pub use report::{Report, ShardPages, Stage};

use http::{Reply, Request};
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// Threads that answer: a slow scraper occupies one until its time is up, and a probe must still get through.
const WORKERS: usize = 4;
/// How long one request may take from the first byte to the last one of its answer.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(5);
/// The pause after a failed accept, which is a lack of descriptors that another moment may cure.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers requests on `listener` until the process ends.
///
/// # Errors
///
/// The listener cannot be shared, or a thread cannot be started.
pub fn start(listener: &TcpListener, report: &Arc<Report>) -> io::Result<SocketAddr> {
    let at = listener.local_addr()?;
    for worker in 0..WORKERS {
        let (listener, report) = (listener.try_clone()?, Arc::clone(report));
        thread::Builder::new()
            .name(format!("admin-{worker}"))
            .spawn(move || serve(&listener, &report))?;
    }
    Ok(at)
}

fn serve(listener: &TcpListener, report: &Report) {
    loop {
        match listener.accept() {
            // What a client does to its own connection is no concern of the next one.
            Ok((stream, _)) => drop(answer(&stream, report, Instant::now() + REQUEST_TIME_MAX)),
            Err(_) => thread::sleep(ACCEPT_PAUSE),
        }
    }
}

/// Reads one request, answers it and closes.
fn answer(stream: &TcpStream, report: &Report, deadline: Instant) -> io::Result<()> {
    let reply = match http::read(stream, deadline)? {
        Ok(request) => route(&request, report),
        Err(refusal) => refusal,
    };
    http::write(stream, &reply, deadline)
}

fn route(request: &Request, report: &Report) -> Reply {
    match request.path.as_str() {
        _ if request.method != "GET" => Reply::refusal(405, "only GET is answered here\n"),
        "/metrics" => {
            let format = megaphone_metrics::Format::from_accept(request.accept.as_deref());
            Reply {
                status: 200,
                content_type: format.content_type(),
                body: report.metrics(format),
            }
        }
        "/healthz" => verdict(report.health(Instant::now())),
        "/readyz" => verdict(report.readiness()),
        _ => Reply::refusal(404, "there are /metrics, /healthz and /readyz\n"),
    }
}

fn verdict(verdict: Result<String, String>) -> Reply {
    let (status, body) = match verdict {
        Ok(well) => (200, well),
        Err(unwell) => (503, unwell),
    };
    Reply {
        status,
        content_type: http::PLAIN,
        body: body + "\n",
    }
}
