-module(ejabberd_sm_megaphone_tests).
-include_lib("eunit/include/eunit.hrl").
-include("ejabberd_sm.hrl").

sm_test_() ->
    {foreach, fun() -> ok = ejabberd_sm_megaphone:init(), ets:delete_all_objects(megaphone_sessions) end,
     [{"what is set is got", fun get/0},
      {"two sessions of one full JID are told apart by time", fun same_jid/0},
      {"whatever is known of a session comes back", fun info/0},
      {"a table that is taken over forgets who has died", fun take_over/0}]}.

get() ->
    One = session(1, <<"ann">>, <<"a.example">>, <<"r">>),
    Two = session(2, <<"ann">>, <<"a.example">>, <<"s">>),
    Other = session(3, <<"ann">>, <<"b.example">>, <<"r">>),
    Longer = session(4, <<"anna">>, <<"a.example">>, <<"r">>),
    [ok = ejabberd_sm_megaphone:set_session(Session) || Session <- [One, Two, Other, Longer]],
    ?assertEqual({ok, [One, Two]}, ejabberd_sm_megaphone:get_sessions(<<"ann">>, <<"a.example">>)),
    ?assertEqual({ok, []}, ejabberd_sm_megaphone:get_sessions(<<"an">>, <<"a.example">>)),
    ?assertEqual([One, Two, Longer], lists:sort(ejabberd_sm_megaphone:get_sessions(<<"a.example">>))),
    ?assertEqual([One, Two, Other, Longer], lists:sort(ejabberd_sm_megaphone:get_sessions())),
    %% A new priority is the same session.
    ok = ejabberd_sm_megaphone:set_session(One#session{priority = 7}),
    ?assertEqual({ok, [One#session{priority = 7}, Two]}, ejabberd_sm_megaphone:get_sessions(<<"ann">>, <<"a.example">>)),
    ok = ejabberd_sm_megaphone:delete_session(One),
    ok = ejabberd_sm_megaphone:delete_session(One),
    ?assertEqual({ok, [Two]}, ejabberd_sm_megaphone:get_sessions(<<"ann">>, <<"a.example">>)),
    ?assertEqual(false, ejabberd_sm_megaphone:use_cache(<<"a.example">>)).

same_jid() ->
    Old = session(1, <<"ann">>, <<"a.example">>, <<"r">>),
    New = session(2, <<"ann">>, <<"a.example">>, <<"r">>),
    [ok = ejabberd_sm_megaphone:set_session(Session) || Session <- [Old, New]],
    ?assertEqual({ok, [Old, New]}, ejabberd_sm_megaphone:get_sessions(<<"ann">>, <<"a.example">>)),
    ok = ejabberd_sm_megaphone:delete_session(Old),
    ?assertEqual({ok, [New]}, ejabberd_sm_megaphone:get_sessions(<<"ann">>, <<"a.example">>)).

info() ->
    [begin
         Session = (session(1, <<"u">>, <<"h">>, <<"r">>))#session{priority = Priority, info = lists:sort(Info)},
         ok = ejabberd_sm_megaphone:set_session(Session),
         {ok, [#session{info = Got} = Back]} = ejabberd_sm_megaphone:get_sessions(<<"u">>, <<"h">>),
         ?assertEqual(Session, Back#session{info = lists:sort(Got)})
     end || Priority <- [undefined, 0, -1, 127],
            Info <- [[], [{conn, c2s}], [{ip, {{1, 2, 3, 4}, 5}}, {conn, tls}], [{ip, {{1, 2, 3, 4, 5, 6, 7, 8}, 9}}],
                     [{ip, undefined}, {auth_module, x}, {conn, c2s}, {smid, {1, 2}}]]].

take_over() ->
    {Dead, Monitor} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', Monitor, _, _, _} -> ok end,
    Alive = session(1, <<"u">>, <<"h">>, <<"r">>),
    ok = ejabberd_sm_megaphone:set_session(Alive),
    ok = ejabberd_sm_megaphone:set_session((session(2, <<"v">>, <<"h">>, <<"r">>))#session{sid = {{1, 2, 3}, Dead}}),
    ok = ejabberd_sm_megaphone:init(),
    ?assertEqual([Alive], ejabberd_sm_megaphone:get_sessions()).

session(Time, User, Server, Resource) ->
    #session{sid = {{1600, 1000 + Time, 999999}, self()}, usr = {User, Server, Resource}, us = {User, Server}, priority = 0,
             info = [{ip, {{192, 0, 2, Time}, 50000}}, {auth_module, internal}, {conn, c2s}]}.
