#!/usr/bin/env bash
# Runs Debian's ejabberd with mod_megaphone, headless, on a loopback address and out of a scratch directory. Any user can.
#
#   ejabberd.sh start DIR ADDRESS [OPTION...]   writes a configuration, starts the node, waits until it answers
#   ejabberd.sh again DIR                       starts it again as it was, with what it had stored
#   ejabberd.sh ctl DIR ARGUMENT...             ejabberdctl's commands
#   ejabberd.sh sessions DIR                    how many there are
#   ejabberd.sh figures DIR                     bytes of processes, of tables, and all that is allocated
#   ejabberd.sh kill DIR                        ends it at once, as a crash would
#   ejabberd.sh stop DIR                        stops it in order
#
# Options of start:
#   --listener LINE    a line for mod_megaphone's block of the listeners, such as 'resume_timeout: 30'; may be repeated
#   --top LINE         a line for the top of the configuration, such as 'sm_db_type: megaphone'; may be repeated
#   --erl WORD         a word for erl's command line; may be repeated
#   --without MODULE   leaves a module out, such as mod_offline; may be repeated
#   --contributed DIR  installs mod_megaphone from its source there as operators do, by module_install in a running ejabberd
#
# Ports on ADDRESS: 6280 links (and the Unix socket DIR/megaphone.sock), 5222 clients, 5280 /api, 5210 Erlang.
# The host is `localhost`; users are registered by /api. MEGAPHONE_EBIN names compiled modules (default: compiled into DIR).
set -euo pipefail

readonly WAIT_SECONDS=120
# What ejabberd/ejabberdctl.cfg advises.
readonly SHIPPED=(+MHas ageffcaobf +MHlmbcs 512 +sbwt none +sbwtdcpu none +sbwtdio none)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
verb=${1:?start, again, ctl, sessions, figures, kill or stop}
dir=$(realpath -m "${2:?a directory}")
shift 2

export ERL_LIBS=${ERL_LIBS:-/usr/lib/$(uname -m)-linux-gnu} HOME=$dir
export EJABBERD_CONFIG_PATH=$dir/ejabberd.yml EJABBERD_LOG_PATH=$dir/ejabberd.log
export ERL_CRASH_DUMP=$dir/crash.dump ERL_CRASH_DUMP_BYTES=0

configure() { # LISTENER_LINES TOP_LINES
    grep -vE "^  ($without): " >"$dir/ejabberd.yml" <<YML
hosts: [localhost]
loglevel: warning
auth_method: [internal, anonymous]
anonymous_protocol: sasl_anon
allow_multiple_connections: true
auth_password_format: plain
acl: {local: {user_regexp: ""}}
access_rules: {local: {allow: local}}
api_permissions: {all: {who: all, what: "*"}}
$2
listen:
  - port: 6280
    ip: "$address"
    module: mod_megaphone
$1
  - port: "unix:$dir/megaphone.sock"
    module: mod_megaphone
$1
  - {port: 5222, ip: "$address", module: ejabberd_c2s, max_stanza_size: 262144, backlog: 4096}
  - {port: 5280, ip: "$address", module: ejabberd_http, request_handlers: {"/api": mod_http_api}}
modules:
  mod_admin_extra: {}
  mod_disco: {}
  mod_http_api: {}
  mod_muc: {hosts: [conference.localhost], access: all, access_create: all}
  mod_offline: {}
  mod_ping: {}
  mod_roster: {}
  mod_stream_mgmt: {resume_timeout: 60}
YML
}

distribution() { # no port mapper, and nothing but the node's address
    echo -erl_epmd_port 5210 -start_epmd false -setcookie megaphone
}

ask() { # EXPRESSION, in which Ask(Module, Function, Arguments) calls the node
    # shellcheck disable=SC2046
    exec erl -name "ask$$@127.0.0.1" $(distribution) -dist_listen false -hidden -noinput -eval "
        Ask = fun(M, F, A) -> rpc:call('ejabberd@$(<"$dir/address")', M, F, A) end, $1, halt(0)."
}

