//! A syntax error in one transaction is answered there; the others are executed. OTP: the whole message is refused.

use crate::harness::{Talk, config, notified, notify};

#[test]
fn a4_syntax_error_stays_in_its_transaction() {
    let mut talk = Talk::connected(config());
    talk.peer(&[notify(1), "T=2{C=-{Nonsense=A{}}}".to_owned(), notify(3)].concat());
    let mut answers: Vec<String> = std::iter::from_fn(|| talk.sent()).collect();
    answers.sort();
    assert_eq!(answers.len(), 3, "{answers:?}");
    assert_eq!(
        (answers[0].as_str(), answers[2].as_str()),
        (notified(1).as_str(), notified(3).as_str())
    );
    assert!(
        answers[1].starts_with("P=2{") && answers[1].contains("ER=44"),
        "{answers:?}"
    );
    assert_eq!(talk.executed(), [1, 3]);
}
