// A link in user space between two network namespaces: rate, delay, a queue with tail drop, and random loss from a
// seed, each way. Everything that has a socket can be put on it; it needs root and /dev/net/tun, and touches nothing
// outside of its own namespaces.
//
//   link MBIT DELAY_MS QUEUE_MS LOSS_PERCENT SEED
//
// Prints `ready near=PID far=PID`: `nsenter --net=/proc/PID/ns/net` leads to the ends, 10.77.0.1 and 10.77.0.2. On
// SIGUSR1 prints `stats N up=BYTES down=BYTES lost=N dropped=N` (up: from near to far; counted as they come in).
// build: cc -O2 -o link link.c
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 65536
#define PACKET 1600

typedef struct { double due; int length; char bytes[PACKET]; } Slot;
typedef struct { int from, to; double free_at; uint64_t bytes; Slot *slots; unsigned head, tail; } Way;

static uint64_t lost, dropped;
static uint32_t state;
static volatile sig_atomic_t asked;

static void on_usr1(int signal) { (void)signal; asked = 1; }

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

static double chance(void) { /* xorshift32 */
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state / 4294967296.0;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void up(int fd, const char *name) {
  struct ifreq r = {0};
  strncpy(r.ifr_name, name, IFNAMSIZ - 1);
  r.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(fd, SIOCSIFFLAGS, &r)) fail("up");
}

/** A new namespace with lo and a tun whose address is 10.77.0.`host`. */
static int end(int host) {
  if (unshare(CLONE_NEWNET)) fail("a network namespace (root?)");
  int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK), fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (tun < 0) fail("/dev/net/tun");
  struct ifreq r = {0};
  strcpy(r.ifr_name, "link0");
  r.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(tun, TUNSETIFF, &r)) fail("tun");
  struct sockaddr_in *a = (struct sockaddr_in *)&r.ifr_addr;
  a->sin_family = AF_INET;
  a->sin_addr.s_addr = htonl(0x0a4d0000u + host);
  if (ioctl(fd, SIOCSIFADDR, &r)) fail("address");
  a->sin_addr.s_addr = htonl(0xffffff00u);
  if (ioctl(fd, SIOCSIFNETMASK, &r)) fail("netmask");
  r.ifr_qlen = 10000;
  if (ioctl(fd, SIOCSIFTXQLEN, &r)) fail("queue");
  up(fd, "link0");
  up(fd, "lo");
  close(fd);
  return tun;
}

static void take(Way *way, double rate, double delay, double queue, double loss) {
  static char bytes[PACKET];
  int length;
  while ((length = read(way->from, bytes, sizeof bytes)) > 0) {
    double now = now_ms(), wait = way->free_at > now ? way->free_at - now : 0;
    if ((bytes[0] & 0xf0) != 0x40) continue; /* IPv6 of the kernel's own */
    way->bytes += length;
    if (wait > queue || way->tail - way->head == SLOTS) { dropped++; continue; }
    way->free_at = now + wait + length / rate;
    if (chance() < loss) { lost++; continue; }
    Slot *slot = &way->slots[way->tail++ % SLOTS];
    slot->due = way->free_at + delay;
    slot->length = length;
    memcpy(slot->bytes, bytes, length);
  }
}

/** Gives what is due; returns when the next is. */
static double give(Way *way) {
  while (way->head != way->tail) {
    Slot *slot = &way->slots[way->head % SLOTS];
    if (slot->due > now_ms()) return slot->due;
    if (write(way->to, slot->bytes, slot->length) < 0) dropped++;
    way->head++;
  }
  return 1e300;
}

int main(int argc, char **argv) {
  if (argc != 6) { fprintf(stderr, "see the comment at the top of link.c\n"); return 2; }
  double rate = atof(argv[1]) * 125, delay = atof(argv[2]), queue = atof(argv[3]), loss = atof(argv[4]) / 100;
  state = strtoul(argv[5], 0, 10) * 2654435761u | 1;
  signal(SIGUSR1, on_usr1);
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int near = end(1), parent = getpid();
  pid_t holder = fork();
  if (holder == 0) { /* keeps the near namespace reachable */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(near);
    for (;;) pause();
  }
  int far = end(2);
  Way ways[2] = {{near, far, 0, 0, calloc(SLOTS, sizeof(Slot)), 0, 0}, {far, near, 0, 0, calloc(SLOTS, sizeof(Slot)), 0, 0}};
  printf("ready near=%d far=%d\n", holder, parent);
  fflush(stdout);
  for (int told = 0;;) {
    double due = give(&ways[0]), other = give(&ways[1]);
    if (other < due) due = other;
    if (asked) {
      asked = 0;
      printf("stats %d up=%llu down=%llu lost=%llu dropped=%llu\n", ++told, (unsigned long long)ways[0].bytes,
             (unsigned long long)ways[1].bytes, (unsigned long long)lost, (unsigned long long)dropped);
      fflush(stdout);
    }
    double left = due - now_ms();
    struct timespec wait = {0, left <= 0 ? 0 : left > 500 ? 500000000 : (long)(left * 1e6)};
    struct pollfd polls[2] = {{near, POLLIN, 0}, {far, POLLIN, 0}};
    ppoll(polls, 2, &wait, 0);
    for (int i = 0; i < 2; i++) take(&ways[i], rate, delay, queue, loss);
  }
}
