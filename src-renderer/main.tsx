/** The page: picks its pipe, keeps it connected, shows the frame. */
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { keepConnected, openWebSocket } from './core/host.ts';
import { show } from './core/overlays.ts';
import { findShell, openShellPort } from './core/shell-port.ts';
import { showLastTheme } from './core/theme.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root');
showLastTheme();
const shell = findShell();
void keepConnected(shell === undefined ? openWebSocket : () => openShellPort(shell));
// What was opened (a link, a file) is shown as an import, and nothing is saved before its button.
shell?.onOpened((text) => show({ kind: 'import', text }));
createRoot(root).render(<App />);
