%% The resting form of a session's state. An established session's state is a map of some 46 keys, 3 kB that live as long as the
%% client is idle; nearly all of it is the same for every session, or can be computed from the rest.
%%
%% compact/1 makes a tuple of what is the session's own, the number of a template that holds what it shares, and a list of the
%% differences. expand/1 makes the map again, equal in every key and value: what is not recognised travels in the list
%% of differences, so modules that keep something in the state never notice.
-module(megaphone_state).

-export([expand/1, compact/1]).

-include("xmpp.hrl").

%% What a session has of its own. A value in its short form where there is one, else {v, Value}; `none` where the key is absent.
-record(rest, {template   :: pos_integer(),
               user       :: binary(),
               resource   :: binary(),
               jid        :: derived | none | {v, term()},
               ip         :: integer() | none | {v, term()},                % address and port in one small integer
               link       :: pid() | none | {v, term()},                    % of `socket`; or its whole value
               conn       :: non_neg_integer(),
               sid        :: integer() | none | {v, term()},                % microseconds
               stream_id  :: integer() | none | {v, term()},
               monitor    :: reference() | none | {v, term()},
               presence   :: pos_integer() | none | {v, term()},            % number of an interned presence
               pres_time  :: integer() | none | {v, term()},
               differences :: [{term(), term()} | {term()}]}).              % changed or added; removed

-define(OWN, [user, resource, jid, ip, socket, sid, stream_id, socket_monitor, pres_last, pres_timestamp, owner]).
%% Sessions that agree in these keys share a template.
-define(CLASS, [mod, server, auth_module, access, shaper, xmlns, lang, conn, tls_options, stream_version, stream_state,
                stream_encrypted, mgmt_state, csi_state, carboncopy, megaphone]).
-define(TABLE, megaphone_shared).
%% Distinct templates and presences that are remembered; more of them travel with their sessions.
-define(TEMPLATES_MAX, 256).
-define(PRESENCES_MAX, 4096).
%% More of them, and another template may suit better.
-define(DIFFERENCES_MAX, 6).
%% Presences of one session so far, by hash.
-define(CANDIDATES, 65536).

-spec compact(map()) -> #rest{} | map().
compact(#{user := User, resource := Resource, server := _, owner := Owner} = State)
  when is_binary(User), is_binary(Resource), Owner =:= self() ->
    forget_start(),
    {Link, Conn, Blank} = short_socket(State),
    {Number, Differences} = shared(State, Blank),
    #rest{template = Number,
          user = binary:copy(User),
          resource = binary:copy(Resource),
          jid = short_jid(State),
          ip = short(ip, fun short_ip/1, State),
          link = Link,
          conn = Conn,
          sid = short(sid, fun short_sid/1, State),
          stream_id = short(stream_id, fun short_stream_id/1, State),
          monitor = short(socket_monitor, fun short_reference/1, State),
          presence = short_presence(State),
          pres_time = short(pres_timestamp, fun short_time/1, State),
          differences = Differences};
compact(State) ->
    State.

