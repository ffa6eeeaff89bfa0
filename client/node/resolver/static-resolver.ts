/** `static:///name` for lists from the application, and `static:///a:80,b:80` for literal lists. */
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import type { Endpoint } from '../contracts/endpoint.ts'
import type { ResolverFactory, ResolverResult, ServiceConfigJson, Target } from '../contracts/resolver.ts'
import { authorityOf } from './authority-of.ts'
import { endpointsOf, FixedResolver } from './fixed-resolver.ts'
import { parseHostPort } from './parse-host-port.ts'

/** A service that the application defines. */
export interface StaticService {
  /** The endpoints, with attributes for the load balancing policy. */
  readonly endpoints: readonly Endpoint[]
  /** The service config as JSON. Default: none. */
  readonly serviceConfig?: ServiceConfigJson
}

const SHAPE: OptionShape = {
  kinds: { endpoints: ['array'], serviceConfig: ['object'] } satisfies OptionKinds<StaticService>,
}

/**
 * Creates the resolver for `static`.
 *
 * @param services the services, by the name in the target. Default: none. Any other target is a list of addresses separated by commas, whose
 * host names the sockets resolve
 */
export function staticResolver(services: Readonly<Record<string, StaticService>> = {}): ResolverFactory {
  const known = new Map(Object.entries(services))
  for (const [name, service] of known) checkOptions(`the service ${name} of staticResolver`, service, SHAPE)
  const resolve = ({ endpoint }: Target): ResolverResult =>
    known.get(endpoint) ?? { endpoints: endpointsOf(endpoint.split(',').map(parseHostPort)) }
  return Object.freeze({
    scheme: 'static',
    defaultAuthority(target: Target) {
      resolve(target)
      return authorityOf(target.endpoint.split(',')[0] ?? '')
    },
    verifiesAddressHost: ({ endpoint }) => !known.has(endpoint),
    create: (target, context) => new FixedResolver(context, resolve(target)),
  } satisfies ResolverFactory)
}
