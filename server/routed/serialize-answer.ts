/** Keeps errors that are meant for the client whole on their way through Fastify's serialization. */
import { Buffer } from 'node:buffer'
import { ConnectError } from '@connectrpc/connect'

const errors = new WeakMap<object, ConnectError>()

/**
 * Serializes what Fastify sends as JSON. Of an error that no handler of the app took care of, Fastify gives the serializer an
 * object that inherits from it: the octets that are returned lead back to it.
 */
export function serializeAnswer(data: unknown): string {
  if (!(data instanceof Error)) return JSON.stringify(data) ?? ''
  if (!(data instanceof ConnectError)) return serializeError(data)
  const octets = Buffer.from(JSON.stringify({ message: data.rawMessage }))
  errors.set(octets, Object.getPrototypeOf(data) as ConnectError)
  // Fastify takes octets where its types ask for a text.
  return octets as unknown as string
}

/** The error whose serialization this is; undefined for other payloads. */
export function serializedErrorOf(payload: Uint8Array | undefined): ConnectError | undefined {
  return payload && errors.get(payload)
}

interface FastifyErrorFields {
  readonly statusCode?: number
  readonly code?: unknown
  readonly error?: string
}

/** As Fastify does without a serializer. */
function serializeError({ statusCode, code, error, message }: Error & FastifyErrorFields): string {
  return JSON.stringify({ statusCode, code, error, message })
}
