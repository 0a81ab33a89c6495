//! PROXY v2: golden headers, every family both ways, and what is wrong with the rest.

use crate::proxy::*;

/// As HAProxy 2.6 sends it for a TCP client: 192.168.1.20:40000 to 10.0.0.1:443.
const TCP4: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\xa8\x01\x14\x0a\0\0\x01\x9c\x40\x01\xbb";

fn ip(source: &str, destination: &str, datagram: bool) -> Endpoints<'static> {
    let parse = |text: &str| text.parse().expect("an address");
    Endpoints::Ip {
        source: parse(source),
        destination: parse(destination),
        datagram,
    }
}

fn encoded<'a>(endpoints: &Endpoints<'_>, tlvs: impl IntoIterator<Item = Tlv<'a>>) -> Vec<u8> {
    let mut out = b"before".to_vec();
    let bytes = encode(endpoints, tlvs, &mut out);
    assert_eq!(bytes + 6, out.len());
    out.split_off(6)
}

#[test]
fn golden_header() {
    let endpoints = ip("192.168.1.20:40000", "10.0.0.1:443", false);
    assert_eq!(encoded(&endpoints, []), TCP4);
    let stream = [TCP4, b"behind"].concat();
    let (proxy, bytes) = decode(&stream).expect("good");
    assert_eq!((proxy.endpoints, bytes), (endpoints, TCP4.len()));
}

#[test]
fn every_family_both_ways() {
    let longest = [b'p'; UNIX_PATH_BYTES];
    for endpoints in [
        Endpoints::Local,
        Endpoints::Unspecified,
        ip("1.2.3.4:5", "6.7.8.9:10", false),
        ip("1.2.3.4:5", "6.7.8.9:10", true),
        ip("[2001:db8::1]:65535", "[::1]:0", false),
        ip("[::ffff:1.2.3.4]:1", "[fe80::1]:2", true),
        Endpoints::Unix {
            source: b"",
            destination: b"/run/megaphone.sock",
            datagram: false,
        },
        Endpoints::Unix {
            source: b"\0abstract",
            destination: &longest,
            datagram: true,
        },
    ] {
        let tlvs = [
            Tlv {
                kind: TlvType::Authority,
                value: b"chat.example",
            },
            Tlv {
                kind: TlvType::Noop,
                value: b"",
            },
        ];
        let header = encoded(&endpoints, tlvs);
        let (proxy, bytes) = decode(&header).expect("good");
        assert_eq!((proxy.endpoints, bytes), (endpoints, header.len()));
        assert_eq!(proxy.tlvs.collect::<Vec<_>>(), tlvs);
        assert_eq!(
            proxy.tlvs.value_of(TlvType::Authority),
            Some(&b"chat.example"[..])
        );
        assert_eq!(proxy.tlvs.value_of(TlvType::Alpn), None);
        for n in 0..header.len() {
            assert!(
                matches!(decode(&header[..n]), Err(ProxyFault::Short { .. })),
                "{endpoints:?} cut at {n}"
            );
        }
    }
}

#[test]
fn endpoints_of_two_families_are_unspecified() {
    let header = encoded(&ip("1.2.3.4:5", "[::1]:6", false), []);
    assert_eq!(
        decode(&header).expect("good").0.endpoints,
        Endpoints::Unspecified
    );
}

#[test]
fn a_local_header_is_skipped_with_its_addresses() {
    let mut header = TCP4.to_vec();
    header[12] = 0x20;
    assert_eq!(
        decode(&header).map(|(proxy, n)| (proxy.endpoints, n)),
        Ok((Endpoints::Local, TCP4.len()))
    );
}

#[test]
fn tls_details() {
    let inner = encoded(
        &Endpoints::Unspecified,
        [
            Tlv {
                kind: TlvType::SslVersion,
                value: b"TLSv1.3",
            },
            Tlv {
                kind: TlvType::SslCipher,
                value: b"TLS_AES_128_GCM_SHA256",
            },
            Tlv {
                kind: TlvType::SslCommonName,
                value: b"gateway",
            },
        ],
    );
    let value = [
        &[ssl_client::SSL | ssl_client::CERT_CONN, 0, 0, 0, 0][..],
        &inner[16..],
    ]
    .concat();
    let header = encoded(
        &ip("1.2.3.4:5", "6.7.8.9:10", false),
        [Tlv {
            kind: TlvType::Ssl,
            value: &value,
        }],
    );
    let (mut proxy, _) = decode(&header).expect("good");
    let ssl = proxy
        .tlvs
        .next()
        .expect("one")
        .ssl()
        .expect("complete")
        .expect("of TLS");
    assert_eq!((ssl.client & ssl_client::SSL, ssl.verify), (1, 0));
    assert_eq!(
        ssl.tlvs.value_of(TlvType::SslVersion),
        Some(&b"TLSv1.3"[..])
    );
    assert_eq!(
        ssl.tlvs.value_of(TlvType::SslCommonName),
        Some(&b"gateway"[..])
    );
    for n in 0..value.len() {
        let cut = Tlv {
            kind: TlvType::Ssl,
            value: &value[..n],
        };
        let boundary = [5, 15, 40].contains(&n);
        assert_eq!(cut.ssl().is_ok(), boundary, "cut at {n}");
    }
    assert_eq!(
        Tlv {
            kind: TlvType::Alpn,
            value: b"h2"
        }
        .ssl(),
        Ok(None)
    );
}

