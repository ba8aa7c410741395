import { join } from 'node:path';
import { build } from 'vite';
import { whenChanged } from './stamp.mjs';
import { root } from './steps.mjs';

/** What the engine's thread is made of. */
const SOURCES = ['src-main/engine', 'src-main/host', 'src-shared', 'package-lock.json'];
const FOLDER = 'out/src-main/host';
const NAME = 'engine-worker.cjs';

/**
 * The engine calls no C in Electron (src-main/engine/native/foreign.ts), so that koffi is not in the package.
 *
 * @type {import('vite').Plugin}
 */
const withoutKoffi = {
  name: 'without-koffi',
  enforce: 'pre',
  resolveId: (id) => (id === 'koffi' ? '\0koffi' : undefined),
  load: (id) => (id === '\0koffi' ? 'export default undefined;' : undefined),
};

/**
 * The engine's thread as one CommonJS file with everything in it, for the desktop app. There it is read out of
 * `app.asar`, and what Electron tests of threads from there is just that: `new Worker` of a CommonJS file.
 *
 * @returns {Promise<number>} the exit code
 */
export function buildEngine() {
  return whenChanged(`${FOLDER}/${NAME}`, SOURCES, async () => {
    try {
      await build({
        configFile: false,
        root,
        logLevel: 'error',
        publicDir: false,
        plugins: [withoutKoffi],
        // ws asks for these, which are native, and does without.
        ssr: { noExternal: true, external: ['bufferutil', 'utf-8-validate'] },
        build: {
          ssr: join(root, 'src-main/host/engine-worker.ts'),
          outDir: FOLDER,
          emptyOutDir: false,
          target: 'node20',
          minify: false,
          rolldownOptions: { output: { format: 'cjs', entryFileNames: NAME, codeSplitting: false } },
        },
      });
      return 0;
    } catch (error) {
      console.error(`the engine's thread: ${error instanceof Error ? error.message : String(error)}`);
      return 1;
    }
  });
}
