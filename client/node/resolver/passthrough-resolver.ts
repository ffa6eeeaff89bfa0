/** `passthrough:///host:port`: the socket looks the name up, each time that it connects. */
import type { ResolverFactory } from '../contracts/resolver.ts'
import { authorityOf } from './authority-of.ts'
import { endpointsOf, FixedResolver } from './fixed-resolver.ts'
import { parseHostPort } from './parse-host-port.ts'

/** One endpoint, which is what is written. */
export const passthroughResolver: ResolverFactory = Object.freeze({
  scheme: 'passthrough',
  defaultAuthority({ endpoint }) {
    parseHostPort(endpoint)
    return authorityOf(endpoint)
  },
  create: ({ endpoint }, context) => new FixedResolver(context, { endpoints: endpointsOf([parseHostPort(endpoint)]) }),
} satisfies ResolverFactory)
