/*
 * Runs the reference ikcp.c and says what it did, for `record-vectors.mjs` and `interop.ts`.
 *
 *   driver record SEED STEPS NODELAY INTERVAL RESEND NC STREAM MTU SND RCV LOSS MANGLE
 *     Two connections, A and B, over a link of its own that loses, delays, doubles and reorders. Prints every call
 *     with its clock, and a sum (32-bit FNV-1a) of all bytes that came out of it, one call a line:
 *       A u CLOCK | LENGTH:SUM ...    update, and the datagrams that it put out
 *       A s LENGTH R                  send of the next LENGTH bytes of A's pattern, and its result
 *       A i INDEX R                   input of the INDEXth datagram of the other side
 *       A x HEX R                     input of these bytes: a mangled datagram
 *       A r LENGTH:SUM                recv of a message
 *       A c CLOCK R                   check
 *   driver pipe CONV NODELAY INTERVAL RESEND NC STREAM MTU SND RCV
 *     One connection, steered by lines on standard input: `u CLOCK`, `s HEX`, `i HEX`, `r`. Each is answered by
 *     its outputs as `o HEX` and messages as `m HEX`, then `.`.
 */
#include "ikcp.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DATAGRAMS 200000
#define MAX_SIZE 65536

typedef struct { uint8_t *bytes; int length; } Datagram;
typedef struct { uint32_t at; int index; } Flight;
typedef struct {
  ikcpcb *kcp;
  char name;
  Datagram *out;
  int outs, told;
  uint32_t pattern;
  Flight flights[8192]; /* on their way to the other side */
  int flying;
} Side;

static uint32_t state;

