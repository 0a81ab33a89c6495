//! A tokio echo: the multi-thread runtime with one worker, a task per connection, an 8 KiB buffer each.
#![forbid(unsafe_code)]

use megaphone_bench_peers::{arguments, listener, ready};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn main() {
    let arguments = arguments();
    core_affinity::set_for_current(core_affinity::CoreId { id: arguments.cpu });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_io()
        .build()
        .expect("a runtime");
    runtime.block_on(async move {
        let listener =
            tokio::net::TcpListener::from_std(listener(arguments.port)).expect("a listener");
        ready();
        loop {
            let Ok((mut stream, _)) = listener.accept().await else {
                continue;
            };
            tokio::spawn(async move {
                let mut buffer = vec![0; 8 * 1024];
                while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                    if stream.write_all(&buffer[..count]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
}
