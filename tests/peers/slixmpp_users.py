#!/usr/bin/python3
"""Two users by python3-slixmpp, a client library that nobody here wrote.

    slixmpp_users.py ADDRESS:PORT     users dora and emil of host localhost, password secret

They log in by SCRAM, keep rosters of each other, write, ping, talk in a room, and use stream management (XEP-0198). It ends with 0
when all of that worked, and says which step did not otherwise. (The interpreter is Debian's, whose packages are its own.)
"""

import asyncio
import sys

import slixmpp

PATIENCE = 60
ROOM = "slix@conference.localhost"


class User(slixmpp.ClientXMPP):
    def __init__(self, name):
        super().__init__(f"{name}@localhost/{name}", "secret", sasl_mech="SCRAM-SHA-1")
        for plugin in ("xep_0030", "xep_0045", "xep_0198", "xep_0199"):
            self.register_plugin(plugin)
        self.auto_authorize = True
        self.auto_subscribe = True
        self.seen = []
        self.changed = asyncio.Condition()
        for event in ("message", "groupchat_message", "presence_available", "presence_unavailable", "sm_enabled", "session_start",
                      "roster_update", "disconnected", "failed_auth"):
            self.add_event_handler(event, lambda data, event=event: self.note(event, data))

    def note(self, event, data):
        self.seen.append((event, data))
        asyncio.ensure_future(self.tell())

    async def tell(self):
        async with self.changed:
            self.changed.notify_all()

    async def wait(self, what, event, matches=lambda data: True):
        def found():
            return any(name == event and matches(data) for name, data in self.seen)

        async def until():
            async with self.changed:
                await self.changed.wait_for(found)

        try:
            await asyncio.wait_for(until(), PATIENCE)
        except asyncio.TimeoutError:
            sys.exit(f"{self.boundjid}: {what} did not come; seen: {[(name, str(data)) for name, data in self.seen]}")


async def talk(address):
    dora, emil = User("dora"), User("emil")
    for user in (dora, emil):
        user.connect(address, disable_starttls=True, force_starttls=False)
    for user in (dora, emil):
        await user.wait("a session", "session_start")
        await user.wait("stream management", "sm_enabled")
        await user.get_roster()
        user.send_presence()

    dora.send_presence_subscription("emil@localhost", ptype="subscribe")
    await dora.wait("emil's presence", "presence_available", lambda p: p["from"].bare == "emil@localhost")
    await emil.wait("dora's presence", "presence_available", lambda p: p["from"].bare == "dora@localhost")
    assert "emil@localhost" in dora.client_roster, dora.client_roster

    dora.send_message("emil@localhost", "hello", mtype="chat")
    await emil.wait("a message", "message", lambda m: m["body"] == "hello")
    emil.send_message("dora@localhost", "x" * 100_000, mtype="chat")
    await dora.wait("a large message", "message", lambda m: m["body"] == "x" * 100_000)
    await dora["xep_0199"].ping("localhost", timeout=PATIENCE)
    await dora["xep_0199"].ping("emil@localhost/emil", timeout=PATIENCE)

    for user in (dora, emil):
        await user["xep_0045"].join_muc_wait(ROOM, user.boundjid.user, timeout=PATIENCE, maxstanzas=0)
    for number in range(10):
        dora.send_message(ROOM, f"to all {number}", mtype="groupchat")
    for user in (dora, emil):
        await user.wait("the last word in the room", "groupchat_message", lambda m: m["body"] == "to all 9")

    emil.disconnect()
    await dora.wait("emil's leave", "presence_unavailable", lambda p: p["from"].bare == "emil@localhost")
    dora.disconnect()
    for user in (dora, emil):
        await user.wait("the end of the stream", "disconnected")


def main():
    host, _, port = sys.argv[1].rpartition(":")
    asyncio.get_event_loop().run_until_complete(talk((host, int(port))))


main()
