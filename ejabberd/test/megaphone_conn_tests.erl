%% Credit and the two-sided close; this process is the link, its writer and the session at once.
-module(megaphone_conn_tests).
-include_lib("eunit/include/eunit.hrl").

conn_test_() ->
    {foreach, fun start/0, fun stop/1,
     [fun({Table, _}) -> {Title, fun() -> Test(Table) end} end
      || {Title, Test} <- [{"what there is credit for is sent at once", fun within_credit/1},
                           {"what there is none for waits, and goes in parts", fun beyond_credit/1},
                           {"no frame is longer than the appliance takes", fun long_frames/1},
                           {"each side closes once, then the id is free", fun close/1},
                           {"a reset ends it at once", fun reset/1},
                           {"credit stays within 32 bits", fun credit_limit/1},
                           {"credit is given back half a window at a time", fun consumed/1},
                           {"a session that was killed is closed by the sweep", fun sweep/1},
                           {"the end of the link ends waiting", fun link_ends/1}]]}.

start() ->
    ok = megaphone_conn:init(),
    ok = megaphone_conn:init(),
    Table = megaphone_conn:register_link(self(), self(), 1000),
    {Table, self()}.

stop({_, Link}) ->
    megaphone_conn:unregister_link(Link).

%% eunit runs each test in a process of its own.
in_link(Table) ->
    ets:insert(megaphone_links, {self(), Table, self(), 1000}).

frame() ->
    receive {frame, Type, Frame} ->
        {Type, Flags, _, Conn, Payload} = megaphone_proto:decode(iolist_to_binary(Frame)),
        {Type, Flags, Conn, Payload}
    after 0 -> none
    end.

within_credit(Table) ->
    in_link(Table),
    true = megaphone_conn:open(Table, 7, self(), 10),
    false = megaphone_conn:open(Table, 7, self(), 10),
    ok = megaphone_conn:send(self(), 7, ["hel", <<"lo">>]),
    ok = megaphone_conn:send(self(), 7, "world"),
    ?assertEqual({data, 0, 7, <<"hello">>}, frame()),
    ?assertEqual({data, 0, 7, <<"world">>}, frame()),
    ok = megaphone_conn:send(self(), 7, ""),
    ?assertEqual({data, 0, 7, <<>>}, frame()),
    ?assertEqual({error, closed}, megaphone_conn:send(self(), 8, "nobody")).

beyond_credit(Table) ->
    in_link(Table),
    Link = self(),
    Session = spawn_link(fun() -> receive go -> Link ! {sent, megaphone_conn:send(Link, 7, "0123456789")} end end),
    true = megaphone_conn:open(Table, 7, Session, 4),
    Session ! go,
    ?assertEqual({data, 1, 7, <<"0123">>}, wait()),
    megaphone_conn:credit(Table, 7, 0),
    megaphone_conn:credit(Table, 7, 1),
    ?assertEqual({data, 1, 7, <<"4">>}, wait()),
    megaphone_conn:credit(Table, 7, 100),
    ?assertEqual({data, 0, 7, <<"56789">>}, wait()),
    ok = receive {sent, Result} -> Result end,
    ?assertEqual(none, frame()).

wait() ->
    receive {frame, _, _} = Frame -> self() ! Frame, frame() end.

long_frames(Table) ->
    in_link(Table),
    true = megaphone_conn:open(Table, 7, self(), 5000),
    Data = binary:copy(<<"x">>, 2500),
    ok = megaphone_conn:send(self(), 7, Data),
    ?assertEqual([{1, 1000}, {1, 1000}, {0, 500}], [{Flags, byte_size(Payload)} || {data, Flags, 7, Payload} <- [frame(), frame(), frame()]]).

