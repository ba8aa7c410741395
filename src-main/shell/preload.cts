/**
 * The bridge between the page and the main process: runs in the sandbox, is emitted as CommonJS, imports nothing but
 * Electron. It hands the page one message port for the contract, and the texts of links and files that were opened.
 */
import { contextBridge, ipcRenderer } from 'electron';

/** Ports cannot cross `contextBridge`: they go by `postMessage` within the page, to the page's own origin. */
ipcRenderer.on('culvert:port', (event) => {
  window.postMessage('culvert:port', window.location.origin, [...event.ports]);
});

contextBridge.exposeInMainWorld('culvertShell', {
  /** Asks for a port; it comes as a message `culvert:port`. */
  connect: () => ipcRenderer.send('culvert:connect'),
  /** Tells that the page can take what was opened, and how. */
  onOpened: (take: (text: string) => void) => {
    ipcRenderer.on('culvert:opened', (_event, text: unknown) => {
      if (typeof text === 'string') take(text);
    });
    ipcRenderer.send('culvert:ready');
  },
});
