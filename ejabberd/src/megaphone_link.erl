%% One link: reads its frames, greets, and hands what arrives to the sessions. Writing is megaphone_writer's, the table of
%% connections megaphone_conn's. This process is what the sessions watch: when it ends, they do.
%%
%%   accepted --HELLO--> up --socket lost--> lost --same appliance comes back--> up
%%                                           lost --resume_timeout--> gone, and its sessions with it
-module(megaphone_link).
-behaviour(gen_server).

-export([start/2, start_link/2, accept/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).

-include_lib("kernel/include/logger.hrl").

-record(state, {socket       :: inet:socket() | lost,
                options      :: map(),
                phase = accepted :: accepted | up | lost,
                buffer = <<>> :: binary(),
                writer       :: pid() | undefined,
                table        :: ets:tid() | undefined,
                peer         :: undefined | binary(),  % the appliance's name
                epoch = 0    :: non_neg_integer(),   % ours to choose; 0: nothing is kept
                received = 0 :: non_neg_integer(),   % number of the last numbered frame that came
                acknowledged = 0 :: non_neg_integer(),
                heard = true :: boolean(),           % something came since the last look
                silent = 0   :: non_neg_integer(),   % looks without
                looks = 0    :: non_neg_integer(),   % looks since the last sweep
                ack_timer    :: undefined | reference(),
                timer        :: undefined | reference()}).

-define(HELLO_TIMEOUT_MS, 5000).
-define(ACK_EVERY_FRAMES, 256).
-define(ACK_DELAY_MS, 50).
%% PING after this long without a frame; the link is lost after three times as long.
-define(LIVENESS_MS, 10000).
%% Every so many looks, sessions that were killed are swept out.
-define(SWEEP_LOOKS, 6).
%% The supervisor waits five seconds for a link.
-define(GOODBYE_LOOK_MS, 200).
-define(GOODBYE_LOOKS, 20).
-define(ACTIVE_READS, 100).
-define(READ_BYTES, 262144).
-define(MAX_FRAME, 1048576).
-define(ROLE_APPLIANCE, 0).
-define(ROLE_BACKEND, 1).
%% Reasons of the link protocol.
-define(SHUTDOWN, 1).
-define(EXHAUSTED, 8).
-define(PROTOCOL, 11).
-define(VERSION, 12).
-define(NOT_AUTHORISED, 13).
-define(UNKNOWN_CONNECTION, 16).
-define(DUPLICATE_CONNECTION, 17).

start(Socket, Options) -> gen_server:start(?MODULE, {Socket, Options}, spawn_options()).
start_link(Socket, Options) -> gen_server:start_link(?MODULE, {Socket, Options}, spawn_options()).

spawn_options() ->
    [{spawn_opt, [{message_queue_data, off_heap}, {fullsweep_after, 20}]}].

%% The socket is ours now.
accept(Link) -> gen_server:cast(Link, accept).

init({Socket, Options}) ->
    process_flag(trap_exit, true),
    {ok, #state{socket = Socket, options = Options}}.

handle_cast(accept, #state{socket = Socket, options = Options} = State) ->
    case inet:peername(Socket) of
        {ok, Peer} ->
            case trusted(Peer, maps:get(token, Options)) of
                true ->
                    listen_for_hello(State);
                false ->
                    ?LOG_WARNING("megaphone: a link from ~tp without a token is refused: give the listener a token", [Peer]),
                    {stop, normal, State}
            end;
        {error, _} ->
            {stop, normal, State}
    end;
handle_cast(_, State) ->
    {noreply, State}.

trusted(_, Token) when Token =/= <<>> -> true;
trusted({local, _}, _) -> true;
trusted({{127, _, _, _}, _}, _) -> true;
trusted({{0, 0, 0, 0, 0, 0, 0, 1}, _}, _) -> true;
trusted({{0, 0, 0, 0, 0, 16#ffff, Word, _}, _}, _) -> Word bsr 8 =:= 127;
trusted(_, _) -> false.

listen_for_hello(#state{socket = Socket} = State) ->
    _ = inet:setopts(Socket, [{nodelay, true}]),    % a Unix socket has no such option
    case inet:setopts(Socket, [{packet, raw}, {buffer, ?READ_BYTES}, {send_timeout, infinity}, {active, ?ACTIVE_READS}]) of
        ok -> {noreply, State#state{timer = erlang:start_timer(?HELLO_TIMEOUT_MS, self(), hello)}};
        {error, _} -> {stop, normal, State}
    end.

%% Another link process read a HELLO that names our epoch, and gives us its socket.
handle_call({adopt, Socket, #{name := Name, resume := Resume}}, _From,
            #state{peer = Name, socket = Former, phase = Phase} = State) when Phase =:= lost; Phase =:= up ->
    is_port(Former) andalso gen_tcp:close(Former),
    cancel(State#state.timer),
    Greeting = megaphone_proto:encode(hello_ok, 0, 0, 0, greeting(State)),
    ok = megaphone_writer:resume(State#state.writer, Socket, {Greeting, Resume}),
    _ = inet:setopts(Socket, [{active, ?ACTIVE_READS}]),
    ?LOG_NOTICE("megaphone: link ~ts resumed", [name(State)]),
    {reply, ok, watch(State#state{socket = Socket, phase = up, buffer = <<>>, acknowledged = State#state.received})};
handle_call(_, _, State) ->
    {reply, {error, unknown}, State}.

handle_info({tcp, Socket, Data}, #state{socket = Socket, buffer = Buffer} = State) ->
    frames(case Buffer of <<>> -> Data; _ -> <<Buffer/binary, Data/binary>> end, State);
handle_info({tcp_passive, Socket}, #state{socket = Socket} = State) ->
    _ = inet:setopts(Socket, [{active, ?ACTIVE_READS}]),
    {noreply, State};
handle_info({tcp_closed, Socket}, #state{socket = Socket} = State) ->
    lost(closed, State);
handle_info({tcp_error, Socket, Reason}, #state{socket = Socket} = State) ->
    lost(Reason, State);
handle_info({megaphone_write_failed, Socket, Reason}, #state{socket = Socket} = State) ->
    gen_tcp:close(Socket),
    lost(Reason, State);
handle_info(megaphone_replay_full, #state{phase = lost} = State) ->
    ?LOG_WARNING("megaphone: link ~ts is given up: more than replay_bytes_max waits for it", [name(State)]),
    {stop, normal, State};
handle_info({timeout, Timer, acknowledge}, #state{ack_timer = Timer} = State) ->
    {noreply, acknowledge(State#state{ack_timer = undefined})};
handle_info({timeout, Timer, What}, #state{timer = Timer} = State) ->
    timeout(What, State#state{timer = undefined});
handle_info({'EXIT', Writer, Reason}, #state{writer = Writer} = State) ->
    {stop, Reason, State};
handle_info(_, State) ->
    {noreply, State}.

timeout(hello, State) ->
    ?LOG_WARNING("megaphone: no HELLO within ~b ms", [?HELLO_TIMEOUT_MS]),
    {stop, normal, State};
timeout(liveness, #state{heard = true} = State) ->
    {noreply, watch(sweep(State))};
timeout(liveness, #state{silent = 2, socket = Socket} = State) ->
    gen_tcp:close(Socket),
    lost(unresponsive, State);
timeout(liveness, #state{silent = Silent, writer = Writer} = State) ->
    megaphone_writer:frame(Writer, ping, 0, <<Silent:64>>),
    {noreply, (watch(sweep(State)))#state{silent = Silent + 1}};
timeout(gone, State) ->
    ?LOG_WARNING("megaphone: link ~ts did not come back", [name(State)]),
    {stop, normal, State}.

sweep(#state{looks = Looks, table = Table, writer = Writer} = State) when Looks + 1 >= ?SWEEP_LOOKS ->
    _ = spawn(megaphone_conn, sweep, [Table, Writer]),
    State#state{looks = 0};
sweep(#state{looks = Looks} = State) ->
    State#state{looks = Looks + 1}.

terminate(Reason, #state{socket = Socket, writer = Writer, table = Table, phase = Phase}) ->
    case Phase =:= up andalso shutting_down(Reason) of
        true ->
            await_goodbyes(Table, megaphone_conn:open_sessions(Table), ?GOODBYE_LOOKS),
            megaphone_writer:frame(Writer, close, 0, <<?SHUTDOWN:16>>);
        false -> ok
    end,
    megaphone_conn:unregister_link(self()),
    is_pid(Writer) andalso megaphone_writer:stop(Writer),
    is_port(Socket) andalso gen_tcp:close(Socket),
    ok.

shutting_down(shutdown) -> true;
shutting_down({shutdown, _}) -> true;
shutting_down(_) -> false.

%% ejabberd stops, and has told its sessions: they have a word for their clients. Waits as long as some of them end.
await_goodbyes(Table, Open, Looks) when Open > 0, Looks > 0 ->
    timer:sleep(?GOODBYE_LOOK_MS),
    case megaphone_conn:open_sessions(Table) of
        Open -> ok;
        Fewer -> await_goodbyes(Table, Fewer, Looks - 1)
    end;
await_goodbyes(_, _, _) ->
    ok.

lost(Reason, #state{phase = up, epoch = Epoch, options = #{resume_timeout := Seconds}} = State) when Epoch > 0 ->
    ?LOG_WARNING("megaphone: link ~ts lost (~tp); its ~b sessions wait ~b s for it",
                 [name(State), Reason, megaphone_conn:sessions(State#state.table), Seconds]),
    ok = megaphone_writer:lost(State#state.writer),
    cancel(State#state.timer),
    {noreply, State#state{socket = lost, phase = lost, buffer = <<>>,
                          timer = erlang:start_timer(Seconds * 1000, self(), gone)}};
lost(Reason, #state{phase = up} = State) ->
    ?LOG_WARNING("megaphone: link ~ts lost (~tp), and its ~b sessions with it",
                 [name(State), Reason, megaphone_conn:sessions(State#state.table)]),
    {stop, normal, State#state{socket = lost}};
lost(_Reason, State) ->
    {stop, normal, State#state{socket = lost}}.

%% Cuts the stream into frames.
frames(<<Length:32, Frame:Length/binary, Rest/binary>>, State) when Length >= 12, Length =< ?MAX_FRAME + 12 ->
    case frame(megaphone_proto:decode(Frame), State) of
        {ok, State1} -> frames(Rest, State1);
        {handed_over, State1} -> {stop, normal, State1#state{socket = lost}};
        {closed, Text, State1} ->
            ?LOG_NOTICE("megaphone: the appliance closes link ~ts: ~ts", [name(State1), Text]),
            {stop, normal, State1};
        {stop, Code, Text, State1} -> goodbye(Code, Text, State1)
    end;
frames(<<Length:32, _/binary>>, State) when Length < 12; Length > ?MAX_FRAME + 12 ->
    goodbye(?PROTOCOL, io_lib:format("a frame of length ~b", [Length]), State);
frames(Rest, State) ->
    {noreply, State#state{buffer = Rest}}.

goodbye(Code, Text, #state{writer = Writer} = State) when is_pid(Writer) ->
    ?LOG_WARNING("megaphone: closing link ~ts: ~ts", [name(State), Text]),
    megaphone_writer:frame(Writer, close, 0, [<<Code:16>>, Text]),
    {stop, normal, State};
goodbye(Code, Text, #state{socket = Socket} = State) ->
    ?LOG_WARNING("megaphone: closing link ~ts: ~ts", [name(State), Text]),
    Frame = iolist_to_binary(megaphone_proto:encode(close, 0, 0, 0, [<<Code:16>>, Text])),
    _ = gen_tcp:send(Socket, [<<(byte_size(Frame)):32>>, Frame]),
    {stop, normal, State}.

frame({hello, _, _, 0, Payload}, #state{phase = accepted} = State) ->
    case megaphone_proto:decode_hello(Payload) of
        {ok, Hello} -> hello(Hello, State);
        {error, {version, Version}} -> {stop, ?VERSION, io_lib:format("link protocol version ~b", [Version]), State};
        {error, Reason} -> {stop, ?PROTOCOL, atom_to_list(Reason), State}
    end;
frame(_, #state{phase = accepted} = State) ->
    {stop, ?PROTOCOL, "the first frame is not HELLO", State};
frame({Type, Flags, Aux, Conn, Payload}, #state{phase = up} = State) ->
    Heard = State#state{heard = true},
    case megaphone_proto:numbered(Type) of
        true -> dispatch(Type, Flags, Aux, Conn, Payload, count(Heard));
        false -> dispatch(Type, Flags, Aux, Conn, Payload, Heard)
    end.

hello(#{role := Role}, State) when Role =/= ?ROLE_APPLIANCE ->
    {stop, ?PROTOCOL, "not an appliance", State};
hello(#{token := Token, epoch := Epoch, ack := Ack, name := Name} = Hello, #state{options = Options} = State) ->
    case maps:get(token, Options) of
        Expected when Expected =:= <<>>; Expected =:= Token ->
            ok = megaphone_conn:init(),
            case megaphone_conn:link_of_epoch(Epoch, Name) of
                {ok, Link} when Ack -> hand_over(Link, Hello, State);
                _ -> {ok, greet(Hello, State)}
            end;
        _ ->
            {stop, ?NOT_AUTHORISED, "wrong token", State}
    end.

%% The link that this socket continues takes it; if that link has just ended, a new one begins.
hand_over(Link, Hello, #state{socket = Socket} = State) ->
    _ = inet:setopts(Socket, [{active, false}]),
    try
        ok = gen_tcp:controlling_process(Socket, Link),
        ok = gen_server:call(Link, {adopt, Socket, Hello}),
        {handed_over, State}
    catch
        _:_ -> {handed_over, State}    % it ended, and the socket with it: the appliance comes again
    end.

greet(#{name := Name, ack := Ack, max_frame := PayloadMax}, #state{socket = Socket, options = Options} = State) ->
    cancel(State#state.timer),
    {ok, Writer} = megaphone_writer:start_link(Socket, maps:get(replay_bytes_max, Options)),
    Table = megaphone_conn:register_link(self(), Writer, PayloadMax),
    Epoch = case Ack andalso maps:get(resume_timeout, Options) > 0 of
                true ->
                    megaphone_writer:keep(Writer),
                    megaphone_conn:register_epoch(self(), Name);
                false -> 0
            end,
    State1 = watch(State#state{phase = up, writer = Writer, table = Table, peer = Name, epoch = Epoch}),
    megaphone_writer:frame(Writer, hello_ok, 0, greeting(State1)),
    ?LOG_NOTICE("megaphone: link ~ts is up", [name(State1)]),
    State1.

greeting(#state{epoch = Epoch, received = Received}) ->
    Resume = case Epoch of 0 -> 0; _ -> Received end,
    megaphone_proto:hello(#{role => ?ROLE_BACKEND, ack => Epoch > 0, max_frame => ?MAX_FRAME, epoch => Epoch,
                            resume => Resume, name => atom_to_binary(node()), token => <<>>}).

%% Looks again in a while whether the appliance is still there.
watch(State) ->
    State#state{heard = false, silent = 0, timer = erlang:start_timer(?LIVENESS_MS, self(), liveness)}.

dispatch(data, Flags, _, Conn, Payload, #state{table = Table} = State) ->
    case megaphone_conn:pid(Table, Conn) of
        {ok, Pid} -> Pid ! {megaphone, Flags band 1, Payload};
        closed -> ok;
        error -> reset(Conn, ?UNKNOWN_CONNECTION, State)
    end,
    {ok, State};
dispatch(open, _, _, 0, _, State) ->
    {stop, ?PROTOCOL, "OPEN for connection 0", State};
dispatch(open, _, Aux, Conn, Payload, State) ->
    {ok, open(Conn, Aux * 1024, megaphone_proto:decode_peer(Payload), State)};
dispatch(close, _, _, 0, Payload, State) ->
    {_, Text} = megaphone_proto:reason(Payload),
    {closed, Text, State};
dispatch(close, _, _, Conn, _, #state{table = Table} = State) ->
    case megaphone_conn:peer_closed(Table, Conn) of
        {ok, Pid} -> Pid ! {tcp_closed, Conn};
        closed -> ok;
        error -> ok
    end,
    {ok, State};
dispatch(reset, _, _, Conn, _, #state{table = Table} = State) ->
    case megaphone_conn:peer_reset(Table, Conn) of
        {ok, Pid} -> Pid ! {tcp_closed, Conn};
        error -> ok
    end,
    {ok, State};
dispatch(credit, _, _, Conn, <<Bytes:32, _/binary>>, #state{table = Table} = State) ->
    megaphone_conn:credit(Table, Conn, Bytes),
    {ok, State};
dispatch(ack, _, _, _, Payload, #state{writer = Writer, epoch = Epoch} = State) when Epoch > 0 ->
    case megaphone_proto:ranges(Payload) of
        {ok, Ranges} -> megaphone_writer:acknowledge(Writer, Ranges), {ok, State};
        {error, malformed} -> {stop, ?PROTOCOL, "a malformed ACK", State}
    end;
dispatch(ping, _, _, _, <<Bytes:8/binary, _/binary>>, #state{writer = Writer} = State) ->
    megaphone_writer:frame(Writer, pong, 0, Bytes),
    {ok, State};
dispatch(drain, _, _, _, _, State) ->
    ?LOG_NOTICE("megaphone: the appliance of link ~ts is shutting down", [name(State)]),
    {ok, State};
dispatch(Type, _, _, _, _, State) when Type =:= credit; Type =:= ack; Type =:= ping; Type =:= hello; Type =:= hello_ok ->
    {stop, ?PROTOCOL, io_lib:format("a misplaced or short ~ts", [Type]), State};
dispatch(_, _, _, _, _, State) ->
    {ok, State}.

open(Conn, Credit, {ok, Peer}, #state{table = Table, writer = Writer, options = Options} = State) ->
    case megaphone_conn:sessions(Table) >= maps:get(max_sessions, Options) of
        true ->
            reject(Conn, ?EXHAUSTED, <<"max_sessions">>, State);
        false ->
            Socket = megaphone_socket:new(self(), Conn, Peer, maps:get(stream_encrypted, Options)),
            {ok, Pid} = megaphone_session:start(Socket, Options),
            case megaphone_conn:open(Table, Conn, Pid, Credit) of
                true ->
                    megaphone_writer:frame(Writer, open_ok, Conn, <<(maps:get(session_credit, Options)):32>>),
                    megaphone_session:accept(Pid),
                    State;
                false ->
                    exit(Pid, kill),
                    reset(Conn, ?DUPLICATE_CONNECTION, State),
                    State
            end
    end;
open(Conn, _, {error, malformed}, State) ->
    reject(Conn, ?PROTOCOL, <<"OPEN without a PROXY v2 header">>, State).

reject(Conn, Code, Text, #state{writer = Writer} = State) ->
    megaphone_writer:frame(Writer, reject, Conn, [<<Code:16>>, Text]),
    State.

reset(Conn, Code, #state{writer = Writer}) ->
    megaphone_writer:frame(Writer, reset, Conn, <<Code:16>>).

%% A numbered frame came. Acknowledges now and then.
count(#state{epoch = 0} = State) ->
    State;
count(#state{received = Received, acknowledged = Done} = State) when Received + 1 - Done >= ?ACK_EVERY_FRAMES ->
    acknowledge(State#state{received = Received + 1});
count(#state{received = Received, ack_timer = undefined} = State) ->
    State#state{received = Received + 1, ack_timer = erlang:start_timer(?ACK_DELAY_MS, self(), acknowledge)};
count(#state{received = Received} = State) ->
    State#state{received = Received + 1}.

acknowledge(#state{received = Same, acknowledged = Same} = State) ->
    State;
acknowledge(#state{received = Last, acknowledged = Done, writer = Writer} = State) ->
    megaphone_writer:frame(Writer, ack, 0, megaphone_proto:encode_ranges([{Done + 1, Last}])),
    State#state{acknowledged = Last}.

cancel(undefined) -> ok;
cancel(Timer) -> erlang:cancel_timer(Timer), ok.

name(#state{peer = undefined}) -> "(unnamed)";
name(#state{peer = Name}) -> Name.
