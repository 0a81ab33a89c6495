%% A client session: ejabberd's own stream process (xmpp_stream_in with ejabberd_c2s) under a thin shell. The shell parses
%% what arrives, so that a session needs no parser of its own, and puts the process to sleep whenever it has nothing to
%% do: hibernated, with its state in the compact form of megaphone_state.
%%
%% Everything that ejabberd does to a session (calls, casts, routes, hooks, timers) passes through here unchanged.
-module(megaphone_session).
-behaviour(p1_server).

-export([start/2, accept/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2, code_change/3]).

-include_lib("p1_xml/include/fxml.hrl").

%% Process dictionary: the parts of a frame that came in pieces, last first.
-define(PARTS, '$megaphone_parts').

-spec start(megaphone_socket:socket(), map()) -> {ok, pid()} | {error, term()}.
start(Socket, Options) ->
    StreamOptions = maps:to_list(maps:with([access, shaper, max_stanza_size], Options)),
    p1_server:start(?MODULE, [Options, ejabberd_c2s, {megaphone_socket, Socket}, StreamOptions],
                    [{max_queue, maps:get(max_fsm_queue, Options, 10000)}]).

accept(Session) ->
    xmpp_stream_in:accept(Session).

init([Options | Args]) ->
    {ok, State, Timeout} = xmpp_stream_in:init(Args),
    {ok, State#{megaphone => maps:with([session_credit, hibernate, compact], Options)}, Timeout}.

handle_call(Request, From, State) ->
    result(xmpp_stream_in:handle_call(Request, From, megaphone_state:expand(State))).

handle_cast(Request, State) ->
    result(xmpp_stream_in:handle_cast(Request, megaphone_state:expand(State))).

handle_info({megaphone, More, Payload}, State) ->
    result(received(More, Payload, megaphone_state:expand(State)));
handle_info({megaphone_credit, _}, State) ->
    %% Too late to be waited for.
    result({noreply, megaphone_state:expand(State), infinity});
handle_info(Info, State) ->
    result(xmpp_stream_in:handle_info(Info, megaphone_state:expand(State))).

terminate(Reason, State) ->
    xmpp_stream_in:terminate(Reason, megaphone_state:expand(State)).

code_change(OldVersion, State, Extra) ->
    xmpp_stream_in:code_change(OldVersion, megaphone_state:expand(State), Extra).

%% A whole frame is one stream header, one stanza, or the stream's end.
received(1, Payload, State) ->
    put(?PARTS, [Payload | parts()]),
    {noreply, State, infinity};
received(0, Payload, State) ->
    Whole = case parts() of
                [] -> Payload;
                Parts -> erase(?PARTS), iolist_to_binary(lists:reverse(Parts, [Payload]))
            end,
    Result = xmpp_stream_in:handle_info({'$gen_event', event(Whole)}, State),
    consumed(byte_size(Whole), State),
    Result.

consumed(Bytes, #{socket := Socket, megaphone := #{session_credit := Window}}) when element(1, Socket) =:= socket_state ->
    {megaphone, Link, Conn, _} = element(3, Socket),
    megaphone_conn:consumed(Link, Conn, Bytes, Window);
consumed(_, _) ->
    ok.

parts() ->
    case get(?PARTS) of
        undefined -> [];
        Parts -> Parts
    end.

event(<<"</", _/binary>>) ->
    {xmlstreamend, <<"stream:stream">>};
event(<<"<?xml", _/binary>> = Header) ->
    header(Header);
event(<<"<stream:stream", _/binary>> = Header) ->
    header(Header);
event(Stanza) ->
    case fxml_stream:parse_element(Stanza) of
        #xmlel{} = Element -> {xmlstreamelement, Element};
        {error, Reason} -> {xmlstreamerror, {4, text(Reason)}}
    end.

header(Header) ->
    case fxml_stream:parse_element(<<Header/binary, "</stream:stream>">>) of
        #xmlel{name = Name, attrs = Attrs} -> {xmlstreamstart, Name, Attrs};
        {error, Reason} -> {xmlstreamerror, {4, text(Reason)}}
    end.

text({_, Text}) when is_binary(Text) -> Text;
text(Text) when is_binary(Text) -> Text;
text(_) -> <<"not well-formed">>.

%% An established session that waits for nothing but messages goes to sleep.
result({noreply, #{stream_state := established, megaphone := #{hibernate := true, compact := Compact}} = State, infinity}) ->
    case Compact of
        true -> {noreply, megaphone_state:compact(State), hibernate};
        false -> {noreply, State, hibernate}
    end;
result(Other) ->
    Other.
