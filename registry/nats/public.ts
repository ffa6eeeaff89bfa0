/**
 * The public edge of `portico/registry/nats`: servers register themselves in the key-value store of NATS, and clients find them there.
 *
 *     import { natsRegistrar, natsResolver } from 'portico/registry/nats'
 */
export type { ResolverFactory } from '../../client/node/contracts/resolver.ts'
export type { Registrar } from '../contracts/registrar.ts'
export type { NatsOptions, NatsRegistrarOptions, NatsTlsOptions } from './nats-options.ts'
export { natsRegistrar } from './nats-registrar.ts'
export { natsResolver } from './nats-resolver.ts'
