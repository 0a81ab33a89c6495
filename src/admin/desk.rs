//! The desk: takes operators' questions on a Unix socket, asks the shards, and passes on what they say. A thread for each
//! operator, so that one who traces keeps nobody waiting; shards never wait for any.

use crate::ctl::wire::{Said, Saying};
use crate::ctl::words;
use megaphone_core::{Answer, Command, QuestionId, ShardId};
use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// Operators at a time; one more is told to come again.
pub const OPERATORS_MAX: usize = 16;
/// Bytes of a question.
const QUESTION_BYTES_MAX: u64 = 4_096;
/// Answers that may wait to be passed on. A trace that is read too slowly has gaps, and says so.
const ANSWERS_WAITING_MAX: usize = 4_096;
/// How long shards may take for an answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
/// How often one who traces is looked after: whether he is still there.
const LOOK: Duration = Duration::from_millis(200);
/// The pause after a failed accept, which is a lack of descriptors that another moment may cure.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Asks a shard; false if it takes no question now.
pub type Asker = Box<dyn Fn(ShardId, QuestionId, Command) -> bool + Send + Sync>;

/// The questions under way, shared by operators' threads and shards.
#[derive(Default)]
pub struct Desk {
    next: AtomicU64,
    operators: AtomicUsize,
    waiting: Mutex<HashMap<QuestionId, Waiting>>,
}

struct Waiting {
    answers: SyncSender<(ShardId, Answer)>,
    lost: u64,
}

/// The running shards, as the desk sees them.
pub struct Shards {
    /// How many there are.
    pub count: u16,
    /// Asks one.
    pub ask: Asker,
    /// When ticks were 0.
    pub started: SystemTime,
}

impl Shards {
    /// Ends a trace everywhere. A shard whose mailbox is full is asked again for a while: it would trace on for nobody.
    fn end_trace(&self, trace: QuestionId) {
        let end = Instant::now() + ANSWER_TIME_MAX;
        for shard in 0..self.count {
            // Under the trace's own number: the last words to both go nowhere.
            while !(self.ask)(ShardId(shard), trace, Command::Untrace { trace })
                && Instant::now() < end
            {
                thread::sleep(LOOK);
            }
        }
    }
}

impl Desk {
    /// Takes a shard's answer; on the shard's thread, so it waits for nothing but the short lock.
    pub fn take(&self, shard: ShardId, question: QuestionId, answer: Answer) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = waiting.get_mut(&question)
            && asked.answers.try_send((shard, answer)).is_err()
        {
            asked.lost += 1;
        }
    }

    fn open(&self) -> (QuestionId, Receiver<(ShardId, Answer)>) {
        let question = QuestionId(self.next.fetch_add(1, Ordering::Relaxed));
        let (answers, receiver) = sync_channel(ANSWERS_WAITING_MAX);
        let asked = Waiting { answers, lost: 0 };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.insert(question, asked);
        (question, receiver)
    }

    /// Answers that were lost since the last look.
    fn lost(&self, question: QuestionId) -> u64 {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = waiting.get_mut(&question);
        asked.map_or(0, |asked| std::mem::take(&mut asked.lost))
    }

    fn close(&self, question: QuestionId) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.remove(&question);
    }
}

/// A socket at `path` that only its owner may use. What a dead process left there is replaced; a live one's is not.
///
/// # Errors
///
/// `AddrInUse` if somebody answers there, else what the file system says.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    if UnixStream::connect(path).is_ok() {
        return Err(ErrorKind::AddrInUse.into());
    }
    // Under another name until its mode is set, so that nobody slips in before.
    let mut new = path.as_os_str().to_owned();
    new.push(format!(".{}", std::process::id()));
    let new = Path::new(&new);
    let listener = UnixListener::bind(new)?;
    let settled = fs::set_permissions(new, fs::Permissions::from_mode(0o600))
        .and_then(|()| fs::rename(new, path));
    if let Err(error) = settled {
        let _ = fs::remove_file(new);
        return Err(error);
    }
    Ok(listener)
}

/// Answers operators at `listener` until the process ends.
///
/// # Errors
///
/// A thread cannot be started.
pub fn start(listener: UnixListener, desk: Arc<Desk>, shards: Shards) -> io::Result<()> {
    let shards = Arc::new(shards);
    let greet = move || {
        loop {
            let Ok((stream, _)) = listener.accept() else {
                thread::sleep(ACCEPT_PAUSE);
                continue;
            };
            let (desk, shards) = (Arc::clone(&desk), Arc::clone(&shards));
            if desk.operators.fetch_add(1, Ordering::AcqRel) >= OPERATORS_MAX {
                desk.operators.fetch_sub(1, Ordering::AcqRel);
                let refused =
                    Saying::Refused(format!("{OPERATORS_MAX} operators are served already"));
                // What an operator does to his own connection is no concern of the next one.
                let _ = say(&stream, &Said::whole(refused));
                let _ = say(&stream, &Said::whole(Saying::Done));
                continue;
            }
            let leaving = Arc::clone(&desk);
            let serve = move || {
                let _ = attend(&stream, &desk, &shards);
                desk.operators.fetch_sub(1, Ordering::AcqRel);
            };
            if thread::Builder::new()
                .name("operator".into())
                .spawn(serve)
                .is_err()
            {
                leaving.operators.fetch_sub(1, Ordering::AcqRel);
            }
        }
    };
    thread::Builder::new()
        .name("desk".into())
        .spawn(greet)
        .map(drop)
}

