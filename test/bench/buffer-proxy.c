// A reverse proxy that buffers: reads a whole request, then asks, reads the whole answer, then gives it. The strictest
// kind of intermediary, in C so that it does not set the pace itself. nginx does not do for it: with buffering on it
// still hands on each chunk of a chunked answer as it comes.
//   buffer-proxy PORT TARGET_PORT
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#define ROOM (4 << 20)
static int target;
// What was read of a connection; `have` bytes, of which the first `message` are one whole message.
struct buffer { char *bytes; size_t have, message; };
static int more(int fd, struct buffer *b) {
  if (b->have == ROOM) return -1;
  ssize_t k = recv(fd, b->bytes + b->have, ROOM - b->have, 0);
  if (k <= 0) return -1;
  b->have += k;
  b->bytes[b->have] = 0;
  return 0;
}
static const char *header(const char *head, const char *end, const char *name) {
  size_t n = strlen(name);
  for (const char *at = strchr(head, '\n'); at && at < end; at = strchr(at + 1, '\n'))
    if (!strncasecmp(at + 1, name, n) && at[1 + n] == ':') return at + 2 + n;
  return 0;
}
// Reads one whole message. Lengths and chunked coding only: what ends with its connection is not asked for here.
static int message(int fd, struct buffer *b) {
  memmove(b->bytes, b->bytes + b->message, b->have - b->message);
  b->have -= b->message;
  b->bytes[b->have] = 0;
  char *end;
  while (!(end = b->have ? memmem(b->bytes, b->have, "\r\n\r\n", 4) : 0)) if (more(fd, b)) return -1;
  size_t at = end + 4 - b->bytes;
  const char *length = header(b->bytes, end + 2, "content-length"), *coding = header(b->bytes, end + 2, "transfer-encoding");
  if (length) {
    at += atol(length);
    while (b->have < at) if (more(fd, b)) return -1;
  } else if (coding) {
    for (;;) {
      char *line;
      while (!(line = memmem(b->bytes + at, b->have - at, "\r\n", 2))) if (more(fd, b)) return -1;
      size_t size = strtoul(b->bytes + at, 0, 16);
      at = line + 2 - b->bytes + size + 2;
      while (b->have < at) if (more(fd, b)) return -1;
      if (size == 0) break;
    }
  }
  b->message = at;
  return 0;
}
static int all(int fd, const char *p, size_t n) {
  while (n) { ssize_t k = send(fd, p, n, MSG_NOSIGNAL); if (k <= 0) return -1; p += k; n -= k; }
  return 0;
}
static void *serve(void *a) {
  int near = (int)(intptr_t)a, far = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(target), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct buffer up = {malloc(ROOM + 1), 0, 0}, down = {malloc(ROOM + 1), 0, 0};
  if (!connect(far, (void *)&to, sizeof to))
    while (!message(near, &up) && !all(far, up.bytes, up.message))
      if (message(far, &down) || all(near, down.bytes, down.message)) break;
  close(near);
  close(far);
  free(up.bytes);
  free(down.bytes);
  return 0;
}
int main(int c, char **v) {
  if (c != 3) return 2;
  signal(SIGPIPE, SIG_IGN);
  target = atoi(v[2]);
  int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(v[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(s, (void *)&at, sizeof at) || listen(s, 1024)) { perror("bind"); return 1; }
  for (;;) {
    int fd = accept(s, 0, 0);
    pthread_t t;
    if (fd < 0) continue;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (pthread_create(&t, 0, serve, (void *)(intptr_t)fd)) close(fd); else pthread_detach(t);
  }
}
