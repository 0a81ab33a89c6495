%% What a frame means to ejabberd's streams.
-module(megaphone_session_tests).
-include_lib("eunit/include/eunit.hrl").
-include("fxml.hrl").

events_test_() ->
    {setup, fun() -> {ok, _} = application:ensure_all_started(fast_xml) end,
     [?_assertMatch({xmlstreamstart, <<"stream:stream">>, [_ | _]},
                    megaphone_session:event(<<"<?xml version='1.0'?><stream:stream to='h' xmlns='jabber:client' "
                                              "xmlns:stream='http://etherx.jabber.org/streams'>">>)),
      ?_assertMatch({xmlstreamstart, <<"stream:stream">>, [{<<"xmlns:stream">>, _}]},
                    megaphone_session:event(<<"<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>">>)),
      ?_assertEqual({xmlstreamend, <<"stream:stream">>}, megaphone_session:event(<<"</stream:stream>">>)),
      ?_assertEqual({xmlstreamelement, #xmlel{name = <<"presence">>}}, megaphone_session:event(<<"<presence/>">>)),
      ?_assertEqual({xmlstreamelement, #xmlel{name = <<"presence">>}}, megaphone_session:event(<<" \n<presence/>">>)),
      ?_assertMatch({xmlstreamelement, #xmlel{name = <<"stream:error">>, children = [#xmlel{name = <<"x">>}]}},
                    megaphone_session:event(<<"<stream:error><x/></stream:error>">>)),
      ?_assertEqual(none, megaphone_session:event(<<" ">>)),
      ?_assertEqual({xmlstreamerror, <<"XML stanza is too big">>}, megaphone_session:event(too_big)),
      [?_assertMatch({Bad, {xmlstreamerror, {4, Text}}} when is_binary(Text), {Bad, megaphone_session:event(Bad)})
       || Bad <- [<<"<a>">>, <<"<a></b>">>, <<"<a b=c/>">>, <<"text">>, <<"<stream:error></stream:stream>">>,
                  <<"<stream:stream">>, <<"<p:a/>">>]]]}.
