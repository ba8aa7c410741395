/** Longest text compared: a suggestion for anything longer would be a guess. */
const MAX_COMPARED = 40;

/** The candidate at the least edit distance from `text`, if that is at most `limit`; the first of equals. */
export function nearest(text: string, candidates: readonly string[], limit = 2): string | undefined {
  if (text.length > MAX_COMPARED) return undefined;
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of candidates) {
    const distance = editDistance(text, candidate);
    // Two edits turn any short word into any other: at least half of it must agree.
    if (distance < least && distance * 2 <= candidate.length) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Levenshtein distance: insertions, deletions and substitutions. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, previous[j] + 1, row[j - 1] + 1));
    }
    previous = row;
  }
  return previous[b.length];
}
