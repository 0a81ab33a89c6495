%% The connections of the links: one public table per link, written by the link and by the sessions themselves, so that no
%% message has to pass the link process on its way out.
%%
%% A row lives from OPEN until both sides have sent CLOSE, or one RESET.
-module(megaphone_conn).

-export([init/0, register_link/2, unregister_link/1, register_epoch/1, link_of_epoch/1]).
-export([open/4, pid/2, send/3, close/2, peer_closed/2, peer_reset/2, credit/3, consumed/4, sessions/1]).

-record(conn, {id            :: pos_integer(),
               pid           :: pid(),
               tx            :: integer(),             % bytes we may still send
               rx = 0        :: non_neg_integer(),     % bytes dealt with and not yet given back as credit
               closed = 0    :: 0 | 1,                 % CLOSE sent
               peer_closed = 0 :: 0 | 1,               % CLOSE received
               waits = 0     :: 0 | 1}).               % the session waits for credit

-define(LINKS, megaphone_links).
%% A client that takes nothing for this long loses its session, as with ejabberd's own sockets.
-define(SEND_TIMEOUT_MS, 15000).

%% Makes the table of links, once per node. Whoever is first owns it for good.
init() ->
    case ets:whereis(?LINKS) of
        undefined ->
            Self = self(),
            Owner = spawn(fun() -> own_links(Self) end),
            receive {Owner, ready} -> ok after 5000 -> error(no_link_table) end;
        _ ->
            ok
    end.

own_links(Parent) ->
    try
        ets:new(?LINKS, [named_table, public, {read_concurrency, true}]),
        ets:new(megaphone_shared, [named_table, public, {read_concurrency, true}]),
        register(?LINKS, self())
    of
        true -> Parent ! {self(), ready}, receive stop -> ok end
    catch
        error:badarg -> Parent ! {self(), ready}    % another link was faster
    end.

register_link(Link, Writer) ->
    Table = ets:new(megaphone_connections, [public, {keypos, #conn.id}, {write_concurrency, true}, {read_concurrency, true}]),
    true = ets:insert(?LINKS, {Link, Table, Writer}),
    Table.

unregister_link(Link) ->
    case ets:whereis(?LINKS) of
        undefined -> true;
        _ ->
            ets:match_delete(?LINKS, {{epoch, '_'}, Link}),
            ets:delete(?LINKS, Link)
    end.

%% A new epoch for a link whose state outlives its socket: random, so that it is never used twice.
register_epoch(Link) ->
    <<Epoch:64>> = crypto:strong_rand_bytes(8),
    case Epoch > 0 andalso ets:insert_new(?LINKS, {{epoch, Epoch}, Link}) of
        true -> Epoch;
        false -> register_epoch(Link)
    end.

link_of_epoch(Epoch) ->
    case ets:lookup(?LINKS, {epoch, Epoch}) of
        [{_, Link}] -> {ok, Link};
        [] -> error
    end.

sessions(Table) ->
    ets:info(Table, size).

%% True unless the id is in use.
open(Table, Conn, Pid, Credit) ->
    ets:insert_new(Table, #conn{id = Conn, pid = Pid, tx = Credit}).

pid(Table, Conn) ->
    case ets:lookup(Table, Conn) of
        [#conn{closed = 1}] -> closed;
        [#conn{pid = Pid}] -> {ok, Pid};
        [] -> error
    end.

%% Called by the session. Sends all of it, waiting for credit where there is none: ejabberd's streams expect a
%% blocking send, and a client that does not read holds up nobody but its own session.
-spec send(pid(), pos_integer(), iodata()) -> ok | {error, closed | timeout}.
send(Link, Conn, Data) ->
    case ets:lookup(?LINKS, Link) of
        [{_, Table, Writer}] -> send(Table, Writer, Conn, Data, iolist_size(Data));
        [] -> {error, closed}
    end.

send(Table, Writer, Conn, Data, Size) ->
    try ets:update_counter(Table, Conn, [{#conn.tx, -Size}, {#conn.closed, 0}]) of
        [Left, 0] when Left >= 0 ->
            megaphone_writer:data(Writer, Conn, last, Data);
        [_, 1] ->
            {error, closed};
        [Left, 0] ->
            Available = max(0, Left + Size),
            _ = ets:update_counter(Table, Conn, {#conn.tx, Size - Available}),
            <<Now:Available/binary, Later/binary>> = iolist_to_binary(Data),
            Available > 0 andalso megaphone_writer:data(Writer, Conn, more, Now),
            case wait_for_credit(Table, Conn) of
                ok -> send(Table, Writer, Conn, Later, Size - Available);
                Error -> Error
            end
    catch
        error:badarg -> {error, closed}
    end.

wait_for_credit(Table, Conn) ->
    true = ets:update_element(Table, Conn, {#conn.waits, 1}),
    %% Credit may have come between the two updates.
    case ets:lookup(Table, Conn) of
        [#conn{tx = Credit}] when Credit > 0 -> ok;
        [#conn{peer_closed = 1}] -> {error, closed};
        _ ->
            receive {megaphone_credit, Conn} -> ok
            after ?SEND_TIMEOUT_MS -> {error, timeout}
            end
    end.

%% Called by the session: sends CLOSE, once.
close(Link, Conn) ->
    case ets:lookup(?LINKS, Link) of
        [{_, Table, Writer}] ->
            try ets:update_counter(Table, Conn, [{#conn.closed, 0}, {#conn.closed, 1, 1, 1}, {#conn.peer_closed, 0}]) of
                [1, 1, _] ->
                    ok;
                [0, 1, PeerClosed] ->
                    megaphone_writer:frame(Writer, close, Conn, <<0:16>>),
                    PeerClosed =:= 1 andalso ets:delete(Table, Conn),
                    ok
            catch
                error:badarg -> ok
            end;
        [] -> ok
    end.

%% CLOSE came. Says whose session that was, if it is still there.
peer_closed(Table, Conn) ->
    try ets:update_counter(Table, Conn, [{#conn.peer_closed, 1, 1, 1}, {#conn.closed, 0}, {#conn.waits, 0}]) of
        [1, 1, _] ->
            ets:delete(Table, Conn),
            closed;
        [1, 0, Waits] ->
            Pid = ets:lookup_element(Table, Conn, #conn.pid),
            Waits =:= 1 andalso (Pid ! {megaphone_credit, Conn}),
            {ok, Pid}
    catch
        error:badarg -> error
    end.

%% RESET came.
peer_reset(Table, Conn) ->
    case ets:take(Table, Conn) of
        [#conn{pid = Pid}] -> {ok, Pid};
        [] -> error
    end.

%% CREDIT came.
credit(Table, Conn, Bytes) ->
    try ets:update_counter(Table, Conn, [{#conn.tx, Bytes}, {#conn.waits, 0}]) of
        [_, 0] -> ok;
        [_, 1] ->
            [#conn{pid = Pid}] = ets:lookup(Table, Conn),
            true = ets:update_element(Table, Conn, {#conn.waits, 0}),
            Pid ! {megaphone_credit, Conn},
            ok
    catch
        error:badarg -> ok
    end.

%% Called by the session when it has dealt with bytes of its client: gives them back as credit, half a window at a time.
consumed(Link, Conn, Bytes, Window) ->
    case ets:lookup(?LINKS, Link) of
        [{_, Table, Writer}] ->
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
