/** Reads trailers as the protocols write them in bodies. */
import type { Fields } from '../../contracts/live-call.ts'

/** Reads the trailers of gRPC-Web: lines `name: value` that end with CR LF. */
export function readFieldBlock(octets: Uint8Array): Fields {
  const lines = new TextDecoder().decode(octets).split(/\r?\n/)
  return lines.flatMap((line): Fields => {
    const colon = line.indexOf(':')
    return colon <= 0 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]]
  })
}

/** Reads the metadata at the end of a stream of Connect: `{"metadata": {"name": ["value"]}}`. */
export function readEndStream(octets: Uint8Array): Fields {
  const { metadata } = parseObject(new TextDecoder().decode(octets))
  if (typeof metadata !== 'object' || metadata === null) return []
  return Object.entries(metadata).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : []).map((value) => [name, String(value)] as const),
  )
}

function parseObject(text: string): { readonly metadata?: unknown } {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
