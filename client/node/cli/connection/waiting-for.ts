/** Says what a call through a transport waits for. */
import type { ClientTransport } from '../../transport.ts'

/**
 * The words that follow "while": the name is resolved, then a connection is made, then there is an answer.
 *
 * @param answer what the call is made for
 */
export function waitingFor(transport: ClientTransport, answer: string): string {
  const { state, target, resolution, addresses } = transport.inspect()
  if (state === 'READY') return `waiting for ${answer}`
  if (resolution === null) return `resolving the name of ${target}`
  const address = addresses[0]?.address ?? target
  return `connecting to ${address}`
}
