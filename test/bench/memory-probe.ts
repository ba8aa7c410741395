/**
 * Preloaded into a measured Node process (`node --expose-gc --import=...`): answers the message `memory` with
 * what is in use after a full collection, so that garbage not yet collected is not taken for state kept.
 */
function collect(): void {
  // Twice: finalizers of the first pass free more.
  globalThis.gc?.();
  globalThis.gc?.();
}

process.on('message', (message) => {
  if (message !== 'memory') return;
  collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ type: 'memory', rss, live: heapUsed + external });
});
// The channel must not keep the program alive when it wants to end.
process.channel?.unref();
