import type { ErrorCode } from '../errors.ts';
import type { ImportReason, NoteCode } from '../import-item.ts';

type Failure = { title: string; body: string };

/** What can go wrong: a title that names it and one line that says what to do. */
export const enFailures = {
  failures: {
    ERR_WRONG_KEY: {
      title: 'The key does not fit',
      body: 'The server answers like an ordinary web site. Compare the key with the one on the server.',
    },
    ERR_KEY_OR_CLOCK: {
      title: 'The key or the clock does not fit',
      body: 'The server answers like an ordinary web site. Compare the key with the one on the server, and the clocks.',
    },
    ERR_NAME_NOT_FOUND: {
      title: 'Name not found',
      body: 'No machine by this name is known. Look for a typing mistake in the address.',
    },
    ERR_SERVER_REFUSED: {
      title: 'Connection refused',
      body: 'The machine is there, but nothing listens on this port. Check the port, and that the server runs.',
    },
    ERR_SERVER_TIMEOUT: {
      title: 'No answer',
      body: 'Something on the way swallows the packets, often a firewall. Plain HTTP may get through.',
    },
    ERR_CLOCK: {
      title: 'The clock is off',
      body: 'Server and client must agree on the time within two minutes. Set the clock of this machine.',
    },
    ERR_PROXY: {
      title: 'Blocked by a proxy',
      body: 'A proxy on the way refused. Check its address, user and password.',
    },
    ERR_BLOCKED: {
      title: 'The way is blocked',
      body: 'A proxy or a filter on the way forbids this connection. Try another proxy, or another network.',
    },
    ERR_TLS: {
      title: 'The certificate is not trusted',
      body: 'The secure connection failed. Check the name in the certificate, or add its authority.',
    },
    ERR_NOT_CULVERT: {
      title: 'Not a Culvert server',
      body: 'Something answers at this address, but it is not Culvert. Check address, port and path.',
    },
    ERR_SERVER_UNREACHABLE: {
      title: 'Server not reachable',
      body: 'There is no route to the server from this network.',
    },
    ERR_BAD_ADDRESS: { title: 'The address is wrong', body: 'Write host:port, such as server.example:80.' },
    ERR_BAD_OPTION: { title: 'A value is out of range', body: 'Correct the marked field.' },
    ERR_BAD_KEY: {
      title: 'The key is not valid',
      body: 'It may have been cut while copying. Copy it again.',
    },
    ERR_NO_KEY: { title: 'The key is missing', body: 'A profile needs the key of its server to connect.' },
    ERR_BAD_CONFIG: { title: 'The configuration is wrong', body: 'The log says which part.' },
    ERR_PORT_IN_USE: {
      title: 'The port is taken',
      body: 'Another program listens there. Take a free port, or end that program.',
    },
    ERR_PORT_FORBIDDEN: {
      title: 'The port is not permitted',
      body: 'Ports below 1024 often need more rights. Take a higher one.',
    },
    ERR_LISTEN: { title: 'Cannot listen', body: 'The bind address is not one of this machine.' },
    ERR_OPEN_FAILED: {
      title: 'The target does not answer',
      body: 'The server could not reach where this rule leads.',
    },
    ERR_STREAM_RESET: { title: 'Connection reset', body: 'The other end closed it.' },
    ERR_HANDSHAKE: {
      title: 'The handshake failed',
      body: 'The two versions may not fit. The log says more.',
    },
    ERR_RECORD: {
      title: 'Damaged data',
      body: 'Something on the way changed what was sent. Nothing damaged was let through.',
    },
    ERR_FRAME: {
      title: 'Damaged data',
      body: 'The other end sent something that makes no sense. The log says more.',
    },
    ERR_SESSION_LOST: {
      title: 'The session was lost',
      body: 'The server no longer has it, so that its connections were reset.',
    },
    ERR_CARRIER_LOST: { title: 'The connection broke', body: 'Culvert makes another one by itself.' },
    ERR_CARRIER_TIMEOUT: {
      title: 'The connection stalls',
      body: 'Nothing came back in time. Another transport may do better.',
    },
    ERR_LIMIT: { title: 'A limit is reached', body: 'There are as many as there can be.' },
    ERR_CLOSED: { title: 'Closed', body: 'It was ended on purpose.' },
    ERR_INTERNAL: { title: 'An error in Culvert', body: 'This should not happen. The log has the details.' },
    ERR_BAD_REQUEST: {
      title: 'Not understood',
      body: 'This page and the host do not fit together. Reload the page.',
    },
    ERR_NOT_FOUND: { title: 'No longer there', body: 'It has been removed meanwhile.' },
    ERR_CONFLICT: {
      title: 'Changed meanwhile',
      body: 'Somebody else has saved another version. Reload to see it.',
    },
    ERR_EXPIRED: { title: 'Too late to undo', body: 'The time for that is over.' },
    ERR_LOCKED: { title: 'The keys are locked', body: 'Enter the passphrase to use them.' },
    ERR_BAD_PASSPHRASE: { title: 'Wrong passphrase', body: 'It does not open this. Try again.' },
    ERR_NEWER_VERSION: { title: 'From a newer version', body: 'Update Culvert to read this.' },
    ERR_BAD_BACKUP: { title: 'Not a usable backup', body: 'The file is damaged or something else.' },
    ERR_UNSUPPORTED: { title: 'Not possible here', body: 'This host cannot do that.' },
    ERR_STORE: { title: 'Could not save', body: 'The configuration could not be written. Is the disk full?' },
    ERR_STORE_BROKEN: {
      title: 'The configuration was damaged',
      body: 'The damaged file was set aside and is not lost.',
    },
    ERR_ENGINE_LOST: {
      title: 'The engine ended',
      body: 'It is being started again. The log has the details.',
    },
    ERR_UPDATE: { title: 'The update failed', body: 'Culvert goes on as it is. Try again later.' },
    ERR_PIPE_CLOSED: {
      title: 'The host is gone',
      body: 'Culvert no longer answers. What is shown may be old.',
    },
  } satisfies Record<ErrorCode, Failure>,
  failureDetails: {
    subject: 'About: {{subject}}',
    port: 'Port: {{port}}',
    holder: 'Held by: {{holder}}',
    clockAhead: 'This clock is {{time}} ahead of the server.',
    clockBehind: 'This clock is {{time}} behind the server.',
    status: 'HTTP status: {{status}}',
    limit: 'Limit: {{limit}}',
  },
  importReasons: {
    empty: 'There is nothing in it.',
    tooLong: 'It is too long.',
    unknownFormat: 'This is no link, command line or configuration that Culvert knows: {{part}}',
    badLink: 'The link is not well-formed. Copy it again.',
    linkCut: 'The link was cut while copying. Copy the whole of it.',
    linkNewer: 'The link is from a newer version ({{part}}). Update Culvert to read it.',
    unclosedQuote: 'A quotation mark is never closed.',
    unknownOption: 'The option {{part}} is unknown.',
    valueMissing: '{{part}} needs a value.',
    serverMissing: 'The address of the server is missing.',
    twoServers: 'There are two server addresses; the second is {{part}}.',
    notAClient: 'This starts a server. A profile needs a client line, with -L or -D.',
    noForward: 'There is no forward in it: no -L and no -D.',
    badOptionValue: 'A value is not possible: {{part}}',
    badJson: 'This is not valid JSON. {{part}}',
    badProperty: 'The property {{part}} has a value of the wrong kind.',
    backupSealed: 'This backup is sealed. Restore it in the settings, with its passphrase.',
    backupNewer: 'The backup is from a newer version. Update Culvert to read it.',
    badBackup: 'The backup is damaged. {{part}}',
    hostMissing: 'The host is missing: {{part}}',
    badHost: 'This is not a host name or address: {{part}}',
    portMissing: 'The port is missing: {{part}}',
    badPort: 'This is not a port from 1 to 65535: {{part}}',
    tooManyColons: 'There are too many colons; IPv6 addresses need brackets: {{part}}',
    badScheme: 'This scheme is not known: {{part}}',
    badPath: 'The path is not possible: {{part}}',
    userInUrl: 'An address has no user name; the key has a field of its own.',
    tooManyParts: 'The forward has too many parts: {{part}}',
    anyPortNeedsTarget: 'Local port 0 needs a target: {{part}}',
    badBind: 'The bind address is not possible: {{part}}',
  } satisfies Record<ImportReason, string>,
  importNotes: {
    notCarried: 'Not taken over: {{subject}}',
    keyMissing: 'The key is not in it. Enter it to connect.',
    fileNotRead: 'The file was not read: {{subject}}',
    boundToLoopback: 'Rules listen for this machine alone. goflyway opens them to the network.',
    exposed: 'Every machine of the network can use {{subject}}.',
    portAssumed: 'A Culvert server must run there. Its port is taken to be {{subject}}.',
    readAsDynamic: 'Read as goflyway does: {{subject}} is a dynamic port.',
    reverseNotCarried: 'Reverse forwards are not taken over: {{subject}}',
    ruleOff: 'Switched off, because another rule listens there: {{subject}}',
    tooMany: 'More than {{subject}}; the rest was left out.',
    headerSecretMissing: 'The value of the header {{subject}} is not in it.',
  } satisfies Record<NoteCode, string>,
} as const;
