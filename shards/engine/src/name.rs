//! Socket addresses as the kernel has them: `struct sockaddr_in` and `sockaddr_in6`, family in the machine's order, port and
//! address in the network's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// Room for either.
pub(crate) const NAME_BYTES: usize = size_of::<libc::sockaddr_in6>();
const NAME4_BYTES: usize = size_of::<libc::sockaddr_in>();

/// Reads an address, with the scope of a link-local one, for an answer needs it.
pub(crate) fn read(bytes: &[u8]) -> Option<SocketAddr> {
    let family = u16::from_ne_bytes(bytes.first_chunk::<2>().copied()?);
    let port = u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?);
    match i32::from(family) {
        libc::AF_INET => {
            let octets: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
            Some((Ipv4Addr::from(octets), port).into())
        }
        libc::AF_INET6 => {
            let octets: [u8; 16] = bytes.get(8..24)?.try_into().ok()?;
            let scope = u32::from_ne_bytes(bytes.get(24..28)?.try_into().ok()?);
            Some(SocketAddrV6::new(Ipv6Addr::from(octets), port, 0, scope).into())
        }
        _ => None,
    }
}

/// Writes an address for a socket of a family; its length. `None` if that family cannot reach it.
///
/// An IPv6 socket reaches IPv4 by mapped addresses (`::ffff:192.0.2.1`), and an IPv4 socket what such an address means.
pub(crate) fn write(to: SocketAddr, is_ipv6: bool, room: &mut [u8; NAME_BYTES]) -> Option<usize> {
    *room = [0; NAME_BYTES];
    room[2..4].copy_from_slice(&to.port().to_be_bytes());
    if is_ipv6 {
        let (ip, scope) = match to {
            SocketAddr::V6(to) => (*to.ip(), to.scope_id()),
            SocketAddr::V4(to) => (to.ip().to_ipv6_mapped(), 0),
        };
        room[..2].copy_from_slice(&(libc::AF_INET6 as u16).to_ne_bytes());
        room[8..24].copy_from_slice(&ip.octets());
        room[24..28].copy_from_slice(&scope.to_ne_bytes());
        return Some(NAME_BYTES);
    }
    let IpAddr::V4(ip) = to.ip().to_canonical() else {
        return None;
    };
    room[..2].copy_from_slice(&(libc::AF_INET as u16).to_ne_bytes());
    room[4..8].copy_from_slice(&ip.octets());
    Some(NAME4_BYTES)
}

#[cfg(test)]
mod tests {
    use super::{NAME_BYTES, read, write};
    use socket2::SockAddr;
    use std::net::SocketAddr;

    fn written(text: &str, is_ipv6: bool) -> Option<Vec<u8>> {
        let mut room = [0xff; NAME_BYTES];
        let len = write(text.parse().unwrap(), is_ipv6, &mut room)?;
        Some(room[..len].to_vec())
    }

    #[test]
    fn addresses_are_written_and_read_as_the_kernel_does() {
        for text in [
            "127.0.0.1:80",
            "203.0.113.9:65535",
            "[::1]:80",
            "[2001:db8::7]:1",
            "[fe80::7%3]:1",
        ] {
            let address: SocketAddr = text.parse().unwrap();
            let raw = SockAddr::from(address);
            // SAFETY: `len` bytes are initialised.
            let bytes = unsafe {
                std::slice::from_raw_parts(raw.as_ptr().cast::<u8>(), raw.len() as usize)
            };
            assert_eq!(written(text, address.is_ipv6()).as_deref(), Some(bytes));
            assert_eq!(read(bytes), Some(address));
            for cut in 0..bytes.len().min(8) {
                assert_eq!(read(&bytes[..cut]), None);
            }
        }
        assert_eq!(read(&[0; NAME_BYTES]), None);
    }

    #[test]
    fn a_socket_of_one_family_reaches_the_other_only_by_mapped_addresses() {
        let mapped = written("192.0.2.1:9", true).unwrap();
        assert_eq!(read(&mapped), Some("[::ffff:192.0.2.1]:9".parse().unwrap()));
        let plain = written("[::ffff:192.0.2.1]:9", false).unwrap();
        assert_eq!(read(&plain), Some("192.0.2.1:9".parse().unwrap()));
        assert_eq!(written("[2001:db8::1]:9", false), None);
    }
}
