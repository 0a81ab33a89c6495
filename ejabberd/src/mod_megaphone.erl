%% ejabberd's listener for Megaphone links: options, and one megaphone_link process per accepted link.
%%
%%   listen:
%%     - port: 6280                    # or "unix:/run/ejabberd/megaphone.sock"
%%       ip: "127.0.0.1"
%%       module: mod_megaphone
%%       token: "a shared secret"      # what HELLO must carry; none: anyone on this machine who can connect
%%       resume_timeout: 30            # seconds that sessions outlive their link; 0: they end with it
%%
%% A link's other end says whose address a session has, and may say that its stream is encrypted: it is trusted. So without
%% a token only links from this machine are taken.
-module(mod_megaphone).
-behaviour(ejabberd_listener).

-export([start/3, start_link/3, accept/1, listen_opt_type/1, listen_options/0]).

start(gen_tcp, Socket, Opts) ->
    hook(),
    megaphone_link:start(Socket, options(Opts)).

start_link(gen_tcp, Socket, Opts) ->
    hook(),
    megaphone_link:start_link(Socket, options(Opts)).

%% Before ejabberd stops, the appliances are told to send new clients elsewhere. Hooking the same twice changes nothing.
hook() ->
    ok = ejabberd_hooks:add(ejabberd_stopping, megaphone_conn, drain, 10).

accept(Link) ->
    megaphone_link:accept(Link).

listen_opt_type(token) -> econf:binary();
listen_opt_type(resume_timeout) -> econf:int(0, 3600);
listen_opt_type(session_credit) -> econf:int(1024, 16#7fffffff);
listen_opt_type(max_sessions) -> econf:pos_int(infinity);
listen_opt_type(replay_bytes_max) -> econf:pos_int(infinity);
listen_opt_type(stream_encrypted) -> econf:bool();
listen_opt_type(hibernate) -> econf:bool();
listen_opt_type(compact) -> econf:bool().

%% session_credit: bytes that a client may have on their way into its session process.
%% max_sessions: of one link; further clients are refused.
%% replay_bytes_max: kept for a lost link; when more than that waits for it, it is given up.
%% stream_encrypted: TLS ends in front of Megaphone; ejabberd then treats these streams as encrypted.
%% hibernate, compact: the two steps that make an idle session cheap; see megaphone_session and megaphone_state.
listen_options() ->
    [{access, all},
     {shaper, none},
     {max_stanza_size, 262144},
     {max_fsm_queue, 10000},
     {token, <<>>},
     {resume_timeout, 0},
     {session_credit, 65536},
     {max_sessions, infinity},
     {replay_bytes_max, 67108864},
     {stream_encrypted, false},
     {hibernate, true},
     {compact, true}].

%% What was configured, over the defaults: ejabberd passes only the former.
options(Opts) ->
    maps:merge(maps:from_list(listen_options()), maps:from_list([Opt || {_, _} = Opt <- Opts])).
