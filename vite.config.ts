import { defineConfig } from 'vite';

/** The page: src-renderer to out/renderer. Relative addresses, so that it is served below any path and any scheme. */
export default defineConfig({
  root: 'src-renderer',
  base: './',
  // Nothing but src-renderer is served or copied.
  publicDir: false,
  cacheDir: '../out/.cache/vite',
  build: {
    outDir: '../out/renderer',
    emptyOutDir: true,
    target: ['chrome120', 'firefox121', 'safari17'],
    // A data: address would need a wider policy than 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What is loaded at first paint is one file; what few people open comes when they do.
    chunkSizeWarningLimit: 1_000,
  },
});
