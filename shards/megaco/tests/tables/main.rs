//! The whole state x event table of each state machine, as a committed snapshot: a change of behaviour is a change of these files.

mod documents;

use megaphone_megaco::connection::{ConnectionEvent, ConnectionState};
use megaphone_megaco::reply::{ReplyEvent, ReplyState};
use megaphone_megaco::request::{RequestEvent, RequestState};
use megaphone_megaco::segment::{CollectEvent, CollectState, SendEvent, SendState};
use megaphone_megaco::sender::{SenderEvent, SenderState};
use std::fmt::Debug;

fn table<S: Copy + Debug, E: Copy + Debug, A: Debug>(
    states: &[S],
    events: &[E],
    on: impl Fn(S, E) -> (S, A),
) -> String {
    let mut lines = Vec::new();
    for state in states {
        for event in events {
            let (next, action) = on(*state, *event);
            lines.push(format!(
                "{:<12} {:<20} -> {:<12} {action:?}",
                format!("{state:?}"),
                format!("{event:?}"),
                format!("{next:?}")
            ));
        }
    }
    lines.join("\n")
}

#[test]
fn request() {
    use RequestEvent as E;
    let events = [
        E::Reply,
        E::KeptReply,
        E::Pending,
        E::PendingOverLimit,
        E::Segment,
        E::FinalSegment,
        E::Expired,
        E::TimedOut,
        E::Cancel,
        E::SendFailed,
    ];
    insta::assert_snapshot!(table(&RequestState::ALL, &events, RequestState::on));
}

#[test]
fn reply() {
    use ReplyEvent as E;
    let events = [
        E::Start,
        E::Duplicate,
        E::DuplicateOverLimit,
        E::PendingDue,
        E::PendingOverLimit,
        E::ExecutionTimedOut,
        E::UserPending,
        E::UserReply,
        E::UserReplySegmented,
        E::UserIgnore,
        E::Ack,
        E::SegmentAck,
        E::LastSegmentAck,
        E::Expired,
        E::TimedOut,
        E::Cancel,
    ];
    insta::assert_snapshot!(table(&ReplyState::ALL, &events, ReplyState::on));
}

#[test]
fn sender() {
    use SenderEvent as E;
    let events = [
        E::Ack,
        E::AckFull,
        E::Request,
        E::RequestFull,
        E::RequestLarge,
        E::Duplicate,
        E::Carrier,
        E::CarrierLarge,
        E::Timer,
        E::Stop,
    ];
    insta::assert_snapshot!(table(&SenderState::ALL, &events, SenderState::on));
}

#[test]
fn connection() {
    use ConnectionEvent as E;
    let events = [
        E::Message,
        E::Connect,
        E::Accept,
        E::Refuse,
        E::Disconnect,
        E::Empty,
    ];
    insta::assert_snapshot!(table(&ConnectionState::ALL, &events, ConnectionState::on));
}

#[test]
fn segments_sent() {
    use SendEvent as E;
    let events = [
        E::Sent,
        E::SentLast,
        E::Ack,
        E::LastAck,
        E::StrayAck,
        E::Expired,
        E::TimedOut,
    ];
    insta::assert_snapshot!(table(&SendState::ALL, &events, SendState::on));
}

#[test]
fn segments_collected() {
    use CollectEvent as E;
    let events = [E::Segment, E::Last, E::Final, E::Again, E::Impossible];
    insta::assert_snapshot!(table(&CollectState::ALL, &events, CollectState::on));
}
