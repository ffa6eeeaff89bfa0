/**
 * How instances are kept in a bucket: under the key `SERVICE.ID`, as JSON.
 *
 *     greeter.7f3c  {"address":"10.0.0.7:8080","tls":false,"ttlMs":15000,"metadata":{"weight":2}}
 *
 * Keys are subjects of NATS, in which dots separate the parts, and other characters have a meaning or are not allowed. Those are written as
 * `=` and two hexadecimal digits for each byte, so that a service is one part, and its watch sees no other service.
 */
import { addressText, type Endpoint } from '../../client/node/contracts/endpoint.ts'
import { parseHostPort } from '../../client/node/resolver/parse-host-port.ts'
import type { ServiceInstance } from '../contracts/registrar.ts'
import { metadataAttributes } from '../resolver/metadata-attributes.ts'

/** What an entry says. */
export interface NatsInstance {
  readonly endpoint: Endpoint
  /** The time after which it is gone unless it is written again, in milliseconds. */
  readonly ttlMs: number
}

/** Returns the key of an instance. */
export function instanceKey({ service, id }: ServiceInstance): string {
  return `${encodePart(service)}.${encodePart(id)}`
}

/** Returns a pattern of the keys of all instances of a service. */
export function serviceKeys(service: string): string {
  return `${encodePart(service)}.*`
}

/** Returns the value of an instance. */
export function instanceValue({ host, port, isSecure, metadata }: ServiceInstance, ttlMs: number): string {
  return JSON.stringify({ address: addressText({ host, port }), tls: isSecure, ttlMs, metadata })
}

/** Reads a value. Returns a phrase that says why it is not an instance. */
export function readInstance(text: string): NatsInstance | string {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return 'it is not JSON'
  }
  if (!isRecord(json)) return 'it is not an object'
  const { address, ttlMs, metadata = {} } = json
  if (typeof address !== 'string') return 'it has no address'
  if (typeof ttlMs !== 'number' || !(ttlMs > 0)) return 'it has no ttlMs'
  if (!isRecord(metadata)) return 'its metadata is not an object'
  try {
    return { endpoint: { addresses: [parseHostPort(address)], attributes: metadataAttributes(metadata) }, ttlMs }
  } catch {
    return 'its address does not have the form host:port'
  }
}

function encodePart(text: string): string {
  const bytes = Buffer.from(text)
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte)
    return /[\w/-]/.test(character) ? character : `=${byte.toString(16).padStart(2, '0')}`
  }).join('')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