static uint32_t next_random(void) { /* xorshift32 */
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

static int chance(int percent) { return (int)(next_random() % 100) < percent; }

static void print_sum(const uint8_t *bytes, int length) {
  uint32_t sum = 2166136261u;
  for (int i = 0; i < length; i++) sum = (sum ^ bytes[i]) * 16777619u;
  printf("%d:%08x", length, sum);
}

static int on_output(const char *bytes, int length, ikcpcb *kcp, void *user) {
  Side *side = user;
  (void)kcp;
  if (side->outs == MAX_DATAGRAMS) { fprintf(stderr, "too many datagrams\n"); exit(1); }
  side->out[side->outs].bytes = malloc(length);
  side->out[side->outs].length = length;
  memcpy(side->out[side->outs++].bytes, bytes, length);
  return 0;
}

static void open_side(Side *side, char name, uint32_t conv, char **o) {
  memset(side, 0, sizeof *side);
  side->name = name;
  side->out = malloc(sizeof(Datagram) * MAX_DATAGRAMS);
  side->kcp = ikcp_create(conv, side);
  ikcp_setoutput(side->kcp, on_output);
  ikcp_nodelay(side->kcp, atoi(o[0]), atoi(o[1]), atoi(o[2]), atoi(o[3]));
  side->kcp->stream = atoi(o[4]);
  ikcp_setmtu(side->kcp, atoi(o[5]));
  ikcp_wndsize(side->kcp, atoi(o[6]), atoi(o[7]));
}

static void pattern_bytes(Side *side, uint8_t *out, int length) {
  for (int i = 0; i < length; i++) out[i] = (uint8_t)((side->pattern++ * 0x9e3779b1u) >> 24);
}

static void launch(Side *side, uint32_t now, int loss) {
  for (; side->told < side->outs; side->told++) {
    int copies = chance(loss) ? 0 : chance(2) ? 2 : 1;
    while (copies-- > 0 && side->flying < 8192) {
      Flight *flight = &side->flights[side->flying++];
      flight->index = side->told;
      flight->at = now + 20 + next_random() % (chance(5) ? 80 : 15);
    }
  }
}

static void hex(const uint8_t *bytes, int length) {
  for (int i = 0; i < length; i++) printf("%02x", bytes[i]);
}

static void land(Side *from, Side *to, uint32_t now, int mangle) {
  for (int i = 0; i < from->flying; ) {
    Flight flight = from->flights[i];
    if ((int32_t)(now - flight.at) < 0) { i++; continue; }
    memmove(&from->flights[i], &from->flights[i + 1], sizeof(Flight) * (from->flying - i - 1));
    from->flying--;
    Datagram *datagram = &from->out[flight.index];
    if (mangle > 0 && datagram->length <= 200 && chance(mangle)) {
      uint8_t copy[200];
      int length = datagram->length;
      memcpy(copy, datagram->bytes, length);
      if (chance(30)) length = next_random() % (length + 1);
      else copy[chance(50) ? 4 + next_random() % 4 : next_random() % length] ^= 1 << (next_random() % 8);
      int result = ikcp_input(to->kcp, (char *)copy, length);
      printf("%c x ", to->name);
      hex(copy, length);
      printf("- %d\n", result);
    } else {
      int result = ikcp_input(to->kcp, (char *)datagram->bytes, datagram->length);
      printf("%c i %d %d\n", to->name, flight.index, result);
    }
  }
}

static int record(char **argv) {
  static Side sides[2];
  static uint8_t buffer[1 << 20];
  uint32_t seed = strtoul(argv[2], 0, 10);
  int steps = atoi(argv[3]), loss = atoi(argv[12]), mangle = atoi(argv[13]);
  state = seed | 1;
  /* The clock passes 2^32 on the way. */
  uint32_t now = 0xffffffffu - 2000, conv = next_random();
  printf("# %u %s %s %s %s %s %s %s %s\n", conv, argv[4], argv[5], argv[6], argv[7], argv[8], argv[9], argv[10], argv[11]);
  open_side(&sides[0], 'A', conv, argv + 4);
  open_side(&sides[1], 'B', conv, argv + 4);
  sides[1].pattern = 1u << 20;
  for (int step = 0; step < steps; step++) {
    now += next_random() % 12;
    /* Now and then nothing happens for long, and nobody reads. */
    if (next_random() % 700 == 0) now += 300 + next_random() % 9000;
    int reads = (step / 150) % 5 != 4;
    for (int i = 0; i < 2; i++) {
      Side *side = &sides[i], *other = &sides[1 - i];
      if (next_random() % 5 == 0 && ikcp_waitsnd(side->kcp) < 300) {
        int length = chance(70) ? next_random() % 400 : next_random() % (chance(3) ? 200000 : 6000);
        uint32_t before = side->pattern;
        pattern_bytes(side, buffer, length);
        int result = ikcp_send(side->kcp, (char *)buffer, length);
        if (result < 0) side->pattern = before;
        printf("%c s %d %d\n", side->name, length, result);
      }
      land(other, side, now, mangle);
      if (chance(60)) {
        int from = side->outs;
        ikcp_update(side->kcp, now);
        printf("%c u %u |", side->name, now);
        for (int k = from; k < side->outs; k++) {
          putchar(' ');
          print_sum(side->out[k].bytes, side->out[k].length);
        }
        putchar('\n');
        launch(side, now, loss);
      }
      if (chance(10)) printf("%c c %u %u\n", side->name, now, ikcp_check(side->kcp, now));
      if (reads) {
        int length;
        while ((length = ikcp_recv(side->kcp, (char *)buffer, sizeof buffer)) >= 0) {
          printf("%c r ", side->name);
          print_sum(buffer, length);
          putchar('\n');
        }
      }
    }
  }
  return 0;
}

static int from_hex(const char *text, uint8_t *out) {
  int length = 0;
  unsigned value;
  while (sscanf(text + 2 * length, "%2x", &value) == 1) out[length++] = (uint8_t)value;
  return length;
}

static int pipe_mode(char **argv) {
  static Side side;
  static char line[4 * MAX_SIZE];
  static uint8_t buffer[2 * MAX_SIZE];
  open_side(&side, 'P', strtoul(argv[2], 0, 10), argv + 3);
  while (fgets(line, sizeof line, stdin)) {
    int length;
    switch (line[0]) {
      case 'u': ikcp_update(side.kcp, strtoul(line + 2, 0, 10)); break;
      case 's': ikcp_send(side.kcp, (char *)buffer, from_hex(line + 2, buffer)); break;
      case 'i': length = from_hex(line + 2, buffer); ikcp_input(side.kcp, (char *)buffer, length); break;
    }
    while ((length = ikcp_recv(side.kcp, (char *)buffer, sizeof buffer)) >= 0) {
      printf("m ");
      hex(buffer, length);
      putchar('\n');
    }
    for (; side.told < side.outs; side.told++) {
      printf("o ");
      hex(side.out[side.told].bytes, side.out[side.told].length);
      putchar('\n');
      free(side.out[side.told].bytes);
    }
    side.told = side.outs = 0;
    puts(".");
    fflush(stdout);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 14 && strcmp(argv[1], "record") == 0) return record(argv);
  if (argc == 11 && strcmp(argv[1], "pipe") == 0) return pipe_mode(argv);
  fprintf(stderr, "see the comment at the top of reference-driver.c\n");
  return 2;
}
