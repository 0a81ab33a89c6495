//! Items of registered packages beyond the base set as data; no behaviour of any package is here.
//!
//! Names, numbers and types are facts of the documents named at each, taken from what Wireshark's dissectors of H.248.2,
//! H.248.7, H.248.10, Q.1950 and 3GPP TS 29.232 know of them, and from the register. What those do not tell (the names of
//! a package's other items, of an enumeration's other values) is left out: it has open names and plain numbers.

use super::base::{GENERAL_CAUSE, ON_OFF};
use super::{Item, Parameter, ValueType, par, valued, with};

/// An enumeration of which no value's name is listed.
const NUMBERED: ValueType = ValueType::Enumeration(&[]);

const DIRECTION: ValueType = ValueType::Enumeration(&[("ext", 1), ("int", 2), ("both", 3)]);

const BOOLEAN: ValueType = ValueType::Boolean(ON_OFF);

// H.248.2: call type discrimination.

const TONE_TYPE: ValueType = ValueType::Enumeration(&[
    ("CNG", 0x01),
    ("V21flag", 0x02),
    ("XCI", 0x03),
    ("V18txp1", 0x04),
    ("V18txp2", 0x05),
    ("BellHi", 0x06),
    ("BellLo", 0x07),
    ("Baudot45", 0x08),
    ("Baudot50", 0x09),
    ("Edt", 0x0a),
    ("DTMF", 0x0b),
    ("Sig", 0x0c),
    ("CT", 0x0d),
    ("V21hi", 0x0e),
    ("V21lo", 0x0f),
    ("V23hi", 0x10),
    ("V23lo", 0x11),
    ("CI", 0x12),
    ("ANS", 0x13),
    ("ANSbar", 0x14),
    ("ANSAM", 0x15),
    ("ANSAMbar", 0x16),
    ("CM", 0x17),
    ("CJ", 0x18),
    ("JM", 0x19),
    ("ENDOFSIG", 0x1a),
    ("V8BIS", 0x1b),
    ("CTM", 0x1c),
]);

pub(super) const CALL_TYPE_EVENTS: &[Item] = &[
    with("dtone", 0x0001, &[par("dtt", 0x0001, TONE_TYPE)]),
    with("calldisres", 0x0002, &[]),
];

// H.248.7: generic announcements.

pub(super) const ANNOUNCEMENT_SIGNALS: &[Item] = &[
    with(
        "apf",
        0x0001,
        &[
            par("an", 0x0001, NUMBERED),
            par("noc", 0x0002, ValueType::Integer),
            par("av", 0x0003, ValueType::String),
            par("di", 0x0004, DIRECTION),
        ],
    ),
    with(
        "apv",
        0x0002,
        &[
            par("an", 0x0001, NUMBERED),
            par("noc", 0x0002, ValueType::Integer),
            par("av", 0x0003, ValueType::String),
            par("num", 0x0004, ValueType::Integer),
            par("spi", 0x0005, NUMBERED),
            par("sp", 0x0006, ValueType::String),
            par("di", 0x0007, DIRECTION),
        ],
    ),
];

// Q.1950 annex A: bearers.

const CHARACTERISTICS: ValueType = ValueType::Enumeration(&[
    ("aal1", 1),
    ("aal2", 2),
    ("aal1struct", 3),
    ("ipRtp", 4),
    ("tdm", 5),
]);

pub(super) const BEARER_CHARACTERISTICS: &[Item] = &[valued("BNCChar", 0x0001, CHARACTERISTICS)];

pub(super) const CUT_THROUGH: &[Item] = &[valued(
    "BNCCT",
    0x0001,
    ValueType::Enumeration(&[("Early", 1), ("Late", 2)]),
)];

pub(super) const REUSE_IDLE: &[Item] = &[valued(
    "RII",
    0x0001,
    ValueType::Enumeration(&[("Not_Reuse_Idle", 0), ("ReUse_Idle", 1)]),
)];

pub(super) const BEARER_EVENTS: &[Item] =
    &[with("BNCChange", 0x0001, &[par("Type", 0x0001, NUMBERED)])];

pub(super) const BEARER_SIGNALS: &[Item] = &[
    with("EstBNC", 0x0001, &[]),
    with("ModBNC", 0x0002, &[]),
    with(
        "RelBNC",
        0x0003,
        &[
            par("Generalcause", 0x0001, GENERAL_CAUSE),
            par("Failurecause", 0x0002, ValueType::OctetString),
            par("Reset", 0x0003, BOOLEAN),
        ],
    ),
];

