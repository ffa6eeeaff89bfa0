/** Finds the envelopes in the messages of a WebSocket, which may end anywhere. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { EnvelopedMessage } from '@connectrpc/connect/protocol'

/** A flag, and the length of the data in four octets. */
const HEAD_LENGTH = 5

/**
 * Splits octets into envelopes. Each octet is copied once, and what arrived is not kept: a server may send every octet in a message of its
 * own.
 *
 * @throws ConnectError with RESOURCE_EXHAUSTED for an envelope with more than `readMaxBytes`
 */
export async function* splitEnvelopes(
  messages: AsyncIterable<Uint8Array>,
  readMaxBytes: number,
): AsyncGenerator<EnvelopedMessage, void> {
  const head = new Uint8Array(HEAD_LENGTH)
  let target = head
  let filled = 0
  for await (const message of messages) {
    for (let rest = message; ; filled = 0) {
      const part = rest.subarray(0, target.byteLength - filled)
      target.set(part, filled)
      filled += part.byteLength
      rest = rest.subarray(part.byteLength)
      if (filled < target.byteLength) break
      if (target === head) target = new Uint8Array(lengthIn(head, readMaxBytes))
      else {
        yield { flags: head[0] ?? 0, data: target }
        target = head
      }
    }
  }
}

function lengthIn(head: Uint8Array<ArrayBuffer>, readMaxBytes: number): number {
  const length = new DataView(head.buffer).getUint32(1)
  if (length <= readMaxBytes) return length
  const text = `message size ${length} is larger than configured readMaxBytes ${readMaxBytes}`
  throw new ConnectError(text, Code.ResourceExhausted)
}
