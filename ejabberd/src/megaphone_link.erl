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
                ack_timer    :: undefined | reference(),
                timer        :: undefined | reference()}).

-define(HELLO_TIMEOUT_MS, 10000).
-define(ACK_EVERY_FRAMES, 256).
-define(ACK_DELAY_MS, 50).
%% PING after this long without a frame; the link is lost after three times as long.
-define(LIVENESS_MS, 10000).
-define(ACTIVE_READS, 100).
-define(MAX_FRAME, 1048576).
-define(ROLE_APPLIANCE, 0).
-define(ROLE_BACKEND, 1).
%% Reasons of the link protocol.
-define(PROTOCOL, 11).
-define(VERSION, 12).
-define(NOT_AUTHORISED, 13).
-define(UNKNOWN_CONNECTION, 16).
-define(DUPLICATE_CONNECTION, 17).
-define(EXHAUSTED, 8).

start(Socket, Options) -> gen_server:start(?MODULE, {Socket, Options}, []).
start_link(Socket, Options) -> gen_server:start_link(?MODULE, {Socket, Options}, []).

%% The socket is ours now.
accept(Link) -> gen_server:cast(Link, accept).

init({Socket, Options}) ->
    process_flag(trap_exit, true),
    {ok, #state{socket = Socket, options = Options}}.

handle_cast(accept, #state{socket = Socket} = State) ->
    ok = inet:setopts(Socket, [{packet, raw}, {nodelay, true}, {buffer, 262144}, {recbuf, 1048576},
                               {send_timeout, infinity}, {active, ?ACTIVE_READS}]),
    {noreply, State#state{timer = erlang:start_timer(?HELLO_TIMEOUT_MS, self(), hello)}};
handle_cast(_, State) ->
    {noreply, State}.

%% Another link process read a HELLO that names our epoch, and gives us its socket.
handle_call({adopt, Socket, #{name := Name, resume := Resume}, Buffer}, _From,
            #state{peer = Name, socket = Former, phase = Phase} = State) when Phase =:= lost; Phase =:= up ->
    is_port(Former) andalso gen_tcp:close(Former),
    cancel(State#state.timer),
    Greeting = megaphone_proto:encode(hello_ok, 0, 0, 0, greeting(State)),
    ok = megaphone_writer:resume(State#state.writer, Socket, {Greeting, Resume}),
    ok = inet:setopts(Socket, [{active, ?ACTIVE_READS}]),
    ?LOG_NOTICE("megaphone: link ~ts resumed", [name(State)]),
    self() ! {megaphone_buffered, Buffer},
    {reply, ok, watch(State#state{socket = Socket, phase = up, buffer = <<>>, acknowledged = State#state.received})};
handle_call(_, _, State) ->
    {reply, {error, unknown}, State}.

handle_info({tcp, Socket, Data}, #state{socket = Socket, buffer = Buffer} = State) ->
    frames(case Buffer of <<>> -> Data; _ -> <<Buffer/binary, Data/binary>> end, State);
handle_info({megaphone_buffered, Data}, #state{buffer = Buffer} = State) ->
    frames(<<Data/binary, Buffer/binary>>, State);
handle_info({tcp_passive, Socket}, #state{socket = Socket} = State) ->
    ok = inet:setopts(Socket, [{active, ?ACTIVE_READS}]),
    {noreply, State};
handle_info({tcp_closed, Socket}, #state{socket = Socket} = State) ->
    lost(closed, State);
handle_info({tcp_error, Socket, Reason}, #state{socket = Socket} = State) ->
    lost(Reason, State);
handle_info({megaphone_write_failed, Socket, Reason}, #state{socket = Socket} = State) ->
    gen_tcp:close(Socket),
    lost(Reason, State);
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
    {noreply, watch(State)};
timeout(liveness, #state{silent = 2, socket = Socket} = State) ->
    gen_tcp:close(Socket),
    lost(unresponsive, State);
timeout(liveness, #state{silent = Silent, writer = Writer} = State) ->
    megaphone_writer:frame(Writer, ping, 0, <<Silent:64>>),
    {noreply, (watch(State))#state{silent = Silent + 1}};
timeout(gone, State) ->
    ?LOG_WARNING("megaphone: link ~ts did not come back", [name(State)]),
    {stop, normal, State}.

terminate(_Reason, #state{socket = Socket, writer = Writer}) ->
    megaphone_conn:unregister_link(self()),
    is_pid(Writer) andalso megaphone_writer:stop(Writer),
    is_port(Socket) andalso gen_tcp:close(Socket),
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

goodbye(Code, Text, #state{socket = Socket} = State) ->
    ?LOG_WARNING("megaphone: closing link ~ts: ~ts", [name(State), Text]),
    Frame = iolist_to_binary(megaphone_proto:encode(close, 0, 0, 0, [<<Code:16>>, Text])),
    is_port(Socket) andalso gen_tcp:send(Socket, [<<(byte_size(Frame)):32>>, Frame]),
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
hello(#{token := Token, epoch := Epoch, ack := Ack} = Hello, #state{options = Options} = State) ->
    case maps:get(token, Options, <<>>) of
        Expected when Expected =:= <<>>; Expected =:= Token ->
            ok = megaphone_conn:init(),
            case megaphone_conn:link_of_epoch(Epoch) of
                {ok, Link} when Ack -> hand_over(Link, Hello, State);
                _ -> greet(Hello, State)
            end;
        _ ->
            {stop, ?NOT_AUTHORISED, "wrong token", State}
    end.

hand_over(Link, Hello, #state{socket = Socket} = State) ->
    ok = inet:setopts(Socket, [{active, false}]),
    ok = gen_tcp:controlling_process(Socket, Link),
    case catch gen_server:call(Link, {adopt, Socket, Hello, State#state.buffer}) of
        ok -> {handed_over, State};
        _ -> {handed_over, State}    % that link is gone, and the socket with it: the appliance comes again
    end.

greet(#{name := Name, ack := Ack}, #state{socket = Socket, options = Options} = State) ->
    cancel(State#state.timer),
    {ok, Writer} = megaphone_writer:start_link(Socket),
    Table = megaphone_conn:register_link(self(), Writer),
    Epoch = case Ack andalso maps:get(resume_timeout, Options, 0) > 0 of
                true ->
                    megaphone_writer:keep(Writer),
                    megaphone_conn:register_epoch(self());
                false -> 0
            end,
    State1 = watch(State#state{phase = up, writer = Writer, table = Table, peer = Name, epoch = Epoch}),
    megaphone_writer:frame(Writer, hello_ok, 0, greeting(State1)),
    ?LOG_NOTICE("megaphone: link ~ts is up", [name(State1)]),
    {ok, State1}.

greeting(#state{epoch = Epoch, received = Received}) ->
    Resume = case Epoch of 0 -> 0; _ -> Received end,
    megaphone_proto:hello(#{role => ?ROLE_BACKEND, ack => Epoch > 0, max_frame => ?MAX_FRAME, epoch => Epoch,
                            resume => Resume, name => atom_to_binary(node()), token => <<>>}).

%% Looks again in a while whether the appliance is still there.
watch(State) ->
    State#state{heard = false, silent = 0, timer = erlang:start_timer(?LIVENESS_MS, self(), liveness)}.

dispatch(open, _, Aux, Conn, Payload, State) ->
    {ok, open(Conn, Aux * 1024, megaphone_proto:decode_peer(Payload), State)};
dispatch(data, Flags, _, Conn, Payload, #state{table = Table} = State) ->
    case megaphone_conn:pid(Table, Conn) of
        {ok, Pid} -> Pid ! {megaphone, Flags band 1, Payload};
        closed -> ok;
        error -> reset(Conn, ?UNKNOWN_CONNECTION, State)
    end,
    {ok, State};
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
dispatch(ack, _, _, _, Payload, #state{writer = Writer} = State) ->
    case megaphone_proto:ranges(Payload) of
        {ok, Ranges} -> megaphone_writer:acknowledge(Writer, Ranges), {ok, State};
        {error, malformed} -> {stop, ?PROTOCOL, "a malformed ACK", State}
    end;
dispatch(ping, _, _, _, Payload, #state{writer = Writer} = State) ->
    megaphone_writer:frame(Writer, pong, 0, Payload),
    {ok, State};
dispatch(_, _, _, _, _, State) ->
    {ok, State}.

open(Conn, Credit, {ok, Peer}, #state{table = Table, writer = Writer, options = Options} = State) ->
    Full = case maps:get(max_sessions, Options, infinity) of
               infinity -> false;
               Max -> megaphone_conn:sessions(Table) >= Max
           end,
    case Full of
        true ->
            reject(Conn, ?EXHAUSTED, <<"max_sessions">>, State);
        false ->
            Socket = megaphone_socket:new(self(), Conn, Peer),
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
