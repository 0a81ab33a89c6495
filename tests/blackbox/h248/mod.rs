//! H.248 between programs that nobody wrote for each other: Debian's Erlang `megaco` on one side, this command on the other.
//! Every request is answered once, and both sides agree on how many there were.

mod avalanche;
mod bench;
mod capture;
mod controllers;
mod dissect;
mod examples;
mod gateways;
mod hostile;
mod link_controllers;
mod operated;
mod peer;
mod pipe;
mod relay;
mod segments;
mod served;
mod settings;
mod values;

/// What is spoken: transport, encoding, version.
pub(crate) type Tongue = (&'static str, &'static str, u8);

/// Everything that both sides speak in one encoding.
pub(crate) fn tongues(encoding: &'static str) -> impl Iterator<Item = Tongue> {
    ["tcp", "udp"]
        .into_iter()
        .flat_map(move |transport| (1..=3).map(move |version| (transport, encoding, version)))
}
