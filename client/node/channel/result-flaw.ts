/** Validates the results of resolvers, which may be the application's own. */
import { Code, ConnectError } from '@connectrpc/connect'
import { kindFault, type OptionKind } from '../../../wire/options/check-options.ts'
import { connectErrorOf } from '../base/thrown.ts'
import { type Address, type Endpoint, isPort } from '../contracts/endpoint.ts'
import type { ResolverResult } from '../contracts/resolver.ts'

/** Returns null for a valid `ResolverResult`, else UNAVAILABLE with the first invalid field. */
export function resultFlaw(result: ResolverResult): ConnectError | null {
  try {
    checkResult(result)
    return null
  } catch (cause) {
    return connectErrorOf(cause, Code.Unavailable, 'name resolution failed: ')
  }
}

function checkResult(result: ResolverResult): void {
  checkKind('the result of the resolver', result, ['object'])
  const { endpoints, serviceConfig, attributes = {} } = result
  if (serviceConfig !== undefined) checkServiceConfig(serviceConfig)
  checkKind('attributes', attributes, ['object'])
  if (endpoints instanceof ConnectError) return
  checkKind('endpoints', endpoints, ['array'])
  for (const [index, endpoint] of endpoints.entries()) checkEndpoint(`endpoints[${index}]`, endpoint)
}

function checkServiceConfig(serviceConfig: NonNullable<ResolverResult['serviceConfig']>): void {
  checkKind('serviceConfig', serviceConfig, ['object'])
  if (serviceConfig instanceof ConnectError || 'json' in serviceConfig) return
  throw new RangeError('serviceConfig.json is missing')
}

function checkEndpoint(name: string, endpoint: Endpoint): void {
  checkKind(name, endpoint, ['object'])
  const { addresses, attributes } = endpoint
  checkKind(`${name}.addresses`, addresses, ['array'])
  if (addresses.length === 0) throw new RangeError(`${name}.addresses is [], and must have at least one`)
  for (const [index, address] of addresses.entries()) checkAddress(`${name}.addresses[${index}]`, address)
  checkKind(`${name}.attributes`, attributes, ['object'])
  const { weight = 1, hashKey = '', hostname = 'none' } = attributes
  checkKind(`${name}.attributes.weight`, weight, ['number'])
  checkKind(`${name}.attributes.hashKey`, hashKey, ['string'])
  checkName(`${name}.attributes.hostname`, hostname)
}

function checkAddress(name: string, address: Address): void {
  checkKind(name, address, ['object'])
  if ('path' in address) {
    checkName(`${name}.path`, address.path)
    return
  }
  checkName(`${name}.host`, address.host)
  if (isPort(address.port)) return
  throw new RangeError(`${name}.port is ${String(address.port)}, and must be a whole number from 1 to 65535`)
}

function checkKind(name: string, value: unknown, kinds: readonly OptionKind[]): void {
  const fault = kindFault(name, value, kinds)
  if (fault !== undefined) throw new RangeError(fault)
}

function checkName(name: string, value: string): void {
  checkKind(name, value, ['string'])
  if (value === '') throw new RangeError(`${name} is empty`)
}
