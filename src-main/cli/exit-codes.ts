import type { CulvertError } from '../engine/index.ts';

/** What the process ends with, and what the help says of it. Released numbers keep their meaning. */
export const EXIT_CODES = {
  ok: { code: 0, help: 'done, or stopped by SIGINT or SIGTERM' },
  unexpected: { code: 1, help: 'something that should not happen' },
  usage: { code: 2, help: 'a wrong option or address' },
  listen: { code: 3, help: 'cannot listen: the port is taken or not permitted' },
  config: { code: 4, help: 'the key, the key file or the config file is missing or wrong' },
  server: { code: 5, help: 'reserved: a client goes on trying' },
} as const;

/** The exit code of an error that ends the process. A client does not end because its server is unreachable. */
export function exitCodeFor(error: CulvertError): number {
  switch (error.code) {
    case 'ERR_BAD_ADDRESS':
    case 'ERR_BAD_OPTION':
      return EXIT_CODES.usage.code;
    case 'ERR_PORT_IN_USE':
    case 'ERR_PORT_FORBIDDEN':
    case 'ERR_LISTEN':
      return EXIT_CODES.listen.code;
    case 'ERR_BAD_KEY':
    case 'ERR_BAD_CONFIG':
      return EXIT_CODES.config.code;
    case 'ERR_NAME_NOT_FOUND':
    case 'ERR_SERVER_REFUSED':
    case 'ERR_SERVER_UNREACHABLE':
    case 'ERR_SERVER_TIMEOUT':
    case 'ERR_TLS':
    case 'ERR_PROXY':
    case 'ERR_BLOCKED':
    case 'ERR_NOT_CULVERT':
    case 'ERR_WRONG_KEY':
    case 'ERR_KEY_OR_CLOCK':
    case 'ERR_CLOCK':
      return EXIT_CODES.server.code;
    default:
      return EXIT_CODES.unexpected.code;
  }
}
