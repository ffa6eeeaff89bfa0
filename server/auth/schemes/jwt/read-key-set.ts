/** Reads a JSON Web Key Set over HTTP. */
import type { JSONWebKeySet } from 'jose'

/** Sets of large issuers have a few dozen keys of about 2 KB. */
const MAX_BYTES = 1_048_576

/**
 * Reads the set at exactly this address: redirects are errors, as they would lead the server elsewhere.
 *
 * @throws Error for a response that is late, too large, not 200 or not JSON
 */
export async function readKeySet(url: URL, timeoutMs: number): Promise<JSONWebKeySet> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
    headers: { accept: 'application/json, application/jwk-set+json' },
  })
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel()
    throw new Error(`the key set cannot be read: HTTP status ${response.status}`)
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.byteLength
    if (bytes > MAX_BYTES) throw new Error(`the key set is larger than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString())
}
