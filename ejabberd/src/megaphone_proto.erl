%% Link protocol v1 on the backend's side: frames, HELLO and the PROXY v2 header in OPEN. Pure functions; knows no
%% socket and no ejabberd. The wire is described in docs/link-protocol.md. The leading length is cut off and put on by
%% megaphone_link and megaphone_writer.
-module(megaphone_proto).

-export([encode/5, decode/1]).
-export([hello/1, decode_hello/1, decode_peer/1]).
-export([ranges/1, encode_ranges/1, numbered/1, reason/1]).
-export_type([frame/0, type/0, hello/0, peer/0]).

-type type() :: hello | hello_ok | open | open_ok | reject | data | close | reset | credit | ack | ping | pong | drain
              | {unknown, byte()}.
-type frame() :: {type(), Flags :: byte(), Aux :: 0..65535, Conn :: non_neg_integer(), Payload :: binary()}.
-type hello() :: #{role := 0..255, ack := boolean(), max_frame := pos_integer(), epoch := non_neg_integer(),
                   resume := non_neg_integer(), name := binary(), token := binary()}.
-type peer() :: {inet:ip_address(), inet:port_number()} | unix | unknown.

-define(VERSION, 1).
-define(FLAG_ACK, 1).
-define(MAX_FRAME_LEAST, 1024).
-define(TOKEN_MAX, 1024).
-define(PROXY_MAX, 4096).
-define(RANGES_MAX, 64).
-define(PROXY_SIGNATURE, 13, 10, 13, 10, 0, 13, 10, 16#51, 16#55, 16#49, 16#54, 10).

%% A frame without its length.
-spec encode(type(), byte(), 0..65535, non_neg_integer(), iodata()) -> iodata().
encode(Type, Flags, Aux, Conn, Payload) ->
    [<<(code(Type)):8, Flags:8, Aux:16, Conn:64>> | Payload].

-spec decode(binary()) -> frame() | {error, short}.
decode(<<Type:8, Flags:8, Aux:16, Conn:64, Payload/binary>>) ->
    {type(Type), Flags, Aux, Conn, Payload};
decode(_) ->
    {error, short}.

%% Whether frames of this type carry a link sequence number (implicitly, from 1, per direction).
-spec numbered(type()) -> boolean().
numbered(Type) ->
    Code = code(Type),
    (Code >= 16#10 andalso Code =< 16#40) orelse (Code >= 16#80 andalso Code =< 16#8f).

-spec hello(hello()) -> binary().
hello(#{role := Role, ack := Ack, max_frame := MaxFrame, epoch := Epoch, resume := Resume, name := Name, token := Token})
  when byte_size(Name) =< 255, byte_size(Token) =< 65535 ->
    Flags = case Ack of true -> ?FLAG_ACK; false -> 0 end,
    <<"MEGA", ?VERSION:8, Role:8, Flags:16, MaxFrame:32, Epoch:64, Resume:64,
      (byte_size(Name)):8, Name/binary, (byte_size(Token)):16, Token/binary>>.

-spec decode_hello(binary()) -> {ok, hello()} | {error, not_megaphone | malformed | {version, byte()}}.
decode_hello(<<"MEGA", ?VERSION:8, Role:8, Flags:16, MaxFrame:32, Epoch:64, Resume:64,
               NameLength:8, Name:NameLength/binary, TokenLength:16, Token:TokenLength/binary, _/binary>>)
  when MaxFrame >= ?MAX_FRAME_LEAST, NameLength > 0, TokenLength =< ?TOKEN_MAX ->
    {ok, #{role => Role, ack => Flags band ?FLAG_ACK =/= 0, max_frame => MaxFrame, epoch => Epoch, resume => Resume,
           name => binary:copy(Name), token => binary:copy(Token)}};
decode_hello(<<"MEGA", Version:8, _/binary>>) when Version =/= ?VERSION ->
    {error, {version, Version}};
decode_hello(<<"MEGA", _/binary>>) ->
    {error, malformed};
decode_hello(_) ->
    {error, not_megaphone}.

%% The client's address out of OPEN's payload. TLVs are not looked at.
-spec decode_peer(binary()) -> {ok, peer()} | {error, malformed}.
decode_peer(<<?PROXY_SIGNATURE, 2:4, Command:4, Family:4, _Transport:4, Length:16, Rest:Length/binary, _/binary>>)
  when Length =< ?PROXY_MAX - 16 ->
    case {Command, Family, Rest} of
        {0, _, _} -> {ok, unknown};
        {1, 1, <<A, B, C, D, _Local:32, Port:16, _/binary>>} -> {ok, {{A, B, C, D}, Port}};
        {1, 2, <<Remote:16/binary, _Local:128, Port:16, _/binary>>} ->
            {ok, {list_to_tuple([Word || <<Word:16>> <= Remote]), Port}};
        {1, 3, _} -> {ok, unix};
        {1, 0, _} -> {ok, unknown};
        _ -> {error, malformed}
    end;
decode_peer(_) ->
    {error, malformed}.

%% Acknowledgement ranges, first and last inclusive: 1 to 64, ascending, apart.
-spec ranges(binary()) -> {ok, [{pos_integer(), pos_integer()}]} | {error, malformed}.
ranges(Payload) when byte_size(Payload) rem 16 =:= 0, byte_size(Payload) >= 16, byte_size(Payload) =< ?RANGES_MAX * 16 ->
    Ranges = [{First, Last} || <<First:64, Last:64>> <= Payload],
    case ascending(Ranges, 0) of
        true -> {ok, Ranges};
        false -> {error, malformed}
    end;
ranges(_) ->
    {error, malformed}.

ascending([{First, Last} | Ranges], Before) when First > Before, Last >= First -> ascending(Ranges, Last);
ascending([], _) -> true;
ascending(_, _) -> false.

-spec encode_ranges([{pos_integer(), pos_integer()}]) -> binary().
encode_ranges(Ranges) ->
    << <<First:64, Last:64>> || {First, Last} <- Ranges >>.

%% The payload of REJECT and CLOSE: a reason and its text.
-spec reason(binary()) -> {Code :: 0..65535, Text :: binary()}.
reason(<<Code:16, Text/binary>>) -> {Code, Text};
reason(_) -> {0, <<>>}.

code(hello) -> 16#01;
code(hello_ok) -> 16#02;
code(open) -> 16#10;
code(open_ok) -> 16#11;
code(reject) -> 16#12;
code(data) -> 16#20;
code(close) -> 16#30;
code(reset) -> 16#31;
code(credit) -> 16#40;
code(ack) -> 16#41;
code(ping) -> 16#50;
code(pong) -> 16#51;
code(drain) -> 16#60;
code({unknown, Code}) -> Code.

type(16#01) -> hello;
type(16#02) -> hello_ok;
type(16#10) -> open;
type(16#11) -> open_ok;
type(16#12) -> reject;
type(16#20) -> data;
type(16#30) -> close;
type(16#31) -> reset;
type(16#40) -> credit;
type(16#41) -> ack;
type(16#50) -> ping;
type(16#51) -> pong;
type(16#60) -> drain;
type(Code) -> {unknown, Code}.
