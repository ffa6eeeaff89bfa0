/** Parses endpoints from JSON. */
import { type Endpoint, MAX_WEIGHT } from '../contracts/endpoint.ts'
import type { ServiceConfigJson } from '../contracts/resolver.ts'
import { FieldReader, type NumberRange } from '../service-config/field-reader.ts'
import { parseHostPort } from './parse-host-port.ts'

/** The content of a file. */
export interface EndpointList {
  readonly endpoints: readonly Endpoint[]
  readonly serviceConfig?: ServiceConfigJson
}

/** The attributes that are text. */
const NAMES = ['hostname', 'zone', 'version'] as const

const WEIGHT: NumberRange = Object.freeze({ min: Number.MIN_VALUE, max: MAX_WEIGHT })

/**
 * Parses `{"endpoints": [...], "serviceConfig": {...}}`, or the list alone. An element is `"host:port"`, or an object with `address` (or
 * `addresses`, if several reach the same server), and optionally `weight`, the `hostname` that the server's certificate must match, and
 * `zone` and `version` for policies.
 *
 * @throws Error that names every fault
 */
export function parseEndpointList(text: string): EndpointList {
  const json: unknown = JSON.parse(text)
  const fields = new FieldReader(Array.isArray(json) ? { endpoints: json } : json)
  fields.require('endpoints')
  const normalized = new FieldReader({ endpoints: (fields.list('endpoints') ?? []).map(toObject) })
  const endpoints = normalized.objects('endpoints').map(readEndpoint)
  fields.finish()
  normalized.finish()
  return { endpoints, ...(fields.has('serviceConfig') && { serviceConfig: { json: fields.value('serviceConfig') } }) }
}

function toObject(element: unknown): unknown {
  return typeof element === 'string' ? { address: element } : element
}

function readEndpoint(fields: FieldReader): Endpoint {
  const texts = fields.list('addresses') ?? [fields.value('address')]
  if (texts.length === 0) fields.fault('addresses', texts, 'a list of at least one address')
  const weight = fields.number('weight', WEIGHT)
  const named = NAMES.flatMap((name) => {
    const value = fields.string(name)
    return value === undefined ? [] : [[name, value]]
  })
  const addresses = texts.flatMap((text) => readAddress(fields, text) ?? [])
  return { addresses, attributes: { ...(weight !== undefined && { weight }), ...Object.fromEntries(named) } }
}

function readAddress(fields: FieldReader, text: unknown) {
  if (typeof text !== 'string') return fields.fault('address', text, 'as "host:port" or "unix:/path"')
  if (/^unix:./s.test(text)) return { path: text.slice('unix:'.length) }
  try {
    return parseHostPort(text)
  } catch {
    return fields.fault('address', text, 'as "host:port" or "unix:/path"')
  }
}
