//! `items_max` at, below and above itself, for every kind of list that it bounds.
//!
//! Most lists are said in text, where they are short, and written in BER by way of the model.

use super::limits::{exactly, one};
use super::*;
use crate::text;

/// How many items each list has: as many as the limit, in the middle of its three values.
const ITEMS: usize = 3;

/// The error of a list that is too long has the code of the unit it is in.
fn holds(code: u16) -> impl Fn(&Message<'_>) {
    move |message| {
        exactly(message, ITEMS, code, "items_max", |limits, value| {
            limits.items_max = value
        });
    }
}

/// The items of a list, separated.
fn items(item: impl Fn(usize) -> String) -> String {
    (1..=ITEMS).map(item).collect::<Vec<_>>().join(",")
}

fn said(text: &str, check: impl FnOnce(&Message<'_>)) {
    let (arena, limits) = (Arena::new(), Limits::default());
    let decoded = text::decode(text.as_bytes(), &arena, &limits).expect(text);
    check(&decoded.clean().expect(text));
}

/// A descriptor of a Modify.
fn described(descriptor: &str) -> String {
    format!("!/3 <mgc> T=1{{C=1{{MF=ROOT{{{descriptor}}}}}}}")
}

/// A descriptor that is reported.
fn reported(descriptor: &str) -> String {
    format!("!/3 <mgc> P=1{{C=1{{AV=ROOT{{{descriptor}}}}}}}")
}

#[test]
fn of_terminations() {
    let some = items(|n| format!("00000000/00000000/0000000{}", n % 2));
    for text in [
        format!("!/3 <mgc> T=1{{C=1{{S=[{some}]}}}}"),
        format!("!/3 <mgc> T=1{{C=1{{AV=[{some}]{{AT{{M}}}}}}}}"),
        described(&format!("MX=V76{{{some}}}")),
        // Wildcard fields of one termination.
        "!/1 <mgc> T=1{C=1{S=*/*/*}}".to_owned(),
    ] {
        said(&text, holds(442));
    }
    for text in [
        format!("!/3 <mgc> P=1{{C=1{{S=[{some}]}}}}"),
        format!("!/3 <mgc> P=1{{C=1{{AV=C{{{some}}}}}}}"),
        format!("!/3 <mgc> P=1{{C=1{{AV=[{some}]{{M}}}}}}"),
    ] {
        said(&text, holds(403));
    }
}

#[test]
fn of_events() {
    let events = items(|_| "al/on".to_owned());
    for text in [
        described(&format!("E=1{{{events}}}")),
        described(&format!("E=1{{al/on{{EM{{E=2{{{events}}}}}}}}}")),
        described(&format!("EB{{{events}}}")),
        format!("!/1 <mgc> T=1{{C=1{{N=ROOT{{OE=1{{{events}}}}}}}}}"),
        described("E=1{al/on{strict=1,item_0005=2,item_0006=3}}"),
        described("E=1{al/on{strict=[1,2,3]}}"),
    ] {
        said(&text, holds(442));
    }
}

#[test]
fn of_signals() {
    let signals = items(|_| "cg/rt".to_owned());
    for text in [
        described(&format!("SG{{{signals}}}")),
        described(&format!("SG{{SL=1{{{signals}}}}}")),
        described("SG{cg/rt{item_0005=1,item_0006=2,item_0007=3}}"),
    ] {
        said(&text, holds(442));
    }
}

#[test]
fn of_media() {
    let properties = items(|n| format!("nt/jit={n}"));
    let statistics = items(|_| "nt/dur".to_owned());
    for text in [
        described(&format!(
            "M{{{}}}",
            items(|n| format!("ST={n}{{O{{MO=SO}}}}"))
        )),
        described(&format!("M{{O{{{properties}}}}}")),
        described(&format!("M{{TS{{{properties}}}}}")),
        described("M{O{nt/jit={1,2,3}}}"),
        described(&format!("M{{ST=1{{SA{{{statistics}}}}}}}")),
        described(&format!("SA{{{statistics}}}")),
        described("SA{nt/dur=[1,2,3]}"),
        described("MD[V18,V22,V32]"),
        described(&format!("MD=V18{{{properties}}}")),
    ] {
        said(&text, holds(442));
    }
    let packages = items(|n| format!("al-{n}"));
    said(&reported(&format!("PG{{{packages}}}")), holds(403));
}

#[test]
fn of_property_groups() {
    let property = || PropertyParm {
        name: PkgdName::try_from("nt/jit").expect("a name"),
        value: ParmValue::Value(Value::Token(Token::try_from("1").expect("a token"))),
    };
    for (groups, properties) in [(ITEMS, 1), (1, ITEMS)] {
        let group: List<'static, _> = (0..properties).map(|_| property()).collect();
        let groups = vec![group; groups].into();
        let parms = StreamParms {
            local: Some(LocalRemoteDescriptor::Groups(groups)),
            ..StreamParms::default()
        };
        holds(442)(&one(AmmDescriptor::Media(MediaDescriptor {
            termination_state: None,
            streams: MediaStreams::One(parms.into()),
        })));
    }
}

#[test]
fn of_contexts() {
    let properties = items(|n| format!("nt/jit={n}"));
    let names = items(|_| "nt/jit".to_owned());
    for head in [
        format!("TP{{{}}}", items(|_| "*,*,BW".to_owned())),
        format!("CT{{{properties}}}"),
        format!("CT{{CLT={{{}}}}}", items(|n| n.to_string())),
        format!("CA{{{names}}}"),
    ] {
        // What is wrong with an action's head is the action's fault.
        said(
            &format!("!/3 <mgc> T=1{{C=1{{{head},S=ROOT}}}}"),
            holds(422),
        );
    }
}

#[test]
fn of_audits_of_single_items() {
    let names = items(|_| "nt/jit".to_owned());
    let parms = items(|n| format!("ST={n}{{O{{MO}}}}"));
    for media in [
        format!("M{{{parms}}}"),
        format!("M{{O{{{names}}}}}"),
        format!("M{{TS{{{names}}}}}"),
    ] {
        said(
            &format!("!/3 <mgc> T=1{{C=1{{AV=ROOT{{AT{{{media}}}}}}}}}"),
            holds(442),
        );
    }
    let property = || IndAudPropertyParm {
        name: PkgdName::try_from("nt/jit").expect("a name"),
        select: None,
    };
    let local = IndAudLocalRemoteDescriptor::Properties {
        group: None,
        property_parms: (0..ITEMS).map(|_| property()).collect(),
    };
    let parms = IndAudStreamParms {
        local: Some(local),
        ..IndAudStreamParms::default()
    };
    let media = IndAudMediaDescriptor {
        termination_state: None,
        streams: IndAudStreams::One(parms),
    };
    let audit = AuditDescriptor {
        parameters: List::one(IndAuditParameter::Media(media)),
        ..AuditDescriptor::default()
    };
    holds(442)(&one(AmmDescriptor::Audit(audit)));
}

#[test]
fn of_what_replies_report() {
    said(&reported("EB,SG,E"), holds(403));
    // Descriptors without contents are a set on the wire, which counts as what it holds.
    said(&reported("MX,MD,M"), holds(403));
}

#[test]
fn of_acknowledgements() {
    said("!/1 <mgc> K{1,3,5}", holds(403));
}
