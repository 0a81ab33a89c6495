#!/usr/bin/env escript
%% -*- erlang -*-
%%! -noshell +sbwt none
%% A backend that speaks the link protocol (docs/link-protocol.md) and sends every packet back.
%%
%% It shares no code with the appliance: gen_tcp's {packet, 4} cuts the frames, the bit syntax takes them apart.
%%
%%   link_echo.escript --connect 127.0.0.1:6280 [--node NAME] [--links N] [--ack] [--credit BYTES] ...
%%   link_echo.escript --connect unix:PATH
%%   link_echo.escript --listen PORT
%%
%%   --node NAME      the node's name in HELLO (default echo); with --links, NAME-1, NAME-2, ...
%%   --token TOKEN    the token in HELLO
%%   --ack            acknowledge what arrives, keep what is sent, and replay it after a link loss
%%   --credit BYTES   what the appliance may have outstanding on one connection (default 65536)
%%   --reject REASON  answer every OPEN with REJECT (a number)
%%   --mute           answer no OPEN at all
%%   --seconds N      end after that long (default 600)
%%
%% It says READY when it can be reached or has begun to connect, LINKED and LOST for each link, and STATS lines. Commands on
%% standard input: stats, hold (keep packets back), release, drop (break every link and link again), close (close every
%% connection), stray (send a packet to the newest connection, there or not, and to one that never was). It ends at the end of
%% standard input.
-mode(compile).

