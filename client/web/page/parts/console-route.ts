/** What follows the address of the console in a link that opens a call there. */

/** A call, as the links of the console hold it. */
export interface LinkedCall {
  /** As in `greeter.v1.GreeterService/SayHello`. */
  readonly method: string
  readonly protocol: 'connect' | 'grpc-web' | 'websocket'
  /** The request messages, as protobuf's JSON. */
  readonly messages: readonly object[]
}

/** Returns the fragment of the URL: a version and a dot, then JSON, compressed (RFC 1951), in base64url. */
export async function consoleRoute({ method, protocol, messages }: LinkedCall): Promise<string> {
  const saved = { method, protocol, headers: [], messages: messages.map((message) => JSON.stringify(message, null, 2)) }
  const compressed = new Blob([JSON.stringify(saved)]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  const octets = new Uint8Array(await new Response(compressed).arrayBuffer())
  const text = btoa(String.fromCharCode(...octets))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
  return `#/method/${method}?call=1.${text}`
}
