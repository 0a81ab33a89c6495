%% The writing half of a link: takes frames from the link and from all its sessions, numbers them, and writes as many as
%% are waiting in one call. A process of its own, because gen_tcp:send looks through the whole mailbox of its caller.
%%
%% When both sides acknowledge, frames are kept until they are, and written again after the link was lost.
-module(megaphone_writer).

-export([start_link/2, data/4, frame/4, frame/5, acknowledge/2, keep/1, lost/1, resume/3, stop/1]).
-export([init/1]).

-record(state, {link         :: pid(),
                socket       :: inet:socket() | lost,
                bytes_max    :: pos_integer() | infinity,                   % kept while the link is lost
                keeps = false :: boolean(),
                next = 1     :: pos_integer(),                              % number of the next numbered frame
                kept = gb_trees:empty() :: gb_trees:tree(pos_integer(), iodata()),
                bytes = 0    :: non_neg_integer()}).                        % of `kept`

-define(BATCH_FRAMES, 512).
-define(STOP_TIMEOUT_MS, 2000).

start_link(Socket, BytesMax) ->
    {ok, proc_lib:spawn_opt(?MODULE, init, [#state{link = self(), socket = Socket, bytes_max = BytesMax}],
                            [link, {message_queue_data, off_heap}, {fullsweep_after, 20}])}.

data(Writer, Conn, Rest, Data) ->
    Flags = case Rest of last -> 0; more -> 1 end,
    frame(Writer, data, Conn, Flags, Data).

frame(Writer, Type, Conn, Payload) ->
    frame(Writer, Type, Conn, 0, Payload).

frame(Writer, Type, Conn, Flags, Payload) ->
    Writer ! {frame, Type, megaphone_proto:encode(Type, Flags, 0, Conn, Payload)},
    ok.

%% The peer has dealt with frames of these numbers.
acknowledge(Writer, Ranges) -> Writer ! {acknowledge, Ranges}, ok.

%% Both sides acknowledge: keep what is written from now on.
keep(Writer) -> Writer ! keep, ok.

%% The socket is gone; go on collecting.
lost(Writer) -> Writer ! lost, ok.

%% A new socket; the peer has everything up to Resume. Hello goes first.
resume(Writer, Socket, {Hello, Resume}) -> Writer ! {resume, Socket, Hello, Resume}, ok.

%% Writes what was given to it before, and ends.
stop(Writer) ->
    Monitor = erlang:monitor(process, Writer),
    Writer ! stop,
    receive {'DOWN', Monitor, process, Writer, _} -> ok
    after ?STOP_TIMEOUT_MS -> erlang:demonitor(Monitor, [flush]), unlink(Writer), exit(Writer, kill), ok
    end.

init(State) ->
    loop(State).

loop(State) ->
    receive
        {frame, Type, Frame} ->
            %% Sessions that are ready to run write first: fewer and larger writes when there is much to do.
            erlang:yield(),
            {Frames, State1} = drain([with_length(Frame)], kept(Type, Frame, State), ?BATCH_FRAMES),
            loop(write(lists:reverse(Frames), State1));
        Message ->
            control(Message, State)
    end.

drain(Frames, State, 0) ->
    {Frames, State};
drain(Frames, State, Left) ->
    receive
        {frame, Type, Frame} -> drain([with_length(Frame) | Frames], kept(Type, Frame, State), Left - 1)
    after 0 ->
        {Frames, State}
    end.

control({acknowledge, Ranges}, State) ->
    loop(lists:foldl(fun forget/2, State, Ranges));
control(keep, State) ->
    loop(State#state{keeps = true});
control(lost, State) ->
    loop(State#state{socket = lost});
control({resume, Socket, Hello, Resume}, State) ->
    #state{kept = Kept, next = Next} = State1 = forget({1, Resume}, State),
    Replay = [with_length(replayed(Number, Kept)) || Number <- lists:seq(Resume + 1, Next - 1)],
    loop(write([with_length(Hello) | Replay], State1#state{socket = Socket}));
control(stop, _State) ->
    ok.

kept(Type, Frame, #state{next = Next, bytes = Bytes} = State) ->
    case megaphone_proto:numbered(Type) of
        true when State#state.keeps ->
            State#state{next = Next + 1, kept = gb_trees:insert(Next, Frame, State#state.kept),
                        bytes = Bytes + iolist_size(Frame)};
        true ->
            State#state{next = Next + 1};
        false ->
            State
    end.

%% A frame that was acknowledged already, behind one that was not, is replaced by one that does nothing and takes its number.
replayed(Number, Kept) ->
    case gb_trees:lookup(Number, Kept) of
        {value, Frame} -> Frame;
        none -> megaphone_proto:encode(credit, 0, 0, 0, <<0:32>>)
    end.

%% The live numbers in the range, not the range's numbers: a range may name four billion.
forget({First, Last}, #state{kept = Kept, bytes = Bytes} = State) ->
    case gb_trees:next(gb_trees:iterator_from(First, Kept)) of
        {Number, Frame, _} when Number =< Last ->
            forget({Number + 1, Last}, State#state{kept = gb_trees:delete(Number, Kept), bytes = Bytes - iolist_size(Frame)});
        _ -> State
    end.

write(_Frames, #state{socket = lost, bytes = Bytes, bytes_max = Max, link = Link} = State) ->
    Bytes > Max andalso (Link ! megaphone_replay_full),
    State;
write(Frames, #state{socket = Socket, link = Link} = State) ->
    case gen_tcp:send(Socket, Frames) of
        ok -> State;
        {error, Reason} ->
            Link ! {megaphone_write_failed, Socket, Reason},
            State#state{socket = lost}
    end.

with_length(Frame) ->
    [<<(iolist_size(Frame)):32>> | Frame].
