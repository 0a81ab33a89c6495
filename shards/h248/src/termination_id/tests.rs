//! Tests of termination id conversion: the standard's examples, Erlang/OTP's forms, and every layout there and back.

use super::*;
use proptest::prelude::*;

fn encode(layout: &TerminationIdLayout, name: &str) -> (Vec<u8>, Vec<u8>) {
    let id = layout
        .encode(name.as_bytes())
        .unwrap_or_else(|e| panic!("{name}: {e}"));
    (id.wildcards().to_vec(), id.octets().to_vec())
}

fn decode(layout: &TerminationIdLayout, wildcards: &[u8], octets: &[u8]) -> String {
    let name = layout.decode(wildcards, octets).expect("decodes");
    String::from_utf8(name.as_bytes().to_vec()).expect("ASCII")
}

#[test]
fn the_examples_of_annex_a() {
    let layout = TerminationIdLayout::default();
    for (name, wildcards, octets) in [
        (
            "00000001/00011110/01010101",
            &[][..],
            [0b0000_0001, 0b0001_1110, 0b0101_0101],
        ),
        (
            "00000001/00011110/*",
            &[0b1000_0111],
            [0b0000_0001, 0b0001_1110, 0],
        ),
        (
            "$/00011110/$",
            &[0b0001_0111, 0b0000_0111],
            [0, 0b0001_1110, 0],
        ),
        ("00000001/$", &[0b0100_1111], [0b0000_0001, 0, 0]),
    ] {
        assert_eq!(
            encode(&layout, name),
            (wildcards.to_vec(), octets.to_vec()),
            "{name}"
        );
        assert_eq!(decode(&layout, wildcards, &octets), name);
    }
}

#[test]
fn bits_under_a_wildcard_are_ignored() {
    let layout = TerminationIdLayout::default();
    assert_eq!(
        decode(&layout, &[0x87], &[1, 2, 0xff]),
        "00000001/00000010/*"
    );
    assert_eq!(decode(&layout, &[0xcf], &[1, 0xff, 0xff]), "00000001/*");
    assert_eq!(
        decode(&layout, &[0x07, 0x17], &[0xff, 2, 0xff]),
        "$/00000010/$",
        "in any order"
    );
}

#[test]
fn root_all_and_choose() {
    let layout = TerminationIdLayout::default();
    assert_eq!(encode(&layout, "Root"), (vec![], vec![0xff; 8]));
    assert_eq!(decode(&layout, &[], &[0xff; 8]), "ROOT");
    assert_eq!(
        encode(&layout, "*"),
        (vec![0xd7], vec![0, 0, 0]),
        "as Erlang/OTP has it"
    );
    assert_eq!(encode(&layout, "$"), (vec![0x57], vec![0, 0, 0]));
    assert_eq!(decode(&layout, &[0xd7], &[0, 0, 0]), "*");
    let one = TerminationIdLayout::new(&[8], LevelForm::Bits).expect("layout");
    assert_eq!(
        encode(&one, "*"),
        (vec![0x87], vec![0]),
        "there is no lower level"
    );
    assert_eq!(decode(&one, &[0xc7], &[0]), "*");
}

#[test]
fn levels_need_not_end_at_octets_and_wildcards_may_stand_inside() {
    let layout = TerminationIdLayout::new(&[3, 8, 5, 8], LevelForm::Bits).expect("layout");
    assert_eq!(
        encode(&layout, "101/00000001/11111/00000000"),
        (vec![], vec![0b1010_0000, 0b0011_1111, 0])
    );
    assert_eq!(
        encode(&layout, "101/0001*"),
        (vec![0xc0 | 16], vec![0b1010_0010, 0, 0])
    );
    assert_eq!(
        decode(&layout, &[0xc0 | 16], &[0b1010_0010, 0, 0]),
        "101/0001*"
    );
}

#[test]
fn numbers_instead_of_bits() {
    let decimal = TerminationIdLayout::new(&[8, 16], LevelForm::Decimal).expect("layout");
    assert_eq!(encode(&decimal, "7/1000"), (vec![], vec![7, 3, 232]));
    assert_eq!(decode(&decimal, &[], &[7, 3, 232]), "7/1000");
    assert_eq!(encode(&decimal, "7/*"), (vec![0x8f], vec![7, 0, 0]));
    assert_eq!(decode(&decimal, &[0x8f], &[7, 0, 0]), "7/*");
    assert_eq!(
        decode(&decimal, &[0x8e], &[7, 0, 0]),
        "id_070000*8e",
        "a wildcard inside a number has no name"
    );
    let hex = TerminationIdLayout::new(&[8, 16], LevelForm::Hexadecimal).expect("layout");
    assert_eq!(encode(&hex, "07/03E8"), (vec![], vec![7, 3, 232]));
    assert_eq!(decode(&hex, &[], &[7, 3, 232]), "07/03e8");
    for name in [
        "256/0",
        "7/65536",
        "07/1",
        "7/1/1",
        "7",
        "7/",
        "/7",
        "x/1",
        "7/1*",
        "99999999999999999999/1",
    ] {
        assert_eq!(
            decimal.encode(name.as_bytes()),
            Err(TerminationIdError::NotRepresentable),
            "{name}"
        );
    }
}

