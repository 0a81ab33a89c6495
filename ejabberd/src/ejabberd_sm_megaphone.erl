%% ejabberd's session table for a single node, in a fifth of the room: `sm_db_type: megaphone`.
%%
%% The stock table (mnesia, two indexes) takes 1.1 kB for a session. Here it is one row of an ordered set, keyed so that a user's
%% sessions are neighbours; what many sessions share (host, priority, kind of connection) is a number.
%%
%% Not for clusters: other nodes do not see these sessions.
-module(ejabberd_sm_megaphone).
-behaviour(ejabberd_sm).

-export([init/0, set_session/1, delete_session/1, get_sessions/0, get_sessions/1, get_sessions/2, use_cache/1, cache_nodes/1]).
-export([own/0]).

-include("ejabberd_sm.hrl").

-define(TABLE, megaphone_sessions).
-define(SHARED, megaphone_session_shared).
%% Distinct combinations of priority and connection properties that are shared; more of them are kept with their rows.
-define(SHARED_MAX, 4096).

%% {{User, Host, Resource, Microseconds}, Pid, Shared, Ip}. The time is part of the key: two sessions of one full JID
%% live side by side for a moment, until the older is told that it was replaced.

%% The tables outlive ejabberd_sm: a session is registered once, and does not notice that the server of this table began again.
init() ->
    case ets:whereis(?TABLE) of
        undefined ->
            {Owner, Monitor} = spawn_monitor(?MODULE, own, []),
            Owner ! {self(), Monitor},
            receive
                {Monitor, ready} -> erlang:demonitor(Monitor, [flush]), ok;
                {'DOWN', Monitor, process, Owner, Reason} -> {error, Reason}
            end;
        _ ->
            forget_dead(ets:first(?TABLE))
    end.

own() ->
    register(?TABLE, self()),
    ets:new(?SHARED, [named_table, public, {read_concurrency, true}]),
    ets:new(?TABLE, [named_table, public, ordered_set, {write_concurrency, true}, {read_concurrency, true}]),
    receive {Pid, Monitor} -> Pid ! {Monitor, ready} end,
    proc_lib:hibernate(timer, sleep, [infinity]).

forget_dead('$end_of_table') ->
    ok;
forget_dead(Key) ->
    Next = ets:next(?TABLE, Key),
    is_process_alive(ets:lookup_element(?TABLE, Key, 2)) orelse ets:delete(?TABLE, Key),
    forget_dead(Next).

set_session(#session{sid = {_, Pid}, priority = Priority, info = Info} = Session) ->
    {Ip, Rest} = take_ip(Info),
    true = ets:insert(?TABLE, {key(Session), Pid, shared({Priority, lists:sort(Rest)}), Ip}),
    ok.

delete_session(Session) ->
    true = ets:delete(?TABLE, key(Session)),
    ok.

get_sessions() ->
    [session(Row) || Row <- ets:tab2list(?TABLE)].

get_sessions(Server) ->
    [session(Row) || Row <- ets:match_object(?TABLE, {{'_', host(Server), '_', '_'}, '_', '_', '_'})].

%% Asked for some eight times in a login: step by step through the neighbours costs a fifth of a match.
get_sessions(User, Server) ->
    Host = host(Server),
    {ok, neighbours(User, Host, ets:next(?TABLE, {User, Host, 0, 0}))}.

neighbours(User, Host, {User, Host, _, _} = Key) ->
    Others = neighbours(User, Host, ets:next(?TABLE, Key)),
    case ets:lookup(?TABLE, Key) of
        [Row] -> [session(Row) | Others];
        [] -> Others
    end;
neighbours(_, _, _) ->
    [].

use_cache(_) -> false.
cache_nodes(_) -> [].

key(#session{sid = {{Mega, Seconds, Micro}, _}, usr = {User, Server, Resource}}) ->
    {binary:copy(User), host(Server), binary:copy(Resource), (Mega * 1000000 + Seconds) * 1000000 + Micro}.

session({{User, Host, Resource, Time}, Pid, Shared, Ip}) ->
    Server = value(Host),
    {Priority, Info} = case Shared of
                           {v, Value} -> Value;
                           Number -> value(Number)
                       end,
    #session{sid = {{Time div 1000000000000, Time div 1000000 rem 1000000, Time rem 1000000}, Pid},
             usr = {User, Server, Resource},
             us = {User, Server},
             priority = Priority,
             info = case Ip of
                        none -> Info;
                        _ -> [{ip, long_ip(Ip)} | Info]
                    end}.

take_ip(Info) ->
    case lists:keytake(ip, 1, Info) of
        {value, {ip, {{A, B, C, D}, Port}}, Rest} ->
            <<Number:48>> = <<A:8, B:8, C:8, D:8, Port:16>>,
            {Number, Rest};
        {value, {ip, Other}, Rest} -> {{v, Other}, Rest};
        false -> {none, Info}
    end.

long_ip({v, Ip}) -> Ip;
long_ip(Number) ->
    <<A:8, B:8, C:8, D:8, Port:16>> = <<Number:48>>,
    {{A, B, C, D}, Port}.

%% Hosts are few and configured: they are always shared.
host(Server) ->
    number(Server, infinity).

shared(Value) ->
    case number(Value, ?SHARED_MAX) of
        none -> {v, Value};
        Number -> Number
    end.

number(Value, Max) ->
    case ets:lookup(?SHARED, {value, Value}) of
        [{_, Number}] -> Number;
        [] ->
            case ets:update_counter(?SHARED, count, {2, 1}, {count, 0}) of
                Number when Number > Max ->
                    none;
                Number ->
                    true = ets:insert(?SHARED, {{number, Number}, Value}),
                    case ets:insert_new(?SHARED, {{value, Value}, Number}) of
                        true -> Number;
                        false -> ets:lookup_element(?SHARED, {value, Value}, 2)
                    end
            end
    end.

value(Number) ->
    ets:lookup_element(?SHARED, {number, Number}, 2).
