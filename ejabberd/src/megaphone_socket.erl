%% The socket of one session as ejabberd's streams know it (the xmpp_socket behaviour): a connection on a link. It
%% holds nothing; what there is to know is in the link's table (megaphone_conn).
-module(megaphone_socket).
-behaviour(xmpp_socket).

-export([new/4, of_stream/1]).
-export([send_xml/2, get_owner/1, get_transport/1, change_shaper/2, controlling_process/2, close/1, sockname/1,
         peername/1, setopts/2, reset_stream/1]).
-export_type([socket/0]).

-include("fxml.hrl").

%% The first word says whether TLS ended in front of Megaphone.
-type socket() :: {megaphone | megaphone_tls, Link :: pid(), Conn :: pos_integer(),
                   Peer :: {inet:ip_address(), inet:port_number()}}.

-spec new(pid(), pos_integer(), megaphone_proto:peer(), boolean()) -> socket().
new(Link, Conn, Peer, Encrypted) when Peer =:= unix; Peer =:= unknown ->
    new(Link, Conn, {{127, 0, 0, 1}, 0}, Encrypted);
new(Link, Conn, Peer, true) ->
    {megaphone_tls, Link, Conn, Peer};
new(Link, Conn, Peer, false) ->
    {megaphone, Link, Conn, Peer}.

%% A stream's socket is ours, or ours in a record of xmpp_socket's whose third field it is.
of_stream({Kind, Link, Conn, _}) when Kind =:= megaphone; Kind =:= megaphone_tls -> {ok, Link, Conn};
of_stream(Stream) when element(1, Stream) =:= socket_state -> of_stream(element(3, Stream));
of_stream(_) -> error.

send_xml({_, Link, Conn, _}, Element) ->
    megaphone_conn:send(Link, Conn, to_iodata(Element)).

to_iodata({xmlstreamelement, Element}) -> fxml:element_to_binary(Element);
to_iodata({xmlstreamstart, Name, Attrs}) -> fxml:element_to_header(#xmlel{name = Name, attrs = Attrs});
to_iodata({xmlstreamend, Name}) -> [<<"</">>, Name, $>];
to_iodata({xmlstreamraw, Data}) -> Data;
to_iodata({xmlstreamcdata, Data}) -> Data.

%% Not the session's own process: so ejabberd gives the stream no parser, and watches the link.
get_owner({_, Link, _, _}) -> Link.

%% One of the few that ejabberd_c2s knows.
get_transport({megaphone_tls, _, _, _}) -> tls;
get_transport(_) -> tcp.

close({_, Link, Conn, _}) ->
    megaphone_conn:close(Link, Conn, 0).

peername({_, _, _, Peer}) -> {ok, Peer}.
sockname(_) -> {ok, {{127, 0, 0, 1}, 0}}.

%% Credit paces the client, not {active, once} and not a shaper.
setopts(_, _) -> ok.
change_shaper(_, _) -> ok.
controlling_process(_, _) -> ok.
reset_stream(Socket) -> Socket.
