%% The connections of the links: one public table per link, written by the link and by the sessions themselves, so that no
%% message has to pass the link process on its way out.
%%
%% A row lives from OPEN until both sides have sent CLOSE, or one RESET.
-module(megaphone_conn).

-export([init/0, own/0, drain/0]).
-export([register_link/3, unregister_link/1, register_epoch/2, link_of_epoch/2, links/0]).
-export([open/4, pid/2, send/3, close/3, peer_closed/2, peer_reset/2, credit/3, consumed/4, sessions/1, open_sessions/1, sweep/2]).

-record(conn, {id            :: pos_integer(),
               pid           :: pid(),
               tx            :: integer(),             % bytes we may still send
               rx = 0        :: non_neg_integer(),     % bytes dealt with and not yet given back as credit
               closed = 0    :: 0 | 1,                 % CLOSE sent
               peer_closed = 0 :: 0 | 1,               % CLOSE received
               waits = 0     :: 0 | 1}).               % the session waits for credit

%% {Link, Table, Writer, PayloadMax} and {{epoch, Epoch}, Link, Name}.
-define(LINKS, megaphone_links).
%% What sessions have in common; see megaphone_state.
-define(SHARED, megaphone_shared).
%% A client that takes nothing for this long loses its session, as with ejabberd's own sockets.
-define(SEND_TIMEOUT_MS, 15000).
-define(CREDIT_MAX, 16#ffffffff).
-define(SWEEP_ROWS, 1000).
-define(INTERNAL, 18).

%% ---- tables of the node ----

%% Makes the tables, once per node. Their owner ends never: ejabberd may stop and start again in the same node.
init() ->
    case ets:whereis(?LINKS) of
        undefined ->
            {Owner, Monitor} = spawn_monitor(?MODULE, own, []),
            %% It is ready, or gone because another link was faster.
            Owner ! {self(), Monitor},
            receive
                {Monitor, ready} -> erlang:demonitor(Monitor, [flush]), ok;
                {'DOWN', Monitor, process, Owner, _} -> ok
            end;
        _ ->
            ok
    end.

own() ->
    try
        register(?LINKS, self()),
        ets:new(?SHARED, [named_table, public, {read_concurrency, true}]),
        ets:new(?LINKS, [named_table, public, {read_concurrency, true}])
    of
        _ -> receive {Pid, Monitor} -> Pid ! {Monitor, ready}, ok end
    catch
        error:badarg -> exit(normal)
    end,
    proc_lib:hibernate(timer, sleep, [infinity]).

%% Says DRAIN on every link: no new clients, please.
drain() ->
    lists:foreach(fun({_, Writer}) -> megaphone_writer:frame(Writer, drain, 0, <<0:32>>) end, links()).

%% ---- links ----

register_link(Link, Writer, PayloadMax) ->
    Table = ets:new(megaphone_connections, [public, {keypos, #conn.id}, {write_concurrency, true}, {read_concurrency, true}]),
    true = ets:insert(?LINKS, {Link, Table, Writer, PayloadMax}),
    Table.

unregister_link(Link) ->
    case ets:whereis(?LINKS) of
        undefined -> true;
        _ ->
            ets:match_delete(?LINKS, {{epoch, '_'}, Link, '_'}),
            ets:delete(?LINKS, Link)
    end.

%% A new epoch for a link whose state outlives its socket: random, so that it is never used twice.
register_epoch(Link, Name) ->
    <<Epoch:64>> = crypto:strong_rand_bytes(8),
    case Epoch > 0 andalso ets:insert_new(?LINKS, {{epoch, Epoch}, Link, Name}) of
        true -> Epoch;
        false -> register_epoch(Link, Name)
    end.

%% Only the appliance that began an epoch may take it up again.
link_of_epoch(Epoch, Name) ->
    case ets:lookup(?LINKS, {epoch, Epoch}) of
        [{_, Link, Name}] -> {ok, Link};
        _ -> error
    end.

links() ->
    case ets:whereis(?LINKS) of
        undefined -> [];
        _ -> [{Link, Writer} || {Link, _, Writer, _} <- ets:tab2list(?LINKS)]
    end.

sessions(Table) ->
    ets:info(Table, size).

%% Those that have not sent their CLOSE. Looks at every row.
open_sessions(Table) ->
    ets:select_count(Table, [{#conn{closed = 0, _ = '_'}, [], [true]}]).

%% ---- connections ----

%% True unless the id is in use.
open(Table, Conn, Pid, Credit) ->
    ets:insert_new(Table, #conn{id = Conn, pid = Pid, tx = Credit}).

pid(Table, Conn) ->
    case ets:lookup(Table, Conn) of
        [#conn{closed = 1}] -> closed;
        [#conn{pid = Pid}] ->
            case is_process_alive(Pid) of
                true -> {ok, Pid};
                false ->
                    %% It was killed, or it would have sent its CLOSE.
                    ets:delete(Table, Conn),
                    error
            end;
        [] -> error
    end.

%% Called by the session. Sends all of it, waiting for credit where there is none: ejabberd's streams expect a
%% blocking send, and a client that does not read holds up nobody but its own session.
-spec send(pid(), pos_integer(), iodata()) -> ok | {error, closed | timeout}.
send(Link, Conn, Data) ->
    case ets:lookup(?LINKS, Link) of
        [Row] -> send(Row, Conn, Data, iolist_size(Data));
        [] -> {error, closed}
    end.

send({Link, Table, Writer, PayloadMax} = Row, Conn, Data, Size) ->
    case take_credit(Table, Conn, min(Size, PayloadMax)) of
        Size ->
            megaphone_writer:data(Writer, Conn, last, Data);
        0 ->
            case wait_for_credit(Link, Table, Conn) of
                ok -> send(Row, Conn, Data, Size);
                Error -> Error
            end;
        Some when is_integer(Some) ->
            <<Now:Some/binary, Later/binary>> = iolist_to_binary(Data),
            megaphone_writer:data(Writer, Conn, more, Now),
            send(Row, Conn, Later, Size - Some);
        closed ->
            {error, closed}
    end.

%% As much of Size as there is credit for.
take_credit(Table, Conn, Size) ->
    try ets:update_counter(Table, Conn, [{#conn.tx, -Size}, {#conn.closed, 0}]) of
        [Left, 0] when Left >= 0 -> Size;
        [Left, 0] ->
            Some = max(0, Left + Size),
            _ = ets:update_counter(Table, Conn, {#conn.tx, Size - Some}),
            Some;
        [_, 1] -> closed
    catch
        error:badarg -> closed
    end.

wait_for_credit(Link, Table, Conn) ->
    try ets:update_element(Table, Conn, {#conn.waits, 1}) of
        false -> {error, closed};
        true ->
            %% Credit may have come between the two looks.
            case ets:lookup(Table, Conn) of
                [#conn{tx = Credit}] when Credit > 0 -> ok;
                [#conn{peer_closed = 1}] -> {error, closed};
                [] -> {error, closed};
                _ -> credit_or_end(Link, Conn)
            end
    catch
        error:badarg -> {error, closed}
    end.

credit_or_end(Link, Conn) ->
    receive
        {megaphone_credit, Conn} -> ok;
        {'DOWN', _, process, Link, _} = Down ->
            self() ! Down,
            {error, closed}
    after ?SEND_TIMEOUT_MS -> {error, timeout}
    end.

%% Called by the session: sends CLOSE, once.
close(Link, Conn, Reason) ->
    case ets:lookup(?LINKS, Link) of
        [{_, Table, Writer, _}] -> close(Table, Writer, Conn, Reason);
        [] -> ok
    end.

close(Table, Writer, Conn, Reason) ->
    try ets:update_counter(Table, Conn, [{#conn.closed, 0}, {#conn.closed, 1, 1, 1}, {#conn.peer_closed, 0}]) of
        [1, 1, _] ->
            ok;
        [0, 1, PeerClosed] ->
            megaphone_writer:frame(Writer, close, Conn, <<Reason:16>>),
            PeerClosed =:= 1 andalso ets:delete(Table, Conn),
            ok
    catch
        error:badarg -> ok
    end.

%% CLOSE came. Says whose session that was, if it is still there.
peer_closed(Table, Conn) ->
    try ets:update_counter(Table, Conn, [{#conn.peer_closed, 1, 1, 1}, {#conn.closed, 0}]) of
        [1, 1] ->
            ets:delete(Table, Conn),
            closed;
        [1, 0] ->
            [#conn{pid = Pid} = Row] = ets:lookup(Table, Conn),
            wake(Row),
            {ok, Pid}
    catch
        error:badarg -> error
    end.

%% RESET came.
peer_reset(Table, Conn) ->
    case ets:take(Table, Conn) of
        [#conn{pid = Pid} = Row] ->
            wake(Row),
            {ok, Pid};
        [] -> error
    end.

%% A session that waits for credit looks again.
wake(#conn{waits = 1, pid = Pid, id = Conn}) -> Pid ! {megaphone_credit, Conn}, ok;
wake(_) -> ok.

%% CREDIT came.
credit(Table, Conn, Bytes) ->
    try ets:update_counter(Table, Conn, [{#conn.tx, Bytes, ?CREDIT_MAX, ?CREDIT_MAX}, {#conn.waits, 0}]) of
        [_, 0] -> ok;
        [_, 1] ->
            [Row] = ets:lookup(Table, Conn),
            true = ets:update_element(Table, Conn, {#conn.waits, 0}),
            wake(Row#conn{waits = 1})
    catch
        error:badarg -> ok
    end.

%% Called by the session when it has dealt with bytes of its client: gives them back as credit, half a window at a time.
consumed(Link, Conn, Bytes, Window) ->
    case ets:lookup(?LINKS, Link) of
        [{_, Table, Writer, _}] ->
            try ets:update_counter(Table, Conn, {#conn.rx, Bytes}) of
                Sum when Sum * 2 >= Window ->
                    _ = ets:update_counter(Table, Conn, {#conn.rx, -Sum}),
                    megaphone_writer:frame(Writer, credit, Conn, <<Sum:32>>);
                _ -> ok
            catch
                error:badarg -> ok
            end;
        [] -> ok
    end.

%% Ends the connections of sessions that were killed and so could not say CLOSE. Runs beside the link, a few rows at a time.
sweep(Table, Writer) ->
    try
        true = ets:safe_fixtable(Table, true),
        sweep_rows(Table, Writer, ets:select(Table, [{#conn{id = '$1', pid = '$2', closed = 0, _ = '_'}, [], [{{'$1', '$2'}}]}],
                                             ?SWEEP_ROWS)),
        true = ets:safe_fixtable(Table, false)
    catch
        error:badarg -> ok    % the link is gone, and its table with it
    end.

sweep_rows(_, _, '$end_of_table') ->
    ok;
sweep_rows(Table, Writer, {Rows, Next}) ->
    _ = [close(Table, Writer, Conn, ?INTERNAL) || {Conn, Pid} <- Rows, not is_process_alive(Pid)],
    erlang:yield(),
    sweep_rows(Table, Writer, ets:select(Next)).