fn say(mut stream: &UnixStream, said: &Said) -> io::Result<()> {
    stream.write_all((said.to_json() + "\n").as_bytes())
}

/// One operator: one question, all its answers.
fn attend(stream: &UnixStream, desk: &Desk, shards: &Shards) -> io::Result<()> {
    stream.set_read_timeout(Some(ANSWER_TIME_MAX))?;
    stream.set_write_timeout(Some(ANSWER_TIME_MAX))?;
    let mut line = String::new();
    BufReader::new(stream.take(QUESTION_BYTES_MAX)).read_line(&mut line)?;
    match words::parse(&line) {
        Err(misspelt) => say(stream, &Said::whole(Saying::Refused(misspelt.to_string())))?,
        Ok(None) => {
            for line in words::help() {
                say(stream, &Said::whole(Saying::Line(line)))?;
            }
        }
        Ok(Some(command)) => {
            let (question, answers) = desk.open();
            let tracing = matches!(command, Command::Trace { .. });
            let mut inquiry = Inquiry {
                stream,
                desk,
                shards,
                question,
                answers: &answers,
                outstanding: 0,
            };
            let outcome = inquiry.ask_all(&command).and_then(|()| match tracing {
                true => inquiry.follow(),
                false => inquiry.gather(),
            });
            if tracing {
                shards.end_trace(question);
            }
            desk.close(question);
            outcome?;
        }
    }
    say(stream, &Said::whole(Saying::Done))
}

/// A question under way.
struct Inquiry<'a> {
    stream: &'a UnixStream,
    desk: &'a Desk,
    shards: &'a Shards,
    question: QuestionId,
    answers: &'a Receiver<(ShardId, Answer)>,
    /// Shards that have not said their last word.
    outstanding: u16,
}

impl Inquiry<'_> {
    fn ask_all(&mut self, command: &Command) -> io::Result<()> {
        for shard in 0..self.shards.count {
            if (self.shards.ask)(ShardId(shard), self.question, command.clone()) {
                self.outstanding += 1;
            } else {
                let refused = Saying::Refused(format!("shard {shard} takes no questions now"));
                say(self.stream, &Said::whole(refused))?;
            }
        }
        Ok(())
    }

    /// Passes answers on until all shards have said their last word.
    fn gather(&mut self) -> io::Result<()> {
        let end = Instant::now() + ANSWER_TIME_MAX;
        while self.outstanding > 0 {
            let left = end.saturating_duration_since(Instant::now());
            match self.answers.recv_timeout(left) {
                Ok((shard, answer)) => self.pass_on(shard, answer)?,
                Err(_) => {
                    let silent = format!("{} shards did not answer in time", self.outstanding);
                    return say(self.stream, &Said::whole(Saying::Refused(silent)));
                }
            }
        }
        self.own_up()
    }

    /// Passes answers on until the operator leaves, or no shard has anything to say any more.
    fn follow(&mut self) -> io::Result<()> {
        self.stream.set_nonblocking(false)?;
        self.stream
            .set_read_timeout(Some(Duration::from_millis(1)))?;
        while self.outstanding > 0 {
            match self.answers.recv_timeout(LOOK) {
                Ok((shard, answer)) => self.pass_on(shard, answer)?,
                Err(RecvTimeoutError::Timeout) if self.has_left() => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            self.own_up()?;
        }
        Ok(())
    }

    fn has_left(&self) -> bool {
        let mut stream = self.stream;
        match stream.read(&mut [0; 64]) {
            Ok(count) => count == 0,
            Err(error) => !matches!(
                error.kind(),
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
            ),
        }
    }

    fn pass_on(&mut self, shard: ShardId, answer: Answer) -> io::Result<()> {
        if answer == Answer::Done {
            self.outstanding = self.outstanding.saturating_sub(1);
            return Ok(());
        }
        match Said::from_shard(shard, answer, self.shards.started) {
            Some(said) => say(self.stream, &said),
            None => Ok(()),
        }
    }

    /// Says how many answers were lost, if any.
    fn own_up(&self) -> io::Result<()> {
        match self.desk.lost(self.question) {
            0 => Ok(()),
            lost => say(
                self.stream,
                &Said::whole(Saying::Line(format!("answers_lost={lost}"))),
            ),
        }
    }
}

#[cfg(test)]
mod tests;
