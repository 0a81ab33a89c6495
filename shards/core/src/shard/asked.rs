//! An operator's questions to the running shard.

use super::Shard;
use crate::command::{Answer, Command, QuestionId};
use crate::contract::Output;

impl Shard {
    /// Answers, with the last word behind it.
    pub(super) fn asked(&mut self, question: QuestionId, command: &Command) {
        match command {
            Command::Gauges => {
                let line = self.gauges().to_string();
                self.answer(question, Answer::Line(line));
            }
            command if !self.asked_h248(question, command) => return,
            _ => {}
        }
        self.answer(question, Answer::Done);
    }

    pub(crate) fn answer(&mut self, question: QuestionId, answer: Answer) {
        let answer = Box::new(answer);
        self.outputs.push_back(Output::Answer { question, answer });
    }
}
