#!/usr/bin/env escript
%% -*- erlang -*-
%%! -kernel logger_level none
%%
%% otp_answers: Erlang/OTP's megaco behind a TCP port, for conversations side by side.
%%
%%   otp_answers.escript {VERSION,ENCODER} ITEMS [ITEMS ...]
%%
%% For each ITEMS (an Erlang list of {Item, Value}) it starts a user of its own with these items, listens on a free
%% port of the loopback, prints "PORT n" and serves what connects, message by message, until standard input is closed. For each line
%% on standard input it prints "LATE n": by how many milliseconds at most a timer was late since the last such line.
%% An item whose name begins with own_ is set on the connection when it is made; {serialize,true} takes one message after the other. The user does what the termination of the request is
%% called:
%%
%%   ok, ack, sloppy, pack     replies: discard_ack, handle_ack, handle_sloppy_ack, handle_pending_ack
%%   slow                      replies after 350 ms
%%   long, longs, longe        {pending, 7}, then handle_ack, handle_sloppy_ack, an error
%%   large                     replies with more than 2048 bytes
%%   none                      ignore_trans_request
%%   call, three, fetch        replies, and 50 ms later casts a Notify of `ours`, three of them, one of `whole`
%%   parts                     replies with three action replies
%%
%% In binary, terminations have numbers, in the order of names/0.
-module(otp_answers).
-mode(compile).
-include_lib("megaco/include/megaco.hrl").
-include_lib("megaco/include/megaco_message_v1.hrl").
-export([main/1, send_message/2]).
-export([handle_connect/2, handle_connect/3, handle_disconnect/3, handle_syntax_error/3, handle_message_error/3,
         handle_trans_request/3, handle_trans_long_request/3, handle_trans_reply/4, handle_trans_ack/4,
         handle_unexpected_trans/3, handle_trans_request_abort/4, handle_segment_reply/5]).

main([Tongue | Args]) ->
    {_, Encoder} = term(Tongue),
    persistent_term:put(encoder, Encoder),
    ok = megaco:start(),
    [serve(N, term(Tongue), term(A)) || {N, A} <- lists:zip(lists:seq(1, length(Args)), Args)],
    Pulse = spawn_link(fun() -> pulse(0) end),
    answer(Pulse).

answer(Pulse) ->
    case io:get_line("") of
        eof -> halt(0);
        {error, _} -> halt(0);
        _ ->
            Pulse ! {late, self()},
            receive {late, Ms} -> io:format("LATE ~w~n", [Ms]) end,
            answer(Pulse)
    end.

%% Beats every ten milliseconds; Late is the longest delay of a beat.
pulse(Late) ->
    Start = erlang:monotonic_time(millisecond),
    receive
        {late, From} ->
            From ! {late, Late},
            pulse(0)
    after 10 ->
        pulse(max(Late, erlang:monotonic_time(millisecond) - Start - 10))
    end.

term(Text) ->
    {ok, Tokens, _} = erl_scan:string(Text ++ "."),
    {ok, Term} = erl_parse:parse_term(Tokens),
    Term.

