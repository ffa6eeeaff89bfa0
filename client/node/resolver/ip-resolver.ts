/** `ipv4:10.0.0.1:80,10.0.0.2` and `ipv6:[::1]:80,::2`: literal addresses. */
import { isIPv4, isIPv6 } from 'node:net'
import { addressText, type TcpAddress } from '../contracts/endpoint.ts'
import type { ResolverFactory, Target } from '../contracts/resolver.ts'
import { endpointsOf, FixedResolver } from './fixed-resolver.ts'
import { parseHostPort } from './parse-host-port.ts'

/** Addresses such as 10.0.0.1:80, separated by commas. Default port: 443. */
export const ipv4Resolver: ResolverFactory = ipResolver('ipv4', isIPv4)

/** Addresses such as [::1]:80 or ::1, separated by commas. Default port: 443. */
export const ipv6Resolver: ResolverFactory = ipResolver('ipv6', isIPv6)

function ipResolver(scheme: string, isAddress: (host: string) => boolean): ResolverFactory {
  const parse = (target: Target): TcpAddress[] => {
    if (target.authority !== '') throw new RangeError(`${scheme}: "//${target.authority}" must be left out`)
    return target.endpoint.split(',').map((text) => {
      const address = parseHostPort(text)
      if (isAddress(address.host)) return address
      throw new RangeError(`"${text}" is not an ${scheme} address: it must have the form ${EXAMPLES[scheme]}`)
    })
  }
  return Object.freeze({
    scheme,
    verifiesAddressHost: () => true,
    defaultAuthority: (target: Target) => parse(target).slice(0, 1).map(addressText).join(),
    create: (target, context) => new FixedResolver(context, { endpoints: endpointsOf(parse(target)) }),
  } satisfies ResolverFactory)
}

const EXAMPLES: Readonly<Record<string, string>> = { ipv4: '10.0.0.1:80', ipv6: '[::1]:80' }
