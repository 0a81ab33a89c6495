//! Tests of the digit map parser and collector.

use super::*;

const SECONDS: DigitMapTimers = DigitMapTimers {
    start: 20,
    short: 4,
    long: 16,
    duration: 10,
};

/// Types `keys` (a `~` before a key holds it long) and gives the timers asked for and, if it came to that, the end.
/// A `!` lets the timer expire.
fn type_in(map: &str, keys: &str) -> (String, Option<Completion>) {
    let map: DigitMap = map.parse().expect("the map of the test");
    let (mut collector, first) = Collector::new(&map, SECONDS);
    let mut waits = String::new();
    let mut held = Held::Brief;
    let mut note = |step: Step| match step {
        Step::Wait { timer, duration_ms } => {
            assert_eq!(duration_ms, SECONDS.duration_ms(timer));
            waits.push(match timer {
                Timer::Start => 'T',
                Timer::Short => 'S',
                Timer::Long => 'L',
            });
            None
        }
        Step::Done(completion) => Some(completion),
    };
    assert_eq!(note(first), None);
    for key in keys.bytes() {
        let step = match key {
            b'~' => {
                held = Held::Long;
                continue;
            }
            b'!' => collector.timeout(),
            _ => collector.press(Symbol::new(key).expect("a symbol"), held),
        };
        held = Held::Brief;
        if let Some(end) = note(step.expect("the map is still active")) {
            assert_eq!(collector.timeout(), None);
            assert_eq!(collector.press(Symbol(0), Held::Brief), None);
            return (waits, Some(end));
        }
    }
    (waits, None)
}

fn end(map: &str, keys: &str) -> (Method, String, Option<char>) {
    let (_, completion) = type_in(map, keys);
    let Completion {
        method,
        digits,
        unmatched,
    } = completion.expect("the keys complete the map");
    (method, digits, unmatched.map(Symbol::character))
}

fn waits(map: &str, keys: &str) -> String {
    type_in(map, keys).0
}

const DIAL_PLAN: &str = "(0| 00|[1-7]xxx|8xxxxxxx|Fxxxxxxx|Exx|91xxxxxxxxxx|9011x.)";

#[test]
fn the_dial_plan_of_the_standard() {
    assert_eq!(
        end(DIAL_PLAN, "1234"),
        (Method::Unambiguous, "1234".into(), None)
    );
    assert_eq!(
        end(DIAL_PLAN, "00"),
        (Method::Unambiguous, "00".into(), None)
    );
    assert_eq!(end(DIAL_PLAN, "0!"), (Method::Full, "0".into(), None));
    assert_eq!(end(DIAL_PLAN, "05"), (Method::Full, "0".into(), Some('5')));
    assert_eq!(
        end(DIAL_PLAN, "e12"),
        (Method::Unambiguous, "E12".into(), None)
    );
    assert_eq!(
        end(DIAL_PLAN, "9013"),
        (Method::Partial, "901".into(), Some('3'))
    );
    assert_eq!(
        end(DIAL_PLAN, "123!"),
        (Method::Partial, "123".into(), None)
    );
    assert_eq!(end(DIAL_PLAN, "!"), (Method::Partial, String::new(), None));
    assert_eq!(
        end(DIAL_PLAN, "C"),
        (Method::Partial, String::new(), Some('C'))
    );
    assert_eq!(
        end(DIAL_PLAN, "9011!"),
        (Method::Full, "9011".into(), None),
        "a dot allows none"
    );
    assert_eq!(
        end(DIAL_PLAN, "90114790!"),
        (Method::Full, "90114790".into(), None)
    );
    assert_eq!(
        end(DIAL_PLAN, "9011479F"),
        (Method::Full, "9011479".into(), Some('F'))
    );
}

#[test]
fn default_timing_rules() {
    assert_eq!(waits(DIAL_PLAN, "12"), "TLL");
    assert_eq!(waits(DIAL_PLAN, "0"), "TS");
    assert_eq!(
        waits(DIAL_PLAN, "90112"),
        "TLLLSS",
        "a terminal dot uses the short timer"
    );
    let map: DigitMap = "x.".parse().expect("map");
    let (_, step) = Collector::new(
        &map,
        DigitMapTimers {
            start: 0,
            ..SECONDS
        },
    );
    assert_eq!(
        step,
        Step::Wait {
            timer: Timer::Start,
            duration_ms: None
        }
    );
}

#[test]
fn explicit_timers_override_and_long_wins() {
    assert_eq!(waits("(0L|00)", "0"), "TL");
    assert_eq!(waits("(8Lxx|9xx)", "8"), "TL");
    assert_eq!(
        waits("(1Sxx|1xxx)", "12"),
        "TSS",
        "a specifier stays in effect for what follows"
    );
    assert_eq!(waits("(1Sxx|1Lxxx)", "1"), "TL", "conflict: long");
    assert_eq!(
        waits("(1S2x|13xx)", "13"),
        "TSL",
        "the sequence with the specifier was dropped"
    );
    assert_eq!(waits("(1Sx2Lx)", "112"), "TSSL");
}

