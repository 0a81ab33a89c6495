%% A state that was put to rest must come back as it was, whatever is in it.
-module(megaphone_state_tests).
-include_lib("eunit/include/eunit.hrl").
-include("xmpp.hrl").

-define(WORDS_MAX, 70).

state_test_() ->
    {setup, fun() -> {ok, _} = application:ensure_all_started(xmpp), ok = megaphone_conn:init(), rand:seed(exsss, {1, 2, 3}) end,
     [{"an idle session", fun idle/0},
      {"what it takes", fun size/0},
      {"every key missing, one at a time", fun missing/0},
      {"every key of another value", fun changed/0},
      {"keys that nobody knows", fun unknown/0},
      {"generated states", fun generated/0},
      {"presences of all kinds", fun presences/0},
      {"more kinds of sessions than templates", fun templates/0},
      {"a resting state stays as it is, and one of another process is left alone", fun left_alone/0}]}.

round_trip(State) ->
    Resting = megaphone_state:compact(State),
    Again = megaphone_state:expand(Resting),
    ?assertEqual(State, unnamed(Again)),
    %% It rests again as it did, by the name of its template.
    ?assertEqual(State, unnamed(megaphone_state:expand(megaphone_state:compact(Again)))),
    Resting.

%% A state that rested names its template among Megaphone's own options; nothing else is different.
unnamed(#{megaphone := #{template := _} = Options} = State) -> State#{megaphone := maps:remove(template, Options)};
unnamed(State) -> State.

idle() ->
    Resting = round_trip(state()),
    ?assertEqual(rest, element(1, Resting)),
    round_trip(maps:remove(pres_last, state())).

%% Once the shared parts are there, the next session of the kind is small.
size() ->
    megaphone_state:compact(state()),
    other_session(fun() -> megaphone_state:compact(state()) end),
    Words = erts_debug:size(megaphone_state:compact(state())),
    ?assert(Words =< ?WORDS_MAX, Words),
    ?assert(erts_debug:size(state()) > 4 * Words, erts_debug:size(state())).

missing() ->
    [round_trip(maps:remove(Key, state())) || Key <- maps:keys(state())].

changed() ->
    [round_trip((state())#{Key := Value})
     || Key <- maps:keys(state()) -- [owner],
        Value <- [undefined, <<>>, <<"other">>, [], {}, -1, 1 bsl 80, {1, 2, 3}, #{}, make_ref(), self(), {self(), self()}, {v, x}, none]].

unknown() ->
    State = state(),
    Known = maps:size(State),
    More = State#{{their, key} => [1, 2, 3], <<"binary">> => #{deep => {map, self()}}, 7 => none, derived => {v, 1}},
    round_trip(More),
    ?assertEqual(Known, maps:size(megaphone_state:expand(round_trip(State)))),
    %% A state that changes while it is awake, and rests again.
    Woken = megaphone_state:expand(megaphone_state:compact(State)),
    [?assertEqual(unnamed(Changed), unnamed(megaphone_state:expand(megaphone_state:compact(Changed))))
     || Changed <- [Woken#{new => 1}, maps:remove(lang, Woken), maps:remove(socket, Woken), maps:remove(megaphone, Woken),
                    Woken#{mgmt_state => active}, maps:merge(Woken, maps:from_list([{N, N} || N <- lists:seq(1, 20)]))]].

generated() ->
    Keys = maps:keys(state()) -- [owner],
    [round_trip(lists:foldl(fun(Key, State) ->
                                    case rand:uniform(6) of
                                        1 -> maps:remove(Key, State);
                                        2 -> State#{Key => term(3)};
                                        3 -> State#{{Key, new} => term(3)};
                                        _ -> State
                                    end
                            end, state(), Keys)) || _ <- lists:seq(1, 2000)].

term(0) -> rand:uniform(1000);
term(Depth) ->
    case rand:uniform(6) of
        1 -> terms(Depth);
        2 -> list_to_tuple(terms(Depth));
        3 -> #{term(Depth - 1) => term(Depth - 1)};
        4 -> integer_to_binary(rand:uniform(1 bsl 70));
        _ -> term(0)
    end.

terms(Depth) ->
    [term(Depth - 1) || _ <- lists:seq(1, rand:uniform(4))].

presences() ->
    #{pres_last := Plain, jid := Jid} = state(),
    Caps = #xmlel{name = <<"c">>, attrs = [{<<"ver">>, <<"x">>}]},
    [begin
         State = (state())#{pres_last => Presence},
         round_trip(State),
         other_session(fun() -> round_trip((state())#{pres_last => Presence}) end),
         round_trip(State)
     end || Presence <- [Plain#presence{show = away, priority = 5, sub_els = [Caps]},
                         Plain#presence{status = [#text{data = <<"my own words">>}]},
                         Plain#presence{meta = #{ip => {1, 1, 1, 1}}},
                         Plain#presence{meta = #{}},
                         Plain#presence{to = Jid},
                         Plain#presence{from = jid:remove_resource(Jid)},
                         Plain#presence{lang = <<"de">>}]].

templates() ->
    [begin
         round_trip((state())#{lang => integer_to_binary(Number)}),
         round_trip((state())#{lang => integer_to_binary(Number), xmlns => <<"other">>})
     end || Number <- lists:seq(1, 300)].

left_alone() ->
    Resting = megaphone_state:compact(state()),
    ?assertEqual(state(), megaphone_state:expand(state())),
    Other = (state())#{owner := spawn(fun() -> ok end)},
    ?assertEqual(Other, megaphone_state:compact(Other)),
    ?assertEqual(megaphone_state:expand(Resting), megaphone_state:expand(megaphone_state:expand(Resting))).

other_session(Fun) ->
    {_, Monitor} = spawn_monitor(Fun),
    receive {'DOWN', Monitor, _, _, Why} -> ?assertEqual(normal, Why) end.

%% An anonymous user's state in ejabberd 23.01, bound and present.
state() ->
    Jid = jid:make(<<"1234567890123456789">>, <<"localhost">>, <<"r1">>),
    Peer = {{192, 0, 2, 7}, 50000},
    #{access => all, auth_module => ejabberd_auth_anonymous, codec_options => [ignore_els], conn => c2s, csi_state => active,
      ip => Peer, jid => Jid, lang => <<"en">>, lserver => <<"localhost">>, mgmt_ack_timeout => 60000,
      mgmt_max_queue => 5000, mgmt_queue_type => ram, mgmt_resend => false, mgmt_stanzas_in => 0, mgmt_stanzas_out => 0,
      mgmt_stanzas_req => 0, mgmt_state => inactive, mgmt_timeout => 60000, mgmt_max_timeout => 60000, mod => ejabberd_c2s,
      owner => self(), pres_a => gb_sets:new(),
      pres_last => #presence{from = Jid, to = jid:remove_resource(Jid), lang = <<"en">>, meta = #{ip => {192, 0, 2, 7}}},
      pres_timestamp => {1600, 100000, 5}, resource => <<"r1">>, sasl_mech => <<"ANONYMOUS">>, server => <<"localhost">>, shaper => none,
      sid => {{1600, 99999, 4}, self()},
      socket => {socket_state, megaphone_socket, {megaphone, self(), 77, Peer}, 262144, undefined, none, none},
      socket_monitor => persistent_reference(), stream_authenticated => true, stream_compressed => false, stream_direction => in,
      stream_encrypted => false, stream_header_sent => true, stream_id => <<"12345678901234567890">>, stream_restarted => true,
      stream_state => established, stream_timeout => infinity, stream_version => {1, 0}, tls_enabled => false,
      tls_options => [compression_none], tls_required => false, tls_verify => false, user => <<"1234567890123456789">>,
      xmlns => <<"jabber:client">>, zlib => false,
      megaphone => #{session_credit => 65536, hibernate => true, compact => true}}.

persistent_reference() ->
    case get(?MODULE) of
        undefined -> put(?MODULE, make_ref()), get(?MODULE);
        Reference -> Reference
    end.