serve(N, {Version, Encoder}, Items) ->
    %% A MID per case: users must differ. The port tells them apart.
    Mid = {domainName, #'DomainName'{name = "mgc", portNumber = N}},
    Own = [{user_mod, ?MODULE}, {send_mod, ?MODULE}, {encoding_mod, Encoder},
           {encoding_config, []}, {protocol_version, Version}],
    Serialize = lists:member({serialize, true}, Items),
    {Later, Now} = lists:partition(fun({Item, _}) -> lists:prefix("own_", atom_to_list(Item)) end, Items -- [{serialize, true}]),
    persistent_term:put({later, Mid}, [{list_to_atom(lists:nthtail(4, atom_to_list(Item))), Value} || {Item, Value} <- Later]),
    ok = megaco:start_user(Mid, Own ++ [timers(I) || I <- Now]),
    Receive = megaco:user_info(Mid, receive_handle),
    {ok, Listen} = gen_tcp:listen(0, [binary, {packet, tpkt}, {active, false}, {ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(Listen),
    io:format("PORT ~w~n", [Port]),
    Take = case Serialize of true -> process_received_message; false -> receive_message end,
    spawn(fun() -> accept(Listen, Take, Receive) end).

timers({Item, {incr, Wait, Factor, Incr, Retries}}) ->
    {Item, #megaco_incr_timer{wait_for = Wait, factor = Factor, incr = Incr, max_retries = Retries}};
timers(Item) ->
    Item.

accept(Listen, Take, Receive) ->
    {ok, Socket} = gen_tcp:accept(Listen),
    loop(Socket, Take, Receive).

%% A tpkt packet arrives with its header of four bytes. Each message has a process, as megaco_tcp gives it one, unless they are serialized.
loop(Socket, Take, Receive) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, <<3:8, _:8, _:16, Message/binary>>} ->
            megaco:Take(Receive, self(), Socket, Message),
            loop(Socket, Take, Receive);
        {error, _} ->
            ok
    end.

%% The socket takes tpkt headers off and puts none on.
send_message(Socket, Message) ->
    gen_tcp:send(Socket, [<<3:8, 0:8, (byte_size(Message) + 4):16>>, Message]).

handle_connect(CH = #megaco_conn_handle{local_mid = Mid}, _V) ->
    [ok = megaco:update_conn_info(CH, Item, Value) || {Item, Value} <- persistent_term:get({later, Mid})],
    ok.
handle_connect(CH, V, _Extra) -> handle_connect(CH, V).
handle_disconnect(_CH, _V, _Reason) -> ok.
handle_syntax_error(_RH, _V, _Error) -> reply.
handle_message_error(_CH, _V, _Error) -> ok.
handle_trans_reply(_CH, _V, _Reply, _Data) -> ok.
handle_trans_ack(_CH, _V, _Status, _Data) -> ok.
handle_unexpected_trans(_CH, _V, _Trans) -> ok.
handle_trans_request_abort(_CH, _V, _Id, _Pid) -> ok.
handle_segment_reply(_CH, _V, _Id, _Segment, _Complete) -> ok.

handle_trans_request(CH, _V, [Action | _]) ->
    Name = name(Action),
    case Name of
        "ok"    -> {discard_ack, [reply(Name, 1)]};
        "ack"   -> {{handle_ack, 1}, [reply(Name, 1)]};
        "sloppy" -> {{handle_sloppy_ack, 1}, [reply(Name, 1)]};
        "pack"  -> {{handle_pending_ack, 1}, [reply(Name, 1)]};
        "slow"  -> timer:sleep(350), {discard_ack, [reply(Name, 1)]};
        "large" -> {discard_ack, [reply(Name, 300)]};
        "parts" -> {discard_ack, [(reply(Name, 1))#'ActionReply'{contextId = Part} || Part <- [1, 2, 3]]};
        "none"  -> ignore_trans_request;
        "call"  -> casts(CH, ["ours"]), {discard_ack, [reply(Name, 1)]};
        "three" -> casts(CH, ["ours", "ours", "ours"]), {discard_ack, [reply(Name, 1)]};
        "fetch" -> casts(CH, ["whole"]), {discard_ack, [reply(Name, 1)]};
        _Long   -> {pending, Name}
    end.

handle_trans_long_request(_CH, _V, Name) ->
    case Name of
        "longs" -> {{handle_sloppy_ack, 1}, [reply(Name, 1)]};
        "longe" -> {discard_ack, #'ErrorDescriptor'{errorCode = 430}};
        _       -> {{handle_ack, 1}, [reply("long", 1)]}
    end.

casts(CH, Names) ->
    spawn(fun() ->
        timer:sleep(50),
        [ok = megaco:cast(CH, [notify(Name)], []) || Name <- Names]
    end).

names() ->
    ["ok", "ack", "sloppy", "pack", "slow", "longs", "longe", "long", "large", "none", "call", "three", "parts", "ours", "fetch",
     "whole"].

name(#'ActionRequest'{commandRequests = [#'CommandRequest'{command = {notifyReq, N}} | _]}) ->
    #'NotifyRequest'{terminationID = [#megaco_term_id{id = Id}]} = N,
    case Id of
        [Name]        -> Name;
        [_, _, Level] -> lists:nth(list_to_integer(Level, 2), names())
    end.

id(Name) ->
    case persistent_term:get(encoder) of
        megaco_binary_encoder ->
            Number = length(lists:takewhile(fun(Other) -> Other =/= Name end, names())) + 1,
            #megaco_term_id{id = ["00000000", "00000000", lists:flatten(io_lib:format("~8.2.0B", [Number]))]};
        _ ->
            #megaco_term_id{id = [Name]}
    end.

reply(Name, Count) ->
    One = {notifyReply, #'NotifyReply'{terminationID = [id(Name)]}},
    #'ActionReply'{contextId = 0, commandReply = lists:duplicate(Count, One)}.

notify(Name) ->
    Event = #'ObservedEvent'{eventName = "al/of", eventParList = []},
    Notify = #'NotifyRequest'{terminationID = [id(Name)],
                              observedEventsDescriptor = #'ObservedEventsDescriptor'{requestId = 1,
                                                                                      observedEventLst = [Event]}},
    #'ActionRequest'{contextId = 0, commandRequests = [#'CommandRequest'{command = {notifyReq, Notify}}]}.