#[test]
fn long_events_and_z() {
    let map = "(Z1|1xx)";
    assert_eq!(end(map, "~1"), (Method::Unambiguous, "Z1".into(), None));
    assert_eq!(end(map, "123"), (Method::Unambiguous, "123".into(), None));
    assert_eq!(
        end("(12x|Z93)", "~1~23"),
        (Method::Unambiguous, "123".into(), None),
        "length does not matter"
    );
    assert_eq!(
        end("(Z12)", "1"),
        (Method::Partial, String::new(), Some('1'))
    );
    assert_eq!(
        end("(Z[0-3].5)", "~0~15"),
        (Method::Unambiguous, "Z0Z15".into(), None)
    );
}

#[test]
fn a_press_is_long_when_it_exceeds_the_duration_timer() {
    let map: DigitMap = "Z1".parse().expect("map");
    for (ms, method) in [(1000, Method::Partial), (1001, Method::Unambiguous)] {
        let (mut collector, _) = Collector::new(&map, SECONDS);
        let step = collector.press(Symbol::new(b'1').expect("1"), Held::Milliseconds(ms));
        assert!(
            matches!(step, Some(Step::Done(c)) if c.method == method),
            "{ms} ms"
        );
    }
}

#[test]
fn two_alternatives_matched_at_once_are_still_unambiguous() {
    assert_eq!(
        end("(12|1x)", "12"),
        (Method::Unambiguous, "12".into(), None)
    );
}

#[test]
fn dots_in_the_middle() {
    assert_eq!(end("1.2", "2"), (Method::Unambiguous, "2".into(), None));
    assert_eq!(
        end("1.2", "1112"),
        (Method::Unambiguous, "1112".into(), None)
    );
    assert_eq!(
        end("x.[a-k]", "123K"),
        (Method::Unambiguous, "123K".into(), None)
    );
    assert_eq!(
        end("1.2.3.", "!"),
        (Method::Full, String::new(), None),
        "all of it may be left out"
    );
    assert_eq!(end("1.2.3.", "133!"), (Method::Full, "133".into(), None));
}

#[test]
fn letters_ignore_case_everywhere() {
    let upper: DigitMap = "(0S|[A-D]X|zEL)".parse().expect("map");
    let lower: DigitMap = "(0s|[a-d]x|Zel)".parse().expect("map");
    assert_eq!(upper, lower);
}

#[test]
fn blanks_and_comments_are_ignored() {
    let plain: DigitMap = "(0|[1-7]xx)".parse().expect("map");
    let spaced: DigitMap = " ( 0 ; operator\r\n | [ 1-7 ] x x ) \t"
        .parse()
        .expect("map");
    assert_eq!(plain, spaced);
    assert_eq!(plain.alternatives(), 2);
}

#[test]
fn what_is_not_a_digit_map() {
    let unexpected = |character, offset| DigitMapError::Unexpected { character, offset };
    for (body, error) in [
        ("", DigitMapError::EmptyAlternative { offset: 0 }),
        ("()", DigitMapError::EmptyAlternative { offset: 1 }),
        ("(1||2)", DigitMapError::EmptyAlternative { offset: 3 }),
        ("(1|2", DigitMapError::Truncated),
        ("(S)", DigitMapError::EmptyAlternative { offset: 2 }),
        ("1|2", unexpected('|', 1)),
        ("(1)2", unexpected('2', 3)),
        ("1#", unexpected('#', 1)),
        ("1..", unexpected('.', 2)),
        (".1", unexpected('.', 0)),
        ("1Z", DigitMapError::Truncated),
        ("(1Z)", unexpected(')', 3)),
        ("ZZ1", unexpected('Z', 1)),
        ("[]", DigitMapError::EmptySet { offset: 0 }),
        ("[1", DigitMapError::Truncated),
        ("[1-", DigitMapError::Truncated),
        ("[5-1]", DigitMapError::BackwardRange { offset: 3 }),
        ("[5-A]", DigitMapError::BackwardRange { offset: 3 }),
        ("[S]", unexpected('S', 1)),
        ("[x]", unexpected('x', 1)),
        ("L", DigitMapError::EmptyAlternative { offset: 1 }),
        ("1M", unexpected('M', 1)),
    ] {
        assert_eq!(DigitMap::parse(body.as_bytes()), Err(error), "{body}");
    }
}

