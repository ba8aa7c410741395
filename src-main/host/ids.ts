import { randomBytes } from 'node:crypto';

/** 60 random bits as 12 letters and digits: unique among all that one host makes. */
export function newId(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz023456789';
  return Array.from(randomBytes(12), (byte) => letters[byte & 31]).join('');
}
