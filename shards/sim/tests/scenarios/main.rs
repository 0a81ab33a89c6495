//! Scenarios in virtual time: one behaviour per file, named after it. A calm world of shards, clients and backends; what each test
//! does to it is in the test.
#![forbid(unsafe_code)]

mod stage;

mod accept_fails;
mod asked;
mod backend_absent;
mod backend_never_reads;
mod backend_rejects;
mod backend_silent;
mod bursts;
mod classic_clients;
mod classic_links;
mod client_never_reads;
mod dead_backend_stalls_nobody_else;
mod dialled_links;
mod drain;
mod frames_of_all_sizes;
mod greetings;
mod half_close;
mod limits;
mod link_silent;
mod links_replaced;
mod malformed_frames;
mod mass_connect_and_close;
mod one_byte_per_second;
mod overload;
mod pool_empty;
mod replay;
mod resets;
mod rst_mid_frame;
mod slow_client_stalls_nobody_else;
mod split_at_every_byte;
mod storm;
mod turn_on_the_link;
mod unknown_connections;
mod xmpp_clients;
mod xmpp_errors;
