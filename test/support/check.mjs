// `npm run check`: the types of every room, then format and lint. Everything is run, so that one look shows all.
import { biome, rooms, tsc } from './steps.mjs';

/** @type {string[]} */
const broken = [];
for (const room of rooms) {
  if ((await tsc(['-p', `tsconfig.${room}.json`, '--pretty'])) !== 0) broken.push(`types of ${room}`);
}
// A warning fails as an error does: a list of tolerated warnings is a list nobody reads.
if ((await biome(['check', '--error-on-warnings', '.'])) !== 0) broken.push('format and lint');

console.log(broken.length === 0 ? 'check: ok' : `check: failed (${broken.join(', ')})`);
process.exitCode = broken.length === 0 ? 0 : 1;
