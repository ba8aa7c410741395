/** The engine's thread: see engine-messages.ts. Its loop is busy with tunnels, and nobody's click waits for it. */
import { parentPort, workerData } from 'node:worker_threads';
import { enginePort } from './engine-messages.ts';
import { EngineRoom } from './engine-room.ts';

const generation =
  typeof workerData === 'object' && workerData !== null && 'generation' in workerData
    ? Number(workerData.generation)
    : 0;
if (parentPort !== null) new EngineRoom(enginePort(parentPort), generation);
