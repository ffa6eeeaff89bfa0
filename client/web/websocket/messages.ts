/** The messages of `grpc-websockets` as octets: what a client sends, and what it accepts. */
import { Code, ConnectError } from '@connectrpc/connect'
import { Control } from '../../../wire/grpc-websockets/grpc-websockets.ts'

/** Says that the client sends no more messages. */
export const HALF_CLOSE = Uint8Array.of(Control.HALF_CLOSE)

/** Approximate memory of a message besides its bytes, so that many small messages count too. */
const MESSAGE_OVERHEAD_BYTES = 128

const NOT_ASCII = /[^\t -~]/

/**
 * Returns the first message of a call, the block of request headers.
 *
 * @throws ConnectError with INVALID_ARGUMENT for a value that is not ASCII
 */
export function headerBlock(headers: Headers): Uint8Array<ArrayBuffer> {
  let block = ''
  headers.forEach((value, name) => {
    if (NOT_ASCII.test(value)) {
      const text = `the header ${name} is not ASCII: send it as ${name}-bin, by encodeBinaryHeader`
      throw new ConnectError(text, Code.InvalidArgument)
    }
    block += `${name}: ${value}\r\n`
  })
  return new TextEncoder().encode(block)
}

/** Returns the message that carries octets of gRPC-Web. */
export function dataMessage(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(octets.byteLength + 1)
  message[0] = Control.DATA
  message.set(octets, 1)
  return message
}

/**
 * Returns the octets of a received message.
 *
 * @throws ConnectError with INTERNAL for a text message
 */
export function toOctets(data: unknown): Uint8Array {
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  if (data instanceof Uint8Array) return data
  throw new ConnectError('protocol error: the server sent a text message', Code.Internal)
}

/** Returns about what a received message takes while it waits to be read. */
export function queuedBytes({ byteLength }: Uint8Array): number {
  return byteLength + MESSAGE_OVERHEAD_BYTES
}
