/** What a server sends back over a WebSocket in the wire format `grpc-websockets`. */

/** A response. */
export interface WebSocketAnswer {
  /** The fields of the first envelope; empty without one. */
  readonly headers: Headers
  /** The messages, without envelopes. */
  readonly messages: readonly Buffer[]
  /** The fields of the last envelope: of the first one too if it is the only one. Null without one. */
  readonly trailers: Headers | null
  /** The number of envelopes that hold fields. */
  readonly fieldEnvelopes: number
}

/** Reads the payloads of all messages of the server, however they are split. */
export function readAnswer(octets: Buffer): WebSocketAnswer {
  const blocks: Headers[] = []
  const messages: Buffer[] = []
  for (let at = 0; at < octets.length; ) {
    const length = octets.readUInt32BE(at + 1)
    const data = octets.subarray(at + 5, at + 5 + length)
    if (data.length < length) throw new Error('the answer ends inside of an envelope')
    if (octets[at] === 0x80) blocks.push(fieldsOf(data.toString('latin1')))
    else messages.push(data)
    at += 5 + length
  }
  const last = blocks.at(-1)
  const isComplete = last?.has('grpc-status') === true
  return {
    headers: blocks[0] ?? new Headers(),
    messages,
    trailers: isComplete ? last : null,
    fieldEnvelopes: blocks.length,
  }
}

function fieldsOf(text: string): Headers {
  const headers = new Headers()
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return headers
}
