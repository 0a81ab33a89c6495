//! How questions are spelled: the first word says what, the rest is what about. One line, as typed after `megaphone ctl`.

use megaphone_core::Command;
use thiserror::Error;

/// A question as it is typed.
pub struct Spelling {
    /// The first word.
    pub verb: &'static str,
    /// What follows it.
    pub arguments: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

/// All questions, in the order in which `help` lists them.
pub const SPELLINGS: [Spelling; 10] = [
    spelling("gauges", "", "what each shard holds now"),
    spelling("users", "", "the H.248 users and their configuration"),
    spelling("associations", "", "the associations of each shard"),
    spelling("association", "MID", "everything about one association"),
    spelling(
        "set",
        "USER[@MID] ITEM VALUE",
        "change a configuration item of a user or of one association",
    ),
    spelling("block", "MID", "receive no more messages of an association"),
    spelling("unblock", "MID", "receive them again"),
    spelling("disconnect", "MID", "end an association"),
    spelling(
        "trace",
        "MID",
        "show each message of an association, until interrupted",
    ),
    spelling("help", "", "list the questions"),
];

const fn spelling(verb: &'static str, arguments: &'static str, meaning: &'static str) -> Spelling {
    Spelling {
        verb,
        arguments,
        meaning,
    }
}

/// A line that is no question.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Misspelt {
    /// The first word is unknown.
    #[error("unknown question {0:?}: there are {1}")]
    Unknown(String, String),
    /// The rest does not fit.
    #[error("{verb} is asked as: {verb} {arguments}")]
    Arguments {
        /// The first word.
        verb: &'static str,
        /// What should follow.
        arguments: &'static str,
    },
}

/// What a line asks of all shards; `None` is `help`.
///
/// # Errors
///
/// [`Misspelt`] says what could have been meant.
pub fn parse(line: &str) -> Result<Option<Command>, Misspelt> {
    let (verb, rest) = split(line);
    let Some(spelling) = SPELLINGS.iter().find(|spelling| spelling.verb == verb) else {
        let verbs: Vec<&str> = SPELLINGS.iter().map(|spelling| spelling.verb).collect();
        return Err(Misspelt::Unknown(verb.into(), verbs.join(", ")));
    };
    let wrong = || Misspelt::Arguments {
        verb: spelling.verb,
        arguments: spelling.arguments,
    };
    if spelling.arguments.is_empty() && !rest.is_empty() {
        return Err(wrong());
    }
    let mid = || match split(rest) {
        (mid, "") if !mid.is_empty() => Ok(mid.to_owned()),
        _ => Err(wrong()),
    };
    let reception = |on| Ok(Command::Reception { mid: mid()?, on });
    let command = match spelling.verb {
        "gauges" => Command::Gauges,
        "users" => Command::Users,
        "associations" => Command::Associations,
        "association" => Command::Association { mid: mid()? },
        "set" => configure(rest).ok_or_else(wrong)?,
        "block" => reception(false)?,
        "unblock" => reception(true)?,
        "disconnect" => Command::Disconnect { mid: mid()? },
        "trace" => Command::Trace { mid: mid()? },
        _ => return Ok(None),
    };
    Ok(Some(command))
}

/// The first word, and what follows it.
fn split(line: &str) -> (&str, &str) {
    let line = line.trim();
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    (first, rest.trim())
}

/// `USER[@MID] ITEM VALUE`. A user's name has no `@`; a MID may have one (a domain name never begins with one).
fn configure(rest: &str) -> Option<Command> {
    let (whose, rest) = split(rest);
    let (item, value) = split(rest);
    let (user, mid) = match whose.split_once('@') {
        Some((user, mid)) => (user, Some(mid.to_owned())),
        None => (whose, None),
    };
    let complete = !user.is_empty() && !item.is_empty() && !value.is_empty();
    complete.then(|| Command::Configure {
        user: user.into(),
        mid,
        item: item.into(),
        value: value.into(),
    })
}

/// The text of `help`, line by line.
pub fn help() -> impl Iterator<Item = String> {
    SPELLINGS.iter().map(|spelling| {
        let asked = format!("{} {}", spelling.verb, spelling.arguments);
        format!("{asked:<28} {}", spelling.meaning)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_can_be_asked() {
        for spelling in &SPELLINGS {
            let arguments = spelling
                .arguments
                .replace(
                    "USER[@MID] ITEM VALUE",
                    "mgc@[192.0.2.1]:2944 max_retries 7",
                )
                .replace("MID", "<gw.example>");
            let line = format!(" {}  {arguments} ", spelling.verb);
            let command = parse(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(command.is_none(), spelling.verb == "help", "{line}");
        }
    }

    #[test]
    fn a_setting_names_user_association_item_and_value() {
        let set = |line: &str| parse(line).map(Option::unwrap);
        let expected = |mid: Option<&str>, value: &str| Command::Configure {
            user: "mgc".into(),
            mid: mid.map(Into::into),
            item: "request_timer".into(),
            value: value.into(),
        };
        assert_eq!(set("set mgc request_timer 7"), Ok(expected(None, "7")));
        assert_eq!(
            set("set mgc@<gw> request_timer { wait_for = 7 }"),
            Ok(expected(Some("<gw>"), "{ wait_for = 7 }"))
        );
    }

    #[test]
    fn what_is_misspelt_is_told_how_to_spell_it() {
        let error = |line: &str| parse(line).unwrap_err().to_string();
        assert!(
            error("gages").contains("gauges, users"),
            "{}",
            error("gages")
        );
        assert_eq!(error("block"), "block is asked as: block MID");
        assert_eq!(error("block a b"), "block is asked as: block MID");
        assert_eq!(error("gauges now"), "gauges is asked as: gauges ");
        assert_eq!(
            error("set mgc request_timer"),
            "set is asked as: set USER[@MID] ITEM VALUE"
        );
    }
}
