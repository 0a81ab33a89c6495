//! A glommio echo in its kindest form: `TcpStream` unbuffered, a task per connection, an 8 KiB buffer each.

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use glommio::{LocalExecutorBuilder, Placement, net::TcpListener};
use megaphone_bench_peers::{arguments, listener, ready};
use std::os::fd::{FromRawFd, IntoRawFd};

fn main() {
    let arguments = arguments();
    LocalExecutorBuilder::new(Placement::Fixed(arguments.cpu))
        .io_memory(64 << 10)
        .spawn(move || async move {
            // SAFETY: the descriptor is a listener's, owned by nobody else.
            let listener =
                unsafe { TcpListener::from_raw_fd(listener(arguments.port).into_raw_fd()) };
            ready();
            loop {
                let Ok(mut stream) = listener.accept().await else {
                    continue;
                };
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