-spec expand(#rest{} | map()) -> map().
expand(#rest{template = Number, user = User, resource = Resource, differences = Differences} = Rest) ->
    Shared = lists:foldl(fun({Key, Value}, Map) -> Map#{Key => Value};
                            ({Key}, Map) -> maps:remove(Key, Map)
                         end, persistent_term:get({?MODULE, template, Number}), Differences),
    State = Shared#{user => User, resource => Resource, owner => self()},
    Fields = [{ip, long(Rest#rest.ip, fun long_ip/1)},
              {sid, long(Rest#rest.sid, fun(Time) -> {long_time(Time), self()} end)},
              {stream_id, long(Rest#rest.stream_id, fun integer_to_binary/1)},
              {socket_monitor, long(Rest#rest.monitor, fun(Monitor) -> Monitor end)},
              {pres_timestamp, long(Rest#rest.pres_time, fun long_time/1)},
              {jid, long(Rest#rest.jid, fun(derived) -> jid(State) end)}],
    State1 = lists:foldl(fun({Key, {value, Value}}, Map) -> Map#{Key => Value};
                            ({_, none}, Map) -> Map
                         end, State, Fields),
    long_presence(Rest#rest.presence, long_socket(Rest, State1));
expand(State) ->
    State.

%% ---- short and long forms ----

short(Key, Shorten, State) ->
    case State of
        #{Key := Value} ->
            case Shorten(Value) of
                no -> {v, Value};
                Short -> Short
            end;
        _ -> none
    end.

long(none, _) -> none;
long({v, Value}, _) -> {value, Value};
long(Short, Lengthen) -> {value, Lengthen(Short)}.

short_ip({{A, B, C, D}, Port} = Ip) when is_integer(A), is_integer(B), is_integer(C), is_integer(D), is_integer(Port) ->
    <<Number:48>> = <<A:8, B:8, C:8, D:8, Port:16>>,
    case long_ip(Number) of
        Ip -> Number;
        _ -> no
    end;
short_ip(_) -> no.

long_ip(Number) ->
    <<A:8, B:8, C:8, D:8, Port:16>> = <<Number:48>>,
    {{A, B, C, D}, Port}.

short_time({Mega, Seconds, Micro}) when is_integer(Mega), is_integer(Seconds), is_integer(Micro), Mega >= 0, Seconds >= 0,
                                         Seconds < 1000000, Micro >= 0, Micro < 1000000 ->
    (Mega * 1000000 + Seconds) * 1000000 + Micro;
short_time(_) -> no.

long_time(Time) ->
    {Time div 1000000000000, Time div 1000000 rem 1000000, Time rem 1000000}.

short_sid({Time, Pid}) when Pid =:= self() -> short_time(Time);
short_sid(_) -> no.

short_reference(Reference) when is_reference(Reference) -> Reference;
short_reference(_) -> no.

%% ejabberd's stream ids are decimal numbers of 20 digits at most.
short_stream_id(Id) when byte_size(Id) =< 20 ->
    try binary_to_integer(Id) of
        Number when Number >= 0 ->
            case integer_to_binary(Number) of
                Id -> Number;
                _ -> no
            end;
        _ -> no
    catch
        error:badarg -> no
    end;
short_stream_id(_) -> no.

short_jid(#{jid := Jid} = State) ->
    case jid(State) of
        Jid -> derived;
        _ -> {v, Jid}
    end;
short_jid(_) -> none.

%% The session's JID when its parts are in normal form.
jid(#{user := User, server := Server, resource := Resource}) ->
    #jid{user = User, server = Server, resource = Resource, luser = User, lserver = Server, lresource = Resource}.

%% A stream's socket is a record around ours; without ours it is the same for all.
short_socket(#{socket := SocketState} = State) when is_tuple(SocketState), element(1, SocketState) =:= socket_state ->
    case {element(3, SocketState), State} of
        {{Kind, Link, Conn, Ip}, #{ip := Ip}} when Kind =:= megaphone; Kind =:= megaphone_tls ->
            {Link, Conn, setelement(3, SocketState, Kind)};
        _ -> {{v, SocketState}, 0, none}
    end;
short_socket(#{socket := Other}) -> {{v, Other}, 0, none};
short_socket(_) -> {none, 0, none}.

long_socket(#rest{link = none}, State) -> State;
long_socket(#rest{link = {v, Socket}}, State) -> State#{socket => Socket};
long_socket(#rest{link = Link, conn = Conn}, #{socket := Blank, ip := Ip} = State) ->
    State#{socket => setelement(3, Blank, {element(3, Blank), Link, Conn, Ip})}.

%% The client's last presence without what the session knows anyway. Status texts are people's own words: not interned.
short_presence(#{pres_last := #presence{from = Jid, to = To, status = [], meta = Meta} = Presence,
                 jid := Jid, ip := {Address, _}}) when Meta =:= #{ip => Address} ->
    case jid:remove_resource(Jid) of
        To ->
            case presence_number(Presence#presence{from = undefined, to = undefined, meta = #{}}) of
                none -> {v, Presence};
                Number -> Number
            end;
        _ -> {v, Presence}
    end;
short_presence(#{pres_last := Presence}) -> {v, Presence};
short_presence(_) -> none.

%% A presence is interned when a second session has it: one with the hash of somebody's portrait is nobody else's.
presence_number(Presence) ->
    case lookup(presence, Presence) of
        none ->
            Candidate = {candidate, erlang:phash2(Presence, ?CANDIDATES)},
            case ets:lookup(table(), Candidate) of
                [{_, Pid}] when Pid =/= self() -> number(presence, Presence, ?PRESENCES_MAX);
                [_] -> none;
                [] ->
                    ets:insert(table(), {Candidate, self()}),
                    none
            end;
        Number -> Number
    end.

long_presence(none, State) -> State;
long_presence({v, Presence}, State) -> State#{pres_last => Presence};
long_presence(Number, #{jid := Jid, ip := {Address, _}} = State) ->
    Presence = persistent_term:get({?MODULE, presence, Number}),
    State#{pres_last => Presence#presence{from = Jid, to = jid:remove_resource(Jid), meta = #{ip => Address}}}.

%% ---- what sessions share ----

%% The template of a state, and its differences from that. A state that rested before names its template among its
%% options; another is looked for when too much has changed.
shared(#{megaphone := #{template := Number}} = State, Blank) ->
    case differences(State, Blank, template(Number)) of
        Few when length(Few) =< ?DIFFERENCES_MAX -> {Number, Few};
        _ -> by_class(State, Blank)
    end;
shared(State, Blank) ->
    by_class(State, Blank).

by_class(#{megaphone := #{} = Named} = State, Blank) ->
    Options = maps:remove(template, Named),
    Number = class(State#{megaphone := Options}, Blank),
    {Number, differences(State#{megaphone := Options#{template => Number}}, Blank, template(Number))};
by_class(State, Blank) ->
    Number = class(State, Blank),
    {Number, differences(State, Blank, template(Number))}.

class(State, Blank) ->
    Class = maps:with(?CLASS, State),
    case lookup(template, Class) of
        none ->
            Shared = case Blank of
                         none -> maps:without(?OWN, State);
                         _ -> (maps:without(?OWN, State))#{socket => Blank}
                     end,
            case number(template, Class, fun(Number) -> named(Shared, Number) end, ?TEMPLATES_MAX) of
                %% Those that came after the last have everything as a difference.
                none -> number(template, empty, fun(_) -> #{} end, infinity);
                Number -> Number
            end;
        Number -> Number
    end.

named(#{megaphone := #{} = Options} = Shared, Number) -> Shared#{megaphone := Options#{template => Number}};
named(Shared, _) -> Shared.

template(Number) ->
    persistent_term:get({?MODULE, template, Number}).

%% In one pass over all that the state has; then what the template has more.
differences(State, Blank, Template) ->
    {Changed, Found} = changed(maps:to_list(State), Template, [], 0),
    {Changed1, Found1} = case {Blank, Template} of
                             {none, _} -> {Changed, Found};
                             {_, #{socket := Blank}} -> {Changed, Found + 1};
                             {_, #{socket := _}} -> {[{socket, Blank} | Changed], Found + 1};
                             _ -> {[{socket, Blank} | Changed], Found}
                         end,
    case map_size(Template) of
        Found1 -> Changed1;
        _ ->
            [{Key} || Key <- maps:keys(Template),
                      not is_map_key(Key, State) orelse (Key =:= socket andalso Blank =:= none)] ++ Changed1
    end.

changed([], _, Changed, Found) ->
    {Changed, Found};
changed([{Key, Value} | Pairs], Template, Changed, Found) ->
    case Template of
        #{Key := Value} -> changed(Pairs, Template, Changed, Found + 1);
        _ ->
            case own(Key) of
                true -> changed(Pairs, Template, Changed, Found);
                false when is_map_key(Key, Template) -> changed(Pairs, Template, [{Key, Value} | Changed], Found + 1);
                false -> changed(Pairs, Template, [{Key, Value} | Changed], Found)
            end
    end.

own(user) -> true;
own(resource) -> true;
own(jid) -> true;
own(ip) -> true;
own(socket) -> true;
own(sid) -> true;
own(stream_id) -> true;
own(socket_monitor) -> true;
own(pres_last) -> true;
own(pres_timestamp) -> true;
own(owner) -> true;
own(_) -> false.

number(Kind, Term, Max) ->
    number(Kind, Term, fun(_) -> Term end, Max).

%% The number under which Value(Number) is kept for Key. Written once and never changed: a persistent term that changes costs a
%% collection of every process.
number(Kind, Key, Value, Max) ->
    case lookup(Kind, Key) of
        none ->
            case ets:update_counter(table(), {count, Kind}, {2, 0}, {{count, Kind}, 0}) of
                Count when Count >= Max -> none;
                _ ->
                    Number = ets:update_counter(table(), {count, Kind}, 1, {{count, Kind}, 0}),
                    persistent_term:put({?MODULE, Kind, Number}, Value(Number)),
                    case ets:insert_new(table(), {{Kind, Key}, Number}) of
                        true -> Number;
                        false -> lookup(Kind, Key)
                    end
            end;
        Number -> Number
    end.

lookup(Kind, Key) ->
    case ets:lookup(table(), {Kind, Key}) of
        [{_, Number}] -> Number;
        [] -> none
    end.

table() ->
    ?TABLE.

%% What the process start and the login leave in the dictionary: 450 bytes. ejabberd seeds again when it needs to.
forget_start() ->
    erase(rand_seed),
    erase('$ancestors'),
    erase('$initial_call'),
    ok.
