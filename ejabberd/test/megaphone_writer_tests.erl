%% Numbers, keeping and replay, seen by the other end of a socket.
-module(megaphone_writer_tests).
-include_lib("eunit/include/eunit.hrl").

replay_test() ->
    {ok, Listener} = gen_tcp:listen(0, [binary, {packet, 4}, {active, false}, {ip, {127, 0, 0, 1}}]),
    {Near, Far} = pair(Listener),
    {ok, Writer} = megaphone_writer:start_link(Near, 1000),
    megaphone_writer:keep(Writer),
    [megaphone_writer:data(Writer, Number, last, "x") || Number <- [1, 2, 3, 4, 5]],
    megaphone_writer:frame(Writer, ping, 0, <<0:64>>),
    ?assertEqual([{data, 1}, {data, 2}, {data, 3}, {data, 4}, {data, 5}, {ping, 0}], [frame(Far) || _ <- lists:seq(1, 6)]),
    %% 2 and 4 are dealt with; a range may be wider than what there is.
    megaphone_writer:acknowledge(Writer, [{2, 2}, {4, 4}]),
    megaphone_writer:lost(Writer),
    megaphone_writer:data(Writer, 6, last, "x"),
    {Near2, Far2} = pair(Listener),
    megaphone_writer:resume(Writer, Near2, {megaphone_proto:encode(hello_ok, 0, 0, 0, ""), 1}),
    %% What was acknowledged is replaced by a CREDIT of 0 that takes its number.
    ?assertEqual([{hello_ok, 0}, {credit, 0}, {data, 3}, {credit, 0}, {data, 5}, {data, 6}], [frame(Far2) || _ <- lists:seq(1, 6)]),
    megaphone_writer:acknowledge(Writer, [{1, 16#ffffffffffffffff}]),
    megaphone_writer:lost(Writer),
    {Near3, Far3} = pair(Listener),
    megaphone_writer:resume(Writer, Near3, {megaphone_proto:encode(hello_ok, 0, 0, 0, ""), 6}),
    megaphone_writer:data(Writer, 7, last, "x"),
    ?assertEqual([{hello_ok, 0}, {data, 7}], [frame(Far3), frame(Far3)]),
    megaphone_writer:stop(Writer),
    gen_tcp:close(Near3),
    ?assertEqual({error, closed}, gen_tcp:recv(Far3, 0)).

%% Many frames at once leave in order.
order_test() ->
    {ok, Listener} = gen_tcp:listen(0, [binary, {packet, 4}, {active, false}, {ip, {127, 0, 0, 1}}]),
    {Near, Far} = pair(Listener),
    {ok, Writer} = megaphone_writer:start_link(Near, infinity),
    [megaphone_writer:data(Writer, Number, last, "x") || Number <- lists:seq(1, 3000)],
    ?assertEqual([{data, Number} || Number <- lists:seq(1, 3000)], [frame(Far) || _ <- lists:seq(1, 3000)]),
    megaphone_writer:stop(Writer).

%% A lost link for which more than the limit waits is given up; at the limit it is not.
limit_test() ->
    {ok, Listener} = gen_tcp:listen(0, [binary, {packet, 4}, {active, false}, {ip, {127, 0, 0, 1}}]),
    {Near, _Far} = pair(Listener),
    {ok, Writer} = megaphone_writer:start_link(Near, 100),
    megaphone_writer:keep(Writer),
    megaphone_writer:lost(Writer),
    megaphone_writer:data(Writer, 1, last, binary:copy(<<"x">>, 100 - 12)),
    ?assertEqual(quiet, receive megaphone_replay_full -> full after 50 -> quiet end),
    megaphone_writer:data(Writer, 1, last, ""),
    ?assertEqual(full, receive megaphone_replay_full -> full after 5000 -> quiet end),
    megaphone_writer:stop(Writer).

pair(Listener) ->
    {ok, Port} = inet:port(Listener),
    {ok, Near} = gen_tcp:connect("127.0.0.1", Port, [binary, {packet, raw}, {active, false}]),
    {ok, Far} = gen_tcp:accept(Listener),
    {Near, Far}.

frame(Socket) ->
    {ok, Frame} = gen_tcp:recv(Socket, 0, 5000),
    {Type, _, _, Conn, _} = megaphone_proto:decode(Frame),
    {Type, Conn}.
