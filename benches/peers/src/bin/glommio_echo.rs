//! A glommio echo in its kindest form: `TcpStream` unbuffered, a task per connection, an 8 KiB buffer each.
#![forbid(unsafe_code)]

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use glommio::{LocalExecutorBuilder, Placement, net::TcpListener};
use megaphone_bench_peers::{arguments, ready};
use std::net::Ipv4Addr;

fn main() {
    let arguments = arguments();
    LocalExecutorBuilder::new(Placement::Fixed(arguments.cpu))
        .io_memory(64 << 10)
        .spawn(move || async move {
            // Its own listener: glommio takes a foreign descriptor only by an unsafe door.
            let address = (Ipv4Addr::UNSPECIFIED, arguments.port);
            let listener = TcpListener::bind(address).expect("the port is free");
            ready();
            loop {
                let Ok(mut stream) = listener.accept().await else {
                    continue;
                };
                let _ = stream.set_nodelay(true);
                glommio::spawn_local(async move {
                    let mut buffer = vec![0; 8 * 1024];
                    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                        if stream.write_all(&buffer[..count]).await.is_err() {
                            return;
                        }
                    }
                })
                .detach();
            }
        })
        .expect("an executor")
        .join()
        .expect("the executor ends by signal");
}