const TUNNELLED: &[Parameter] = &[par("BIT", 0x0001, ValueType::OctetString)];

pub(super) const TUNNEL_PROPERTIES: &[Item] = &[valued("TunOpt", 0x0001, NUMBERED)];

pub(super) const TUNNEL_EVENTS: &[Item] = &[with("TIND", 0x0001, TUNNELLED)];

pub(super) const TUNNEL_SIGNALS: &[Item] = &[with("BIT", 0x0001, TUNNELLED)];

const TONE_DIRECTION: &[Parameter] = &[par("btd", 0x0001, DIRECTION)];

const fn directed(name: &'static str, id: u16) -> Item {
    with(name, id, TONE_DIRECTION)
}

pub(super) const DIRECTED_TONES: &[Item] = &[
    directed("bdt", 0x0040),
    directed("brt", 0x0041),
    directed("bbt", 0x0042),
    directed("bct", 0x0043),
    directed("bsit", 0x0044),
    directed("bwt", 0x0045),
    directed("bpt", 0x0046),
    directed("bcw", 0x0047),
    directed("bcr", 0x0048),
    directed("bpy", 0x0049),
];

// H.248.10, H.248.12, H.248.14 and H.248.36: congestion, H.245, inactivity, hanging terminations.

pub(super) const CONGESTION_EVENTS: &[Item] = &[with(
    "MGCon",
    0x0001,
    &[par("reduction", 0x0001, ValueType::Integer)],
)];

pub(super) const H245_EVENTS: &[Item] =
    &[with("h245msg", 0x0001, &[]), with("h245ChC", 0x0004, &[])];

pub(super) const INACTIVITY_EVENTS: &[Item] = &[with(
    "ito",
    0x0001,
    &[par("mit", 0x0001, ValueType::Integer)],
)];

pub(super) const HANGING_EVENTS: &[Item] = &[with(
    "thb",
    0x0001,
    &[par("timerx", 0x0001, ValueType::Integer)],
)];

// 3GPP TS 29.232: mobile networks.

pub(super) const USER_PLANE: &[Item] = &[
    valued("mode", 0x0001, NUMBERED),
    valued("upversions", 0x0002, ValueType::Integer),
    valued("delerrsdu", 0x0003, NUMBERED),
    valued("interface", 0x0004, NUMBERED),
    valued("initdir", 0x0005, NUMBERED),
];

pub(super) const CIRCUIT_DATA_PROPERTIES: &[Item] = &[
    valued("plmnbc", 0x0001, ValueType::OctetString),
    valued("gsmchancod", 0x0002, ValueType::OctetString),
];

pub(super) const CIRCUIT_DATA_EVENTS: &[Item] = &[
    with(
        "protres",
        0x0001,
        &[
            par(
                "result",
                0x0001,
                ValueType::Enumeration(&[("Failure", 0), ("Success", 1)]),
            ),
            par(
                "cause",
                0x0002,
                ValueType::Enumeration(&[("Unsp", 1), ("V8V34", 2)]),
            ),
        ],
    ),
    with(
        "ratechg",
        0x0002,
        &[par("rate", 0x0001, ValueType::Integer)],
    ),
];

pub(super) const TANDEM_FREE_PROPERTIES: &[Item] = &[
    valued(
        "tfoenable",
        0x0001,
        ValueType::Enumeration(&[("On", 1), ("Off", 2)]),
    ),
    valued("codeclist", 0x0002, ValueType::OctetString),
];

pub(super) const TANDEM_FREE_EVENTS: &[Item] = &[
    with(
        "codec_modify",
        0x0010,
        &[par("optimalcodec", 0x0011, ValueType::OctetString)],
    ),
    with(
        "distant_codec_list",
        0x0012,
        &[par("distlist", 0x0013, ValueType::OctetString)],
    ),
    with("status", 0x0014, &[par("tfostatus", 0x0001, BOOLEAN)]),
];

pub(super) const LINK_CHARACTERISTICS_EVENTS: &[Item] = &[with("mod_link_supp", 0x0001, &[])];

pub(super) const IP_TRANSPORT: &[Item] = &[
    valued("ipv4trans", 0x0001, ValueType::OctetString),
    valued("ipv6trans", 0x0002, ValueType::OctetString),
    valued("udport", 0x0003, ValueType::Integer),
];

pub(super) const INTERFACE_TYPE: &[Item] = &[valued(
    "ipint",
    0x0001,
    ValueType::Enumeration(&[("NboIP", 1), ("AoIP", 2), ("MboIP", 3), ("ExtSIPI", 4)]),
)];
