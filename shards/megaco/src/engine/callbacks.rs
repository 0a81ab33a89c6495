//! Calling users: the context they are told, and the module that is lent out while it runs.

use super::Engine;
use super::receive::Source;
use crate::handle::{ConnectionId, UserId};
use crate::user::{Context, User};
use crate::{DefaultUser, trace};
use megaphone_wheel::Tick;
use std::fmt;

/// Which module to call, with which arguments, about what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Callee {
    pub user: UserId,
    pub module: u16,
    pub user_args: u64,
    pub version: u8,
    pub source: Option<Source>,
}

impl Engine {
    /// The module and arguments a connection's items name.
    pub(super) fn callee(&self, place: u32, source: Option<Source>) -> Callee {
        let row = self.connections.get(place);
        let config = row.map(|row| &row.config);
        Callee {
            user: UserId(row.map_or(0, |row| row.user)),
            module: config.map_or(0, |config| config.user_mod.place()),
            user_args: config.map_or(0, |config| config.user_args),
            version: config.map_or(1, |config| config.protocol_version),
            source,
        }
    }

    /// Calls a connection's user. `label` is what the trace shows.
    pub(super) fn call_user<R>(
        &mut self,
        now: Tick,
        place: u32,
        callee: Callee,
        label: &'static str,
        call: impl FnOnce(&mut dyn User, &Context<'_>) -> R,
    ) -> R {
        self.trace(
            now,
            trace::DEBUG,
            Some(place),
            trace::Way::ToUser,
            label,
            None,
            format_args!(""),
        );
        let at = usize::from(callee.module);
        let mut module = self.modules.get_mut(at).and_then(|row| row.user.take());
        let row = self.connections.get(place);
        let context = Context {
            now,
            user: callee.user,
            connection: ConnectionId {
                place,
                generation: row.map_or(0, |row| row.generation),
            },
            remote: row.and_then(|row| row.remote.as_ref()),
            version: callee.version,
            send_handle: match callee.source {
                Some(source) => source.send_handle,
                None => row.map(|row| row.send_handle).unwrap_or_default(),
            },
            control: callee
                .source
                .and_then(|source| source.control)
                .or(row.and_then(|row| row.control)),
            extra: callee.source.and_then(|source| source.extra),
            user_args: callee.user_args,
        };
        let result = match module.as_deref_mut() {
            Some(module) => call(module, &context),
            None => call(&mut DefaultUser, &context),
        };
        if let (Some(row), Some(module)) = (self.modules.get_mut(at), module) {
            row.user = Some(module);
        }
        result
    }

    /// Shows an event to the trace hook, if there is one and it wants this level.
    #[expect(
        clippy::too_many_arguments,
        reason = "the fields of a trace event, formatted only if it is wanted"
    )]
    #[inline]
    pub(super) fn trace(
        &mut self,
        now: Tick,
        level: trace::Level,
        place: Option<u32>,
        way: trace::Way,
        label: &'static str,
        transaction: Option<u32>,
        detail: fmt::Arguments<'_>,
    ) {
        if self.trace.is_some() {
            self.show(now, level, place, way, label, transaction, detail);
        }
    }

    #[cold]
    #[expect(clippy::too_many_arguments, reason = "those of `trace`")]
    fn show(
        &mut self,
        now: Tick,
        level: trace::Level,
        place: Option<u32>,
        way: trace::Way,
        label: &'static str,
        transaction: Option<u32>,
        detail: fmt::Arguments<'_>,
    ) {
        let Some(hook) = self.trace.as_deref_mut() else {
            return;
        };
        if level > hook.level() {
            return;
        }
        let row = place.and_then(|place| Some((place, self.connections.get(place)?)));
        let connection = row.map(|(place, row)| ConnectionId {
            place,
            generation: row.generation,
        });
        hook.event(&trace::Event {
            now,
            level,
            connection,
            remote: row.and_then(|(_, row)| row.remote.as_ref()),
            way,
            label,
            transaction,
            detail,
        });
    }
}
