/**
 * The public edge of `portico/registry/etcd`: servers register themselves in etcd, and clients find them there.
 *
 *     import { etcdRegistrar, etcdResolver } from 'portico/registry/etcd'
 */
export type { ResolverFactory } from '../../client/node/contracts/resolver.ts'
export type { TlsOptions } from '../../client/node/tls/tls-options.ts'
export type { Registrar } from '../contracts/registrar.ts'
export type { EtcdOptions, EtcdRegistrarOptions } from './etcd-options.ts'
export { etcdRegistrar } from './etcd-registrar.ts'
export { etcdResolver } from './etcd-resolver.ts'
