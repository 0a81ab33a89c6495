//! SDP records: the fields of a line's value, for every kind of line (RFC 4566 section 5).

use std::fmt;

/// A number, or the wildcard a controller may leave in its place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Number {
    /// A number written without superfluous zeros.
    Given(u64),
    /// `$`: to be chosen by the gateway.
    Choose,
    /// `*`: any.
    Any,
}

impl Number {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "$" => Some(Self::Choose),
            "*" => Some(Self::Any),
            _ => {
                let canonical = text == "0" || !text.starts_with('0');
                let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                if canonical && digits {
                    text.parse().ok().map(Self::Given)
                } else {
                    None
                }
            }
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(number) => write!(f, "{number}"),
            Self::Choose => f.write_str("$"),
            Self::Any => f.write_str("*"),
        }
    }
}

/// A line's value taken apart. `Display` writes the value again as it was parsed, but for repeated blanks in `o=` and `m=`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Record<'a> {
    /// `v=`: protocol version.
    Version(Number),
    /// `o=`: who started the session.
    Origin {
        /// Login, or `-`.
        user: &'a str,
        /// A number as a rule.
        session_id: &'a str,
        /// A number as a rule.
        session_version: &'a str,
        /// `IN`
        network: &'a str,
        /// `IP4` or `IP6`
        address_type: &'a str,
        /// Host name or address.
        address: &'a str,
    },
    /// `s=`: session name.
    SessionName(&'a str),
    /// `i=`: information.
    Information(&'a str),
    /// `u=`: where to read more.
    Uri(&'a str),
    /// `e=`: electronic mail address.
    Email(&'a str),
    /// `p=`: telephone number.
    Phone(&'a str),
    /// `c=`: connection data.
    Connection {
        /// `IN`
        network: &'a str,
        /// `IP4` or `IP6`
        address_type: &'a str,
        /// The base address, or `$`.
        address: &'a str,
        /// Time to live of a multicast address (the only number after an IPv6 address is a count).
        ttl: Option<Number>,
        /// Number of addresses.
        count: Option<Number>,
    },
    /// `b=`: bandwidth.
    Bandwidth {
        /// `CT`, `AS`, `X-...`
        kind: &'a str,
        /// Kilobits per second as a rule.
        value: Number,
    },
    /// `t=`: start and stop time, NTP seconds.
    Time {
        /// Start.
        start: Number,
        /// Stop.
        stop: Number,
    },
    /// `r=`: repeat times; numbers may carry a unit (`7d`).
    Repeat {
        /// Interval.
        interval: &'a str,
        /// Active duration.
        duration: &'a str,
        /// Offsets from the start time, at least one.
        offsets: Vec<&'a str>,
    },
    /// `z=`: time zone adjustments, pairs of time and offset.
    TimeZones(Vec<(&'a str, &'a str)>),
    /// `k=`: encryption key.
    Key {
        /// `prompt`, `clear`, `base64`, `uri`
        method: &'a str,
        /// The key, when the method has one.
        key: Option<&'a str>,
    },
    /// `a=`: attribute.
    Attribute(Attribute<'a>),
    /// `m=`: media description.
    Media {
        /// `audio`, `video`, ...
        media: &'a str,
        /// First port.
        port: Number,
        /// Number of ports.
        ports: Option<Number>,
        /// `RTP/AVP`, `udptl`, ...
        transport: &'a str,
        /// Formats; payload types under RTP. RFC 4566 wants one at least, peers leave it out.
        formats: Vec<&'a str>,
    },
}

/// The value of an `a=` line: the attributes a gateway acts on, and all others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Attribute<'a> {
    /// `rtpmap:<payload type> <encoding>/<clock rate>[/<parameters>]`
    RtpMap {
        /// Payload type.
        payload_type: Number,
        /// Encoding name.
        encoding: &'a str,
        /// Hertz.
        clock_rate: Number,
        /// Channels for audio.
        parameters: Option<&'a str>,
    },
    /// `fmtp:<format> <parameters>`
    FormatParameters {
        /// Format.
        format: &'a str,
        /// As the format defines them.
        parameters: &'a str,
    },
    /// `ptime:<milliseconds>`
    PacketTime(Number),
    /// `quality:<0-10>`
    Quality(Number),
    /// `recvonly`, `sendrecv`, ...: an attribute without a value.
    Flag(&'a str),
    /// Any other attribute with a value.
    Other {
        /// Before the colon.
        name: &'a str,
        /// Behind it.
        value: &'a str,
    },
}

impl<'a> Record<'a> {
    /// Takes the value of a line of this kind (lower case letter) apart; `None` when it has another form.
    pub fn parse(kind: u8, value: &'a str) -> Option<Self> {
        match kind {
            b'v' => Number::parse(value).map(Self::Version),
            b'o' => Self::origin(value),
            b's' => Some(Self::SessionName(value)),
            b'i' => Some(Self::Information(value)),
            b'u' => Some(Self::Uri(value)),
            b'e' => Some(Self::Email(value)),
            b'p' => Some(Self::Phone(value)),
            b'c' => Self::connection(value),
            b'b' => {
                let (kind, value) = value.split_once(':')?;
                Some(Self::Bandwidth {
                    kind,
                    value: Number::parse(value)?,
                })
            }
            b't' => {
                let (start, stop) = value.split_once(' ')?;
                Some(Self::Time {
                    start: Number::parse(start)?,
                    stop: Number::parse(stop)?,
                })
            }
            b'r' => Self::repeat(value),
            b'z' => Self::time_zones(value),
            b'k' => Some(match value.split_once(':') {
                Some((method, key)) => Self::Key {
                    method,
                    key: Some(key),
                },
                None => Self::Key {
                    method: value,
                    key: None,
                },
            }),
            b'a' => Some(Self::Attribute(Attribute::parse(value))),
            b'm' => Self::media(value),
            _ => None,
        }
    }

    /// The letter before the `=`.
    pub fn kind(&self) -> u8 {
        match self {
            Self::Version(_) => b'v',
            Self::Origin { .. } => b'o',
            Self::SessionName(_) => b's',
            Self::Information(_) => b'i',
            Self::Uri(_) => b'u',
            Self::Email(_) => b'e',
            Self::Phone(_) => b'p',
            Self::Connection { .. } => b'c',
            Self::Bandwidth { .. } => b'b',
            Self::Time { .. } => b't',
            Self::Repeat { .. } => b'r',
            Self::TimeZones(_) => b'z',
            Self::Key { .. } => b'k',
            Self::Attribute(_) => b'a',
            Self::Media { .. } => b'm',
        }
    }

    fn origin(value: &'a str) -> Option<Self> {
        let mut words = value.split(' ').filter(|word| !word.is_empty());
        let record = Self::Origin {
            user: words.next()?,
            session_id: words.next()?,
            session_version: words.next()?,
            network: words.next()?,
            address_type: words.next()?,
            address: words.next()?,
        };
        words.next().is_none().then_some(record)
    }

    fn connection(value: &'a str) -> Option<Self> {
        let mut words = value.split(' ');
        let (network, address_type, whole) = (words.next()?, words.next()?, words.next()?);
        let mut parts = whole.split('/');
        let address = parts.next()?;
        let (first, second) = (parts.next(), parts.next());
        let number =
            |part: Option<&str>| part.map_or(Some(None), |text| Number::parse(text).map(Some));
        let (ttl, count) = if address_type.eq_ignore_ascii_case("IP6") && second.is_none() {
            (None, number(first)?)
        } else {
            (number(first)?, number(second)?)
        };
        let whole = words.next().is_none() && parts.next().is_none();
        whole.then_some(Self::Connection {
            network,
            address_type,
            address,
            ttl,
            count,
        })
    }

    fn repeat(value: &'a str) -> Option<Self> {
        let mut words = value.split(' ');
        let (interval, duration) = (words.next()?, words.next()?);
        let offsets: Vec<_> = words.collect();
        if offsets.is_empty() {
            None
        } else {
            Some(Self::Repeat {
                interval,
                duration,
                offsets,
            })
        }
    }

    fn time_zones(value: &'a str) -> Option<Self> {
        let words: Vec<_> = value.split(' ').collect();
        let (pairs, rest) = words.as_chunks::<2>();
        if !rest.is_empty() || pairs.is_empty() {
            return None;
        }
        Some(Self::TimeZones(
            pairs.iter().map(|&[time, offset]| (time, offset)).collect(),
        ))
    }

    fn media(value: &'a str) -> Option<Self> {
        let mut words = value.split(' ').filter(|word| !word.is_empty());
        let (media, ports, transport) = (words.next()?, words.next()?, words.next()?);
        let (port, ports) = match ports.split_once('/') {
            Some((port, ports)) => (Number::parse(port)?, Some(Number::parse(ports)?)),
            None => (Number::parse(ports)?, None),
        };
        let formats: Vec<_> = words.collect();
        Some(Self::Media {
            media,
            port,
            ports,
            transport,
            formats,
        })
    }
}

impl<'a> Attribute<'a> {
    fn parse(value: &'a str) -> Self {
        let Some((name, rest)) = value.split_once(':') else {
            return Self::Flag(value);
        };
        let known = match name {
            "rtpmap" => Self::rtp_map(rest),
            "fmtp" => rest
                .split_once(' ')
                .map(|(format, parameters)| Self::FormatParameters { format, parameters }),
            "ptime" => Number::parse(rest).map(Self::PacketTime),
            "quality" => Number::parse(rest).map(Self::Quality),
            _ => None,
        };
        known.unwrap_or(Self::Other { name, value: rest })
    }

    fn rtp_map(rest: &'a str) -> Option<Self> {
        let (payload_type, map) = rest.split_once(' ')?;
        let (encoding, clock) = map.split_once('/')?;
        let (clock_rate, parameters) = match clock.split_once('/') {
            Some((clock_rate, parameters)) => (clock_rate, Some(parameters)),
            None => (clock, None),
        };
        Some(Self::RtpMap {
            payload_type: Number::parse(payload_type)?,
            encoding,
            clock_rate: Number::parse(clock_rate)?,
            parameters,
        })
    }
}

impl fmt::Display for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => version.fmt(f),
            Self::Origin {
                user,
                session_id,
                session_version,
                network,
                address_type,
                address,
            } => {
                write!(
                    f,
                    "{user} {session_id} {session_version} {network} {address_type} {address}"
                )
            }
            Self::SessionName(text)
            | Self::Information(text)
            | Self::Uri(text)
            | Self::Email(text)
            | Self::Phone(text) => f.write_str(text),
            Self::Connection {
                network,
                address_type,
                address,
                ttl,
                count,
            } => {
                write!(f, "{network} {address_type} {address}")?;
                [ttl, count]
                    .into_iter()
                    .flatten()
                    .try_for_each(|number| write!(f, "/{number}"))
            }
            Self::Bandwidth { kind, value } => write!(f, "{kind}:{value}"),
            Self::Time { start, stop } => write!(f, "{start} {stop}"),
            Self::Repeat {
                interval,
                duration,
                offsets,
            } => {
                write!(f, "{interval} {duration}")?;
                offsets.iter().try_for_each(|offset| write!(f, " {offset}"))
            }
            Self::TimeZones(pairs) => {
                let mut between = "";
                pairs.iter().try_for_each(|(time, offset)| {
                    write!(f, "{between}{time} {offset}")?;
                    between = " ";
                    Ok(())
                })
            }
            Self::Key { method, key } => {
                f.write_str(method)?;
                key.map_or(Ok(()), |key| write!(f, ":{key}"))
            }
            Self::Attribute(attribute) => attribute.fmt(f),
            Self::Media {
                media,
                port,
                ports,
                transport,
                formats,
            } => {
                write!(f, "{media} {port}")?;
                if let Some(ports) = ports {
                    write!(f, "/{ports}")?;
                }
                write!(f, " {transport}")?;
                formats.iter().try_for_each(|format| write!(f, " {format}"))
            }
        }
    }
}

impl fmt::Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RtpMap {
                payload_type,
                encoding,
                clock_rate,
                parameters,
            } => {
                write!(f, "rtpmap:{payload_type} {encoding}/{clock_rate}")?;
                parameters.map_or(Ok(()), |parameters| write!(f, "/{parameters}"))
            }
            Self::FormatParameters { format, parameters } => {
                write!(f, "fmtp:{format} {parameters}")
            }
            Self::PacketTime(ms) => write!(f, "ptime:{ms}"),
            Self::Quality(quality) => write!(f, "quality:{quality}"),
            Self::Flag(name) => f.write_str(name),
            Self::Other { name, value } => write!(f, "{name}:{value}"),
        }
    }
}
