/** Looks over what a resolver gives, once where it comes in: applications bring resolvers of their own. */
import { Code, ConnectError } from '@connectrpc/connect'

const MAX_PORT = 65_535

/** Returns null for a `ResolverResult`, or UNAVAILABLE naming the first field that is not as it must be, and its value. */
export function resultFlaw(result: unknown): ConnectError | null {
  try {
    checkResult(result)
    return null
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new ConnectError(`name resolution failed: ${reason}`, Code.Unavailable, undefined, undefined, cause)
  }
}

function checkResult(result: unknown): void {
  const { endpoints, serviceConfig, attributes } = asObject('the result of the resolver', result)
  if (serviceConfig !== undefined && !(serviceConfig instanceof ConnectError)) {
    if (!('json' in asObject('serviceConfig', serviceConfig))) throw flaw('serviceConfig.json', undefined, 'there')
  }
  if (attributes !== undefined) asObject('attributes', attributes)
  if (endpoints instanceof ConnectError) return
  for (const [index, endpoint] of asList('endpoints', endpoints).entries()) {
    checkEndpoint(`endpoints[${index}]`, endpoint)
  }
}

function checkEndpoint(name: string, endpoint: unknown): void {
  const { addresses, attributes } = asObject(name, endpoint)
  const list = asList(`${name}.addresses`, addresses)
  if (list.length === 0) throw flaw(`${name}.addresses`, '[]', 'at least one address')
  for (const [index, address] of list.entries()) checkAddress(`${name}.addresses[${index}]`, address)
  const { weight, hashKey } = asObject(`${name}.attributes`, attributes)
  if (weight !== undefined && typeof weight !== 'number') throw flaw(`${name}.attributes.weight`, weight, 'a number')
  if (hashKey !== undefined) checkText(`${name}.attributes.hashKey`, hashKey)
}

function checkAddress(name: string, address: unknown): void {
  const { host, port, path } = asObject(name, address)
  if (path !== undefined) {
    checkName(`${name}.path`, path)
    return
  }
  checkName(`${name}.host`, host)
  const isPort = typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= MAX_PORT
  if (!isPort) throw flaw(`${name}.port`, port, `an integer from 1 to ${MAX_PORT}`)
}

function checkName(name: string, value: unknown): void {
  checkText(name, value)
  if (value === '') throw flaw(name, '""', 'a text that is not empty')
}

function checkText(name: string, value: unknown): void {
  if (typeof value !== 'string') throw flaw(name, value, 'a text')
}

function asObject(name: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw flaw(name, value, 'an object')
  return value as Readonly<Record<string, unknown>>
}

function asList(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw flaw(name, value, 'a list')
  return value
}

function flaw(name: string, value: unknown, what: string): RangeError {
  return new RangeError(`${name} is ${String(value)}: it must be ${what}`)
}
