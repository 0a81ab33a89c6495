use super::*;
use serde_json::Value;

const SOUND: &str =
    "MEGACO/1 [1.2.3.4]:2944 Transaction=1{Context=-{Notify=*{ObservedEvents=1{al/of}}}}";

fn codecs(from: From) -> Codecs {
    Codecs {
        from,
        limits: Limits::default(),
        ber: BerConfig::default(),
    }
}

fn lines(input: &[u8]) -> Vec<Value> {
    let mut out = Vec::new();
    let errors = line::every(&codecs(From::Auto), input, &mut out).expect("memory can be written");
    assert_eq!(errors, "");
    let lines = out
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).expect("a line is JSON"))
        .collect()
}

fn shown(input: &[u8], to: To) -> (String, String) {
    let mut out = Vec::new();
    let errors = one(&codecs(From::Auto), to, input, &mut out).expect("memory can be written");
    (String::from_utf8(out).expect("text"), errors)
}

#[test]
fn a_sound_line_has_every_encoding_of_its_message() {
    let request = serde_json::json!({ "id": { "any": [1] }, "text": SOUND });
    let verdict = &lines(request.to_string().as_bytes())[0];
    assert_eq!(verdict["id"], serde_json::json!({ "any": [1] }));
    assert_eq!(verdict["ok"], true);
    assert_eq!(
        (&verdict["encoding"], &verdict["version"]),
        (&"text".into(), &1.into())
    );
    assert_eq!(verdict["mid"], "[1.2.3.4]:2944");
    assert_eq!(verdict["transactions"], 1);
    assert_eq!(
        verdict["compact"],
        "!/1 [1.2.3.4]:2944 T=1{C=-{N=*{OE=1{al/of}}}}"
    );
    assert_eq!(verdict.as_object().map(serde_json::Map::len), Some(9));
    let again = serde_json::json!({ "id": 2, "base64": verdict["ber"] });
    let again = &lines(again.to_string().as_bytes())[0];
    assert_eq!(again["encoding"], "ber");
    for part in ["version", "mid", "pretty", "compact", "ber", "transactions"] {
        assert_eq!(again[part], verdict[part], "{part}");
    }
}

#[test]
fn a_faulty_line_says_where_and_who_and_the_run_goes_on() {
    let input = "{\"id\":1,\"text\":\"MEGACO/1 <mg>:2944\\nOops\"}\n\n{\"id\":2,\"base64\":\"*\"}\nno JSON\n{\"id\":3}\n\
                 {\"id\":4,\"text\":\"?\"}\n{\"id\":5,\"text\":\"!/1 <mg> T=1{C=1{Oops=1}}\"}";
    let verdicts = lines(input.as_bytes());
    assert_eq!(verdicts.len(), 7);
    assert!(verdicts.iter().all(|verdict| verdict["ok"] == false));
    let error = &verdicts[0]["error"];
    let at = (
        &error["code"],
        &error["offset"],
        &error["line"],
        &error["column"],
    );
    assert_eq!(at, (&400.into(), &19.into(), &2.into(), &1.into()));
    assert!(error["text"].is_string());
    assert_eq!(
        verdicts[0]["mini"],
        serde_json::json!({ "version": 1, "mid": "<mg>:2944" })
    );
    assert_eq!(verdicts[0].as_object().map(serde_json::Map::len), Some(4));
    assert_eq!(verdicts[5]["mini"], Value::Null);
    assert_eq!(verdicts[6]["error"]["code"], 443);
}

#[test]
fn a_line_that_is_too_long_is_passed_over() {
    let line = |length: usize| {
        let (head, tail) = ("{\"id\":1,\"text\":\"!/1 <mg> PN=5{}\"", "}\n");
        format!(
            "{head}{}{tail}",
            " ".repeat(length - head.len() - tail.len())
        )
    };
    const MOST: usize = 1024 * 1024;
    let input = [
        line(MOST - 1),
        line(MOST),
        line(MOST + 1),
        line(MOST * 3),
        line(60),
    ]
    .concat();
    let sound: Vec<_> = lines(input.as_bytes())
        .iter()
        .map(|verdict| verdict["ok"] == true)
        .collect();
    assert_eq!(sound, [true, true, false, false, true]);
}

#[test]
fn members_come_in_the_documented_order() {
    let input = b"{\"text\":\"!/1 <mg> PN=5{}\",\"id\":7}\n{\"id\":8,\"text\":\"!/1 <mg> \"}\n";
    let mut out = Vec::new();
    line::every(&codecs(From::Auto), &input[..], &mut out).expect("memory can be written");
    let out = String::from_utf8(out).expect("text");
    let (sound, faulty) = out.split_once('\n').expect("two lines");
    assert_eq!(
        sound,
        "{\"id\":7,\"ok\":true,\"encoding\":\"text\",\"version\":1,\"mid\":\"<mg>\",\
         \"pretty\":\"MEGACO/1 <mg>\\nPending = 5 {}\",\"compact\":\"!/1 <mg> PN=5{}\",\
         \"ber\":\"MBahFIABAaEGogSAAm1nogehBaEDgAEF\",\"transactions\":1}"
    );
    assert!(
        faulty.starts_with(
            "{\"id\":8,\"ok\":false,\"error\":{\"code\":400,\"offset\":9,\"line\":1,\"column\":10,\"text\":\""
        ) && faulty.ends_with("\"mini\":{\"version\":1,\"mid\":\"<mg>\"}}\n"),
        "{faulty}"
    );
}

#[test]
fn one_message_is_shown_in_the_encoding_asked_for() {
    let (compact, errors) = shown(SOUND.as_bytes(), To::Compact);
    assert_eq!(
        (compact.as_str(), errors.as_str()),
        ("!/1 [1.2.3.4]:2944 T=1{C=-{N=*{OE=1{al/of}}}}\n", "")
    );
    let (pretty, _) = shown(compact.as_bytes(), To::Pretty);
    assert!(
        pretty.starts_with("MEGACO/1 [1.2.3.4]:2944\nTransaction = 1 {\n\tContext = - {\n"),
        "{pretty}"
    );
    let (json, _) = shown(pretty.as_bytes(), To::Json);
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        json["body"]["transactions"][0]["request"]["transactionId"],
        1
    );
}

#[test]
fn hexadecimal_digits_are_octets() {
    let digits: Vec<String> = SOUND.bytes().map(|byte| format!("{byte:02X}")).collect();
    let (compact, errors) = shown(digits.join(":\n").as_bytes(), To::Compact);
    assert_eq!(
        (compact.as_str(), errors.as_str()),
        ("!/1 [1.2.3.4]:2944 T=1{C=-{N=*{OE=1{al/of}}}}\n", "")
    );
}

#[test]
fn a_caret_stands_under_the_byte() {
    let input = "!/1 <mg>\nT=1{C=1{\n\tS=a,Oops=1,S=b}}";
    let (compact, errors) = shown(input.as_bytes(), To::Compact);
    assert_eq!(compact, "!/1 <mg> T=1{C=1{S=a,S=b}}\n");
    let expected = "443: unexpected command at line 3, column 6 (offset 23)\n  |\n3 |  S=a,Oops=1,S=b}}\n  |      ^";
    assert_eq!(errors, expected);
    let (nothing, errors) = shown(&[0x30, 0x80, 0xFF], To::Pretty);
    assert_eq!(nothing, "");
    assert!(errors.contains("30 80 ff"), "{errors}");
}
