%% The socket of one session as ejabberd's streams know it (the xmpp_socket behaviour): a connection on a link. It
%% holds nothing; what there is to know is in the link's table (megaphone_conn).
-module(megaphone_socket).
-behaviour(xmpp_socket).

-export([new/3, link/1, conn/1]).
-export([send_xml/2, get_owner/1, get_transport/1, change_shaper/2, controlling_process/2, close/1, sockname/1,
         peername/1, setopts/2, reset_stream/1]).
-export_type([socket/0]).

-include_lib("p1_xml/include/fxml.hrl").

-type socket() :: {megaphone, Link :: pid(), Conn :: pos_integer(), Peer :: {inet:ip_address(), inet:port_number()}}.

-spec new(pid(), pos_integer(), megaphone_proto:peer()) -> socket().
new(Link, Conn, Peer) when Peer =:= unix; Peer =:= unknown ->
    {megaphone, Link, Conn, {{127, 0, 0, 1}, 0}};
new(Link, Conn, Peer) ->
    {megaphone, Link, Conn, Peer}.

link({megaphone, Link, _, _}) -> Link.
conn({megaphone, _, Conn, _}) -> Conn.

send_xml({megaphone, Link, Conn, _}, Element) ->
    megaphone_conn:send(Link, Conn, to_iodata(Element)).

to_iodata({xmlstreamelement, Element}) -> fxml:element_to_binary(Element);
to_iodata({xmlstreamstart, Name, Attrs}) -> fxml:element_to_header(#xmlel{name = Name, attrs = Attrs});
to_iodata({xmlstreamend, Name}) -> [<<"</">>, Name, $>];
to_iodata({xmlstreamraw, Data}) -> Data;
to_iodata({xmlstreamcdata, Data}) -> Data.

%% Not the session's own process: so ejabberd gives the stream no parser, and watches the link.
get_owner({megaphone, Link, _, _}) -> Link.

%% One of the few that ejabberd_c2s knows.
get_transport(_) -> tcp.

close({megaphone, Link, Conn, _}) ->
    megaphone_conn:close(Link, Conn).

peername({megaphone, _, _, Peer}) -> {ok, Peer}.
sockname(_) -> {ok, {{127, 0, 0, 1}, 0}}.

%% Credit paces the client, not {active, once} and not a shaper.
setopts(_, _) -> ok.
change_shaper(_, _) -> ok.
controlling_process(_, _) -> ok.
reset_stream(Socket) -> Socket.
