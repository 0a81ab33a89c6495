/*
 * A plain epoll echo: one thread, level-triggered, one read and one write per readiness. The yardstick for `megaphone serve`:
 * what a careful C programmer writes in an hour, with nothing in it but system calls.
 *
 *   cc -O2 -o epoll_echo epoll_echo.c
 *   epoll_echo PORT [CPU]        listens on 127.0.0.1:PORT (0.0.0.0 within 127/8), pins itself to CPU
 *
 * Prints "READY" when it listens. Ends on SIGTERM and then prints the CPU time it used in microseconds, and the
 * number of reads that brought bytes, as one JSON object.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 1024, BUFFER_BYTES = 64 * 1024 };

static volatile sig_atomic_t stopping;

static void on_term(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

static void die(const char *what)
{
    perror(what);
    exit(71);
}

/* What a short write left over. Rare with small frames, so it is kept simple: the connection is written until it is empty. */
static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = send(fd, data, length, MSG_NOSIGNAL);
        if (written > 0) {
            data += written;
            length -= (size_t)written;
        } else if (errno == EAGAIN) {
            struct timespec pause = {0, 100000};
            nanosleep(&pause, NULL);
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: epoll_echo PORT [CPU]\n");
        return 64;
    }
    if (argc > 2) {
        cpu_set_t cpus;
        CPU_ZERO(&cpus);
        CPU_SET(atoi(argv[2]), &cpus);
        if (sched_setaffinity(0, sizeof cpus, &cpus) != 0)
            die("sched_setaffinity");
    }
    struct sigaction action = {.sa_handler = on_term};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);

    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_ANY)};
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4096) != 0)
        die("listen");

    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    printf("READY\n");
    fflush(stdout);

    static char buffer[BUFFER_BYTES];
    static struct epoll_event events[EVENTS_MAX];
    unsigned long long reads = 0;
    while (!stopping) {
        int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                for (int client; (client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
                    struct epoll_event added = {.events = EPOLLIN, .data.fd = client};
                    epoll_ctl(epoll, EPOLL_CTL_ADD, client, &added);
                }
                continue;
            }
            ssize_t got = recv(fd, buffer, sizeof buffer, 0);
            if (got > 0) {
                reads++;
                if (write_all(fd, buffer, (size_t)got) != 0)
                    close(fd);
            } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
                close(fd);
            }
        }
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    long long seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
    long long micros = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    printf("{\"cpu_us\": %lld, \"reads\": %llu}\n", seconds * 1000000LL + micros, reads);
    return 0;
}
