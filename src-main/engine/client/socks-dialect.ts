import { readMessage } from './byte-reader.ts';
import { type Dialog, openAndJoin, refuse } from './dialect.ts';
import { checkLogin } from './proxy-auth.ts';
import { parseSocks4Request, SOCKS4_REPLY, socks4Reply, socks4ReplyCode } from './socks4.ts';
import {
  parseSocks5Greeting,
  parseSocks5Login,
  parseSocks5Request,
  SOCKS5_METHOD,
  SOCKS5_REPLY,
  socks5LoginStatus,
  socks5Method,
  socks5Reply,
  socks5ReplyCode,
} from './socks5.ts';
import { serveUdpAssociate } from './udp-associate.ts';

/** Speaks SOCKS5 up to the reply. Rejects when the connection is lost. */
export async function serveSocks5(dialog: Dialog, handshakeDone: () => void): Promise<void> {
  if (!(await agreeOnMethod(dialog))) return;
  const request = await readMessage(dialog.reader, parseSocks5Request);
  handshakeDone();
  if (request.kind === 'ended') return refuse(dialog, 'SOCKS5: ended before the request');
  if (request.kind === 'bad') return refuse(dialog, `SOCKS5: ${request.reason}`, request.reply);
  if (request.command === 'udpAssociate' && dialog.udp !== undefined) {
    return serveUdpAssociate(dialog, dialog.udp, request.target);
  }
  if (request.command !== 'connect') {
    const reply = socks5Reply(SOCKS5_REPLY.commandNotSupported);
    return refuse(dialog, `SOCKS5: ${request.command} is not supported`, reply);
  }
  openAndJoin(dialog, request.target, {
    opened: socks5Reply(SOCKS5_REPLY.succeeded),
    failed: (failure) => socks5Reply(socks5ReplyCode(failure)),
  });
}

/**
 * Speaks SOCKS4 or SOCKS4a up to the reply. It knows a user but no password, so a port with authentication
 * refuses it. Rejects when the connection is lost.
 */
export async function serveSocks4(dialog: Dialog, handshakeDone: () => void): Promise<void> {
  const request = await readMessage(dialog.reader, parseSocks4Request);
  handshakeDone();
  if (request.kind === 'ended') return refuse(dialog, 'SOCKS4: ended before the request');
  if (request.kind === 'bad') return refuse(dialog, `SOCKS4: ${request.reason}`, request.reply);
  if (dialog.auth !== undefined) {
    return refuse(dialog, 'SOCKS4 cannot give a password', socks4Reply(SOCKS4_REPLY.rejected));
  }
  openAndJoin(dialog, request.target, {
    opened: socks4Reply(SOCKS4_REPLY.granted),
    failed: (failure) => socks4Reply(socks4ReplyCode(failure)),
  });
}

async function agreeOnMethod(dialog: Dialog): Promise<boolean> {
  const { reader, socket, auth } = dialog;
  const greeting = await readMessage(reader, parseSocks5Greeting);
  if (greeting.kind === 'ended') return no(dialog, 'SOCKS5: ended before the greeting');
  if (greeting.kind === 'bad') return no(dialog, `SOCKS5: ${greeting.reason}`, greeting.reply);
  if (auth === undefined && greeting.methods.includes(SOCKS5_METHOD.none)) {
    socket.write(socks5Method(SOCKS5_METHOD.none));
    return true;
  }
  if (!greeting.methods.includes(SOCKS5_METHOD.password)) {
    const reply = socks5Method(SOCKS5_METHOD.unacceptable);
    return no(dialog, 'SOCKS5: no acceptable authentication method', reply);
  }
  // Without configured credentials this is reached by clients that insist on sending some: any will do.
  socket.write(socks5Method(SOCKS5_METHOD.password));
  const login = await readMessage(reader, parseSocks5Login);
  if (login.kind === 'ended') return no(dialog, 'SOCKS5: ended before the login');
  if (login.kind === 'bad') return no(dialog, `SOCKS5: ${login.reason}`, login.reply);
  if (auth !== undefined && !checkLogin(auth, login.user, login.password)) {
    return no(dialog, 'SOCKS5: wrong user or password', socks5LoginStatus(false));
  }
  socket.write(socks5LoginStatus(true));
  return true;
}

function no(dialog: Dialog, reason: string, reply?: Buffer): false {
  refuse(dialog, reason, reply);
  return false;
}
