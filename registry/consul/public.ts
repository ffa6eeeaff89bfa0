/**
 * The public edge of `portico/registry/consul`, for servers that register in Consul, and clients that find them there.
 *
 *     import { createTransport, DEFAULT_RESOLVERS } from 'portico/client'
 *     import { consulResolver } from 'portico/registry/consul'
 *
 *     const resolvers = [...DEFAULT_RESOLVERS, consulResolver()]
 *     const transport = createTransport({ target: 'consul://127.0.0.1:8500/greeter', resolvers })
 */
export type { ConsulOptions } from './consul-options.ts'
export { type ConsulRegistrarOptions, consulRegistrar } from './consul-registrar.ts'
export { type ConsulResolverOptions, consulResolver } from './consul-resolver.ts'
