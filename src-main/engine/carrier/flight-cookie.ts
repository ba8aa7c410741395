/**
 * A first flight, and the answer to one, travel as the value of a cookie, in base64url: what a request to any site
 * with a login looks like. The name means nothing and varies.
 */
const NAMES = ['sid', 'session', 'sessionid', 'auth', 'token', '_s', 'uid', 'remember'] as const;
const VALUE = /^[A-Za-z0-9_-]+$/;
/** Cookies looked at in one header, and characters of each. */
const MAX_COOKIES = 16;
const MIN_CHARACTERS = 78;
const MAX_CHARACTERS = 1400;

/** `name=value`. The name is taken from the flight itself, which is random. */
export function flightCookie(flight: Buffer): string {
  return `${NAMES[flight[flight.length - 1] % NAMES.length]}=${flight.toString('base64url')}`;
}

/** Every value in a `Cookie` header that may be a flight. */
export function readFlightCookies(header: string | undefined): Buffer[] {
  if (header === undefined || header.length > 16_384) return [];
  const found: Buffer[] = [];
  for (const pair of header.split(';', MAX_COOKIES)) {
    const value = pair.slice(pair.indexOf('=') + 1).trim();
    if (value.length < MIN_CHARACTERS || value.length > MAX_CHARACTERS || !VALUE.test(value)) continue;
    const bytes = Buffer.from(value, 'base64url');
    // One flight, one spelling: trailing bits that decode to nothing would make a second one.
    if (bytes.toString('base64url') === value) found.push(bytes);
  }
  return found;
}

/** Whether `name=value` looks like one of ours: such a cookie is not sent back. */
export function isFlightCookie(cookie: string): boolean {
  const at = cookie.indexOf('=');
  const value = cookie.slice(at + 1);
  const named = NAMES.some((name) => name === cookie.slice(0, at));
  return named && value.length >= MIN_CHARACTERS && value.length <= MAX_CHARACTERS && VALUE.test(value);
}
