%% A client session: ejabberd's own stream process (xmpp_stream_in with ejabberd_c2s) under a thin shell. The shell parses
%% what arrives, so that a session needs no parser of its own, and puts the process to sleep whenever it has nothing to
%% do: hibernated, with its state in the compact form of megaphone_state.
%%
%% Everything that ejabberd does to a session (calls, casts, routes, hooks, timers) passes through here unchanged.
-module(megaphone_session).
-behaviour(p1_server).

-export([start/2, accept/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2, code_change/3]).
-export([event/1]).

-include("fxml.hrl").

%% Process dictionary: the parts of a frame that came in pieces, last first, and their sum.
-define(PARTS, '$megaphone_parts').
%% What a login needs, so that its heap does not grow to it in five steps, each with a collection. A session that has rested starts
%% from what it is.
-define(LOGIN_HEAP_WORDS, 4185).
%% An established session that has not said that it is there sleeps after this long without a word.
-define(LOGIN_PAUSE_MS, 1000).

-spec start(megaphone_socket:socket(), map()) -> {ok, pid()} | {error, term()}.
start(Socket, Options) ->
    StreamOptions = maps:to_list(maps:with([access, shaper, max_stanza_size], Options)),
    p1_server:start(?MODULE, [Options, ejabberd_c2s, {megaphone_socket, Socket}, StreamOptions],
                    [{max_queue, maps:get(max_fsm_queue, Options)}, {spawn_opt, heap(Options)}]).

