/**
 * The keys and values of instances in etcd, as etcd's own package for Go (`client/v3/naming/endpoints`) has them, so that servers and
 * clients of either find each other: `SERVICE/ID` holds `{"Op":0,"Addr":"host:port","Metadata":...}`.
 */
import { type Attributes, addressText, type Endpoint } from '../../client/node/contracts/endpoint.ts'
import { parseHostPort } from '../../client/node/resolver/parse-host-port.ts'
import type { ServiceInstance } from '../contracts/registrar.ts'
import { metadataAttributes } from '../resolver/metadata-attributes.ts'

/** The longest value that is read. */
const MAX_VALUE_BYTES = 64 * 1024

const ENCODER = new TextEncoder()
const DECODER = new TextDecoder('utf-8', { fatal: true })

/** The keys of a range, from the first to before the end. */
export interface KeyRange {
  readonly key: Uint8Array<ArrayBuffer>
  readonly rangeEnd: Uint8Array<ArrayBuffer>
}

/** Returns the key of an instance. */
export function instanceKey({ service, id }: ServiceInstance): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(`${service}/${id}`)
}

/** Returns the value of an instance. */
export function instanceValue({ host, port, metadata }: ServiceInstance): Uint8Array<ArrayBuffer> {
  const hasMetadata = Object.keys(metadata).length > 0
  const Addr = addressText({ host, port })
  return ENCODER.encode(JSON.stringify({ Op: 0, Addr, Metadata: hasMetadata ? metadata : null }))
}

/** The keys of all instances of a service: with the slash, so that `greeter` does not include those of `greeter2`. */
export function serviceRange(service: string): KeyRange {
  return { key: ENCODER.encode(`${service}/`), rangeEnd: ENCODER.encode(`${service}${AFTER_SLASH}`) }
}

/** The character after the slash. */
const AFTER_SLASH = '0'

/** Returns the id that a key of the range of a service has; undefined if the key is of a service below it, such as `greeter/v2`. */
export function idOf(service: string, key: Uint8Array): string | undefined {
  const id = Buffer.from(key)
    .toString()
    .slice(service.length + 1)
  return id === '' || id.includes('/') ? undefined : id
}

/** Returns the endpoint of a value; or why it has none, as text. Fields that are unknown are ignored. */
export function endpointOf(value: Uint8Array): Endpoint | string {
  if (value.length > MAX_VALUE_BYTES) return `its value has ${value.length} bytes, more than ${MAX_VALUE_BYTES}`
  try {
    const json: unknown = JSON.parse(DECODER.decode(value))
    const { Addr, Metadata } = Object(json) as { readonly Addr?: unknown; readonly Metadata?: unknown }
    if (typeof Addr !== 'string' || !/:\d+$/.test(Addr)) return 'it has no "Addr" of the form host:port'
    const address = parseHostPort(Addr)
    return Object.freeze({ addresses: Object.freeze([address]), attributes: Object.freeze(attributesOf(Metadata)) })
  } catch (error) {
    return error instanceof RangeError ? 'its "Addr" is not an address' : 'it is not JSON'
  }
}

/** Metadata of other programs may be any JSON. */
function attributesOf(metadata: unknown): Attributes {
  const isObject = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata)
  return isObject ? metadataAttributes({ ...metadata }) : {}
}
