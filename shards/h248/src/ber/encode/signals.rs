//! Signals and signal lists.

use super::{Encoder, Result};
use crate::ber::read::SEQUENCE;
use crate::ber::write::{constructed, primitive};
use crate::model::{Signal, SignalRequest, SignalsDescriptor};
use crate::package::Scope;

impl Encoder<'_, '_> {
    pub(super) fn signals(&mut self, number: u8, signals: &SignalsDescriptor<'_>) -> Result<()> {
        self.list(constructed(number), signals, |e, request| match request {
            SignalRequest::Signal(signal) => e.signal(constructed(0), signal),
            SignalRequest::SeqSigList(list) => e.within(constructed(1), |e| {
                e.writer.unsigned(primitive(0), list.id.into());
                e.list(constructed(1), &list.signals, |e, signal| {
                    e.signal(SEQUENCE, signal)
                })
            }),
        })
    }

    fn signal(&mut self, tag: u8, signal: &Signal<'_>) -> Result<()> {
        let (name, item) = self.names.pkgd_name(&signal.name, Scope::Signal)?;
        self.within(tag, |e| {
            e.writer.array(primitive(0), name);
            e.optional(1, signal.stream);
            e.optional(2, signal.sig_type.map(|kind| kind as u8));
            e.optional(3, signal.duration);
            if let Some(completion) = signal.notify_completion {
                e.writer.bits(primitive(4), completion.0.into());
            }
            e.keep_active(5, signal.keep_active);
            e.parameters(6, item, &signal.parameters)?;
            e.optional(7, signal.direction.map(|direction| direction as u8));
            e.optional(8, signal.request_id.map(|id| id.0));
            e.optional(9, signal.intersig_delay);
            Ok(())
        })
    }
}
