#!/usr/bin/env escript
%% -*- erlang -*-
%%! -kernel logger_level error -noinput
%%
%% Erlang/OTP's megaco codecs as a filter, to compare other codecs with.
%%
%% Reads frames on standard input and answers each with one frame on standard output, in order:
%%
%%   request   Length:32  Op:8  Encoding:8  Version:8  Message
%%   reply     Length:32  Status:8  Bytes
%%
%% Length counts what follows it. The message is decoded as Encoding (1 text, 2 BER) of Version (0: as the message
%% says), then encoded again as Op says: 0 not at all, 1 pretty text, 2 compact text, 3 BER.
%% Status 0: Bytes are the result (empty for Op 0). Status 1: it did not decode, 2: it did not encode; Bytes say why.
-module(megaco_codec_peer).
-mode(compile).
-export([main/1]).

main(_) ->
    ok = io:setopts(standard_io, [binary]),
    Port = open_port({fd, 0, 1}, [binary, stream, eof]),
    loop(Port, <<>>).

loop(Port, Buffer) ->
    case Buffer of
        <<Length:32, Frame:Length/binary, Rest/binary>> ->
            Reply = answer(Frame),
            true = port_command(Port, [<<(byte_size(Reply)):32>>, Reply]),
            loop(Port, Rest);
        _ ->
            receive
                {Port, {data, Data}} -> loop(Port, <<Buffer/binary, Data/binary>>);
                {Port, eof} -> ok
            end
    end.

answer(<<Op, Encoding, Version, Message/binary>>) ->
    case decode(Encoding, Version, Message) of
        {ok, Term} ->
            case encode(Op, Term) of
                {ok, Bytes} -> <<0, Bytes/binary>>;
                Error -> failure(2, Error)
            end;
        Error ->
            failure(1, Error)
    end.

failure(Status, Error) ->
    Text = unicode:characters_to_binary(io_lib:format("~0P", [Error, 60])),
    <<Status, Text/binary>>.

decode(1, _, Message) ->
    catch megaco_pretty_text_encoder:decode_message([], dynamic, Message);
decode(2, 0, Message) ->
    catch megaco_binary_encoder:decode_message([], dynamic, Message);
decode(2, Version, Message) ->
    catch megaco_binary_encoder:decode_message([], Version, Message).

encode(0, _) -> {ok, <<>>};
encode(1, Term) -> encode(megaco_pretty_text_encoder, Term);
encode(2, Term) -> encode(megaco_compact_text_encoder, Term);
encode(3, Term) -> encode(megaco_binary_encoder, Term);
encode(Module, Term) ->
    Version = element(2, element(3, Term)),
    case catch Module:encode_message([], Version, Term) of
        {ok, Bytes} when is_binary(Bytes) -> {ok, Bytes};
        {ok, Bytes} -> {ok, iolist_to_binary(Bytes)};
        Error -> Error
    end.
