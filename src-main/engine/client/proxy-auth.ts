import { createHash, timingSafeEqual } from 'node:crypto';

/** What a dynamic port asks of its users. */
export interface ProxyAuth {
  readonly user: string;
  readonly password: string;
}

/** Whether a login is right, in a time that does not depend on where it is wrong. */
export function checkLogin(auth: ProxyAuth, user: string, password: string): boolean {
  const userRight = sameText(auth.user, user);
  const passwordRight = sameText(auth.password, password);
  return userRight && passwordRight;
}

/** Whether a Proxy-Authorization value has the right Basic credentials, RFC 7617. */
export function checkBasic(auth: ProxyAuth, header: string | undefined): boolean {
  const match = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? '');
  if (match === null) return false;
  const text = Buffer.from(match[1], 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon >= 0 && checkLogin(auth, text.slice(0, colon), text.slice(colon + 1));
}

function sameText(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}
