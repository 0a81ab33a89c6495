//! The items of the base packages of RFC 3525 Annex E as data; no behaviour of any package is here.
//!
//! Names and numbers are those of Annex E with the additions of H.248.1 versions 2 and 3 (root timers and limits,
//! tone direction, request id of a completed signal), as the name resolver of Erlang/OTP's megaco (Apache-2.0) lists
//! them; `tests/data/packages.tsv` holds that list and a test compares the two. Value types are Annex E's.

use super::{Item, Package, Parameter, Reference, ValueType, par, valued, with};

const fn item(name: &'static str, id: u16) -> Item {
    with(name, id, &[])
}

pub(super) const ON_OFF: [&str; 2] = ["off", "on"];
const TRUE_FALSE: [&str; 2] = ["False", "True"];
pub(super) const GENERAL_CAUSE: ValueType = ValueType::Enumeration(&[
    ("NR", 1),
    ("UR", 2),
    ("FT", 3),
    ("FP", 4),
    ("IW", 5),
    ("UN", 6),
]);
const TERMINATION_METHOD: &[(&str, u32)] = &[("TO", 1), ("EV", 2), ("SD", 3), ("NC", 4), ("PI", 5)];
const MATCH_METHOD: &[(&str, u32)] = &[("UM", 1), ("PM", 2), ("FM", 3)];
const STRICT: &[(&str, u32)] = &[("exact", 0), ("state", 1), ("failWrong", 2)];
const CONTINUITY_RESULT: &[(&str, u32)] = &[("failure", 0), ("success", 1)];
const TONE_DIRECTION: &[(&str, u32)] = &[("EXT", 1), ("INT", 2), ("BOTH", 3)];
/// "Automatic" is the four octets `ff ff ff ff`, -1 as the four-octet signed integer that 12.1.2 makes of it.
const GAIN: &[(&str, i64)] = &[("automatic", -1)];
/// Tone ids of the tone packages (E.5.3, E.7.3) and the wildcard of E.4.2.
const TONES: &[(&str, u32)] = &[
    ("*", 0x00),
    ("pt", 0x01),
    ("d0", 0x10),
    ("d1", 0x11),
    ("d2", 0x12),
    ("d3", 0x13),
    ("d4", 0x14),
    ("d5", 0x15),
    ("d6", 0x16),
    ("d7", 0x17),
    ("d8", 0x18),
    ("d9", 0x19),
    ("da", 0x1a),
    ("db", 0x1b),
    ("dc", 0x1c),
    ("dd", 0x1d),
    ("ds", 0x20),
    ("do", 0x21),
    ("dt", 0x30),
    ("rt", 0x31),
    ("bt", 0x32),
    ("ct", 0x33),
    ("sit", 0x34),
    ("wt", 0x35),
    ("prt", 0x36),
    ("cw", 0x37),
    ("cr", 0x38),
];

const BTD: &[Parameter] = &[par("btd", 0x0001, ValueType::Enumeration(TONE_DIRECTION))];

const fn tone(name: &'static str, id: u16) -> Item {
    with(name, id, BTD)
}

/// The DTMF characters of E.5.3: signals of `dg`, events of `dd` (E.6.2).
const DTMF: [Item; 16] = [
    tone("d0", 0x0010),
    tone("d1", 0x0011),
    tone("d2", 0x0012),
    tone("d3", 0x0013),
    tone("d4", 0x0014),
    tone("d5", 0x0015),
    tone("d6", 0x0016),
    tone("d7", 0x0017),
    tone("d8", 0x0018),
    tone("d9", 0x0019),
    tone("ds", 0x0020),
    tone("do", 0x0021),
    tone("da", 0x001a),
    tone("db", 0x001b),
    tone("dc", 0x001c),
    tone("dd", 0x001d),
];

/// The call progress tones of E.7.3: signals of `cg`, events of `cd` (E.8.2).
const CALL_PROGRESS: &[Item] = &[
    item("dt", 0x0030),
    item("rt", 0x0031),
    item("bt", 0x0032),
    item("ct", 0x0033),
    item("sit", 0x0034),
    item("wt", 0x0035),
    item("prt", 0x0036),
    item("cw", 0x0037),
    item("cr", 0x0038),
];

const COMPLETION: &[Parameter] = &[
    par("ds", 0x0001, ValueType::String),
    par("Meth", 0x0003, ValueType::Enumeration(MATCH_METHOD)),
];

