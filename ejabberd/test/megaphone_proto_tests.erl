-module(megaphone_proto_tests).
-include_lib("eunit/include/eunit.hrl").

-define(SIGNATURE, 13, 10, 13, 10, 0, 13, 10, "QUIT", 10).

%% Frames of docs/link-protocol.md, section 14.
frames_of_the_document_test() ->
    ?assertEqual({open_ok, 0, 0, 16#0010000100000005, <<65536:32>>},
                 megaphone_proto:decode(hex("11 00 0000 0010000100000005 00010000"))),
    ?assertEqual(hex("20 00 0000 0010000100000005 68656c6c6f"),
                 iolist_to_binary(megaphone_proto:encode(data, 0, 0, 16#0010000100000005, "hello"))),
    {open, 0, 64, _, Proxy} = megaphone_proto:decode(
        hex("10 00 0040 0010000100000005 0d0a0d0a000d0a515549540a 21 11 000c c0000207 c6336401 c350 1466")),
    ?assertEqual({ok, {{192, 0, 2, 7}, 50000}}, megaphone_proto:decode_peer(Proxy)),
    {hello_ok, 0, 0, 0, Hello} = megaphone_proto:decode(
        hex("02 00 0000 0000000000000000 4d454741 01 00 0001 00010000 0000000000000001 0000000000000000 09 6d65676170686f6e65 0000")),
    ?assertEqual({ok, #{role => 0, ack => true, max_frame => 65536, epoch => 1, resume => 0,
                        name => <<"megaphone">>, token => <<>>}}, megaphone_proto:decode_hello(Hello)).

every_type_round_trip_test() ->
    [?assertEqual({Type, 1, 2, 3, <<"x">>}, megaphone_proto:decode(iolist_to_binary(megaphone_proto:encode(Type, 1, 2, 3, "x"))))
     || Type <- [hello, hello_ok, open, open_ok, reject, data, close, reset, credit, ack, ping, pong, drain, {unknown, 16#7f}]].

numbered_types_test() ->
    ?assertEqual([open, open_ok, reject, data, close, reset, credit, {unknown, 16#80}, {unknown, 16#8f}],
                 [Type || Type <- [hello, hello_ok, open, open_ok, reject, data, close, reset, credit, ack, ping, pong, drain,
                                   {unknown, 16#7f}, {unknown, 16#80}, {unknown, 16#8f}, {unknown, 16#90}],
                          megaphone_proto:numbered(Type)]).

hello_limits_test() ->
    Good = #{role => 0, ack => false, max_frame => 1024, epoch => 0, resume => 0, name => <<"n">>, token => binary:copy(<<"t">>, 1024)},
    ?assertEqual({ok, Good}, megaphone_proto:decode_hello(megaphone_proto:hello(Good))),
    [?assertEqual({error, malformed}, megaphone_proto:decode_hello(megaphone_proto:hello(maps:merge(Good, Bad))))
     || Bad <- [#{max_frame => 1023}, #{name => <<>>}, #{token => binary:copy(<<"t">>, 1025)}]],
    Whole = megaphone_proto:hello(Good),
    [?assertMatch({error, _}, megaphone_proto:decode_hello(binary:part(Whole, 0, Size))) || Size <- lists:seq(0, byte_size(Whole) - 1)],
    ?assertEqual({error, {version, 2}}, megaphone_proto:decode_hello(<<"MEGA", 2, 0:200>>)),
    ?assertEqual({error, not_megaphone}, megaphone_proto:decode_hello(<<"GET / HTTP/1.1">>)).

peers_test() ->
    V6 = <<1:16, 2:16, 3:16, 4:16, 5:16, 6:16, 7:16, 8:16>>,
    ?assertEqual({ok, {{1, 2, 3, 4, 5, 6, 7, 8}, 9}},
                 megaphone_proto:decode_peer(<<?SIGNATURE, 16#21, 16#21, 36:16, V6/binary, V6/binary, 9:16, 10:16>>)),
    ?assertEqual({ok, unix}, megaphone_proto:decode_peer(<<?SIGNATURE, 16#21, 16#31, 216:16, 0:1728>>)),
    ?assertEqual({ok, unknown}, megaphone_proto:decode_peer(<<?SIGNATURE, 16#20, 16#00, 0:16>>)),
    ?assertEqual({ok, {{1, 2, 3, 4}, 5}},
                 megaphone_proto:decode_peer(<<?SIGNATURE, 16#21, 16#11, 17:16, 1, 2, 3, 4, 0:32, 5:16, 0:16, 2, 2:16, "tl">>)),
    [?assertEqual({error, malformed}, megaphone_proto:decode_peer(Bad))
     || Bad <- [<<>>, <<"PROXY TCP4 1.2.3.4">>, <<?SIGNATURE, 16#21, 16#11, 12:16, 0:88>>, <<?SIGNATURE, 16#11, 16#11, 12:16, 0:96>>,
                <<?SIGNATURE, 16#21, 16#11, 4081:16, 0:(4081 * 8)>>]],
    ?assertMatch({ok, _}, megaphone_proto:decode_peer(<<?SIGNATURE, 16#21, 16#11, 4080:16, 0:(4080 * 8)>>)).

ranges_test() ->
    Ranges = [{1, 1}, {3, 16#ffffffffffffffff}],
    ?assertEqual({ok, Ranges}, megaphone_proto:ranges(megaphone_proto:encode_ranges(Ranges))),
    Many = fun(Count) -> megaphone_proto:encode_ranges([{2 * N, 2 * N} || N <- lists:seq(1, Count)]) end,
    [?assertMatch({ok, _}, megaphone_proto:ranges(Many(Count))) || Count <- [1, 63, 64]],
    [?assertEqual({error, malformed}, megaphone_proto:ranges(Bad))
     || Bad <- [<<>>, <<1:64>>, Many(65), megaphone_proto:encode_ranges([{0, 1}]), megaphone_proto:encode_ranges([{2, 1}]),
                megaphone_proto:encode_ranges([{1, 2}, {2, 3}]), megaphone_proto:encode_ranges([{5, 6}, {1, 2}])]].

hex(Text) ->
    binary:decode_hex(<< <<C>> || <<C>> <= list_to_binary(Text), C =/= $\s >>).
