/** Connections that are lost on their way from the primary to a worker. */
import type { Worker } from 'node:cluster'

/** A connection that a worker has not taken yet. */
interface Handoff {
  /** The number of the message. */
  readonly seq: number
  readonly connection: { close(): void }
}

/** What Node sends with a connection. */
interface HandoffMessage {
  readonly act?: unknown
  readonly key: string
  readonly seq: number
}

/**
 * Closes the connections that a worker did not take before its process ended. Node hands over one connection of each port at a time, and
 * waits until the worker has taken it: without an answer the primary would keep it open for good, and its client would wait for a server
 * that does not know it. It would also keep the dead worker, to which it would go on giving connections of other ports.
 */
export function closeLostConnections(worker: Worker): void {
  const child = worker.process
  /** By port. */
  const underWay = new Map<string, Handoff>()
  const { send } = child
  const sendNoting = (...given: readonly [message: object, connection?: unknown]) => {
    const [message, connection] = given as [HandoffMessage, Handoff['connection'] | null | undefined]
    if (message.act === 'newconn' && connection) underWay.set(message.key, { seq: message.seq, connection })
    return Reflect.apply(send, child, given)
  }
  child.send = sendNoting as typeof send
  child.on('internalMessage', ({ ack }: { readonly ack?: unknown }) => {
    for (const [port, { seq }] of underWay) if (seq === ack) underWay.delete(port)
  })
  worker.once('exit', () => {
    // Node does this at the end of the channel, which it does not report while it waits for an answer.
    worker.disconnect()
    for (const { connection } of underWay.values()) connection.close()
  })
}
