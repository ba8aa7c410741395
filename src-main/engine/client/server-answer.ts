import { CulvertError } from '../base/errors.ts';
import type { TryFailure } from './round.ts';

/** An answer that is not the tunnel's: what a web site, a proxy or a login page says. */
export interface ForeignAnswer {
  status: number;
  statusText: string;
  /** Its `Date`, ms since the epoch. */
  date: number | undefined;
  location: string | undefined;
  contentType?: string | undefined;
}

/** What is known of this machine's clock when the server refuses. */
export interface ClockKnowledge {
  /** How far the server's is ahead by its `Date`, ms; undefined when it did not say. */
  offsetMs: number | undefined;
  /** More than this and a right key is refused. */
  skewMs: number;
}

/** Statuses of gateways whose server is away, or which ask for patience: they say nothing of the session or the key. */
const GATEWAY = new Set([407, 408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524]);

/** Whether it is the server itself that answered, or somebody who stands for it as any web site would. */
export function isServersWord({ status }: ForeignAnswer): boolean {
  return !GATEWAY.has(status);
}

/** What a proxy or a filter says, and now and then a site. */
export function isForbidden({ status }: ForeignAnswer): boolean {
  return status === 403 || status === 451;
}

export function failureError(server: string, failure: TryFailure, clock?: ClockKnowledge): CulvertError {
  return failure.kind === 'error' ? failure.error : answerError(server, failure.answer, clock);
}

/** Why the server answered like any web site, as far as one can tell from outside. */
export function answerError(server: string, answer: ForeignAnswer, clock?: ClockKnowledge): CulvertError {
  const details = { status: answer.status };
  const said = `HTTP ${answer.status}${answer.statusText ? ` ${answer.statusText}` : ''}`;
  if (answer.status === 407) {
    return new CulvertError(
      'ERR_PROXY',
      `a proxy before ${server} asks for a user name and password (${said})`,
      {
        remedy: 'give them with --proxy http://user:password@host:port',
        details,
      },
    );
  }
  if (answer.status === 511 || (answer.status === 200 && answer.contentType?.includes('html'))) {
    return new CulvertError('ERR_NOT_CULVERT', `${server} answers with a web page (${said})`, {
      remedy:
        'if the network asks for a login, open any page in a browser first; else compare both sides’ -p and the address',
      details,
    });
  }
  if (answer.status >= 300 && answer.status < 400) {
    const to = answer.location === undefined ? '' : ` to ${answer.location}`;
    return new CulvertError('ERR_NOT_CULVERT', `${server} redirects${to} (${said})`, {
      remedy: answer.location?.startsWith('https:')
        ? 'use the https:// address of the server'
        : 'a network that asks for a login may answer so: open a web page in a browser first',
      details,
    });
  }
  if (isForbidden(answer)) {
    return new CulvertError('ERR_BLOCKED', `the way to ${server} is forbidden (${said})`, {
      remedy:
        'a proxy or a filter does not let it through: try --transport auto, another path (-U) or another network; ' +
        'if the server’s own site answers so, compare both sides’ -p',
      details,
    });
  }
  const gateway = gatewayError(server, answer.status, said);
  if (gateway !== undefined) return gateway;
  const offset = clock?.offsetMs;
  if (clock !== undefined && offset !== undefined && Math.abs(offset) > clock.skewMs) {
    const minutes = Math.round(Math.abs(offset) / 60_000);
    // No finer than the words: `Date` has seconds, and the same failure again should read the same.
    const clockOffsetMs = -Math.sign(offset) * minutes * 60_000;
    return new CulvertError(
      'ERR_CLOCK',
      `this computer's clock is ${minutes} minutes off, and going by the server's did not help (${said})`,
      {
        remedy: 'set the clock first; if that is not it, compare both sides’ -p',
        details: { ...details, clockOffsetMs },
      },
    );
  }
  const text = `${server} answers as an ordinary web site (${said})`;
  const key = 'the key is not the one the server has, or this is no Culvert server';
  if (offset !== undefined) {
    return new CulvertError('ERR_WRONG_KEY', text, {
      remedy: `${key}: compare both sides’ -p, check the address`,
      details,
    });
  }
  return new CulvertError('ERR_KEY_OR_CLOCK', text, {
    remedy: `${key}, or the clocks differ: compare both sides’ -p, check the address and the clock`,
    details,
  });
}

/** What a gateway says of itself: nothing of the key, and mostly of the moment. A site of its own may say 500. */
const GATEWAY_WORDS: Readonly<Record<number, readonly [what: string, remedy: string]>> = {
  408: ['gave up waiting for the request', 'the way to it is slow or loses much: it is tried again'],
  502: ['cannot reach what is behind it', 'check that the Culvert server runs'],
  503: ['cannot reach what is behind it', 'check that the Culvert server runs'],
  504: ['got no answer from what is behind it', 'check that the Culvert server runs and is not overloaded'],
  520: ['got no sense from what is behind it', 'check that the Culvert server runs'],
  521: ['cannot reach what is behind it', 'check that the Culvert server runs'],
  522: ['got no answer from what is behind it', 'check that the Culvert server runs'],
  523: ['cannot reach what is behind it', 'check that the Culvert server runs'],
  524: ['got no answer from what is behind it', 'check that the Culvert server runs and is not overloaded'],
};

function gatewayError(server: string, status: number, said: string): CulvertError | undefined {
  if (status === 429) {
    return new CulvertError('ERR_BLOCKED', `a gateway at ${server} asks for fewer requests (${said})`, {
      remedy: 'it is tried again, ever more rarely; if it stays so, wait, or try another network',
      details: { status },
    });
  }
  const words = GATEWAY_WORDS[status];
  if (words === undefined) return undefined;
  const [what, remedy] = words;
  return new CulvertError('ERR_SERVER_UNREACHABLE', `a gateway at ${server} ${what} (${said})`, {
    remedy,
    details: { status },
  });
}

/** `Date` has whole seconds and the way takes time: nearer than this it says nothing. */
const DATE_MARGIN_MS = 2000;

/** How far the server's clock is ahead of ours by its `Date`, ms; 0 when near, undefined when it does not say. */
export function clockOffset(date: number | undefined, wall: number): number | undefined {
  if (date === undefined) return undefined;
  const offset = date + 500 - wall;
  return Math.abs(offset) > DATE_MARGIN_MS ? offset : 0;
}

/**
 * Of the reasons for which each transport failed, the best ranked first, the one to tell: the last asks the least of
 * the network, unless only an earlier one got any answer.
 */
export function mostTelling(errors: readonly CulvertError[]): CulvertError {
  const vague = new Set<string>(['ERR_SERVER_TIMEOUT', 'ERR_CARRIER_TIMEOUT', 'ERR_CARRIER_LOST']);
  const told = errors.filter(({ code }) => !vague.has(code));
  return told.at(-1) ?? errors.at(-1) ?? new CulvertError('ERR_SERVER_UNREACHABLE', 'no transport was tried');
}
