import { systemCode } from '../base/errors.ts';
import type { OpenFailure } from '../mux/types.ts';

/** An empty host is the server itself: IPv4 loopback, then IPv6. */
export const LOOPBACK = ['127.0.0.1', '::1'] as const;

/** Whether a name that a client gave may be looked up. */
export function isLookupName(name: string): boolean {
  return /^[\x21-\x7e]{1,253}$/.test(name);
}

/** Node's error as the failure that crosses the wire. Of several attempts the first that says more than "no route". */
export function failureOf(error: Error): Exclude<OpenFailure, 'noSession'> {
  if (error instanceof AggregateError) {
    const all = error.errors.map((one) => (one instanceof Error ? failureOf(one) : 'internal'));
    return all.find((one) => one === 'refused' || one === 'timeout') ?? all[0] ?? 'internal';
  }
  switch (systemCode(error)) {
    case 'ECONNREFUSED':
    case 'ECONNRESET':
      return 'refused';
    case 'ETIMEDOUT':
      return 'timeout';
    case 'EHOSTUNREACH':
    case 'EHOSTDOWN':
    case 'EADDRNOTAVAIL':
      return 'hostUnreachable';
    case 'ENETUNREACH':
    case 'EAFNOSUPPORT':
      return 'networkUnreachable';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
    case 'EAI_NONAME':
      return 'nameNotFound';
    case 'EACCES':
    case 'EPERM':
      return 'denied';
    case 'EMSGSIZE':
    case 'EMFILE':
    case 'ENFILE':
      return 'limit';
    default:
      return 'internal';
  }
}
