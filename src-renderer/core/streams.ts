/** Streams of the host for as long as somebody looks: closed while the page is hidden, opened again when it is back. */
import { useEffect, useEffectEvent, useSyncExternalStore } from 'react';
import { useLink } from '../store.ts';
import { type Client, host } from './host.ts';

function watchVisibility(changed: () => void): () => void {
  document.addEventListener('visibilitychange', changed);
  return () => document.removeEventListener('visibilitychange', changed);
}

/** Whether the page can be seen. */
export function useVisible(): boolean {
  return useSyncExternalStore(watchVisibility, () => document.visibilityState === 'visible');
}

type Open<T> = (client: Client, signal: AbortSignal) => Promise<AsyncIterable<T>>;

/**
 * Reads a stream while the component is mounted, the page seen and the pipe up. `key` names what is read: another
 * one opens another stream; null reads nothing. A stream that ends is opened again when one of these changes.
 */
export function useStream<T>(key: string | null, open: Open<T>, take: (message: T) => void): void {
  const up = useLink() === 'up';
  const visible = useVisible();
  const opened = useEffectEvent(open);
  const taken = useEffectEvent(take);
  useEffect(() => {
    if (!up || !visible || key === null) return;
    const stop = new AbortController();
    const read = async () => {
      for await (const message of await opened(host(), stop.signal)) {
        if (stop.signal.aborted) return;
        taken(message);
      }
    };
    // A stream that breaks with its pipe is opened again with the next one.
    read().catch(() => {});
    return () => stop.abort();
  }, [key, up, visible]);
}

/** A component that shows ages: drawn again every `everyMs` while the page is seen. */
export function useTick(everyMs: number): number {
  const visible = useVisible();
  const subscribe = (tick: () => void) => {
    if (!visible) return () => {};
    const timer = setInterval(tick, everyMs);
    return () => clearInterval(timer);
  };
  return useSyncExternalStore(subscribe, () => Math.floor(Date.now() / everyMs));
}
