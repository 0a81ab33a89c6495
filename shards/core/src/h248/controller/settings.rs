//! Items of whole users that a controller changes: on every shard, for each has an engine of its own.

use super::Controllers;
use crate::contract::ShardId;
use crate::credit::Account;
use crate::h248::H248;
use crate::id::LinkId;
use crate::item::{Item, Serves, UserItem};
use crate::shard::Shard;
use megaphone_frame::link::Head;
use megaphone_frame::link::user::{FromController, UserFrame, encode_configured};

/// Changes that may wait for credit to one shard; one more is refused.
const CHANGES_WAITING_MAX: usize = 64;

impl Controllers {
    /// Whether one more change can be told to every shard.
    fn takes_changes(&self) -> bool {
        let room = |line: &std::collections::VecDeque<_>| line.len() < CHANGES_WAITING_MAX;
        self.changes.iter().all(room)
    }
}

impl Shard {
    /// A controller at home here wants an item of all users that it serves changed, for associations that are made later.
    pub(crate) fn configure_users(
        &mut self,
        link: LinkId,
        serves: Serves,
        kind: u8,
        payload: &[u8],
    ) {
        let Ok(Some(FromController::Configure { tag, item, value })) =
            FromController::decode(kind, payload)
        else {
            return;
        };
        let Some(mut h248) = self.h248.take() else {
            return;
        };
        let change = UserItem {
            users: serves.users,
            item: item.into(),
            value: value.into(),
        };
        let done = match h248.controllers.takes_changes() {
            true => h248.change_users(&change),
            false => Err("too many changes are under way".into()),
        };
        if done.is_ok() {
            let me = usize::from(self.me.0);
            let others = h248.controllers.changes.iter_mut().enumerate();
            for (_, line) in others.filter(|(shard, _)| *shard != me) {
                line.push_back(Box::new(change.clone()));
            }
        }
        let mut answer = Vec::new();
        let why = done.as_ref().err().map_or("", String::as_str);
        encode_configured(tag, done.is_ok(), why, &mut answer);
        let head = Head::new(UserFrame::Configured.kind(), 0);
        h248.controllers.push(link, head, answer);
        h248.stirred = true;
        self.h248 = Some(h248);
        for shard in 0..self.config.shards {
            self.tell_changes(ShardId(shard));
        }
    }

    /// Tells a shard the changes that it does not know yet, as far as credit goes.
    pub(crate) fn tell_changes(&mut self, to: ShardId) {
        loop {
            let Some(h248) = self.h248.as_mut() else {
                return;
            };
            let Some(line) = h248.controllers.changes.get_mut(usize::from(to.0)) else {
                return;
            };
            if line.is_empty() || !self.lanes.spend(to, Account::Control) {
                return;
            }
            if let Some(change) = line.pop_front() {
                self.send_item(to, Item::UserItem(change));
            }
        }
    }

    /// Another shard's controller changed an item. It was taken there, and so it is here.
    pub(crate) fn user_item_changed(&mut self, change: &UserItem) {
        let done = self.h248.as_mut().map(|h248| h248.change_users(change));
        if let Some(Err(why)) = done {
            let text = format!(
                "a controller's change of {} was not taken here: {why}",
                change.item
            );
            self.note(crate::contract::NoteLevel::Warning, text);
        }
    }
}

impl H248 {
    /// Changes an item of some users here; of all of them or, if the first refuses, of none.
    fn change_users(&mut self, change: &UserItem) -> Result<(), String> {
        let serves = Serves {
            users: change.users,
            node: 0,
        };
        for (index, user) in (0..).zip(self.users.clone()) {
            if serves.has(index) {
                self.update_user(user, &change.item, &change.value)?;
            }
        }
        Ok(())
    }
}
