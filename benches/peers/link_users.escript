#!/usr/bin/env escript
%%! -name link_users@127.0.0.1 -erl_epmd_port 5210 -start_epmd false -dist_listen false -setcookie megaphone -hidden +K true
%% Anonymous users of ejabberd over one link, without client sockets: what a session costs ejabberd alone.
%%
%%   link_users.escript ADDRESS USERS [WINDOW]      of an ejabberd started by tests/peers/ejabberd.sh on ADDRESS
%%
%% Each user logs in (SASL ANONYMOUS), binds, sends presence, reads its own presence back, and is idle. WINDOW logins are under
%% way at a time. Prints logins a second, bytes a user (processes, tables, all that is allocated, resident), how long sleeping
%% sessions take to their first answer, and how many messages a second the link carries between them.
-mode(compile).

-define(HEADER, <<"<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
                  "xmlns:stream='http://etherx.jabber.org/streams'>">>).
-define(CREDIT, 16#7fffffff).
-define(WARM_UP, 50).

main([Address, Users | Rest]) ->
    Window = case Rest of [W] -> list_to_integer(W); [] -> 200 end,
    Count = list_to_integer(Users),
    Node = list_to_atom("ejabberd@" ++ Address),
    true = net_kernel:connect_node(Node),
    {ok, Socket} = gen_tcp:connect(Address, 6280, [binary, {packet, 4}, {active, false}, {nodelay, true}, {buffer, 262144},
                                                   {recbuf, 1048576}, {sndbuf, 1048576}]),
    send(Socket, 16#01, 0, 0, <<"MEGA", 1, 0, 0:16, 65536:32, 0:64, 0:64, 5, "users", 0:16>>),
    {ok, <<16#02, _/binary>>} = gen_tcp:recv(Socket, 0, 5000),
    ets:new(users, [named_table, public, {keypos, 1}]),
    %% What the first users cost, all share.
    login(Socket, 1, ?WARM_UP, Window),
    Others = rpc:call(Node, erlang, processes, []),
    collect(Node, Others),
    Before = memory(Node),
    Started = erlang:monotonic_time(millisecond),
    login(Socket, ?WARM_UP + 1, ?WARM_UP + Count, Window),
    Took = erlang:monotonic_time(millisecond) - Started,
    collect(Node, Others),
    After = memory(Node),
    io:format("logins: ~b in ~.1f s, ~b a second, ~b us of ejabberd's CPU each~n",
              [Count, Took / 1000, Count * 1000 div max(1, Took), (maps:get(cpu, After) - maps:get(cpu, Before)) div Count]),
    [io:format("~-28ts ~8b B a user~n", [Name, (maps:get(Name, After) - maps:get(Name, Before)) div Count])
     || Name <- ["processes", "tables", "binaries", "allocated", "resident"]],
    io:format("~-28ts ~8b B~n", ["a process, mean", process_mean(Node)]),
    first_answers(Socket, Count),
    messages(Socket, Count),
    halt(0).

send(Socket, Type, Aux, Conn, Payload) ->
    ok = gen_tcp:send(Socket, [<<Type, 0, Aux:16, Conn:64>>, Payload]).

data(Socket, Conn, Text) ->
    send(Socket, 16#20, 0, Conn, Text).

%% ---- logins ----

login(Socket, From, To, Window) ->
    login(Socket, From, To, 0, Window).

login(_Socket, Next, To, 0, _Window) when Next > To ->
    ok;
login(Socket, Next, To, Under, Window) when Next =< To, Under < Window ->
    send(Socket, 16#10, 63, Next, <<13, 10, 13, 10, 0, 13, 10, 16#51, 16#55, 16#49, 16#54, 10, 16#21, 16#11, 12:16,
                                    10, (Next bsr 16 band 255), (Next bsr 8 band 255), (Next band 255), 127, 0, 0, 1, 50000:16, 5222:16>>),
    ets:insert(users, {Next, opened, <<>>, <<>>}),
    login(Socket, Next + 1, To, Under + 1, Window);
login(Socket, Next, To, Under, Window) ->
    {Conn, Text} = text(Socket),
    [{Conn, Step, Got, Jid}] = ets:lookup(users, Conn),
    Whole = <<Got/binary, Text/binary>>,
    case step(Step, Whole) of
        wait ->
            ets:insert(users, {Conn, Step, Whole, Jid}),
            login(Socket, Next, To, Under, Window);
        {Then, Say} ->
            Say =:= none orelse data(Socket, Conn, Say),
            Jid1 = case Step of bound -> jid(Whole); _ -> Jid end,
            ets:insert(users, {Conn, Then, <<>>, Jid1}),
            login(Socket, Next, To, case Then of idle -> Under - 1; _ -> Under end, Window)
    end.

step(opened, _) -> {greeted, ?HEADER};
step(greeted, Got) -> on(Got, <<"</stream:features>">>, authenticated,
                         <<"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>">>);
step(authenticated, Got) -> on(Got, <<"<success">>, again, ?HEADER);
step(again, Got) -> on(Got, <<"</stream:features>">>, bound,
                       <<"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>">>);
step(bound, Got) -> on(Got, <<"</iq>">>, present, <<"<presence/>">>);
step(present, Got) -> on(Got, <<"<presence">>, idle, none).

on(Got, Word, Then, Say) ->
    case binary:match(Got, Word) of
        nomatch -> wait;
        _ -> {Then, Say}
    end.

jid(Text) ->
    [_, Rest] = binary:split(Text, <<"<jid>">>),
    binary:copy(hd(binary:split(Rest, <<"</jid>">>))).

%% The next words for a user; OPEN_OK counts as some without letters.
text(Socket) ->
    {ok, Frame} = gen_tcp:recv(Socket, 0),
    case Frame of
        <<16#20, _, _:16, Conn:64, Text/binary>> ->
            put(Conn, case get(Conn) of undefined -> 0; Sum -> Sum end + byte_size(Text)),
            get(Conn) > 16384 andalso begin send(Socket, 16#40, 0, Conn, <<(erase(Conn)):32>>) end,
            {Conn, Text};
        <<16#11, _, _:16, Conn:64, _/binary>> -> {Conn, <<>>};
        <<16#50, _, _:16, 0:64, Bytes/binary>> -> send(Socket, 16#51, 0, 0, Bytes), text(Socket);
        <<Type, _, _:16, Conn:64, _/binary>> when Type =:= 16#30; Type =:= 16#31; Type =:= 16#12 ->
            io:format("connection ~b ended: ~p~n", [Conn, Frame]), halt(1);
        _ -> text(Socket)
    end.

%% ---- figures ----

%% What is left over in processes that are not the sessions in question must not blur what those take.
collect(Node, Pids) ->
    timer:sleep(1000),
    [rpc:call(Node, erlang, garbage_collect, [Pid]) || Pid <- Pids].

memory(Node) ->
    All = rpc:call(Node, erlang, memory, []),
    Pid = rpc:call(Node, os, getpid, []),
    {ok, Status} = file:read_file("/proc/" ++ Pid ++ "/status"),
    {ok, Stat} = file:read_file("/proc/" ++ Pid ++ "/stat"),
    [_, Fields] = binary:split(Stat, <<") ">>),
    [User, System] = [binary_to_integer(lists:nth(Field, binary:split(Fields, <<" ">>, [global]))) || Field <- [12, 13]],
    {match, [Resident]} = re:run(Status, "VmRSS:\\s+([0-9]+)", [{capture, all_but_first, list}]),
    #{"processes" => proplists:get_value(processes_used, All), "tables" => proplists:get_value(ets, All),
      "binaries" => proplists:get_value(binary, All), "allocated" => proplists:get_value(total, All),
      "resident" => list_to_integer(Resident) * 1024, cpu => (User + System) * 10000}.

process_mean(Node) ->
    Pids = lists:sublist(rpc:call(Node, ejabberd_sm, get_all_pids, []), 2000),
    Sizes = [Size || {memory, Size} <- [rpc:call(Node, erlang, process_info, [Pid, memory]) || Pid <- lists:sublist(Pids, 500)]],
    lists:sum(Sizes) div max(1, length(Sizes)).

%% One sleeping session at a time: from its client's first stanza to the answer.
first_answers(Socket, Count) ->
    Times = lists:sort([first_answer(Socket, ?WARM_UP + Number) || Number <- lists:seq(1, min(Count, 2000))]),
    io:format("first answer of a sleeping session: p50 ~b us, p99 ~b us~n", [percentile(Times, 50), percentile(Times, 99)]).

first_answer(Socket, Conn) ->
    Started = erlang:monotonic_time(microsecond),
    data(Socket, Conn, <<"<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>">>),
    {Conn, _} = text(Socket),
    erlang:monotonic_time(microsecond) - Started.

percentile(Sorted, Percent) -> lists:nth(max(1, length(Sorted) * Percent div 100), Sorted).

%% Everybody writes to somebody: stanzas in and stanzas out, at most 1,000 of them under way.
messages(Socket, Count) ->
    Total = max(20000, min(100000, Count)),
    Started = erlang:monotonic_time(millisecond),
    Writer = spawn_link(fun() -> write_messages(Socket, Count, 0, Total) end),
    Got = lists:foldl(fun(Number, Sum) ->
                              {_, Text} = text(Socket),
                              Number rem 500 =:= 0 andalso (Writer ! more),
                              Sum + length(binary:matches(Text, <<"</message>">>))
                      end, 0, lists:seq(1, Total)),
    Took = erlang:monotonic_time(millisecond) - Started,
    io:format("messages: ~b of ~b arrived, ~b a second in and as many out~n", [Got, Total, Total * 1000 div max(1, Took)]).

write_messages(_, _, Total, Total) ->
    ok;
write_messages(Socket, Count, Number, Total) ->
    Number >= 1000 andalso Number rem 500 =:= 0 andalso receive more -> ok end,
    From = ?WARM_UP + 1 + Number rem Count,
    To = ?WARM_UP + 1 + (Number * 7919 + 1) rem Count,
    data(Socket, From, [<<"<message type='chat' to='">>, ets:lookup_element(users, To, 4), <<"'><body>hello</body></message>">>]),
    write_messages(Socket, Count, Number + 1, Total).