launch() {
    local address ebin
    address=$(<"$dir/address") ebin=${MEGAPHONE_EBIN:-$dir/ebin}
    # Contributed modules are ejabberd's to find.
    [ -d "$dir/.ejabberd-modules" ] || [ -f "$ebin/mod_megaphone.beam" ] || "$here/../../ejabberd/build" "$ebin"
    local extra=()
    mapfile -t extra <"$dir/erl"
    # A node in a script of its own: it ends neither with the terminal nor with the shell.
    # shellcheck disable=SC2046
    setsid erl -name "ejabberd@$address" $(distribution) -kernel inet_dist_use_interface "{${address//./,}}" \
        -noinput -pa "$ebin" +P 2000000 "${SHIPPED[@]}" -mnesia dir "\"$dir/spool\"" "${extra[@]}" -s ejabberd \
        >"$dir/console.log" 2>&1 </dev/null &
    echo $! >"$dir/pid"
    local port
    for port in 5280 5222 6280; do wait_for "$address" "$port"; done
}

wait_for() { # ADDRESS PORT
    local end=$((SECONDS + WAIT_SECONDS))
    until (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; do
        if ! running || [ $SECONDS -ge $end ]; then
            echo "ejabberd.sh: ejabberd does not listen on $1:$2; it said:" >&2
            cat "$dir/console.log" "$dir/ejabberd.log" >&2 || true
            exit 1
        fi
        sleep 0.05
    done
}

install() { # SOURCE: the module is not there yet, so clients' listeners stand in for the links'
    mkdir -p "$dir/.ejabberd-modules/sources"
    cp -r "$1" "$dir/.ejabberd-modules/sources/mod_megaphone"
    configure '' ''
    sed -i 's/module: mod_megaphone/module: ejabberd_c2s/' "$dir/ejabberd.yml"
    launch
    "$0" ctl "$dir" module_install mod_megaphone
    "$0" stop "$dir"
}

running() { kill -0 "$(<"$dir/pid")" 2>/dev/null; }

wait_for_end() {
    local end=$((SECONDS + WAIT_SECONDS))
    while running; do
        [ $SECONDS -lt $end ] || kill -9 "$(<"$dir/pid")"
        sleep 0.05
    done
}

case $verb in
    start)
        address=${1:?an address}
        shift
        listener='' top='' without=none contributed=''
        mkdir -p "$dir/spool"
        : >"$dir/erl"
        while [ $# -gt 0 ]; do
            case $1 in
                --listener) listener+="    $2"$'\n' ;;
                --top) top+="$2"$'\n' ;;
                --without) without+="|$2" ;;
                --erl) echo "$2" >>"$dir/erl" ;;
                --contributed) contributed=$2 ;;
                *)
                    echo "ejabberd.sh: no option $1" >&2
                    exit 64
                    ;;
            esac
            shift 2
        done
        echo "$address" >"$dir/address"
        [ -z "$contributed" ] || install "$contributed"
        configure "$listener" "$top"
        launch
        ;;
    again) launch ;;
    ctl)
        # shellcheck disable=SC2046
        exec erl -name "ctl$$@127.0.0.1" $(distribution) -dist_listen false -hidden -noinput \
            -s ejabberd_ctl -extra "ejabberd@$(<"$dir/address")" --no-timeout "$@"
        ;;
    sessions)
        ask "io:format(\"~b~n\", [lists:sum([Size || Table <- [session, megaphone_sessions], Size <- [Ask(ets, info, [Table, size])],
                                           is_integer(Size)])])"
        ;;
    figures)
        # What is left over in processes that are no sessions is collected first; when there are few, in all.
        ask "Links = case Ask(megaphone_conn, links, []) of {badrpc, _} -> []; Rows -> [Pid || {One, Two} <- Rows, Pid <- [One, Two]] end,
             All = case Ask(erlang, system_info, [process_count]) of Few when Few < 5000 -> Ask(erlang, processes, []); _ -> [] end,
             [Ask(erlang, garbage_collect, [Pid])
              || Pid <- All ++ Links ++ [Ask(erlang, whereis, [Name]) || Name <- Ask(erlang, registered, [])], is_pid(Pid)],
             Memory = Ask(erlang, memory, []),
             io:format(\"~b ~b ~b~n\", [proplists:get_value(Key, Memory) || Key <- [processes, ets, total]])"
        ;;
    kill)
        kill -9 "$(<"$dir/pid")" 2>/dev/null || exit 0
        wait_for_end
        ;;
    stop)
        kill -TERM "$(<"$dir/pid")" 2>/dev/null || exit 0
        wait_for_end
        ;;
    *)
        echo "ejabberd.sh: no verb $verb" >&2
        exit 64
        ;;
esac
