/*
 * A backend on a link (docs/link-protocol.md) that sends every packet back: one thread, blocking reads, one write for all that a
 * read brought. The least that a native backend can cost, so that what is measured is the way through the appliance.
 *
 *   cc -O2 -o link_echo link_echo.c
 *   link_echo PORT [CPU]         connects to 127.0.0.1:PORT, pins itself to CPU
 *
 * Prints "LINKED" once it is greeted. Ends when the link does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A frame is 16 bytes of header and at most FRAME_MAX of payload; every frame is answered by 48 bytes more at most. */
enum { HEADER = 16, FRAME_MAX = 64 * 1024, IN_BYTES = 512 * 1024, OUT_BYTES = 4 * IN_BYTES, CREDIT_BYTES = 1 << 20 };
enum { HELLO = 0x01, HELLO_OK = 0x02, OPEN = 0x10, OPEN_OK = 0x11, DATA = 0x20, CLOSE = 0x30, CREDIT = 0x40, PING = 0x50, PONG = 0x51 };

static unsigned char in[IN_BYTES], out[OUT_BYTES];
static size_t filled, queued;

static void die(const char *what)
{
    perror(what);
    exit(71);
}

static void queue(uint8_t type, uint8_t flags, uint64_t connection, const void *payload, size_t bytes)
{
    unsigned char *at = out + queued;
    uint32_t length = htonl((uint32_t)(bytes + HEADER - 4));
    uint64_t id = htobe64(connection);
    memcpy(at, &length, 4);
    at[4] = type;
    at[5] = flags;
    at[6] = at[7] = 0;
    memcpy(at + 8, &id, 8);
    memcpy(at + HEADER, payload, bytes);
    queued += HEADER + bytes;
}

static void queue_number(uint8_t type, uint64_t connection, uint32_t number)
{
    uint32_t payload = htonl(number);
    queue(type, 0, connection, &payload, 4);
}

static void flush_to(int fd)
{
    for (size_t sent = 0; sent < queued;) {
        ssize_t n = send(fd, out + sent, queued - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            die("send");
        sent += n > 0 ? (size_t)n : 0;
    }
    queued = 0;
}

static void say_hello(int fd)
{
    static const char name[] = "bench";
    unsigned char payload[64] = "MEGA\1\1"; /* version 1, a backend, no flags: nothing is kept, nothing acknowledged */
    uint32_t max_frame = htonl(FRAME_MAX);
    memcpy(payload + 8, &max_frame, 4);
    payload[28] = sizeof name - 1;
    memcpy(payload + 29, name, sizeof name - 1);
    queue(HELLO, 0, 0, payload, 29 + sizeof name - 1 + 2);
    flush_to(fd);
}

static void answer(const unsigned char *frame, size_t payload_bytes)
{
    uint64_t connection;
    memcpy(&connection, frame + 8, 8);
    connection = be64toh(connection);
    const unsigned char *payload = frame + HEADER;
    switch (frame[4]) {
    case HELLO_OK:
        printf("LINKED\n");
        fflush(stdout);
        break;
    case OPEN:
        queue_number(OPEN_OK, connection, CREDIT_BYTES);
        break;
    case DATA:
        queue(DATA, frame[5], connection, payload, payload_bytes);
        queue_number(CREDIT, connection, (uint32_t)payload_bytes);
        break;
    case CLOSE:
        if (connection == 0)
            exit(0);
        queue(CLOSE, 0, connection, "\0\0", 2);
        break;
    case PING:
        queue(PONG, 0, 0, payload, payload_bytes);
        break;
    }
}

/* Answers the whole frames that are there; what is left moves to the front. */
static void answer_all(void)
{
    size_t at = 0;
    while (filled - at >= HEADER) {
        uint32_t length;
        memcpy(&length, in + at, 4);
        size_t frame_bytes = 4 + (size_t)ntohl(length);
        if (frame_bytes < HEADER || frame_bytes > HEADER + FRAME_MAX) {
            fprintf(stderr, "link_echo: a frame of %zu bytes\n", frame_bytes);
            exit(76);
        }
        if (filled - at < frame_bytes)
            break;
        answer(in + at, frame_bytes - HEADER);
        at += frame_bytes;
    }
    memmove(in, in + at, filled - at);
    filled -= at;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: link_echo PORT [CPU]\n");
        return 64;
    }
    if (argc > 2) {
        cpu_set_t cpus;
        CPU_ZERO(&cpus);
        CPU_SET(atoi(argv[2]), &cpus);
        if (sched_setaffinity(0, sizeof cpus, &cpus) != 0)
            die("sched_setaffinity");
    }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        die("connect");
    say_hello(fd);
    for (;;) {
        ssize_t got = recv(fd, in + filled, sizeof in - filled, 0);
        if (got == 0)
            return 0;
        if (got < 0 && errno != EINTR)
            die("recv");
        filled += got > 0 ? (size_t)got : 0;
        answer_all();
        flush_to(fd);
    }
}