close(Table) ->
    in_link(Table),
    Self = self(),
    true = megaphone_conn:open(Table, 7, self(), 10),
    ok = megaphone_conn:close(self(), 7, 5),
    ok = megaphone_conn:close(self(), 7, 5),
    ?assertEqual({close, 0, 7, <<5:16>>}, frame()),
    ?assertEqual(none, frame()),
    ?assertEqual({error, closed}, megaphone_conn:send(self(), 7, "late")),
    ?assertEqual(closed, megaphone_conn:pid(Table, 7)),
    ?assertEqual(1, megaphone_conn:sessions(Table)),
    ?assertEqual(0, megaphone_conn:open_sessions(Table)),
    ?assertEqual(closed, megaphone_conn:peer_closed(Table, 7)),
    ?assertEqual(error, megaphone_conn:pid(Table, 7)),
    %% The other order.
    true = megaphone_conn:open(Table, 8, self(), 10),
    ?assertEqual({ok, Self}, megaphone_conn:peer_closed(Table, 8)),
    ok = megaphone_conn:send(self(), 8, "last"),
    ok = megaphone_conn:close(self(), 8, 0),
    ?assertEqual([{data, 0, 8, <<"last">>}, {close, 0, 8, <<0:16>>}], [frame(), frame()]),
    ?assertEqual(0, megaphone_conn:sessions(Table)).

reset(Table) ->
    in_link(Table),
    Self = self(),
    true = megaphone_conn:open(Table, 7, self(), 10),
    ?assertEqual({ok, Self}, megaphone_conn:peer_reset(Table, 7)),
    ?assertEqual(error, megaphone_conn:peer_reset(Table, 7)),
    ok = megaphone_conn:close(self(), 7, 0),
    ?assertEqual(none, frame()).

credit_limit(Table) ->
    in_link(Table),
    true = megaphone_conn:open(Table, 7, self(), 10),
    [megaphone_conn:credit(Table, 7, 16#ffffffff) || _ <- [1, 2, 3]],
    ?assertEqual(16#ffffffff, element(4, hd(ets:lookup(Table, 7)))).

consumed(Table) ->
    in_link(Table),
    true = megaphone_conn:open(Table, 7, self(), 10),
    megaphone_conn:consumed(self(), 7, 49, 100),
    ?assertEqual(none, frame()),
    megaphone_conn:consumed(self(), 7, 1, 100),
    ?assertEqual({credit, 0, 7, <<50:32>>}, frame()),
    megaphone_conn:consumed(self(), 7, 49, 100),
    ?assertEqual(none, frame()).

sweep(Table) ->
    in_link(Table),
    {Dead, Monitor} = spawn_monitor(fun() -> receive never -> ok end end),
    [true = megaphone_conn:open(Table, Conn, Dead, 10) || Conn <- lists:seq(1, 2500)],
    true = megaphone_conn:open(Table, 9999, self(), 10),
    exit(Dead, kill),
    receive {'DOWN', Monitor, _, _, _} -> ok end,
    megaphone_conn:sweep(Table, self()),
    ?assertEqual(2500, length([Conn || _ <- lists:seq(1, 2500), {close, 0, Conn, <<18:16>>} <- [frame()], Conn =< 2500])),
    ?assertEqual(none, frame()),
    ?assertEqual(1, megaphone_conn:open_sessions(Table)),
    true = megaphone_conn:open(Table, 3000, Dead, 10),
    ?assertEqual(error, megaphone_conn:pid(Table, 3000)).

link_ends(_) ->
    Self = self(),
    {Link, _} = spawn_monitor(fun() ->
        Table = megaphone_conn:register_link(self(), Self, 1000),
        true = megaphone_conn:open(Table, 7, Self, 2),
        Self ! up,
        receive stop -> megaphone_conn:unregister_link(self()) end
    end),
    receive up -> ok end,
    spawn_link(fun() -> receive {frame, data, _} -> ok after 50 -> ok end, Link ! stop end),
    ?assertEqual({error, closed}, megaphone_conn:send(Link, 7, "more than two")).
