//! The peer: a script that decodes a message in one encoding and encodes it in another.

use super::refusals::Unable;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// An encoding the peer reads.
#[derive(Clone, Copy)]
pub(crate) enum From {
    Text = 1,
    Ber = 2,
}

/// An encoding the peer writes.
#[derive(Clone, Copy)]
pub(crate) enum To {
    Pretty = 1,
    Compact = 2,
    Ber = 3,
}

pub(crate) struct Peer {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Peer {
    /// Starts the peer, or says why there is none.
    pub(crate) fn start() -> Option<Self> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/peers/megaco_codec_peer.escript");
        let check = "application:load(megaco), case application:get_key(megaco, vsn) of {ok, V} -> \
                     io:put_chars(V), halt(0); _ -> halt(1) end.";
        let found = Command::new("erl")
            .args(["-noshell", "-eval", check])
            .output();
        match found {
            Err(error) => {
                println!(
                    "skipped: erl cannot be run ({error}); install erlang-base and erlang-megaco"
                );
                return None;
            }
            Ok(output) if !output.status.success() => {
                println!("skipped: this Erlang has no megaco application; install erlang-megaco");
                return None;
            }
            Ok(output) => println!("megaco {}", String::from_utf8_lossy(&output.stdout)),
        }
        let mut child = Command::new("escript")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("escript comes with erl");
        let input = child.stdin.take().expect("piped");
        let output = child.stdout.take().expect("piped");
        Some(Self {
            child,
            input,
            output,
        })
    }

    pub(crate) fn transcode(
        &mut self,
        from: From,
        to: To,
        message: &[u8],
    ) -> Result<Vec<u8>, Unable> {
        let length = u32::try_from(message.len() + 3).expect("a message is short");
        let mut frame = length.to_be_bytes().to_vec();
        frame.extend([to as u8, from as u8, 0]);
        frame.extend(message);
        self.input.write_all(&frame).expect("the peer reads");
        self.input.flush().expect("the peer reads");
        let mut length = [0; 4];
        self.output
            .read_exact(&mut length)
            .expect("the peer answers");
        let mut reply = vec![0; u32::from_be_bytes(length) as usize];
        self.output
            .read_exact(&mut reply)
            .expect("the peer answers");
        let bytes = reply.split_off(1);
        match reply[0] {
            0 => Ok(bytes),
            1 => Err(Unable(format!(
                "refuses to decode: {}",
                String::from_utf8_lossy(&bytes)
            ))),
            _ => Err(Unable(format!(
                "refuses to encode: {}",
                String::from_utf8_lossy(&bytes)
            ))),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Its input ends with us; killing it as well keeps a broken peer from outliving the test.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
