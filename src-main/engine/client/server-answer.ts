import { CulvertError } from '../base/errors.ts';

/** An answer that is not the tunnel's: what a web site, a proxy or a login page says. */
export interface ForeignAnswer {
  status: number;
  statusText: string;
  /** Its `Date`, ms since the epoch. */
  date: number | undefined;
  location: string | undefined;
  contentType?: string | undefined;
}

/** Why the server answered like any web site, as far as one can tell from outside. */
export function answerError(server: string, answer: ForeignAnswer): CulvertError {
  const said = `HTTP ${answer.status}${answer.statusText ? ` ${answer.statusText}` : ''}`;
  if (answer.status === 407) {
    return new CulvertError(
      'ERR_PROXY',
      `a proxy before ${server} asks for a user name and password (${said})`,
      {
        remedy: 'give them with --proxy http://user:password@host:port',
      },
    );
  }
  if (answer.status === 511 || (answer.status === 200 && answer.contentType?.includes('html'))) {
    return new CulvertError('ERR_NOT_CULVERT', `${server} answers with a web page (${said})`, {
      remedy:
        'if the network asks for a login, open any page in a browser first; else compare both sides’ -p and the address',
    });
  }
  if (answer.status >= 300 && answer.status < 400) {
    const to = answer.location === undefined ? '' : ` to ${answer.location}`;
    return new CulvertError('ERR_NOT_CULVERT', `${server} redirects${to} (${said})`, {
      remedy: answer.location?.startsWith('https:')
        ? 'use the https:// address of the server'
        : 'a network that asks for a login may answer so: open a web page in a browser first',
    });
  }
  if (answer.status === 502 || answer.status === 503 || answer.status === 504) {
    return new CulvertError(
      'ERR_SERVER_UNREACHABLE',
      `a gateway at ${server} cannot reach what is behind it (${said})`,
      {
        remedy: 'check that the Culvert server runs',
      },
    );
  }
  return new CulvertError('ERR_KEY_OR_CLOCK', `${server} answers as an ordinary web site (${said})`, {
    remedy:
      'the key is not the one the server has, or this is no Culvert server: compare both sides’ -p, check the address',
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
