#!/usr/bin/env escript
%% -*- erlang -*-
%%! -smp enable +P 400000 +Q 131072 -kernel logger_level error -noinput
%%
%% Erlang/OTP's megaco application as the other side: media gateways, or a media gateway controller.
%%
%%   megaco_peer.escript mgc [--option value ...]     listens and answers
%%   megaco_peer.escript mg  [--option value ...]     connects, registers, notifies, and answers
%%
%% It says what happens on standard output, a line each, and takes commands on standard input:
%%
%%   READY ADDR:PORT            mgc: it listens                  mg: all gateways are registered
%%   DONE ok=N failed=N ms=N    mg: all requests are answered    mgc: so are those of `call`
%%   STATS name=N ...           the answer to `stats`
%%   PROPERTY NAME HEX          with --tell properties: a property in a request, and its value as the codec gave it
%%
%%   stats                      count
%%   call N                     N rounds of Add, Modify, Subtract and AuditValue (mgc) or Notify (mg) on every connection
%%   quit                       end; so does the end of standard input
%%
%% Options: --host, --port, --transport tcp|udp, --encoding pretty|compact|ber|binary, --version 1-3, --connections N, --requests N (each),
%% --window N, --pending MS (answers come late and are announced), --slow all|but_registrations (which do), --ack true (answers ask for acknowledgements),
%% --parts N (answers have so many action replies), --actions N (requests have so many actions), --serialize true (messages of a
%% connection are taken one after the other), --tell nothing|properties, --name NAME, --set ITEM=VALUE (of megaco's user_info; repeatable).
-module(megaco_peer).
-mode(compile).
-behaviour(megaco_user).
-include_lib("megaco/include/megaco.hrl").
-include_lib("megaco/include/megaco_message_v1.hrl").

-export([main/1, send_message/2]).
-export([handle_connect/3, handle_connect/4, handle_disconnect/4, handle_syntax_error/4, handle_message_error/4,
         handle_trans_request/4, handle_trans_long_request/4, handle_trans_reply/5, handle_trans_ack/5,
         handle_unexpected_trans/4, handle_trans_request_abort/5, handle_segment_reply/6]).

-define(COUNTS, [requests, connects, disconnects, syntax_errors, message_errors, unexpected, acks, ack_failures, aborts, segments, segmented]).

main([Role | Options]) when Role =:= "mgc"; Role =:= "mg" ->
    Options1 = options(Options, #{role => list_to_atom(Role), host => "127.0.0.1", port => 2944, transport => tcp, encoding => pretty,
                                  version => 1, connections => 1, requests => 0, window => 1, pending => 0, slow => all, ack => false,
                                  parts => 1, actions => 1, serialize => false, tell => nothing, name => "", set => []}),
    Input = listen_to_input(self()),
    persistent_term:put(counts, counters:new(length(?COUNTS), [])),
    persistent_term:put(contexts, atomics:new(1, [])),
    persistent_term:put(options, Options1),
    ok = megaco:start(),
    case Role of
        "mgc" -> controller(Options1);
        "mg" -> gateways(Options1)
    end,
    commands(Input, Options1);
main(_) ->
    io:put_chars(standard_error, "usage: megaco_peer.escript mgc|mg [--option value ...], see the head of the file\n"),
    halt(64).

