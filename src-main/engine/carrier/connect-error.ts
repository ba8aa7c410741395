import { CulvertError, systemCode } from '../base/errors.ts';

/** What went wrong on the way to the server, in words and with a remedy. */
export function connectError(host: string, cause: Error): CulvertError {
  const code = systemCode(cause) ?? systemCode(cause.cause);
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new CulvertError('ERR_NAME_NOT_FOUND', `the name of ${host} is not known`, {
        remedy:
          code === 'EAI_AGAIN' ? 'check the network: its name server does not answer' : 'check the spelling',
        cause,
      });
    case 'ECONNREFUSED':
      return new CulvertError('ERR_SERVER_REFUSED', `nothing listens at ${host}`, {
        remedy: 'start the server there, or check the port',
        cause,
      });
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return new CulvertError('ERR_SERVER_UNREACHABLE', `${host} is out of reach (${code})`, {
        remedy: 'check the network and the address',
        cause,
      });
    default:
  }
  if (code !== undefined && /CERT|SSL|TLS|SIGNATURE|SELF_SIGNED|ISSUER/.test(code)) {
    return new CulvertError('ERR_TLS', `the certificate of ${host} is not accepted: ${cause.message}`, {
      remedy: 'name its authority with --ca file, or correct the host name',
      cause,
    });
  }
  return new CulvertError('ERR_SERVER_UNREACHABLE', `the connection to ${host} failed: ${cause.message}`, {
    cause,
  });
}
