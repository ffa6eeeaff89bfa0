/**
 * The text of a link that holds a whole call, without its secrets: a version and a dot, then JSON, compressed (RFC 1951), in base64url. It
 * belongs into the fragment of the URL, so that no server and no log of one sees it.
 */
import type { SavedCall } from '../contracts/saved-call.ts'
import { readSavedCall, SavedDataError } from './read-saved-call.ts'
import { withoutSecrets } from './without-secrets.ts'

const VERSION = '1'

/** A short text may inflate to a very long one. */
const MAX_INFLATED_BYTES = 1024 * 1024

/** Some programs cut longer URLs off. */
export const LONG_LINK_LENGTH = 8_000

/** Returns a text for {@link decodeCall}. */
export async function encodeCall(saved: SavedCall): Promise<string> {
  const octets = new TextEncoder().encode(JSON.stringify(withoutSecrets(saved)))
  if (octets.length > MAX_INFLATED_BYTES)
    throw new SavedDataError('the call is too large for a link: export it as a file')
  return `${VERSION}.${toBase64Url(await collect(pipe(octets, new CompressionStream('deflate-raw'))))}`
}

/**
 * Reads what {@link encodeCall} returned. Reading a link sends nothing.
 *
 * @throws SavedDataError if it is not that, or too large
 */
export async function decodeCall(text: string): Promise<SavedCall> {
  const [version, packed = ''] = text.split('.', 2)
  if (version !== VERSION)
    throw new SavedDataError('the link was made by another version of the console, or is cut off')
  return readSavedCall(parse(await inflate(fromBase64Url(packed))))
}

async function inflate(octets: Uint8Array<ArrayBuffer>): Promise<string> {
  try {
    const inflated = await collect(pipe(octets, new DecompressionStream('deflate-raw')), MAX_INFLATED_BYTES)
    return new TextDecoder('utf-8', { fatal: true }).decode(inflated)
  } catch (cause) {
    if (cause instanceof SavedDataError) throw cause
    throw new SavedDataError('the link is damaged or cut off', { cause })
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SavedDataError('the link does not hold a call', { cause })
  }
}

type Codec = CompressionStream | DecompressionStream

function pipe(octets: Uint8Array<ArrayBuffer>, codec: Codec): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([octets]).stream().pipeThrough(codec)
}

async function collect(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  const reader = stream.getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    chunks.push(read.value)
    length += read.value.length
    if (length <= maxBytes) continue
    await reader.cancel()
    throw new SavedDataError(`the link holds more than ${maxBytes / 1024} KiB`)
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer())
}

const CHUNK = 8_192

function toBase64Url(octets: Uint8Array): string {
  let binary = ''
  for (let start = 0; start < octets.length; start += CHUNK) {
    binary += String.fromCharCode(...octets.subarray(start, start + CHUNK))
  }
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[\w-]*$/.test(text)) throw new SavedDataError('the link is damaged or cut off')
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
  } catch (cause) {
    throw new SavedDataError('the link is damaged or cut off', { cause })
  }
}