options(["--set", Text | Rest], Options = #{set := Set}) ->
    [Item, Value] = string:split(Text, "="),
    options(Rest, Options#{set := [{list_to_atom(Item), term(Value)} | Set]});
options(["--" ++ Name, Value | Rest], Options) ->
    Key = list_to_atom(Name),
    #{Key := Default} = Options,
    options(Rest, Options#{Key := like(Default, Value)});
options([], Options) ->
    Options.

like(Default, Value) when is_integer(Default) -> list_to_integer(Value);
like(Default, Value) when is_atom(Default) -> list_to_atom(Value);
like(_, Value) -> Value.

term(Text) ->
    {ok, Tokens, _} = erl_scan:string(Text ++ "."),
    {ok, Term} = erl_parse:parse_term(Tokens),
    Term.

say(Format, Arguments) -> io:format(Format ++ "~n", Arguments).

count(Name) -> counters:add(persistent_term:get(counts), place(Name, ?COUNTS, 1), 1).

place(Name, [Name | _], N) -> N;
place(Name, [_ | Rest], N) -> place(Name, Rest, N + 1).

option(Key) -> maps:get(Key, persistent_term:get(options)).

%% ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────

%% Standard input is read by a port: its end is seen at once.
listen_to_input(To) ->
    spawn_link(fun() ->
        Port = open_port({fd, 0, 1}, [in, eof, {line, 200}]),
        input(Port, To)
    end).

input(Port, To) ->
    receive
        {Port, {data, {eol, Line}}} -> To ! {command, Line}, input(Port, To);
        {Port, eof} -> halt(0)
    end.

commands(Input, Options) ->
    receive
        {command, "stats"} ->
            Counts = persistent_term:get(counts),
            Pairs = [io_lib:format(" ~s=~w", [Name, counters:get(Counts, place(Name, ?COUNTS, 1))]) || Name <- ?COUNTS],
            say("STATS~s", [Pairs]);
        {command, "call " ++ Rounds} ->
            traffic(all_connections(), list_to_integer(Rounds), Options);
        {command, "quit"} ->
            halt(0)
    end,
    commands(Input, Options).

all_connections() ->
    [Connection || User <- megaco:system_info(users), Connection <- megaco:user_info(User, connections)].

%% ── both sides ──────────────────────────────────────────────────────────────────────────────────────────────────────

start_user(Mid, Options = #{encoding := Encoding, transport := Transport, version := Version, set := Set}) ->
    Encoder = case Encoding of
                  pretty -> megaco_pretty_text_encoder;
                  compact -> megaco_compact_text_encoder;
                  ber -> megaco_ber_encoder;
                  %% The newer module for the same: the older one reads every version as the first, and so no segments.
                  binary -> megaco_binary_encoder
              end,
    Module = case {Transport, family(address(maps:get(host, Options)))} of
                 {tcp, _} -> megaco_tcp;
                 {udp, [inet6]} -> ?MODULE;
                 {udp, _} -> megaco_udp
             end,
    ok = megaco:start_user(Mid, [{user_mod, ?MODULE}, {user_args, [peer]}, {encoding_mod, Encoder}, {encoding_config, []},
                                 {send_mod, Module}, {protocol_version, Version},
                                 {request_timer, #megaco_incr_timer{wait_for = 1000, factor = 2, max_retries = 4}} | Set]),
    megaco:user_info(Mid, receive_handle).

address(Host) ->
    {ok, Address} = inet:parse_address(Host),
    Address.

family(Address) when tuple_size(Address) =:= 8 -> [inet6];
family(_) -> [inet].

controller(Options = #{host := Host, port := Port, transport := Transport, name := Name, serialize := Serialize}) ->
    Receive = start_user({deviceName, name(Name, "mgc")}, Options),
    Address = address(Host),
    Family = family(Address),
    case Transport of
        tcp ->
            {ok, Supervisor} = megaco_tcp:start_transport(),
            ok = megaco_tcp:listen(Supervisor, [{port, Port}, {receive_handle, Receive}, {serialize, Serialize},
                                                {tcp_options, Family ++ [{ip, Address}, {nodelay, true}, {backlog, 4096}]}]);
        udp ->
            {ok, Supervisor} = megaco_udp:start_transport(),
            {ok, _, _} = megaco_udp:open(Supervisor, [{port, Port}, {receive_handle, Receive}, {serialize, Serialize},
                                                      {udp_options, Family ++ [{ip, Address}, {recbuf, 4194304}]}])
    end,
    say("READY ~s:~w", [Host, Port]).

gateways(Options = #{connections := Count, transport := Transport, requests := Requests}) ->
    {ok, Supervisor} = case Transport of
                           tcp -> megaco_tcp:start_transport();
                           udp -> megaco_udp:start_transport()
                       end,
    Connections = [gateway(Number, Supervisor, Options) || Number <- lists:seq(1, Count)],
    say("READY ~s:~w", [maps:get(host, Options), maps:get(port, Options)]),
    Requests =:= 0 orelse traffic(Connections, Requests, Options).

gateway(Number, Supervisor, Options = #{host := Host, port := Port, transport := Transport, name := Name, serialize := Serialize}) ->
    Mid = {deviceName, name(Name, "emg") ++ integer_to_list(Number)},
    Receive = start_user(Mid, Options),
    Address = address(Host),
    Family = family(Address),
    {Send, Control} =
        case Transport of
            tcp ->
                {ok, Handle, Pid} = megaco_tcp:connect(Supervisor, [{host, Address}, {port, Port}, {receive_handle, Receive}, {serialize, Serialize},
                                                                    {tcp_options, Family ++ [{nodelay, true}]}]),
                {Handle, Pid};
            udp when Family =:= [inet6] ->
                {Socket, Pid} = open_udp(Receive),
                {{Socket, Address, Port}, Pid};
            udp ->
                {ok, Socket, Pid} = megaco_udp:open(Supervisor, [{port, 0}, {receive_handle, Receive}, {serialize, Serialize},
                                                           {udp_options, Family}]),
                {{socket_handle, Socket, Address, Port}, Pid}
        end,
    {ok, Preliminary} = megaco:connect(Receive, preliminary_mid, send_handle(Transport, Send), Control),
    case megaco:call(Preliminary, [service_change(Options)], []) of
        {_, {ok, [#'ActionReply'{} | _]}} -> ok;
        Other ->
            say("FAILED registration of ~p: ~0p", [Mid, Other]),
            halt(1)
    end,
    [Connection] = megaco:user_info(Mid, connections),
    Connection.

send_handle(udp, {socket_handle, Socket, Address, Port}) -> megaco_udp:create_send_handle(Socket, Address, Port);
send_handle(_, Handle) -> Handle.

%% A transport for datagrams over IPv6: OTP's own takes addresses of version 4 only.
open_udp(Receive) ->
    Parent = self(),
    Pid = spawn_link(fun() ->
        {ok, Socket} = gen_udp:open(0, [inet6, binary, {active, true}]),
        Parent ! {self(), Socket},
        take_datagrams(Socket, Receive)
    end),
    receive {Pid, Socket} -> {Socket, Pid} end.

take_datagrams(Socket, Receive) ->
    receive
        {udp, Socket, Address, Port, Bytes} ->
            megaco:receive_message(Receive, self(), {Socket, Address, Port}, Bytes),
            take_datagrams(Socket, Receive)
    end.

send_message({Socket, Address, Port}, Bytes) -> gen_udp:send(Socket, Address, Port, Bytes).

name("", Default) -> Default;
name(Name, _) -> Name.

%% `Rounds` requests on each connection, a window of them at the same time.
traffic(Connections, Rounds, #{window := Window, role := Role}) ->
    Begin = erlang:monotonic_time(millisecond),
    Parent = self(),
    Workers = [spawn_link(fun() -> Parent ! {done, self(), work(Connection, share(Rounds, Window, Slot), Role, 0, [])} end)
               || Connection <- Connections, Slot <- lists:seq(1, Window)],
    Results = [receive {done, Worker, Result} -> Result end || Worker <- Workers],
    Failures = lists:append([Failed || {_, Failed} <- Results]),
    Failures =:= [] orelse say("FAILURE ~0P", [hd(Failures), 40]),
    say("DONE ok=~w failed=~w ms=~w", [lists:sum([Ok || {Ok, _} <- Results]), length(Failures),
                                       erlang:monotonic_time(millisecond) - Begin]).

share(Rounds, Window, Slot) when Slot =< Rounds rem Window -> Rounds div Window + 1;
share(Rounds, Window, _) -> Rounds div Window.

work(_, 0, _, Ok, Failed) -> {Ok, Failed};
work(Connection, Rounds, Role, Ok0, Failed0) ->
    Requests = case Role of mg -> [notify()]; mgc -> [add(), modify(), subtract(), audit()] end,
    {Ok, Failed} = lists:foldl(
        fun(Request, {Good, Bad}) ->
            case megaco:call(Connection, lists:duplicate(option(actions), Request), []) of
                {_, {ok, [{_, _} | _]}} -> count(segmented), {Good + 1, Bad};
                {_, {ok, [_ | _]}} -> {Good + 1, Bad};
                Other -> {Good, [Other | Bad]}
            end
        end, {Ok0, Failed0}, Requests),
    work(Connection, Rounds - 1, Role, Ok, Failed).

%% ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────────

termination() -> #megaco_term_id{id = ["11111111", "00000000", "00000001"]}.

action(Context, Command) ->
    #'ActionRequest'{contextId = Context, commandRequests = [#'CommandRequest'{command = Command}]}.

%% Records of later versions have more fields behind those of version 1; none of them is used here.
later(Record, More) -> list_to_tuple(tuple_to_list(Record) ++ lists:duplicate(max(0, More), asn1_NOVALUE)).

service_change(#{version := Version}) ->
    Parm = #'ServiceChangeParm'{serviceChangeMethod = restart, serviceChangeVersion = Version,
                                serviceChangeProfile = #'ServiceChangeProfile'{profileName = "resgw", version = 1},
                                serviceChangeReason = ["901 Cold Boot"]},
    action(0, {serviceChangeReq, #'ServiceChangeRequest'{terminationID = [?megaco_root_termination_id],
                                                         serviceChangeParms = later(Parm, Version - 1)}}).

notify() ->
    Event = #'ObservedEvent'{eventName = "al/of", timeNotation = #'TimeNotation'{date = "20260101", time = "00000000"}},
    action(0, {notifyReq, #'NotifyRequest'{terminationID = [termination()],
                                           observedEventsDescriptor = #'ObservedEventsDescriptor'{
                                               requestId = 2222, observedEventLst = [Event]}}}).

add() -> action(?megaco_choose_context_id, {addReq, #'AmmRequest'{terminationID = [termination()], descriptors = []}}).
modify() -> action(1, {modReq, #'AmmRequest'{terminationID = [termination()], descriptors = []}}).
subtract() -> action(1, {subtractReq, #'SubtractRequest'{terminationID = [termination()]}}).

audit() ->
    Version = option(version),
    Descriptor = later(#'AuditDescriptor'{auditToken = [packagesToken]}, min(1, Version - 1)),
    Request = later(#'AuditRequest'{terminationID = termination(), auditDescriptor = Descriptor}, Version - 2),
    action(0, {auditValueRequest, Request}).

%% ── what megaco tells its user ──────────────────────────────────────────────────────────────────────────────────────

handle_connect(_, _, _) -> count(connects), ok.
handle_connect(_, _, _, _) -> count(connects), ok.
handle_disconnect(Connection, _, Reason, _) -> count(disconnects), megaco:cancel(Connection, Reason), ok.
handle_syntax_error(_, _, _, _) -> count(syntax_errors), reply.
handle_message_error(_, _, _, _) -> count(message_errors), ok.
handle_unexpected_trans(_, _, _, _) -> count(unexpected), ok.
handle_trans_request_abort(_, _, _, _, _) -> count(aborts), ok.
handle_segment_reply(_, _, _, _, _, _) -> count(segments), ok.
handle_trans_reply(_, _, _, _, _) -> ok.
handle_trans_ack(_, _, ok, _, _) -> count(acks), ok;
handle_trans_ack(_, _, _, _, _) -> count(ack_failures), ok.

handle_trans_request(_, Version, Actions, _) ->
    count(requests),
    option(tell) =:= properties andalso tell_properties(Actions),
    case option(pending) =:= 0 orelse (option(slow) =:= but_registrations andalso registers(Actions)) of
        true -> {wish(), replies(Actions, Version)};
        false -> {pending, {Version, Actions}}
    end.

tell_properties(#'PropertyParm'{name = Name, value = Value}) ->
    say("PROPERTY ~s ~s", [Name, [io_lib:format("~2.16.0b", [Byte]) || Byte <- lists:flatten(Value)]]);
tell_properties(Term) when is_tuple(Term) -> tell_properties(tuple_to_list(Term));
tell_properties([First | Rest]) -> tell_properties(First), tell_properties(Rest);
tell_properties(_) -> ok.

registers([#'ActionRequest'{commandRequests = [#'CommandRequest'{command = {serviceChangeReq, _}} | _]} | _]) -> true;
registers(_) -> false.

handle_trans_long_request(_, _, {Version, Actions}, _) ->
    timer:sleep(option(pending)),
    {wish(), replies(Actions, Version)}.

wish() ->
    case option(ack) of
        true -> {handle_ack, nothing};
        false -> discard_ack
    end.

replies(Actions, Version) ->
    Replies = [reply(Action, Version) || Action <- Actions],
    case option(parts) of
        1 -> Replies;
        Parts -> [Reply#'ActionReply'{contextId = Part} || Part <- lists:seq(1, Parts), Reply <- Replies]
    end.

reply(#'ActionRequest'{contextId = Context, commandRequests = Commands}, Version) ->
    Chosen = case Context of
                 ?megaco_choose_context_id -> atomics:add_get(persistent_term:get(contexts), 1, 1);
                 _ -> Context
             end,
    #'ActionReply'{contextId = Chosen, commandReply = [command(Command, Version) || #'CommandRequest'{command = Command} <- Commands]}.

command({serviceChangeReq, #'ServiceChangeRequest'{terminationID = Ids, serviceChangeParms = Parms}}, Version) ->
    Theirs = element(#'ServiceChangeParm'.serviceChangeVersion, Parms),
    Agreed = case Theirs of asn1_NOVALUE -> asn1_NOVALUE; _ -> min(Theirs, Version) end,
    Result = #'ServiceChangeResParm'{serviceChangeVersion = Agreed,
                                     serviceChangeProfile = element(#'ServiceChangeParm'.serviceChangeProfile, Parms)},
    {serviceChangeReply, #'ServiceChangeReply'{terminationID = Ids, serviceChangeResult = {serviceChangeResParms, Result}}};
command({notifyReq, #'NotifyRequest'{terminationID = Ids}}, _) ->
    {notifyReply, #'NotifyReply'{terminationID = Ids}};
command({addReq, #'AmmRequest'{terminationID = Ids}}, _) -> {addReply, changed(Ids)};
command({moveReq, #'AmmRequest'{terminationID = Ids}}, _) -> {moveReply, changed(Ids)};
command({modReq, #'AmmRequest'{terminationID = Ids}}, _) -> {modReply, changed(Ids)};
command({subtractReq, #'SubtractRequest'{terminationID = Ids}}, _) -> {subtractReply, changed(Ids)};
command({auditValueRequest, Request}, _) -> {auditValueReply, audited(Request)};
command({auditCapRequest, Request}, _) -> {auditCapReply, audited(Request)}.

changed(Ids) -> #'AmmsReply'{terminationID = [chosen(Id) || Id <- Ids]}.

chosen(#megaco_term_id{contains_wildcards = true}) -> termination();
chosen(Id) -> Id.

audited(Request) ->
    Id = element(#'AuditRequest'.terminationID, Request),
    {auditResult, #'AuditResult'{terminationID = Id, terminationAuditResult = []}}.
