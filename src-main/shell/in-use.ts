import type { AppState } from '../../src-shared/state.ts';

/** Whether something goes on that ends with the app: a profile that is on, or the embedded server for other machines. */
export function isInUse({ statuses, server }: AppState): boolean {
  const { kind } = server.state;
  return kind === 'running' || kind === 'starting' || Object.values(statuses).some(({ on }) => on);
}
