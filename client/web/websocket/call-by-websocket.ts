/** Carries the requests and responses of gRPC-Web over WebSockets, one for each call. */
import { Code, ConnectError } from '@connectrpc/connect'
import {
  createAsyncIterable,
  type EnvelopedMessage,
  encodeEnvelope,
  type UniversalClientFn,
} from '@connectrpc/connect/protocol'
import { headerGrpcStatus, trailerFlag, trailerParse } from '@connectrpc/connect/protocol-grpc-web'
import type { CallSocket } from './call-socket.ts'
import { dataMessage, HALF_CLOSE, headerBlock } from './messages.ts'
import { openSocket, type SocketOpener } from './open-socket.ts'
import { splitEnvelopes } from './split-envelopes.ts'

/** Proxies may leave the type that their server sent. */
const GRPC_TYPE = /^application\/grpc(?:-web)?(?:\+|;|$)/i

/** Connect's transport sets both. */
const NOTHING = createAsyncIterable<Uint8Array>([])
const NEVER = new AbortController().signal

/** Nothing is received after it. */
const ENDED = new ConnectError('the response has ended')

/**
 * Returns the HTTP client that Connect's transport for gRPC-Web runs on. It sends the request while the response arrives. The
 * WebSocket closes when the response ends or cannot be read, and when the signal aborts, which it does when the call ends in any way. An
 * interceptor may send a request again before that.
 *
 * @param readMaxBytes the greatest message to accept
 */
export function callByWebSocket(opener: SocketOpener, readMaxBytes: number): UniversalClientFn {
  return async ({ url, header, body = NOTHING, signal = NEVER }) => {
    const block = headerBlock(header)
    const socket = await openSocket(url, signal, opener)
    closeAtEnd(socket, signal)
    send(socket, block, body).catch((error) => socket.close(error))
    const envelopes = splitEnvelopes(receive(socket), readMaxBytes)
    const responseHeader = await readHeader(envelopes).catch((error) => {
      socket.close(error)
      throw error
    })
    const hasEnded = responseHeader.has(headerGrpcStatus)
    if (hasEnded) socket.close(ENDED)
    return {
      status: 200,
      header: responseHeader,
      body: hasEnded ? NOTHING : responseBody(socket, envelopes),
      trailer: new Headers(),
    }
  }
}

function closeAtEnd(socket: CallSocket, signal: AbortSignal): void {
  if (signal.aborted) socket.close(signal.reason)
  else signal.addEventListener('abort', () => socket.close(signal.reason))
}

async function send(socket: CallSocket, block: Uint8Array, body: AsyncIterable<Uint8Array>): Promise<void> {
  if (!(await socket.send(block))) return
  for await (const octets of body) {
    if (!(await socket.send(dataMessage(octets)))) return
  }
  await socket.send(HALF_CLOSE)
}

/** Never ends: a WebSocket that closes before the trailers is an error. */
async function* receive(socket: CallSocket): AsyncGenerator<Uint8Array> {
  while (true) yield await socket.receive()
}

async function readHeader(envelopes: AsyncIterator<EnvelopedMessage>): Promise<Headers> {
  const { value } = await envelopes.next()
  const { flags, data } = value as EnvelopedMessage
  if (flags !== trailerFlag) {
    throw new ConnectError('protocol error: the response does not begin with headers', Code.Internal)
  }
  const header = parseHeader(data)
  const contentType = header.get('content-type')
  if (contentType === null || GRPC_TYPE.test(contentType)) return header
  throw new ConnectError(`unsupported content type ${contentType}`, Code.Unknown)
}

function parseHeader(data: Uint8Array): Headers {
  try {
    return trailerParse(data)
  } catch (cause) {
    throw new ConnectError('protocol error: invalid response headers', Code.Internal, undefined, undefined, cause)
  }
}

/** Ends after the trailers, whether or not the server closes the WebSocket. */
async function* responseBody(
  socket: CallSocket,
  envelopes: AsyncIterator<EnvelopedMessage>,
): AsyncGenerator<Uint8Array, void> {
  try {
    for (let flags = 0; (flags & trailerFlag) === 0; ) {
      const { value } = await envelopes.next()
      const envelope = value as EnvelopedMessage
      flags = envelope.flags
      yield encodeEnvelope(flags, envelope.data)
    }
  } finally {
    socket.close(ENDED)
  }
}