#[test]
fn names_that_do_not_fit() {
    let layout = TerminationIdLayout::default();
    for name in [
        "",
        "A4444",
        "1111111/00000000/00000000",
        "111111111/00000000/00000000",
        "11111111/00000000",
        "11111111/00000000/00000000/00000000",
        "11111111/00000000/00000000/",
        "11111111*/00000000/00000000",
        "2*",
        "*/*/*/*",
        "id_",
        "id_0",
        "id_0g",
        "id_000000000000000000",
        "id_00$80",
        "id_00*00",
        "id_00*8",
    ] {
        assert_eq!(
            layout.encode(name.as_bytes()),
            Err(TerminationIdError::NotRepresentable),
            "{name}"
        );
    }
}

#[test]
fn ids_of_another_layout_get_open_names() {
    let layout = TerminationIdLayout::default();
    assert_eq!(decode(&layout, &[], &[0xab, 0xcd]), "id_abcd");
    assert_eq!(decode(&layout, &[0xc7, 0x07], &[1, 2]), "id_0102*c7$07");
    assert_eq!(
        decode(&layout, &[0xbf], &[1, 2, 3]),
        "id_010203*bf",
        "a position outside"
    );
    assert_eq!(
        decode(&layout, &[0x87, 0x86], &[1, 2, 3]),
        "id_010203*87*86",
        "two in one level"
    );
    assert_eq!(
        encode(&layout, "id_0102*c7$07"),
        (vec![0xc7, 0x07], vec![1, 2])
    );
    let wide = TerminationIdLayout::new(&[8; 8], LevelForm::Bits).expect("layout");
    assert_eq!(
        decode(&wide, &[], &[1; 8]),
        "id_0101010101010101",
        "71 characters are too many"
    );
}

#[test]
fn limits_hold_exactly() {
    let layout = TerminationIdLayout::default();
    assert_eq!(layout.decode(&[], &[]), Err(TerminationIdError::Octets(0)));
    assert!(layout.decode(&[], &[1]).is_ok());
    assert!(layout.decode(&[], &[1; 7]).is_ok());
    assert!(layout.decode(&[], &[1; 8]).is_ok());
    assert_eq!(
        layout.decode(&[], &[1; 9]),
        Err(TerminationIdError::Octets(9))
    );
    for (count, good) in [
        (WILDCARDS_MAX - 1, true),
        (WILDCARDS_MAX, true),
        (WILDCARDS_MAX + 1, false),
    ] {
        assert_eq!(
            layout.decode(&vec![0x80; count], &[1; 8]).is_ok(),
            good,
            "{count}"
        );
    }
    let full = layout
        .decode(&[0xff; WILDCARDS_MAX], &[1; 8])
        .expect("the longest open name");
    assert_eq!(full.as_bytes().len(), NAME_BYTES_MAX);
    for (levels, good) in [
        (&[][..], false),
        (&[8][..], true),
        (&[64], true),
        (&[64, 8], false),
        (&[4], false),
    ] {
        assert_eq!(
            TerminationIdLayout::new(levels, LevelForm::Bits).is_ok(),
            good,
            "{levels:?}"
        );
    }
    assert!(TerminationIdLayout::new(&[0, 8], LevelForm::Bits).is_err());
}

fn layouts() -> impl Strategy<Value = TerminationIdLayout> {
    let form = prop_oneof![
        Just(LevelForm::Bits),
        Just(LevelForm::Decimal),
        Just(LevelForm::Hexadecimal)
    ];
    (prop::collection::vec(1u8..=16, 1..6), form).prop_map(|(mut levels, form)| {
        let sum: u32 = levels.iter().map(|&b| u32::from(b)).sum();
        let missing = (8 - sum % 8) % 8;
        if let Some(last) = levels.last_mut() {
            *last += missing as u8;
        }
        TerminationIdLayout::new(&levels, form).unwrap_or_default()
    })
}

proptest! {
    #[test]
    fn every_binary_id_has_a_name_that_encodes(
        layout in layouts(),
        wildcards in prop::collection::vec(any::<u8>(), 0..3),
        octets in prop::collection::vec(any::<u8>(), 1..=8),
    ) {
        let name = layout.decode(&wildcards, &octets).expect("within limits");
        let id = layout.encode(name.as_bytes()).expect("a name made by decode");
        let again = layout.decode(id.wildcards(), id.octets()).expect("within limits");
        prop_assert_eq!(&again, &name);
        if wildcards.is_empty() {
            prop_assert_eq!(id.octets(), &octets[..]);
        }
    }

    #[test]
    fn any_text_is_encoded_or_refused(layout in layouts(), name in "[01/*$a-f_]{0,70}") {
        if let Ok(id) = layout.encode(name.as_bytes()) {
            let back = layout.decode(id.wildcards(), id.octets()).expect("what encode makes decodes");
            let id_again = layout.encode(back.as_bytes()).expect("and encodes");
            prop_assert_eq!(id_again, id);
        }
    }
}
