//! Signals and signal lists.

use super::Decoder;
use crate::ber::read::{Element, Reader, Result};
use crate::error::Problem;
use crate::model::{
    NotifyCompletion, SeqSigList, Signal, SignalDirection, SignalRequest, SignalType,
    SignalsDescriptor,
};
use crate::package::Scope;

impl<'a> Decoder<'_, 'a> {
    pub(super) fn signals(&self, element: Element<'a>) -> Result<SignalsDescriptor<'a>> {
        self.items::<_, 2>(element, |request| {
            Ok(match request.number() {
                Some(0) => SignalRequest::Signal(self.signal(request.open()?)?),
                Some(1) => {
                    let mut reader = request.open()?;
                    let id = reader.required(0, "id")?.u16("id")?;
                    let signals = reader.required(1, "signalList")?;
                    let signals =
                        self.items::<_, 2>(signals, |signal| self.signal(self.sequence(signal)?))?;
                    reader.finish()?;
                    SignalRequest::SeqSigList(SeqSigList { id, signals })
                }
                _ => return Err(request.error(Problem::Unexpected("signal request"))),
            })
        })
    }

    #[inline(always)]
    fn signal(&self, mut reader: Reader<'a>) -> Result<Signal<'a>> {
        let (name, item) = self.pkgd_name(reader.required(0, "signalName")?, Scope::Signal)?;
        let mut signal = Signal::new(name);
        signal.stream = self.stream_id(&mut reader, 1)?;
        if let Some(kind) = reader.optional(2)? {
            signal.sig_type = Some(match kind.u8(2, "sigType")? {
                0 => SignalType::Brief,
                1 => SignalType::OnOff,
                _ => SignalType::TimeOut,
            });
        }
        signal.duration = self.hundredths(&mut reader, 3, "duration")?;
        if let Some(completion) = reader.optional(4)? {
            let bits = NotifyCompletion((self.bits(completion, 8)?) as u8);
            signal.notify_completion = (bits != NotifyCompletion::default()).then_some(bits);
        }
        signal.keep_active = self.is_true(&mut reader, 5)?;
        signal.parameters = self.parameters(reader.required(6, "sigParList")?, item)?;
        if let Some(direction) = reader.optional(7)? {
            signal.direction = Some(match direction.u8(3, "direction")? {
                0 => SignalDirection::Internal,
                1 => SignalDirection::External,
                3 => SignalDirection::Both,
                _ => return Err(direction.error(Problem::OutOfRange("direction"))),
            });
        }
        signal.request_id = self.request_id(&mut reader, 8)?;
        signal.intersig_delay = self.hundredths(&mut reader, 9, "intersigDelay")?;
        reader.skip_extensions()?;
        Ok(signal)
    }

    fn hundredths(
        &self,
        reader: &mut Reader<'a>,
        number: u8,
        what: &'static str,
    ) -> Result<Option<u16>> {
        reader.optionally(number, |time| time.u16(what))
    }

    /// A BIT STRING of named bits as a set: named bit `n` is bit `n`. Bits from `known` up are a later version's.
    pub(super) fn bits(&self, element: Element<'a>, known: u32) -> Result<u16> {
        let octets = element.primitive()?;
        let (unused, bits) = match octets {
            [unused @ 0..8, bits @ ..] => (*unused, bits),
            _ => return Err(element.error(Problem::Expected("BIT STRING"))),
        };
        let mut two = [0; 2];
        for (place, octet) in two.iter_mut().zip(bits) {
            *place = *octet;
        }
        if let Some(last) = bits.len().checked_sub(1) {
            if let Some(last) = two.get_mut(last) {
                *last &= 0xff << unused;
            }
        } else if unused != 0 {
            return Err(element.error(Problem::Expected("BIT STRING")));
        }
        let mask = if known >= 16 {
            u16::MAX
        } else {
            (1 << known) - 1
        };
        Ok(u16::from_be_bytes(two).reverse_bits() & mask)
    }
}
