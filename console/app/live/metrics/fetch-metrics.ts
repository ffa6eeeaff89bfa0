/** Reads the page of metrics. */
import { credentialHeaders } from '../../session/credentials.ts'

const MAX_BYTES = 8 * 1024 * 1024

/** The server answered with another status than 200. */
export class MetricsRefused extends Error {
  readonly status: number

  constructor(status: number) {
    super(`the server answered with HTTP status ${status}`)
    this.status = status
  }
}

/**
 * Returns the text of the page, or what fits into 8 MiB of it.
 *
 * @throws MetricsRefused for another status than 200
 * @throws TypeError if the server cannot be reached
 */
export async function fetchMetrics(path: string, signal: AbortSignal): Promise<string> {
  const headers = new Headers([...credentialHeaders.value].map(([name, value]) => [name, value]))
  const response = await fetch(path, { headers, signal, cache: 'no-store' })
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel()
    throw new MetricsRefused(response.status)
  }
  return readText(response.body)
}

async function readText(body: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let text = ''
  for (let bytes = 0; bytes < MAX_BYTES; ) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.length
    text += decoder.decode(value, { stream: true })
  }
  await reader.cancel()
  // The last line may be cut in two.
  return text.slice(0, text.lastIndexOf('\n') + 1)
}
