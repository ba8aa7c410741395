import type { Profile } from '../../src-shared/profile.ts';

/** Names that are looked for, and the shortest that is: one letter would take half the text with it. */
const MAX_NAMES = 20_000;
const MIN_NAME = 3;

/** Takes out of a text what a person had better not post: keys, passwords in URLs, hosts of rules, user names. */
export function redactor(profiles: readonly Profile[]): (text: string) => string {
  const names = new Set<string>();
  for (const { rules, proxy } of profiles) {
    if (proxy !== null) names.add(proxy.user);
    for (const rule of rules) {
      if (rule.kind === 'dynamic') names.add(rule.auth?.user ?? '');
      else names.add(rule.target.host);
    }
  }
  // Longest first: `a.example` before `example`.
  const list = [...names]
    .filter((name) => name.length >= MIN_NAME)
    .sort((a, b) => b.length - a.length)
    .slice(0, MAX_NAMES)
    .map((name) => name.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&'));
  const pattern =
    list.length === 0 ? undefined : new RegExp(`(?<![\\w.-])(?:${list.join('|')})(?![\\w-])`, 'gi');
  return (text) => {
    const clean = text.replace(/cv1_[\w-]+/g, 'cv1_…').replace(/(\/\/)[^\s/@]+@/g, '$1…@');
    return pattern === undefined ? clean : clean.replace(pattern, '…');
  };
}
