//! Items and returns: what leaves for other shards, what goes to this shard itself, and who is woken when credit comes back.

use super::Shard;
use crate::contract::{Output, ShardId};
use crate::credit::Account;
use crate::item::Item;
use megaphone_mesh::Return;
use megaphone_metrics::Histogram;
use megaphone_pool::Returned;

/// What this shard sends to itself: the same items, paid from the same accounts, without the mesh.
#[derive(Debug)]
pub(crate) enum Local {
    Item(Item),
    Return(Return),
}

impl Item {
    /// The account that an item is paid from.
    fn account(&self) -> Account {
        match self {
            Item::ToLink(packet) => packet.account(),
            Item::ToSession(_) => Account::Inbound,
            Item::ToHome(_) | Item::Introduction(_) => Account::ToHome,
            Item::ToGateway(_) => Account::ToGateway,
            Item::Accepted(_)
            | Item::Status(_)
            | Item::Greeting(_)
            | Item::Empty
            | Item::UserItem(_) => Account::Control,
        }
    }
}

impl Shard {
    /// Sends an item whose credit was spent with [`crate::credit::Lanes::spend`].
    pub(crate) fn send_item(&mut self, to: ShardId, item: Item) {
        if to == self.me {
            self.local.push_back(Local::Item(item));
        } else {
            self.outputs.push_back(Output::Item { to, item });
        }
    }

    /// Answers an item that came from `to`.
    pub(crate) fn give_back(&mut self, to: ShardId, account: Account, block: Option<Returned>) {
        let back = Return {
            tag: account.tag(),
            block,
        };
        if to == self.me {
            self.local.push_back(Local::Return(back));
        } else {
            self.outputs.push_back(Output::Return { to, back });
        }
    }

    /// Handles what this shard sent to itself, until there is nothing left. Each item costs a credit, so there are few.
    pub(crate) fn run_local(&mut self) {
        while let Some(local) = self.local.pop_front() {
            match local {
                Local::Item(item) => self.on_item(self.me, item),
                Local::Return(back) => self.on_return(self.me, back),
            }
        }
    }

    /// Takes an item from any shard.
    pub(crate) fn on_item(&mut self, from: ShardId, item: Item) {
        let account = item.account();
        let block = match item {
            // Answered when the link has sent it.
            Item::ToLink(packet) => return self.packet_for_link(from, packet),
            Item::ToSession(packet) => return self.packet_for_session(from, packet),
            Item::Accepted(accepted) => {
                self.link_accepted(&accepted);
                None
            }
            Item::Status(status) => {
                self.link_status(status);
                None
            }
            Item::Greeting(handed) => self.greeting_handed(handed),
            Item::Empty => {
                self.shard_is_empty(from);
                None
            }
            Item::ToHome(arrival) => return self.message_arrived(from, arrival),
            Item::ToGateway(departure) => self.errand(departure),
            Item::UserItem(change) => {
                self.user_item_changed(&change);
                None
            }
            Item::Introduction(introduction) => {
                self.introduced(from, introduction);
                None
            }
        };
        self.give_back(from, account, block);
    }

    /// Takes the answer to an item of ours, and wakes who waits for its credit.
    pub(crate) fn on_return(&mut self, from: ShardId, back: Return) {
        if let Some(block) = back.block
            && !self.pool.take_back(block)
        {
            self.bug("a block came home to the wrong shard");
        }
        let account = Account::from_tag(back.tag);
        if !self.lanes.refund(from, account) {
            return self.bug("a return came for no item");
        }
        match account {
            Account::Control => self.control_ready(from),
            Account::Inbound => self.inbound_ready(),
            Account::ToHome => self.home_ready(from),
            Account::ToGateway => self.gateway_ready(from),
            Account::Link(place) => self.wake(from, place),
            Account::Open(place) => self.wake_opens(from, place),
        }
    }

    /// A credit for control items to `to` is there.
    fn control_ready(&mut self, to: ShardId) {
        self.announce(to);
        self.hand_over_items(to);
        self.tell_changes(to);
        self.tell_empty();
        self.pass_on_accepted();
    }

    /// Gives the quota of a link to those who wait for it: farewells first, then sessions in turn.
    pub(crate) fn wake(&mut self, home: ShardId, place: u16) {
        self.send_owed(home, place);
        self.speak_to_controller(home, place);
        while self.lanes.has(home, Account::Link(place)) {
            let Some(view) = self.router.view_mut(home.0, place) else {
                return;
            };
            let Some((socket, since)) = view.waiting.pop_front() else {
                return;
            };
            let waited = u64::try_from(self.now.since(since).as_nanos()).unwrap_or(u64::MAX);
            self.cells.record(Histogram::MeshWait, waited);
            if let Some(session) = self.table.session_mut(socket) {
                session.queued = false;
                self.waking = Some(socket);
                self.pump(socket);
                self.waking = None;
            }
        }
    }
}