#[test]
fn limits_hold_exactly() {
    let limits = DigitMapLimits {
        body_bytes_max: 10,
        positions_max: 4,
        ..DigitMapLimits::default()
    };
    for (body, good) in [
        ("1234567890", false),
        ("123   ", true),
        ("1234", true),
        ("12345", false),
    ] {
        assert_eq!(
            DigitMap::parse_with(body.as_bytes(), &limits).is_ok(),
            good,
            "{body}"
        );
    }
    let bytes =
        |n: usize| DigitMap::parse_with(format!("1{}", " ".repeat(n - 1)).as_bytes(), &limits);
    assert!(bytes(9).is_ok());
    assert!(bytes(10).is_ok());
    assert_eq!(
        bytes(11),
        Err(DigitMapError::TooLong { bytes: 11, max: 10 })
    );
    let positions = |n: usize| DigitMap::parse_with("1".repeat(n).as_bytes(), &limits).is_ok();
    assert_eq!(
        [positions(3), positions(4), positions(5)],
        [true, true, false]
    );
}

#[test]
fn a_dial_string_ends_at_its_limit() {
    for (map, held, digits_max, digits) in [
        ("x.", Held::Brief, 3, "111"),
        ("Zx.", Held::Long, 4, "Z1Z1"),
        // The mark of a long event counts.
        ("Zx.", Held::Long, 5, "Z1Z1"),
    ] {
        let limits = DigitMapLimits {
            digits_max,
            ..DigitMapLimits::default()
        };
        let map = DigitMap::parse_with(map.as_bytes(), &limits).expect("a map");
        let (mut collector, _) = Collector::new(&map, SECONDS);
        let presses = digits.matches('1').count();
        for _ in 0..presses {
            let step = collector.press(Symbol(1), held);
            assert!(matches!(step, Some(Step::Wait { .. })), "{digits_max}");
        }
        let end = Completion {
            method: Method::Full,
            digits: digits.to_owned(),
            unmatched: Some(Symbol(1)),
        };
        assert_eq!(collector.press(Symbol(1), held), Some(Step::Done(end)));
    }
}

#[test]
fn a_map_full_of_dots_stays_linear() {
    let map: DigitMap = "x.".repeat(2000).parse().expect("map");
    let (mut collector, _) = Collector::new(&map, SECONDS);
    for _ in 0..8 {
        assert!(matches!(
            collector.press(Symbol(1), Held::Brief),
            Some(Step::Wait {
                timer: Timer::Short,
                ..
            })
        ));
    }
    assert_eq!(collector.digits(), "11111111");
}

/// Matching by trying every way to read the dots, one alternative at a time: slow, short and plainly right.
mod naive {
    use super::{Position, Symbol};

    /// Whether `positions` can accept all of `symbols` (none of them long).
    pub(super) fn accepts(positions: &[Position], symbols: &[Symbol]) -> bool {
        let Some((first, rest)) = positions.split_first() else {
            return symbols.is_empty();
        };
        let eaten = symbols
            .split_first()
            .filter(|(symbol, _)| first.symbols.contains(**symbol));
        match (first.repeat, eaten) {
            (true, Some((_, left))) => accepts(rest, symbols) || accepts(positions, left),
            (true, None) => accepts(rest, symbols),
            (false, Some((_, left))) => accepts(rest, left),
            (false, None) => false,
        }
    }
}

proptest::proptest! {
    #[test]
    fn collecting_agrees_with_naive_matching(
        body in "[0-3x]\\.?([0-3x]\\.?){0,4}(\\|[0-3x]\\.?([0-3x]\\.?){0,4}){0,3}",
        keys in "[0-3]{1,6}",
    ) {
        let map = DigitMap::parse(format!("({body})").as_bytes()).expect("the strategy writes digit maps");
        let symbols: Vec<Symbol> = keys.bytes().filter_map(Symbol::new).collect();
        let accepted = |symbols: &[Symbol]| {
            map.alternatives.iter().any(|a| {
                naive::accepts(&map.positions[a.first as usize..a.end as usize], symbols)
            })
        };
        let (mut collector, _) = Collector::new(&map, SECONDS);
        for (at, &symbol) in symbols.iter().enumerate() {
            match collector.press(symbol, Held::Brief) {
                Some(Step::Wait { timer, .. }) => {
                    proptest::prop_assert_eq!(timer == Timer::Short, accepted(&symbols[..=at]));
                }
                Some(Step::Done(Completion { method: Method::Unambiguous, digits, .. })) => {
                    proptest::prop_assert!(accepted(&symbols[..=at]));
                    proptest::prop_assert_eq!(digits.len(), at + 1);
                    return Ok(());
                }
                Some(Step::Done(Completion { method, digits, unmatched })) => {
                    proptest::prop_assert_eq!(unmatched, Some(symbol));
                    proptest::prop_assert_eq!(digits.len(), at);
                    proptest::prop_assert_eq!(method == Method::Full, accepted(&symbols[..at]));
                    proptest::prop_assert!(!accepted(&symbols[..=at]));
                    return Ok(());
                }
                None => unreachable!("the loop ends with the map"),
            }
        }
    }
}
