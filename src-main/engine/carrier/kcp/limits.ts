/** Limits of the KCP carrier; bytes and milliseconds. */

/** Early segments held for one that is missing, per carrier. */
export const RECEIVE_BYTES = 8 << 20;
/** Urgent segments that may be under way, beyond the first that is missing: their numbers are remembered. */
export const URGENT_WINDOW = 1024;
/** Urgent bytes that wait here to leave, from which on the carrier takes no more of them. */
export const URGENT_QUEUE = 32 << 10;
/** Urgent bytes that may be under way, and datagrams that the pace may be ahead by, when the path is full of others. */
export const URGENT_OUT = 16 << 10;
export const URGENT_DEBT = 4;
/** Bytes that may arrive for a carrier before its session takes them. */
export const EARLY_BYTES = 256 << 10;
/** No answer over UDP for so long: it is blocked, or nobody there has the key. */
export const ANSWER_MS = 4500;
/** How long an orderly close waits for the peer to have everything. */
export const CLOSE_MS = 2000;
/** Refusals in a row, by ICMP, after which the server counts as gone. */
export const REFUSALS = 3;
/** Timeouts in a row after which a client takes another local address: the one it has may be of a lost network. */
export const REBIND_AFTER = 2;
/** Kernel buffers asked for; the system may give less. */
export const SOCKET_BUFFER = 4 << 20;

/** Datagrams that every path carries (IPv6's least MTU is 1280). */
export const LEAST_DATAGRAM = 1200;
/** Tried upward from the least: tunnels, DSL, and Ethernet with IPv6 and IPv4. */
export const PATH_SIZES = [LEAST_DATAGRAM, 1360, 1420, 1452, 1464, 1472] as const;
/**
 * Within a machine nothing is cut into packets, and the system call is what costs. Elsewhere what is larger than a
 * packet would be cut by the kernel, and each piece's loss would be the whole's.
 */
export const LOOPBACK_SIZES = [LEAST_DATAGRAM, 1472, 8192, 32_768, 61_440] as const;
