import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { flightCookie } from '../../../../src-main/engine/carrier/flight-cookie.ts';
import { UserKey } from '../../../../src-main/engine/crypto/keys.ts';
import { RECORD_KIND } from '../../../../src-main/engine/crypto/record.ts';
import { RecordSealer } from '../../../../src-main/engine/crypto/record-sealer.ts';
import { messageOf, type RequestClaim } from '../../../../src-main/engine/server/front-hooks.ts';
import { HttpTunnel } from '../../../../src-main/engine/server/http-tunnel.ts';
import { attachFlight, type SessionGrant } from '../../../../src-main/engine/session/client-flight.ts';
import type { Session } from '../../../../src-main/engine/session/session.ts';
import { type Control, encodeControl } from '../../../../src-main/engine/wire/control.ts';
import { GateDoor } from '../../../support/gate-door.ts';

const ann = new UserKey(Buffer.alloc(32, 1), 'ann');

interface Stand {
  session: Session;
  /** What the tunnel makes of a request with this flight. */
  ask: (flight: Buffer) => RequestClaim;
  /** The flight of a further request, with this control record in it. */
  flightOf: (control: Control) => Buffer;
}

/** A session over HTTP that stands at the server, and what its client could send. */
function stand(): Stand {
  const door = new GateDoor([ann]);
  const hello = door.flight(ann);
  let grant: SessionGrant | undefined;
  let session: Session | undefined;
  const tunnel = new HttpTunnel({
    gate: door.gate,
    clock: door.clock,
    makeSession: (admission) => {
      grant = hello.finish(admission.reply);
      session = door.session(admission.sessionId, admission);
      door.registry.add(session, admission.user);
      return session;
    },
  });
  const ask = (flight: Buffer): RequestClaim => {
    const rawHeaders = ['Host', 'a', 'Cookie', flightCookie(flight)];
    const head = { method: 'POST', target: '/', version: '1.1', rawHeaders, body: { kind: 'none' } } as const;
    const rest = { upgrade: false, expects: false, bytes: Buffer.alloc(0) };
    return tunnel.claim(messageOf({ ...head, ...rest }, new Socket()));
  };
  expect(ask(hello.first)).not.toBe(false);
  if (grant === undefined || session === undefined) throw new Error('no session');
  const { hello: answer, sendSecret } = grant;
  const sealer = new RecordSealer(sendSecret);
  let seq = 0;
  const flightOf = (control: Control): Buffer => {
    const plain = encodeControl(control);
    const { parts } = sealer.seal(RECORD_KIND.control, seq++, [plain], plain.length);
    return attachFlight(ann, answer.sessionId, Buffer.concat([...parts]), door.random.source);
  };
  return { session, ask, flightOf };
}

describe('the claim on requests', () => {
  it('serves a flight again as long as its answer is not known to have arrived', () => {
    const { session, ask, flightOf } = stand();
    const flight = flightOf({ type: 'attach', mode: 'replace', ack: { next: 0, ranges: [] } });
    expect(ask(flight)).not.toBe(false);
    expect(ask(flight)).not.toBe(false);
    expect(session.carrier?.kind).toBe('http');
  });

  it('keeps nothing of a carrier that its own first flight ended', () => {
    const { session, ask, flightOf } = stand();
    // Acknowledges what was never sent.
    const flight = flightOf({ type: 'attach', mode: 'replace', ack: { next: 99, ranges: [] } });
    ask(flight);
    expect(session.isEnded).toBe(true);
    expect(ask(flight)).toBe(false);
  });
});
