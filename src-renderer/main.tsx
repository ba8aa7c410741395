/** The page: picks its pipe, keeps it connected, shows the frame. */
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { keepConnected, openWebSocket } from './core/host.ts';
import { showLastTheme } from './core/theme.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root');
showLastTheme();
void keepConnected(openWebSocket);
createRoot(root).render(<App />);
