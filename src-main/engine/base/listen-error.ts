import { CulvertError, systemCode } from './errors.ts';
import { describePortOwner, type PortProtocol } from './port-owner.ts';

const HIGHEST_SYSTEM_PORT = 1023;

export interface ListenPlace {
  /** Default: TCP. */
  readonly protocol?: PortProtocol;
  /** Absent, empty or `*`: every interface. */
  readonly host?: string | undefined;
  readonly port: number;
  /** What to do when the port cannot be had; after "or", so that it begins small. */
  readonly otherPort: string;
  /** What to do when the address is none of this machine. */
  readonly otherHost: string;
}

/** A failed `listen` in words: which port, who has it, what to do. `cause`: what was thrown. Never rejects. */
export async function listenError(place: ListenPlace, cause: unknown): Promise<CulvertError> {
  const { protocol = 'tcp', host = '', port, otherPort, otherHost } = place;
  const on = host === '' || host === '*' ? '' : ` on ${host}`;
  const where = `${protocol === 'udp' ? 'UDP port' : 'port'} ${port}${on}`;
  switch (systemCode(cause)) {
    case 'EADDRINUSE': {
      const holder = await describePortOwner(port, protocol);
      return new CulvertError('ERR_PORT_IN_USE', `${where} is taken by ${holder ?? 'another program'}`, {
        remedy: `stop that program, or ${otherPort}`,
        details: { holder },
        cause,
      });
    }
    case 'EACCES':
      return new CulvertError('ERR_PORT_FORBIDDEN', `the system does not allow listening at ${where}`, {
        remedy:
          port <= HIGHEST_SYSTEM_PORT
            ? `give the right to ports below 1024 (Linux: setcap cap_net_bind_service=+ep on node), or ${otherPort}`
            : otherPort,
        cause,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new CulvertError('ERR_LISTEN', `cannot listen at ${where}: it is no address of this machine`, {
        remedy: otherHost,
        cause,
      });
    default: {
      const why = cause instanceof Error ? cause.message : String(cause);
      return new CulvertError('ERR_LISTEN', `cannot listen at ${where}: ${why}`, {
        remedy: otherPort,
        cause,
      });
    }
  }
}
