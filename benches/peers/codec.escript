#!/usr/bin/env escript
%% -*- erlang -*-
%%! -smp enable -kernel logger_level error
%%
%% What Erlang/OTP's megaco codecs cost on a corpus, measured as `megaphone bench codec` measures its own: a pass
%% over all messages is one sample, the median pass counts.
%%
%%   codec.escript DIR [SECONDS]        prints {"pretty":{"bytes":..,"encode_ns":..,"decode_ns":..},...}
-module(codec).
-mode(compile).
-export([main/1]).

main([Dir]) -> main([Dir, "1"]);
main([Dir, Seconds]) ->
    Time = list_to_integer(Seconds) * 1000000000,
    Files = lists:sort(filelib:wildcard(filename:join(Dir, "*.txt"))),
    Messages = [message(File) || File <- Files],
    Costs = [cost(Name, Module, Messages, Time) || {Name, Module} <- codecs()],
    io:format("{~s}~n", [lists:join(",", Costs)]);
main(_) ->
    io:format(standard_error, "usage: codec.escript DIR [SECONDS]~n", []),
    halt(64).

codecs() ->
    [{"pretty", megaco_pretty_text_encoder},
     {"compact", megaco_compact_text_encoder},
     {"ber", megaco_binary_encoder}].

message(File) ->
    {ok, Bytes} = file:read_file(File),
    {ok, Message} = megaco_pretty_text_encoder:decode_message([], dynamic, Bytes),
    {version(Message), Message}.

version({'MegacoMessage', _Auth, Mess}) -> element(2, Mess).

%% Messages that a codec cannot express are left out there.
cost(Name, Module, Messages, Time) ->
    Pairs = [{V, M, B} || {V, M} <- Messages, {ok, B} <- [catch Module:encode_message([], V, M)],
                          {ok, _} <- [catch Module:decode_message([], V, B)]],
    N = length(Pairs),
    Bytes = lists:sum([byte_size(B) || {_, _, B} <- Pairs]) / N,
    Encode = median(fun() -> [{ok, _} = Module:encode_message([], V, M) || {V, M, _} <- Pairs] end, Time) / N,
    Decode = median(fun() -> [{ok, _} = Module:decode_message([], V, B) || {V, _, B} <- Pairs] end, Time) / N,
    io_lib:format("\"~s\":{\"bytes\":~.1f,\"encode_ns\":~.1f,\"decode_ns\":~.1f}", [Name, Bytes, Encode, Decode]).

%% Nanoseconds of the median pass, in a process with a heap that needs no growing.
median(Pass, Time) ->
    Self = self(),
    Worker = fun() ->
        Pass(),
        Samples = lists:sort(samples(Pass, erlang:monotonic_time(nanosecond) + Time, [])),
        Self ! {median, lists:nth(length(Samples) div 2 + 1, Samples)}
    end,
    spawn_opt(Worker, [link, {min_heap_size, 100000}]),
    receive {median, Median} -> Median end.

samples(Pass, End, Samples) ->
    Before = erlang:monotonic_time(nanosecond),
    Pass(),
    case erlang:monotonic_time(nanosecond) of
        After when After < End -> samples(Pass, End, [After - Before | Samples]);
        After -> [After - Before | Samples]
    end.
