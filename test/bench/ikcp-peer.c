// The reference ikcp.c over UDP, in its fast3 mode, as a peer of the benchmark:
//
//   ikcp-peer send HOST PORT WINDOW               sends for ever
//   ikcp-peer receive HOST PORT WINDOW WARM SECS  prints `MB/s=N fails=0` of SECS seconds after WARM
// build: cc -O2 -I<folder of ikcp.h> -o ikcp-peer ikcp-peer.c ikcp.c
#include "ikcp.h"
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static int fd;
static struct sockaddr_in peer;
static int known;

static uint32_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint32_t)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static int output(const char *bytes, int length, ikcpcb *kcp, void *user) {
  (void)kcp, (void)user;
  if (known) sendto(fd, bytes, length, 0, (struct sockaddr *)&peer, sizeof peer);
  return 0;
}

int main(int argc, char **argv) {
  static char bytes[65536];
  if (argc < 5) return 2;
  int sends = !strcmp(argv[1], "send"), window = atoi(argv[4]), room = 4 << 20;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[3]))};
  inet_pton(AF_INET, argv[2], &at.sin_addr);
  fd = socket(AF_INET, SOCK_DGRAM, 0);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  if (sends) peer = at, known = 1;
  else if (bind(fd, (struct sockaddr *)&at, sizeof at)) { perror("bind"); return 1; }
  ikcpcb *kcp = ikcp_create(7, 0);
  ikcp_setoutput(kcp, output);
  ikcp_nodelay(kcp, 1, 10, 2, 1);
  ikcp_wndsize(kcp, window, window);
  kcp->stream = 1;
  uint32_t began = 0, warm = argc > 5 ? atof(argv[5]) * 1000 : 0, length = argc > 6 ? atof(argv[6]) * 1000 : 0;
  uint64_t got = 0;
  for (;;) {
    uint32_t now = now_ms();
    while (sends && ikcp_waitsnd(kcp) < 2 * window) ikcp_send(kcp, bytes, 16384);
    ikcp_update(kcp, now);
    struct pollfd p = {fd, POLLIN, 0};
    int wait = (int32_t)(ikcp_check(kcp, now) - now);
    poll(&p, 1, wait > 0 ? wait : 0);
    socklen_t size = sizeof at;
    int n;
    while ((n = recvfrom(fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&at, &size)) > 0) {
      if (!sends) peer = at, known = 1;
      ikcp_input(kcp, bytes, n);
    }
    while ((n = ikcp_recv(kcp, bytes, sizeof bytes)) > 0) {
      if (!began) began = now_ms();
      if (now_ms() - began >= warm) got += n;
    }
    if (!sends && began && now_ms() - began >= warm + length) {
      printf("MB/s=%.2f fails=0\n", got / 1e3 / length);
      return 0;
    }
  }
}