%% A session that never sleeps would keep room for a login for ever, three times over.
heap(#{hibernate := true}) -> [{min_heap_size, ?LOGIN_HEAP_WORDS}];
heap(_) -> [].

accept(Session) ->
    xmpp_stream_in:accept(Session).

init([Options | Args]) ->
    {ok, State, Timeout} = xmpp_stream_in:init(Args),
    {ok, State#{megaphone => maps:with([session_credit, max_stanza_size, stream_encrypted, hibernate, compact], Options)}, Timeout}.

handle_call(Request, From, State) ->
    result(xmpp_stream_in:handle_call(Request, From, megaphone_state:expand(State))).

handle_cast(accept, State) ->
    result(encrypted(xmpp_stream_in:handle_cast(accept, State)));
handle_cast(Request, State) ->
    result(xmpp_stream_in:handle_cast(Request, megaphone_state:expand(State))).

handle_info({megaphone, More, Payload}, State) ->
    result(received(More, Payload, megaphone_state:expand(State)));
handle_info({megaphone_credit, _}, State) ->
    %% Too late to be waited for.
    result(unchanged(megaphone_state:expand(State)));
handle_info(timeout, #{stream_state := established, stream_timeout := infinity} = State) ->
    %% Ours: ejabberd has none running.
    rest(State);
handle_info(Info, State) ->
    result(xmpp_stream_in:handle_info(Info, megaphone_state:expand(State))).

terminate(Reason, Compact) ->
    State = megaphone_state:expand(Compact),
    Result = xmpp_stream_in:terminate(Reason, State),
    %% ejabberd closes the socket, unless something went wrong before it could.
    close(State),
    Result.

code_change(OldVersion, State, Extra) ->
    xmpp_stream_in:code_change(OldVersion, megaphone_state:expand(State), Extra).

%% TLS ended in front of Megaphone, if the listener's options say so.
encrypted({noreply, #{megaphone := #{stream_encrypted := true}, stream_encrypted := false} = State, Timeout}) ->
    {noreply, State#{stream_encrypted => true}, Timeout};
encrypted(Result) ->
    Result.

close(#{socket := Socket}) ->
    case megaphone_socket:of_stream(Socket) of
        {ok, Link, Conn} -> megaphone_conn:close(Link, Conn, 0);
        error -> ok
    end;
close(_) -> ok.

%% ---- what the client sends ----

%% A whole frame is one stream header, one stanza, or the stream's end. Its bytes are given back as credit when they are
%% dealt with; parts of a frame at once, or a frame larger than the window would never be whole.
received(1, Payload, State) ->
    {Parts, Size} = parts(),
    case Size + byte_size(Payload) > max_stanza_size(State) of
        true -> deal_with(too_big, byte_size(Payload), State);
        false ->
            put(?PARTS, {[binary:copy(Payload) | Parts], Size + byte_size(Payload)}),
            consumed(byte_size(Payload), State),
            unchanged(State)
    end;
received(0, Payload, State) ->
    {Parts, Size} = parts(),
    case Size + byte_size(Payload) > max_stanza_size(State) of
        true -> deal_with(too_big, byte_size(Payload), State);
        false when Parts =:= [] -> deal_with(Payload, byte_size(Payload), State);
        false -> deal_with(iolist_to_binary(lists:reverse(Parts, [Payload])), byte_size(Payload), State)
    end.

deal_with(Frame, Bytes, State) ->
    erase(?PARTS),
    Result = case event(Frame) of
                 none -> unchanged(State);
                 Event -> xmpp_stream_in:handle_info({'$gen_event', Event}, State)
             end,
    consumed(Bytes, State),
    Result.

max_stanza_size(#{megaphone := #{max_stanza_size := Max}}) -> Max.

consumed(Bytes, #{socket := Socket, megaphone := #{session_credit := Window}}) ->
    case megaphone_socket:of_stream(Socket) of
        {ok, Link, Conn} -> megaphone_conn:consumed(Link, Conn, Bytes, Window);
        error -> ok
    end;
consumed(_, _) ->
    ok.

parts() ->
    case get(?PARTS) of
        undefined -> {[], 0};
        Parts -> Parts
    end.

%% What a frame means to ejabberd's streams.
event(too_big) ->
    {xmlstreamerror, <<"XML stanza is too big">>};
event(<<"</", _/binary>>) ->
    {xmlstreamend, <<"stream:stream">>};
event(<<"<?xml", _/binary>> = Header) ->
    header(Header);
event(<<"<stream:stream", _/binary>> = Header) ->
    header(Header);
event(<<"<stream:", _/binary>> = Stanza) ->
    %% Its prefix is declared in the stream's header.
    parsed(fxml_stream:parse_element(<<"<s xmlns:stream='http://etherx.jabber.org/streams'>", Stanza/binary, "</s>">>),
           fun(#xmlel{children = [#xmlel{} = Element]}) -> {xmlstreamelement, Element};
              (_) -> {xmlstreamerror, {4, <<"not well-formed">>}}
           end);
event(<<C, Rest/binary>>) when C =:= $\s; C =:= $\n; C =:= $\r; C =:= $\t ->
    event(Rest);
event(<<>>) ->
    none;
event(Stanza) ->
    parsed(fxml_stream:parse_element(Stanza), fun(Element) -> {xmlstreamelement, Element} end).

header(Header) ->
    parsed(fxml_stream:parse_element(<<Header/binary, "</stream:stream>">>),
           fun(#xmlel{name = Name, attrs = Attrs}) -> {xmlstreamstart, Name, Attrs} end).

parsed(#xmlel{} = Element, Then) -> Then(Element);
parsed({error, {_, Text}}, _) when is_binary(Text) -> {xmlstreamerror, {4, Text}};
parsed({error, Text}, _) when is_binary(Text) -> {xmlstreamerror, {4, Text}};
parsed({error, _}, _) -> {xmlstreamerror, {4, <<"not well-formed">>}}.

%% ---- sleep ----

%% Nothing happened; a deadline that runs goes on running.
unchanged(#{stream_timeout := {Milliseconds, Start}} = State) ->
    {noreply, State, max(0, Milliseconds - p1_time_compat:monotonic_time(milli_seconds) + Start)};
unchanged(State) ->
    {noreply, State, infinity}.

%% A session that waits for nothing but messages goes to sleep: one that is established, or one that lost its client and
%% waits for it to resume (XEP-0198). While messages wait it stays as it is; that also lets p1_server see how many they are.
result({noreply, #{stream_state := Stream, megaphone := #{hibernate := true}} = State, infinity} = Awake)
  when Stream =:= established; Stream =:= disconnected ->
    case idle() of
        true ->
            case is_logging_in(State) of
                true -> {noreply, State, ?LOGIN_PAUSE_MS};
                false -> rest(State)
            end;
        false -> Awake
    end;
result({reply, Reply, #{stream_state := established} = State, infinity}) ->
    {noreply, State1, Sleep} = result({noreply, State, infinity}),
    {reply, Reply, State1, Sleep};
result(Other) ->
    Other.

rest(#{megaphone := #{compact := true}} = State) -> {noreply, megaphone_state:compact(State), hibernate};
rest(State) -> {noreply, State, hibernate}.

%% A stream is established before its client has said who may see it: to sleep in between costs more than it saves.
is_logging_in(#{pres_last := _}) -> false;
is_logging_in(#{stream_state := disconnected}) -> false;
is_logging_in(#{megaphone := #{template := _}}) -> false;    % it rested before
is_logging_in(_) -> true.

idle() ->
    process_info(self(), message_queue_len) =:= {message_queue_len, 0} andalso get('$internal_queue_len') =:= 0.