#[test]
fn wrong_signature_command_and_family() {
    for at in 0..12 {
        let mut header = TCP4.to_vec();
        header[at] ^= 1;
        assert_eq!(decode(&header), Err(ProxyFault::Signature));
        assert_eq!(
            decode(&header[..=at]),
            Err(ProxyFault::Signature),
            "as soon as it is seen"
        );
    }
    for byte in (0..=255).filter(|byte| !matches!(byte, 0x20 | 0x21)) {
        let mut header = TCP4.to_vec();
        header[12] = byte;
        assert_eq!(decode(&header), Err(ProxyFault::Command { byte }));
    }
    for byte in [0x13, 0x1f, 0x41, 0xf1, 0x03] {
        let mut header = TCP4.to_vec();
        header[13] = byte;
        assert_eq!(decode(&header), Err(ProxyFault::Family { byte }));
    }
}

#[test]
fn a_length_that_is_too_short_for_its_family() {
    for (family, bytes) in [(0x11, 12), (0x21, 36), (0x31, 216)] {
        for length in [0, 1, bytes - 1, bytes] {
            let header = [
                &SIGNATURE[..],
                &[0x21, family, 0, length],
                &vec![0; usize::from(length)],
            ]
            .concat();
            assert_eq!(decode(&header).is_ok(), length == bytes);
        }
    }
}

#[test]
fn headers_and_tlvs_are_bounded() {
    for (total, good) in [(4095, true), (4096, true), (4097, false)] {
        let pad = total - TCP4.len() - 3;
        let length = (total - 16) as u16;
        let mut header = TCP4.to_vec();
        header[14..16].copy_from_slice(&length.to_be_bytes());
        header.push(0x04);
        header.extend_from_slice(&(pad as u16).to_be_bytes());
        header.resize(total, 0);
        assert_eq!(decode(&header).is_ok(), good, "{total} bytes");
    }
    let noop = Tlv {
        kind: TlvType::Noop,
        value: b"",
    };
    let header = encoded(&Endpoints::Unspecified, [noop; 70]);
    assert_eq!(
        decode(&header)
            .expect("the encoder stops at the limit")
            .0
            .tlvs
            .count(),
        TLVS_MAX
    );
    let mut more = header.clone();
    more.extend_from_slice(&[4, 0, 0]);
    let length = (more.len() - 16) as u16;
    more[14..16].copy_from_slice(&length.to_be_bytes());
    assert_eq!(decode(&more), Err(ProxyFault::Tlvs));
    let large = Tlv {
        kind: TlvType::UniqueId,
        value: &[1; 3000],
    };
    assert!(encoded(&Endpoints::Unspecified, [large, large, noop]).len() <= PROXY_BYTES_MAX);
}

#[test]
fn a_checksum_is_checked_if_it_is_there() {
    let sum = Tlv {
        kind: TlvType::Crc32c,
        value: &[0; 4],
    };
    let tlvs = [
        Tlv {
            kind: TlvType::Alpn,
            value: b"h2",
        },
        sum,
        Tlv {
            kind: TlvType::Noop,
            value: b"xyz",
        },
    ];
    let mut header = encoded(&ip("1.2.3.4:5", "6.7.8.9:10", false), tlvs);
    assert_eq!(decode(&header), Err(ProxyFault::Checksum));
    let at = header.len() - 6 - 4;
    let right = tlv_crc32c(&header);
    header[at..at + 4].copy_from_slice(&right.to_be_bytes());
    assert!(decode(&header).is_ok());
    header[20] ^= 1;
    assert_eq!(decode(&header), Err(ProxyFault::Checksum));
    let short = Tlv {
        kind: TlvType::Crc32c,
        value: &[0; 3],
    };
    assert_eq!(
        decode(&encoded(&Endpoints::Unspecified, [short])),
        Err(ProxyFault::Checksum)
    );
}

#[test]
fn the_checksum_is_castagnolis() {
    assert_eq!(
        tlv_crc32c(b"123456789"),
        0xe306_9283,
        "RFC 3720 B.4 and every catalogue of checksums"
    );
    assert_eq!(tlv_crc32c(&[0; 32]), 0x8a91_36aa, "RFC 3720 B.4");
}
