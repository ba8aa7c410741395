/** Words of the desktop app outside the page: its questions, and its settings. */
export const enDesktop = {
  desktop: {
    title: 'On this desktop',
    cutTitle_one: '{{count}} connection is open.',
    cutTitle_other: '{{count}} connections are open.',
    cutLine: 'Installing the update restarts Culvert and ends them.',
    restart: 'Restart now',
    later: 'Later',
    shortcut: 'Keys that show this window',
    shortcutHint: 'For example Ctrl+Alt+C. Empty: none.',
    shortcutTaken: 'Another program has the keys {{keys}}.',
    systemProxy: 'Proxy of this system',
    systemProxyHint: 'Programs use this rule while it listens. What was set before comes back afterwards.',
    systemProxyOff: 'None',
  },
} as const;
