/** `passthrough:///host:port`: the socket resolves the name whenever it connects. */
import type { ResolverFactory } from '../contracts/resolver.ts'
import { authorityOf } from './authority-of.ts'
import { endpointsOf, FixedResolver } from './fixed-resolver.ts'
import { parseHostPort } from './parse-host-port.ts'

/** Returns one endpoint, as written. */
export const passthroughResolver: ResolverFactory = Object.freeze({
  scheme: 'passthrough',
  defaultAuthority({ endpoint }) {
    parseHostPort(endpoint)
    return authorityOf(endpoint)
  },
  create: ({ endpoint }, context) => new FixedResolver(context, { endpoints: endpointsOf([parseHostPort(endpoint)]) }),
} satisfies ResolverFactory)
