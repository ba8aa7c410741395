/** The engine's public face: usable alone. Other rooms import nothing else of it. */
export * from './base/address.ts';
export { systemClock } from './base/clock.ts';
export * from './base/errors.ts';
export * from './base/log.ts';
export { findPortOwner, type PortOwner, type PortProtocol } from './base/port-owner.ts';
export type { CarrierKind } from './carrier/carrier.ts';
export { connectError } from './carrier/connect-error.ts';
export { BELIEVED_MS, type PathMemory, readPathMemory } from './carrier/http/path-memory.ts';
export type { ProxyRoute } from './carrier/route.ts';
export { Client, type ClientOptions, type ClientStatus } from './client/client.ts';
export type { CarrierStatus, DialerState, InUse, PathStatus } from './client/dialer-state.ts';
export { type ProxyFromEnvironment, parseProxy, proxyFromEnvironment } from './client/proxy-setting.ts';
export type { ConnectionStatus, Forward, ForwardRule, RuleStatus } from './client/rule.ts';
export { DEFAULT_CONFIG, type EngineConfig, resolveConfig } from './config.ts';
export { generateKey, keyStrength, parseKey, type UserKey } from './crypto/keys.ts';
export type { DatagramCounters } from './mux/types.ts';
export type { CoverSpec } from './server/cover.ts';
export { Server, type ServerOptions, type ServerSessionStatus } from './server/server.ts';
