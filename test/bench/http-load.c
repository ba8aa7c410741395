// The bound of an HTTP proxy: plain POSTs through it, without any tunnel. Built and driven by test/bench/http-suite.ts.
//   http-load serve PORT                        answers `POST /N` with N bytes, once the whole body is there
//   http-load post HOST PORT SECS LANES UP DOWN on LANES keep-alive connections, UP bytes of body, DOWN of answer; MB/s
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#define HEAD 16384
static const char *host, *port;
static double until;
static long up, down;
static uint64_t total;
static int fails;
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static int all(int fd, const char *b, size_t n) {
  while (n) { ssize_t k = send(fd, b, n, MSG_NOSIGNAL); if (k <= 0) return -1; b += k; n -= k; }
  return 0;
}
// Reads a head and the body behind it; the body's length, or -1. `head` gets the head.
static long message(int fd, char *head, char *buf, size_t room) {
  size_t have = 0;
  char *end;
  for (;;) {
    ssize_t k = recv(fd, head + have, HEAD - 1 - have, 0);
    if (k <= 0) return -1;
    have += k;
    head[have] = 0;
    if ((end = strstr(head, "\r\n\r\n"))) break;
    if (have == HEAD - 1) return -1;
  }
  char *at = strcasestr(head, "\r\ncontent-length:");
  if (!at || at > end) return -1;
  long length = atol(at + 17), left = length - (long)(have - (end + 4 - head));
  while (left > 0) { ssize_t k = recv(fd, buf, (size_t)left < room ? (size_t)left : room, 0); if (k <= 0) return -1; left -= k; }
  *end = 0;
  return length;
}
static void *serve1(void *a) {
  int fd = (int)(intptr_t)a;
  char head[HEAD], line[128], *buf = malloc(1 << 20);
  memset(buf, 7, 1 << 20);
  while (message(fd, head, buf, 1 << 20) >= 0) {
    char *slash = strchr(head, '/');
    long n = slash ? atol(slash + 1) : 0;
    if (n > 1 << 20) break;
    int k = sprintf(line, "HTTP/1.1 200 OK\r\nContent-Length: %ld\r\n\r\n", n);
    if (all(fd, line, k) || all(fd, buf, n)) break;
  }
  close(fd);
  free(buf);
  return 0;
}
static void *post1(void *unused) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(port)), .sin_addr.s_addr = inet_addr(host)};
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  char head[HEAD], line[256], *buf = malloc(1 << 20);
  int k = sprintf(line, "POST /%ld HTTP/1.1\r\nHost: a\r\nContent-Length: %ld\r\n\r\n", down, up);
  if (connect(fd, (void *)&a, sizeof a)) { __sync_fetch_and_add(&fails, 1); return unused; }
  while (now() < until) {
    if (all(fd, line, k) || all(fd, buf, up) || message(fd, head, buf, 1 << 20) != down) { __sync_fetch_and_add(&fails, 1); break; }
    __sync_fetch_and_add(&total, up + down);
  }
  close(fd);
  free(buf);
  return unused;
}
int main(int c, char **v) {
  signal(SIGPIPE, SIG_IGN);
  if (c == 3 && !strcmp(v[1], "serve")) {
    int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(v[2])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(s, (void *)&a, sizeof a) || listen(s, 1024)) { perror("bind"); return 1; }
    for (;;) {
      int fd = accept(s, 0, 0);
      pthread_t t;
      if (fd < 0) continue;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      if (pthread_create(&t, 0, serve1, (void *)(intptr_t)fd)) close(fd); else pthread_detach(t);
    }
  }
  if (c != 8 || strcmp(v[1], "post")) return 2;
  host = v[2]; port = v[3]; up = atol(v[6]); down = atol(v[7]);
  if (up > 1 << 20 || down > 1 << 20) return 2;
  int lanes = atoi(v[5]) < 64 ? atoi(v[5]) : 64;
  pthread_t t[64];
  double start = now();
  until = start + atof(v[4]);
  for (int i = 0; i < lanes; i++) pthread_create(&t[i], 0, post1, 0);
  for (int i = 0; i < lanes; i++) pthread_join(t[i], 0);
  printf("post lanes=%d MB/s=%.1f fails=%d\n", lanes, total / (now() - start) / 1e6, fails);
  return fails != 0;
}
