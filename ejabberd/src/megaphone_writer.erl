%% The writing half of a link: takes frames from the link and from all its sessions, numbers them, and writes as many as
%% are waiting in one call. A process of its own, because gen_tcp:send looks through the whole mailbox of its caller.
%%
%% When both sides acknowledge, frames are kept until they are, and written again after the link was lost.
-module(megaphone_writer).

-export([start_link/1, data/4, frame/4, frame/5, acknowledge/2, keep/1, lost/1, resume/3, stop/1]).
-export([init/1]).

-record(state, {link         :: pid(),
                socket       :: inet:socket() | lost,
                keeps = false :: boolean(),
                next = 1     :: pos_integer(),                              % number of the next numbered frame
                kept = gb_trees:empty() :: gb_trees:tree(pos_integer(), iodata())}).

-define(BATCH_FRAMES, 512).

start_link(Socket) ->
    {ok, proc_lib:spawn_link(?MODULE, init, [#state{link = self(), socket = Socket}])}.

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

stop(Writer) -> Writer ! stop, ok.

init(State) ->
    loop(State).

loop(State) ->
    receive
        {frame, Type, Frame} ->
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

control({acknowledge, Ranges}, #state{kept = Kept} = State) ->
    loop(State#state{kept = lists:foldl(fun forget/2, Kept, Ranges)});
control(keep, State) ->
    loop(State#state{keeps = true});
control(lost, State) ->
    loop(State#state{socket = lost});
control({resume, Socket, Hello, Resume}, #state{kept = Kept} = State) ->
    Rest = forget({1, Resume}, Kept),
    Replay = [with_length(replayed(Number, Rest)) || Number <- lists:seq(Resume + 1, State#state.next - 1)],
    loop(write([with_length(Hello) | Replay], State#state{socket = Socket, kept = Rest}));
control(stop, _State) ->
    ok.

kept(Type, Frame, #state{next = Next} = State) ->
    case megaphone_proto:numbered(Type) of
        true when State#state.keeps ->
            State#state{next = Next + 1, kept = gb_trees:insert(Next, Frame, State#state.kept)};
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
forget({First, Last}, Kept) ->
    case gb_trees:next(gb_trees:iterator_from(First, Kept)) of
        {Number, _, _} when Number =< Last -> forget({Number + 1, Last}, gb_trees:delete(Number, Kept));
        _ -> Kept
    end.

write(_Frames, #state{socket = lost} = State) ->
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
