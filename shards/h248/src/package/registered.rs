//! Registered packages beyond the base set, in ascending order of identifier; their items, as far as known, are in `items`.
//!
//! The numbers, and which package extends which, are IANA's (registry "Megaco/H.248 Packages"). Messages with items that
//! are not listed decode all the same, with names made of their numbers, and a caller can add items to a `PackageTable`.

use super::{Package, Reference, items};

const fn registered(
    id: u16,
    name: &'static str,
    title: &'static str,
    source: &'static str,
) -> Package {
    Package {
        name,
        id,
        version: 1,
        extends: None,
        title,
        reference: Reference::Recommendation(source),
        properties: &[],
        events: &[],
        signals: &[],
        statistics: &[],
    }
}

pub(super) static REGISTERED: &[Package] = &[
    Package {
        extends: Some(0x0004),
        ..registered(
            0x000e,
            "ftmd",
            "Fax/Textphone/Modem Tones Detection",
            "H.248.2",
        )
    },
    registered(0x000f, "txc", "Text Conversation", "H.248.2"),
    registered(0x0010, "txp", "Text Telephone", "H.248.2"),
    Package {
        version: 3,
        events: items::CALL_TYPE_EVENTS,
        ..registered(0x0011, "ctyp", "Call Type Discrimination", "H.248.2")
    },
    registered(0x0012, "fax", "Fax", "H.248.2"),
    registered(0x0013, "ipfax", "IP Fax", "H.248.2"),
    registered(0x0014, "dis", "Display", "H.248.3"),
    registered(0x0015, "key", "Key", "H.248.3"),
    Package {
        extends: Some(0x0015),
        ..registered(0x0016, "kp", "Keypad", "H.248.3")
    },
    Package {
        extends: Some(0x0015),
        ..registered(0x0017, "labelkey", "Label Key", "H.248.3")
    },
    Package {
        extends: Some(0x0017),
        ..registered(0x0018, "kf", "Function Key", "H.248.3")
    },
    registered(0x0019, "ind", "Indicator", "H.248.3"),
    registered(0x001a, "ks", "Softkey", "H.248.3"),
    registered(0x001b, "anci", "Ancillary Input", "H.248.3"),
    registered(0x001c, "dtd", "Dynamic Tone Definition", "H.248.6"),
    Package {
        signals: items::ANNOUNCEMENT_SIGNALS,
        ..registered(0x001d, "an", "Generic Announcement", "H.248.7")
    },
    Package {
        properties: items::BEARER_CHARACTERISTICS,
        ..registered(0x001e, "bcp", "Bearer Characteristics", "Q.1950")
    },
    Package {
        properties: items::CUT_THROUGH,
        ..registered(
            0x001f,
            "bnct",
            "Bearer Network Connection Cut Through",
            "Q.1950",
        )
    },
    Package {
        properties: items::REUSE_IDLE,
        ..registered(0x0020, "ri", "Reuse Idle", "Q.1950")
    },
    Package {
        events: items::BEARER_EVENTS,
        signals: items::BEARER_SIGNALS,
        ..registered(0x0021, "gb", "Generic Bearer Connection", "Q.1950")
    },
    Package {
        properties: items::TUNNEL_PROPERTIES,
        events: items::TUNNEL_EVENTS,
        signals: items::TUNNEL_SIGNALS,
        ..registered(0x0022, "bt", "Bearer Control Tunnelling", "Q.1950")
    },
    Package {
        signals: items::DIRECTED_TONES,
        ..registered(0x0023, "bcg", "Basic Call Progress Tones", "Q.1950")
    },
    registered(0x0024, "xcg", "Expanded Call Progress Tones", "Q.1950"),
    registered(0x0025, "srvtn", "Basic Services Tones", "Q.1950"),
    registered(0x0026, "xsrvtn", "Expanded Services Tones", "Q.1950"),
    registered(0x0027, "int", "Intrusion Tones", "Q.1950"),
    registered(0x0028, "biztn", "Business Tones", "Q.1950"),
    Package {
        events: items::CONGESTION_EVENTS,
        ..registered(
            0x0029,
            "chp",
            "Media Gateway Resource Congestion Handling",
            "H.248.10",
        )
    },
    Package {
        events: items::H245_EVENTS,
        ..registered(0x002a, "h245", "H.245", "H.248.12")
    },
    registered(0x002c, "h324", "H.324", "H.248.12"),
    registered(0x002d, "h245com", "H.245 Command", "H.248.12"),
    registered(0x002e, "h245ind", "H.245 Indication", "H.248.12"),
    Package {
        properties: items::USER_PLANE,
        ..registered(0x002f, "threegup", "3G User Plane", "3GPP TS 29.232")
    },
    Package {
        properties: items::CIRCUIT_DATA_PROPERTIES,
        events: items::CIRCUIT_DATA_EVENTS,
        ..registered(
            0x0030,
            "threegcsd",
            "3G Circuit Switched Data",
            "3GPP TS 29.232",
        )
    },
    Package {
        properties: items::TANDEM_FREE_PROPERTIES,
        events: items::TANDEM_FREE_EVENTS,
        ..registered(0x0031, "threegtfoc", "3G TFO Control", "3GPP TS 29.232")
    },
    registered(
        0x0032,
        "threegxcg",
        "3G Expanded Call Progress Tones",
        "3GPP TS 29.232",
    ),
    registered(0x0033, "aasb", "Advanced Audio Server Base", "H.248.9"),
    registered(0x0034, "aasdc", "AAS Digit Collection", "H.248.9"),
    registered(0x0035, "aasrec", "AAS Recording", "H.248.9"),
    registered(0x0036, "aassm", "AAS Segment Management", "H.248.9"),
    registered(0x003b, "alert", "Enhanced Alerting", "H.248.23"),
    registered(0x003c, "andisp", "Analog Display Signalling", "H.248.23"),
    registered(0x0044, "amet", "Automatic Metering", "H.248.26"),
    Package {
        events: items::INACTIVITY_EVENTS,
        ..registered(0x0045, "it", "Inactivity Timer", "H.248.14")
    },
    Package {
        events: items::LINK_CHARACTERISTICS_EVENTS,
        ..registered(
            0x0046,
            "threegmlc",
            "3G Modification of Link Characteristics",
            "3GPP TS 29.232",
        )
    },
    registered(0x0051, "ocp", "Media Gateway Overload Control", "H.248.11"),
    registered(0x0052, "xdd", "Extended DTMF Detection", "H.248.16"),
    registered(0x0066, "edd", "Enhanced DTMF Detection", "H.248.16"),
    registered(
        0x0068,
        "threegctm",
        "3G CTM Text Transport",
        "3GPP TS 29.232",
    ),
    registered(0x0080, "rtcpxr", "RTCP XR", "H.248.30"),
    registered(0x0081, "xrbm", "RTCP XR Burst Metrics", "H.248.30"),
    registered(
        0x0082,
        "threegcsden",
        "3G Enhanced Circuit Switched Data",
        "3GPP TS 29.232",
    ),
    Package {
        properties: items::IP_TRANSPORT,
        ..registered(0x0083, "threegiptra", "3G IP Transport", "3GPP TS 29.232")
    },
    registered(
        0x0084,
        "threegflex",
        "3G Flexible Tone Generator",
        "3GPP TS 29.232",
    ),
    registered(0x008b, "ds", "Differentiated Services", "ETSI TS 102 333"),
    registered(0x008c, "gm", "Gate Management", "ETSI TS 102 333"),
    registered(0x008d, "tman", "Traffic Management", "ETSI TS 102 333"),
    registered(0x008f, "ntr", "NAT Traversal", "ETSI TS 102 333"),
    registered(0x0091, "vlan", "VLAN", "ETSI TS 102 333"),
    Package {
        events: items::HANGING_EVENTS,
        ..registered(0x0098, "hangterm", "Hanging Termination", "H.248.36")
    },
    registered(0x0099, "ipnapt", "IP NAPT Traversal", "H.248.37"),
    registered(
        0x009c,
        "adid",
        "Application Data Inactivity Detection",
        "H.248.40",
    ),
    registered(0x00a3, "seg", "Segmentation", "H.248.1"),
    registered(0x00b5, "rtcph", "RTCP Handling", "H.248.57"),
    Package {
        properties: items::INTERFACE_TYPE,
        ..registered(0x00e3, "threegint", "3G Interface Type", "3GPP TS 29.232")
    },
];
