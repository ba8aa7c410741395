/**
 * Replaces the user name and password of every URL in `text` by `***`: `http://me:secret@proxy:3128` becomes
 * `http://***@proxy:3128`. Everything else stays as it is.
 */
export function redactUrl(text: string): string {
  // Up to the last "@" of the authority, because a password may hold one unescaped.
  return text.replace(/\b([a-z][a-z\d+.-]*:\/\/)[^/?#\s]*@/gi, '$1***@');
}
