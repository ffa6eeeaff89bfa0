/** The resolvers of a channel. */
import type { ResolverFactory } from '../contracts/resolver.ts'
import { dnsResolver } from './dns-resolver.ts'
import { fileResolver } from './file-resolver.ts'
import { ipv4Resolver, ipv6Resolver } from './ip-resolver.ts'
import { passthroughResolver } from './passthrough-resolver.ts'
import { srvResolver } from './srv-resolver.ts'
import { staticResolver } from './static-resolver.ts'
import { unixAbstractResolver, unixResolver } from './unix-resolver.ts'

/** The built-in resolvers. Add your own: `[...DEFAULT_RESOLVERS, consulResolver]`. */
export const DEFAULT_RESOLVERS: readonly ResolverFactory[] = Object.freeze([
  dnsResolver(),
  ipv4Resolver,
  ipv6Resolver,
  unixResolver,
  unixAbstractResolver,
  passthroughResolver,
  staticResolver(),
  srvResolver(),
  fileResolver(),
])
