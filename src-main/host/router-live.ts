/** The streams of contract-live.ts, and what belongs to their screens. */
import { MAX_CONNECTION_ROWS } from '../../src-shared/limits.ts';
import { privateOf, redactor } from '../../src-shared/redact.ts';
import type { Sample } from '../../src-shared/stats.ts';
import { watchConnections } from './connections-feed.ts';
import type { Host } from './host.ts';
import { paced } from './pacing.ts';
import { os, readerOf, streamed } from './router-base.ts';

export function liveRouter(host: Host) {
  const { hub, stats, daily, engine, logs, config, vault } = host;
  return {
    state: {
      watch: os.state.watch.handler(({ context, signal }) =>
        streamed(context, hub.watch(readerOf(context, signal))),
      ),
    },
    stats: {
      live: os.stats.live.handler(({ input, context, signal }) => {
        const { hz, rulesOf } = input;
        const read = (): Sample => stats.sample(Date.now(), 1000 / hz, rulesOf);
        return streamed(context, paced(hz, readerOf(context, signal), read));
      }),
      history: os.stats.history.handler(({ input }) => {
        if (input.scope.kind === 'profile') host.profiles.find(input.scope.id);
        return stats.history(input.scope, input.window, Date.now());
      }),
      daily: os.stats.daily.handler(({ input }) => daily.read(input.profileId, input.days, Date.now())),
    },
    connections: {
      watch: os.connections.watch.handler(({ input, context, signal }) => {
        const { profileId, hz } = input;
        // While the engine is started again there are none.
        const read = () =>
          engine
            .ask('connections', { profileId, limit: MAX_CONNECTION_ROWS })
            .catch(() => ({ total: 0, rows: [] }));
        return streamed(context, watchConnections(read, hz, readerOf(context, signal)));
      }),
      close: os.connections.close.handler(async ({ input }) => ({
        closed: await engine.ask('closeConnections', { ids: input.ids }),
      })),
      closeAll: os.connections.closeAll.handler(async ({ input }) => ({
        closed: await engine.ask('closeAll', { profileId: input.profileId }),
      })),
    },
    logs: {
      watch: os.logs.watch.handler(({ input, context, signal }) =>
        streamed(context, logs.watch(input.level, input.tail, readerOf(context, signal))),
      ),
      clear: os.logs.clear.handler(() => logs.clear()),
      export: os.logs.export.handler(({ input, context }) =>
        streamed(
          context,
          logs.export(input.filter, redactor(privateOf(config.profiles, config.server, vault.texts()))),
        ),
      ),
    },
  };
}