-define(HELLO, 16#01).
-define(HELLO_OK, 16#02).
-define(OPEN, 16#10).
-define(OPEN_OK, 16#11).
-define(REJECT, 16#12).
-define(DATA, 16#20).
-define(CLOSE, 16#30).
-define(RESET, 16#31).
-define(CREDIT, 16#40).
-define(ACK, 16#41).
-define(PING, 16#50).
-define(PONG, 16#51).
-define(DRAIN, 16#60).

-define(MORE, 1).
-define(WANTS_ACKS, 1).
-define(ROLE_BACKEND, 1).
-define(FRAME_MAX, 65536).
-define(ACK_EVERY, 64).
-define(ACK_AFTER_MS, 20).
-define(RETRY_MS, 50).

main(Args) ->
    Opts = options(Args, #{node => <<"echo">>, links => 1, ack => false, credit => 65536, seconds => 600,
                           token => <<>>, reject => none}),
    Main = self(),
    erlang:send_after(maps:get(seconds, Opts) * 1000, Main, stop),
    spawn_link(fun() -> read_commands(Main) end),
    Links = start(Opts),
    serve(Links).

options([], Opts) -> Opts;
options(["--ack" | Rest], Opts) -> options(Rest, Opts#{ack => true});
options(["--connect", "unix:" ++ Path | Rest], Opts) -> options(Rest, Opts#{where => {connect, {local, Path}, 0}});
options(["--connect", Where | Rest], Opts) ->
    [Host, Port] = string:split(Where, ":", trailing),
    {ok, Address} = inet:parse_address(Host),
    options(Rest, Opts#{where => {connect, Address, list_to_integer(Port)}});
options(["--listen", Port | Rest], Opts) -> options(Rest, Opts#{where => {listen, list_to_integer(Port)}});
options(["--node", Name | Rest], Opts) -> options(Rest, Opts#{node => list_to_binary(Name)});
options(["--token", Token | Rest], Opts) -> options(Rest, Opts#{token => list_to_binary(Token)});
options(["--links", N | Rest], Opts) -> options(Rest, Opts#{links => list_to_integer(N)});
options(["--credit", N | Rest], Opts) -> options(Rest, Opts#{credit => list_to_integer(N)});
options(["--reject", N | Rest], Opts) -> options(Rest, Opts#{reject => list_to_integer(N)});
options(["--mute" | Rest], Opts) -> options(Rest, Opts#{reject => mute});
options(["--seconds", N | Rest], Opts) -> options(Rest, Opts#{seconds => list_to_integer(N)});
options([Unknown | _], _) ->
    io:format(standard_error, "link_echo: unknown argument ~s~n", [Unknown]),
    halt(64).

read_commands(Main) ->
    case io:get_line("") of
        Line when is_list(Line) ->
            Main ! {command, list_to_atom(string:trim(Line))},
            read_commands(Main);
        _ -> halt(0)
    end.

start(#{where := {connect, _, _}, links := N, node := Node} = Opts) ->
    io:format("READY~n"),
    Name = fun(I) when N > 1 -> <<Node/binary, "-", (integer_to_binary(I))/binary>>; (_) -> Node end,
    [spawn_link(fun() -> link_loop(new_state(Opts#{node := Name(I)})) end) || I <- lists:seq(1, N)];
start(#{where := {listen, Port}} = Opts) ->
    {ok, Listener} = gen_tcp:listen(Port, [{ip, {127, 0, 0, 1}}, {reuseaddr, true} | socket_options()]),
    {ok, Actual} = inet:port(Listener),
    io:format("READY port=~b~n", [Actual]),
    [spawn_link(fun() -> link_loop(new_state(Opts#{where := {accept, Listener}})) end)].

serve(Links) ->
    receive
        {command, stats} -> print_stats(Links), serve(Links);
        {command, Command} -> [Link ! Command || Link <- Links], serve(Links);
        stop -> print_stats(Links), halt(0)
    end.

print_stats(Links) ->
    All = [ask_stats(Link) || Link <- Links],
    Sum = lists:foldl(fun(M, Acc) -> maps:merge_with(fun(_, A, B) -> A + B end, M, Acc) end, #{}, All),
    Text = [io_lib:format(" ~s=~b", [K, V]) || {K, V} <- lists:sort(maps:to_list(Sum))],
    io:format("STATS~s~n", [Text]).

ask_stats(Link) ->
    Link ! {stats, self()},
    receive {stats, Link, Stats} -> Stats after 20000 -> #{} end.

%% --- one link -------------------------------------------------------------------------------------------------------

%% What outlives a lost connection: numbers and unacknowledged frames of both directions, and the connections.
new_state(Opts) ->
    Zero = [links, opens, rejects, data, bytes, more, sent, closes, resets, credits, pings, acks_in, acks_out,
            replayed, drains, stray, last_port],
    #{opts => Opts, epoch => 0, socket => none, newest => 0, conns => #{}, hold => false, ack => false,
      received => 0, acked => 0, sent => 0, unacked => queue:new(), stats => maps:from_list([{K, 0} || K <- Zero])}.

socket_options() -> [binary, {packet, 4}, {packet_size, 1 bsl 24}, {active, false}, {nodelay, true}].

link_loop(#{opts := #{where := {connect, Host, Port}}} = S) ->
    case gen_tcp:connect(Host, Port, socket_options(), 5000) of
        {ok, Socket} ->
            send(Socket, hello(?HELLO, S)),
            shake_hands(Socket, ?HELLO_OK, S);
        {error, _} -> pause(S)
    end;
link_loop(#{opts := #{where := {accept, Listener}}} = S) ->
    case gen_tcp:accept(Listener, 1000) of
        {ok, Socket} -> shake_hands(Socket, ?HELLO, S);
        {error, _} -> pause(S)
    end.

pause(S) ->
    receive
        {stats, From} -> answer_stats(From, S), pause(S);
        Command when Command =:= hold; Command =:= release -> link_loop(S#{hold := Command =:= hold});
        _ -> pause(S)
    after ?RETRY_MS -> link_loop(S)
    end.

shake_hands(Socket, Wanted, S) ->
    case gen_tcp:recv(Socket, 0, 5000) of
        {ok, <<Wanted, _:8, _:16, 0:64, "MEGA", 1:8, _Role:8, Flags:16, _Max:32, Epoch:64, Resume:64,
               L:8, Name:L/binary, T:16, _Token:T/binary, _/binary>>} ->
            {Stage, S1} = resumed(Wanted, Epoch, Flags, S),
            Wanted =:= ?HELLO andalso send(Socket, hello(?HELLO_OK, S1)),
            {Again, S2} = replay(Resume, S1),
            [send(Socket, Frame) || Frame <- Again],
            #{opts := #{node := Node}, ack := Ack} = S2,
            io:format("LINKED node=~s peer=~s ack=~s state=~s replayed=~b~n", [Node, Name, Ack, Stage, length(Again)]),
            inet:setopts(Socket, [{active, once}]),
            loop(count(replayed, length(Again), count(links, 1, S2#{socket := Socket})));
        {ok, <<?CLOSE, _:8, _:16, 0:64, Reason:16, Text/binary>>} ->
            io:format("REFUSED reason=~b text=~s~n", [Reason, Text]),
            gen_tcp:close(Socket),
            pause(S);
        Other ->
            io:format("LOST hello=~p~n", [Other]),
            gen_tcp:close(Socket),
            pause(S)
    end.

%% The side that accepted names the epoch. The same one as before means that both still have what the link broke off.
resumed(Wanted, Epoch, Flags, #{opts := #{ack := WeAck}, epoch := Known} = S) ->
    Ack = WeAck andalso Flags band ?WANTS_ACKS =/= 0,
    case Ack andalso Known =/= 0 andalso Known =:= Epoch of
        true -> {resumed, S#{ack := true}};
        false ->
            Fresh = S#{ack := Ack, conns := #{}, received := 0, acked := 0, sent := 0, unacked := queue:new()},
            {fresh, Fresh#{epoch := case Wanted of ?HELLO -> erlang:system_time(); ?HELLO_OK -> Epoch end}}
    end.

%% All numbered frames behind Resume, without a gap: a frame that is acknowledged and gone leaves its number to a CREDIT of 0.
replay(Resume, #{sent := Sent, unacked := Unacked} = S) ->
    Kept = maps:from_list([Entry || {Seq, _} = Entry <- queue:to_list(Unacked), Seq > Resume]),
    Filler = <<?CREDIT, 0, 0:16, 0:64, 0:32>>,
    Again = [{Seq, maps:get(Seq, Kept, Filler)} || Seq <- lists:seq(Resume + 1, Sent)],
    {[Frame || {_, Frame} <- Again], S#{unacked := queue:from_list(Again)}}.

hello(Type, #{opts := #{node := Node, token := Token, ack := Ack}, epoch := Kept, received := Count}) ->
    {Flags, Epoch, Received} = case Ack of true -> {?WANTS_ACKS, Kept, Count}; false -> {0, 0, 0} end,
    <<Type, 0, 0:16, 0:64, "MEGA", 1, ?ROLE_BACKEND, Flags:16, ?FRAME_MAX:32, Epoch:64, Received:64,
      (byte_size(Node)):8, Node/binary, (byte_size(Token)):16, Token/binary>>.

loop(#{socket := Socket} = S) ->
    receive
        {tcp, Socket, <<Type, Flags, Aux:16, Conn:64, Payload/binary>>} ->
            S1 = frame(Type, Flags, Aux, Conn, Payload, number_in(Type, S)),
            inet:setopts(Socket, [{active, once}]),
            loop(acknowledge(?ACK_EVERY, S1));
        {tcp_closed, Socket} -> lost(S);
        {tcp_error, Socket, _} -> lost(S);
        {stats, From} -> answer_stats(From, S), loop(S);
        hold -> loop(S#{hold := true});
        release -> loop(flush_all(S#{hold := false}));
        close -> loop(close_all(S));
        stray -> loop(transmit(?DATA, 0, 16#7FFFFFF, <<"x">>, transmit(?DATA, 0, maps:get(newest, S), <<"x">>, S)));
        drop ->
            inet:setopts(Socket, [{linger, {true, 0}}]),
            gen_tcp:close(Socket),
            lost(S)
    after ?ACK_AFTER_MS -> loop(acknowledge(1, S))
    end.

lost(#{opts := #{node := Node}, conns := Conns} = S) ->
    io:format("LOST node=~s connections=~b~n", [Node, map_size(Conns)]),
    link_loop(S#{socket := none}).

answer_stats(From, #{stats := Stats, conns := Conns, unacked := Unacked}) ->
    From ! {stats, self(), Stats#{connections => map_size(Conns), unacked => queue:len(Unacked)}}.

%% --- frames in ------------------------------------------------------------------------------------------------------

frame(?OPEN, _, KiB, Conn, Proxy, #{opts := #{reject := none, credit := Credit}, conns := Conns, stats := Stats} = S) ->
    New = #{credit => KiB * 1024, spent => 0, queue => queue:new(), closing => false},
    S1 = S#{newest := Conn, conns := Conns#{Conn => New}, stats := Stats#{last_port := client_port(Proxy)}},
    transmit(?OPEN_OK, 0, Conn, <<Credit:32>>, count(opens, 1, S1));
frame(?OPEN, _, _, _, _, #{opts := #{reject := mute}} = S) -> S;
frame(?OPEN, _, _, Conn, _, #{opts := #{reject := Reason}} = S) ->
    transmit(?REJECT, 0, Conn, <<Reason:16, "no room for you">>, count(rejects, 1, S));
frame(?DATA, Flags, _, Conn, Payload, #{conns := Conns} = S0) ->
    S = count(more, Flags band ?MORE, count(bytes, byte_size(Payload), count(data, 1, S0))),
    case Conns of
        #{Conn := #{closing := false} = C} ->
            Queue = queue:in({Flags, Payload}, maps:get(queue, C)),
            flush(Conn, C#{queue := Queue, spent := maps:get(spent, C) + byte_size(Payload)}, S);
        #{Conn := #{closing := ours} = C} ->
            grant(Conn, C#{spent := maps:get(spent, C) + byte_size(Payload)}, S);
        #{Conn := _} -> count(stray, 1, S);
        _ -> transmit(?RESET, 0, Conn, <<16:16>>, count(stray, 1, S))
    end;
frame(?CREDIT, _, _, Conn, <<Bytes:32>>, #{conns := Conns} = S0) ->
    S = count(credits, 1, S0),
    case Conns of
        #{Conn := #{credit := Credit} = C} -> flush(Conn, C#{credit := Credit + Bytes}, S);
        _ -> S
    end;
frame(?CLOSE, _, _, 0, <<Reason:16, Text/binary>>, S) ->
    io:format("CLOSED reason=~b text=~s~n", [Reason, Text]),
    S;
frame(?CLOSE, _, _, Conn, _, #{conns := Conns} = S0) ->
    S = count(closes, 1, S0),
    case Conns of
        #{Conn := #{closing := ours}} -> S#{conns := maps:remove(Conn, Conns)};
        #{Conn := C} -> flush(Conn, C#{closing := theirs}, S);
        _ -> S
    end;
frame(?RESET, _, _, Conn, _, #{conns := Conns} = S) ->
    count(resets, 1, S#{conns := maps:remove(Conn, Conns)});
frame(?ACK, _, _, 0, Ranges, #{unacked := Unacked} = S) ->
    Gone = [{First, Last} || <<First:64, Last:64>> <= Ranges],
    Keep = fun({Seq, _}) -> not lists:any(fun({First, Last}) -> First =< Seq andalso Seq =< Last end, Gone) end,
    count(acks_in, 1, S#{unacked := queue:filter(Keep, Unacked)});
frame(?PING, _, _, 0, Payload, S) -> transmit(?PONG, 0, 0, Payload, count(pings, 1, S));
frame(?PONG, _, _, 0, _, S) -> S;
frame(?DRAIN, _, _, 0, _, S) -> count(drains, 1, S).

%% The client's port as the PROXY protocol header, version 2, tells it; 0 where the client has none.
client_port(<<16#0D0A0D0A000D0A515549540A:96, 2:4, 1:4, 1:4, 1:4, _:16, _Src:32, _Dst:32, Port:16, _/binary>>) -> Port;
client_port(<<16#0D0A0D0A000D0A515549540A:96, 2:4, 1:4, 2:4, 1:4, _:16, _Src:128, _Dst:128, Port:16, _/binary>>) -> Port;
client_port(<<16#0D0A0D0A000D0A515549540A:96, 2:4, _/bitstring>>) -> 0.

%% --- connections ----------------------------------------------------------------------------------------------------

%% Sends back what the connection's credit allows, then grants what was consumed, then answers a CLOSE.
flush(Conn, #{queue := Queue, credit := Credit} = C, #{hold := Hold} = S) ->
    case queue:out(Queue) of
        {{value, {Flags, Data}}, Rest} when not Hold, byte_size(Data) =< Credit ->
            C1 = C#{queue := Rest, credit := Credit - byte_size(Data)},
            flush(Conn, C1, transmit(?DATA, Flags, Conn, Data, S));
        {{value, {Flags, Data}}, Rest} when not Hold, Credit > 0 ->
            <<Now:Credit/binary, Later/binary>> = Data,
            C1 = C#{queue := queue:in_r({Flags, Later}, Rest), credit := 0},
            keep(Conn, C1, transmit(?DATA, Flags bor ?MORE, Conn, Now, S));
        {{value, _}, _} -> keep(Conn, C, S);
        {empty, _} when map_get(closing, C) =:= theirs ->
            S1 = transmit(?CLOSE, 0, Conn, <<0:16>>, S),
            S1#{conns := maps:remove(Conn, maps:get(conns, S1))};
        {empty, _} -> grant(Conn, C, S)
    end.

%% Half of the window at a time, so that credit frames stay rare.
grant(Conn, #{spent := Spent} = C, #{opts := #{credit := Credit}} = S) when Spent * 2 >= Credit ->
    keep(Conn, C#{spent := 0}, transmit(?CREDIT, 0, Conn, <<Spent:32>>, S));
grant(Conn, C, S) -> keep(Conn, C, S).

keep(Conn, C, #{conns := Conns} = S) -> S#{conns := Conns#{Conn => C}}.

flush_all(#{conns := Conns} = S) -> maps:fold(fun flush/3, S, Conns).

close_all(#{conns := Conns} = S) ->
    Close = fun(Conn, C, Acc) -> keep(Conn, C#{closing := ours}, transmit(?CLOSE, 0, Conn, <<0:16, "closed by echo">>, Acc)) end,
    maps:fold(Close, S, maps:filter(fun(_, C) -> maps:get(closing, C) =:= false end, Conns)).

%% --- frames out, numbers and acknowledgements -----------------------------------------------------------------------

is_numbered(Type) -> (Type >= ?OPEN andalso Type =< ?CREDIT) orelse (Type >= 16#80 andalso Type =< 16#8F).

number_in(Type, #{received := Received} = S) ->
    case is_numbered(Type) of
        true -> S#{received := Received + 1};
        false -> S
    end.

transmit(Type, Flags, Conn, Payload, #{socket := Socket, sent := Sent, unacked := Unacked, ack := Ack} = S) ->
    Frame = <<Type, Flags, 0:16, Conn:64, Payload/binary>>,
    send(Socket, Frame),
    case is_numbered(Type) of
        true when Ack -> count(sent, 1, S#{sent := Sent + 1, unacked := queue:in({Sent + 1, Frame}, Unacked)});
        true -> count(sent, 1, S#{sent := Sent + 1});
        false -> S
    end.

acknowledge(AtLeast, #{ack := true, received := Received, acked := Acked} = S) when Received - Acked >= AtLeast ->
    S1 = transmit(?ACK, 0, 0, <<(Acked + 1):64, Received:64>>, S),
    count(acks_out, 1, S1#{acked := Received});
acknowledge(_, S) -> S.

%% A failure to send is seen again as tcp_closed.
send(none, _) -> ok;
send(Socket, Frame) -> _ = gen_tcp:send(Socket, Frame), ok.

count(What, N, #{stats := Stats} = S) -> S#{stats := maps:update_with(What, fun(V) -> V + N end, Stats)}.
