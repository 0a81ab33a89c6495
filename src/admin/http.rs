//! As much of HTTP/1.1 as a probe and a scraper need: one request, one answer, close.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Bytes of a request's head, at most.
pub(super) const HEAD_BYTES_MAX: usize = 8_192;
/// Header lines of a request, at most.
pub(super) const HEADERS_MAX: usize = 64;

pub(super) const PLAIN: &str = "text/plain; charset=utf-8";

/// What is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    /// Without the query.
    pub(super) path: String,
    pub(super) accept: Option<String>,
}

/// What is answered.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn refusal(status: u16, body: &str) -> Reply {
        Reply {
            status,
            content_type: PLAIN,
            body: body.into(),
        }
    }

    const fn reason(&self) -> &'static str {
        match self.status {
            200 => "OK",
            400 => "Bad Request",
            404 => "Not Found",
            405 => "Method Not Allowed",
            408 => "Request Timeout",
            431 => "Request Header Fields Too Large",
            _ => "Service Unavailable",
        }
    }
}

/// Reads a request's head; an inner error is the answer to one that cannot be served.
pub(super) fn read(
    mut stream: &TcpStream,
    deadline: Instant,
) -> io::Result<Result<Request, Reply>> {
    let mut head = Vec::with_capacity(1_024);
    let mut chunk = [0; 1_024];
    loop {
        let Some(left) = time_left(deadline) else {
            return Ok(Err(Reply::refusal(408, "the request took too long\n")));
        };
        stream.set_read_timeout(Some(left))?;
        let room = chunk.len().min(HEAD_BYTES_MAX - head.len());
        match stream.read(&mut chunk[..room]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => head.extend_from_slice(&chunk[..count]),
            Err(error) if is_pause(&error) => continue,
            Err(error) => return Err(error),
        }
        match parse(&head) {
            Ok(None) if head.len() == HEAD_BYTES_MAX => {
                return Ok(Err(Reply::refusal(431, "the request's head is too long\n")));
            }
            Ok(None) => {}
            Ok(Some(request)) => return Ok(Ok(request)),
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
}

/// A whole request, or `None` if more is to come.
pub(super) fn parse(head: &[u8]) -> Result<Option<Request>, Reply> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Partial) => Ok(None),
        Ok(httparse::Status::Complete(_)) => {
            let target = request.path.unwrap_or("");
            let accept = request
                .headers
                .iter()
                .find(|header| header.name.eq_ignore_ascii_case("accept"));
            Ok(Some(Request {
                method: request.method.unwrap_or("").into(),
                path: target.split('?').next().unwrap_or("").into(),
                accept: accept
                    .and_then(|header| Some(std::str::from_utf8(header.value).ok()?.into())),
            }))
        }
        Err(httparse::Error::TooManyHeaders) => Err(Reply::refusal(431, "too many header lines\n")),
        Err(error) => Err(Reply::refusal(
            400,
            &format!("not an HTTP request: {error}\n"),
        )),
    }
}

/// Writes the answer within what is left of the request's time.
pub(super) fn write(mut stream: &TcpStream, reply: &Reply, deadline: Instant) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}Cache-Control: no-store\r\nConnection: close\r\n\r\n",
        reply.status,
        reply.reason(),
        reply.content_type,
        reply.body.len(),
        if reply.status == 405 {
            "Allow: GET\r\n"
        } else {
            ""
        },
    );
    for mut bytes in [head.as_bytes(), reply.body.as_bytes()] {
        while !bytes.is_empty() {
            let left = time_left(deadline).ok_or(io::ErrorKind::TimedOut)?;
            stream.set_write_timeout(Some(left))?;
            match stream.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if is_pause(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// The time until `deadline`, at least the millisecond that a socket's timeout can express.
fn time_left(deadline: Instant) -> Option<Duration> {
    let left = deadline.checked_duration_since(Instant::now())?;
    (!left.is_zero()).then(|| left.max(Duration::from_millis(1)))
}

/// Errors after which the same call may succeed.
fn is_pause(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}
