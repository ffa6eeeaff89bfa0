/** Settles with what a call's messages are compressed, each way for itself. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Compression } from '../../wire/compression.ts'

/** What a call's headers say about compression. */
export interface CompressionHeaders {
  /** The encoding of the request; undefined or `identity`: none. */
  readonly requested: string | undefined
  /** What the client can inflate, by its preference. */
  readonly accepted: string | undefined
  /** The header in which a refusal says what would have been right. */
  readonly acceptHeader: string
}

/** What is used; null is identity. */
export interface NegotiatedCompression {
  readonly request: Compression | null
  readonly response: Compression | null
}

/**
 * A client that accepts nothing in particular gets what it sent itself; one that lists encodings gets the first of the best
 * weighted that we have (RFC 9110 section 12.5.3).
 *
 * @throws ConnectError UNIMPLEMENTED for an encoding of the request that we do not have, with what we have as metadata
 */
export function negotiateCompression(
  available: readonly Compression[],
  { requested, accepted, acceptHeader }: CompressionHeaders,
): NegotiatedCompression {
  let request: Compression | null = null
  if (requested !== undefined && requested !== '' && requested !== 'identity') {
    request = available.find(({ name }) => name === requested) ?? null
    if (request === null) throw unknownCompression(requested, available, acceptHeader)
  }
  const response = accepted === undefined || accepted.trim() === '' ? request : preferred(available, accepted)
  return { request, response }
}

function preferred(available: readonly Compression[], accepted: string): Compression | null {
  let best: Compression | null = null
  let bestWeight = 0
  for (const item of accepted.split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim())
    const weight = weightOf(parameters)
    if (weight <= bestWeight) continue
    const found = available.find((compression) => compression.name === name)
    if (found === undefined && name !== 'identity') continue
    best = found ?? null
    bestWeight = weight
  }
  return best
}

function weightOf(parameters: readonly string[]): number {
  const weight = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2)
  if (weight === undefined) return 1
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight) ? Number(weight) : 0
}

function unknownCompression(requested: string, available: readonly Compression[], acceptHeader: string): ConnectError {
  const names = available.map(({ name }) => name).join(',')
  const message = `unknown compression "${requested}": supported encodings are ${names}`
  return new ConnectError(message, Code.Unimplemented, { [acceptHeader]: names })
}