const DD_EVENTS: &[Item] = &{
    let mut events = [item("", 0); 17];
    let mut at = 0;
    while at < DTMF.len() {
        events[at] = DTMF[at];
        at += 1;
    }
    events[16] = with("ce", 0x0004, COMPLETION);
    events
};

/// The base packages, in ascending order of identifier.
pub(super) static BASE: &[Package] = &[
    Package {
        name: "g",
        id: 0x0001,
        version: 2,
        extends: None,
        title: "Generic",
        reference: Reference::AnnexE,
        properties: &[],
        events: &[
            with(
                "cause",
                0x0001,
                &[
                    par("Generalcause", 0x0001, GENERAL_CAUSE),
                    par("Failurecause", 0x0002, ValueType::OctetString),
                ],
            ),
            with(
                "sc",
                0x0002,
                &[
                    par("SigID", 0x0001, ValueType::SignalName),
                    par("Meth", 0x0002, ValueType::Enumeration(TERMINATION_METHOD)),
                    par("SLID", 0x0003, ValueType::Integer),
                    par("RID", 0x0004, ValueType::Integer),
                ],
            ),
        ],
        signals: &[],
        statistics: &[],
    },
    Package {
        name: "root",
        id: 0x0002,
        version: 2,
        extends: None,
        title: "Base Root",
        reference: Reference::AnnexE,
        properties: &[
            valued("maxNumberOfContexts", 0x0001, ValueType::Integer),
            valued("maxTerminationsPerContext", 0x0002, ValueType::Integer),
            valued("normalMGExecutionTime", 0x0003, ValueType::Integer),
            valued("normalMGCExecutionTime", 0x0004, ValueType::Integer),
            valued(
                "MGProvisionalResponseTimerValue",
                0x0005,
                ValueType::Integer,
            ),
            valued(
                "MGCProvisionalResponseTimerValue",
                0x0006,
                ValueType::Integer,
            ),
            valued("MGCOriginatedPendingLimit", 0x0007, ValueType::Integer),
            valued("MGOriginatedPendingLimit", 0x0008, ValueType::Integer),
            valued("MGSegmentationTimerValue", 0x0009, ValueType::Integer),
            valued("MGCSegmentationTimerValue", 0x000a, ValueType::Integer),
            valued("MGMaxPDUSize", 0x000b, ValueType::Integer),
            valued("MGCMaxPDUSize", 0x000c, ValueType::Integer),
        ],
        events: &[],
        signals: &[],
        statistics: &[],
    },
    Package {
        name: "tonegen",
        id: 0x0003,
        version: 2,
        extends: None,
        title: "Tone Generator",
        reference: Reference::AnnexE,
        properties: &[],
        events: &[],
        signals: &[with(
            "pt",
            0x0001,
            &[
                par("tl", 0x0001, ValueType::Enumeration(TONES)),
                par("ind", 0x0002, ValueType::Integer),
                par("btd", 0x0003, ValueType::Enumeration(TONE_DIRECTION)),
            ],
        )],
        statistics: &[],
    },
    Package {
        name: "tonedet",
        id: 0x0004,
        version: 1,
        extends: None,
        title: "Tone Detection",
        reference: Reference::AnnexE,
        properties: &[],
        events: &[
            with(
                "std",
                0x0001,
                &[
                    par("tl", 0x0001, ValueType::Enumeration(TONES)),
                    par("tid", 0x0003, ValueType::Enumeration(TONES)),
                ],
            ),
            with(
                "etd",
                0x0002,
                &[
                    par("tl", 0x0001, ValueType::Enumeration(TONES)),
                    par("tid", 0x0003, ValueType::Enumeration(TONES)),
                    par("dur", 0x0002, ValueType::Integer),
                ],
            ),
            with(
                "ltd",
                0x0003,
                &[
                    par("tl", 0x0001, ValueType::Enumeration(TONES)),
                    par("dur", 0x0002, ValueType::Integer),
                    par("tid", 0x0003, ValueType::Enumeration(TONES)),
                ],
            ),
        ],
        signals: &[],
        statistics: &[],
    },
    Package {
        name: "dg",
        id: 0x0005,
        version: 2,
        extends: Some(0x0003),
        title: "Basic DTMF Generator",
        reference: Reference::AnnexE,
        properties: &[],
        events: &[],
        signals: &DTMF,
        statistics: &[],
    },
    Package {
        name: "dd",
        id: 0x0006,
        version: 1,
        extends: Some(0x0004),
        title: "DTMF Detection",
        reference: Reference::AnnexE,
        properties: &[],
        events: DD_EVENTS,
        signals: &[],
        statistics: &[],
    },
    Package {
        name: "cg",
        id: 0x0007,
        version: 2,
        extends: Some(0x0003),
        title: "Call Progress Tones Generator",
        reference: Reference::AnnexE,
        properties: &[],
        events: &[],
        signals: CALL_PROGRESS,
        statistics: &[],
    },
    Package {
        name: "cd",
        id: 0x0008,
        version: 1,
        extends: Some(0x0004),
        title: "Call Progress Tones Detection",
        reference: Reference::AnnexE,
        properties: &[],
        events: CALL_PROGRESS,
        signals: &[],
        statistics: &[],
    },
    Package {
        name: "al",
        id: 0x0009,
        version: 1,
        extends: None,
        title: "Analog Line Supervision",
        reference: Reference::AnnexE,
        properties: &[],
        events: &[
            with(
                "on",
                0x0004,
                &[
                    par("strict", 0x0001, ValueType::Enumeration(STRICT)),
                    par("init", 0x0002, ValueType::Boolean(TRUE_FALSE)),
                ],
            ),
            with(
                "of",
                0x0005,
                &[
                    par("strict", 0x0001, ValueType::Enumeration(STRICT)),
                    par("init", 0x0002, ValueType::Boolean(TRUE_FALSE)),
                ],
            ),
            with(
                "fl",
                0x0006,
                &[
                    par("mindur", 0x0004, ValueType::Integer),
                    par("maxdur", 0x0005, ValueType::Integer),
                ],
            ),
        ],
        signals: &[with(
            "ri",
            0x0002,
            &[
                par("cad", 0x0006, ValueType::Integer),
                par("freq", 0x0007, ValueType::Integer),
            ],
        )],
        statistics: &[],
    },
    Package {
        name: "ct",
        id: 0x000a,
        version: 1,
        extends: None,
        title: "Basic Continuity",
        reference: Reference::AnnexE,
        properties: &[],
        events: &[with(
            "cmp",
            0x0005,
            &[par(
                "res",
                0x0008,
                ValueType::Enumeration(CONTINUITY_RESULT),
            )],
        )],
        signals: &[item("ct", 0x0003), item("rsp", 0x0004)],
        statistics: &[],
    },
    Package {
        name: "nt",
        id: 0x000b,
        version: 1,
        extends: None,
        title: "Network",
        reference: Reference::AnnexE,
        properties: &[valued("jit", 0x0007, ValueType::Integer)],
        events: &[
            with("netfail", 0x0005, &[par("cs", 0x0001, ValueType::String)]),
            with("qualert", 0x0006, &[par("th", 0x0001, ValueType::Integer)]),
        ],
        signals: &[],
        statistics: &[
            valued("dur", 0x0001, ValueType::Integer),
            valued("os", 0x0002, ValueType::Integer),
            valued("or", 0x0003, ValueType::Integer),
        ],
    },
    Package {
        name: "rtp",
        id: 0x000c,
        version: 1,
        extends: Some(0x000b),
        title: "RTP",
        reference: Reference::AnnexE,
        properties: &[],
        events: &[with(
            "pltrans",
            0x0001,
            &[par("rtppltype", 0x0001, ValueType::String)],
        )],
        signals: &[],
        statistics: &[
            valued("ps", 0x0004, ValueType::Integer),
            valued("pr", 0x0005, ValueType::Integer),
            valued("pl", 0x0006, ValueType::FixedPoint),
            valued("jit", 0x0007, ValueType::Integer),
            valued("delay", 0x0008, ValueType::Integer),
        ],
    },
    Package {
        name: "tdmc",
        id: 0x000d,
        version: 1,
        extends: Some(0x000b),
        title: "TDM Circuit",
        reference: Reference::AnnexE,
        properties: &[
            valued("ec", 0x0008, ValueType::Boolean(ON_OFF)),
            valued("gain", 0x000a, ValueType::NamedInteger(GAIN)),
        ],
        events: &[],
        signals: &[],
        statistics: &[],
    },
    Package {
        name: "swb",
        id: 0xfefe,
        version: 1,
        extends: None,
        title: "SwitchBoard (private to Erlang/OTP)",
        reference: Reference::Private,
        properties: &[],
        events: &[],
        signals: &[],
        statistics: &[
            valued("fs", 0x0000, ValueType::Integer),
            valued("as", 0x0001, ValueType::Integer),
        ],
    },
];
