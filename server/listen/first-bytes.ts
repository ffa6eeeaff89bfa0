/** Waits for the first bytes of a connection, and hands it on once they tell what it speaks. */
import type { Socket } from 'node:net'
import { sniff, type WireProtocol } from './sniff.ts'

/**
 * Reads until the bytes tell the protocol, puts them back, and reports it. The bytes may arrive one at a time.
 * A connection that has not told within the time, or that ends before, is destroyed and never reported.
 */
export function awaitFirstBytes(
  socket: Socket,
  timeoutMs: number,
  onProtocol: (socket: Socket, protocol: WireProtocol) => void,
): void {
  let seen: Buffer = Buffer.alloc(0)
  const timer = setTimeout(() => socket.destroy(), timeoutMs)

  function onReadable(): void {
    const chunk: Buffer | null = socket.read()
    if (chunk === null) return
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk])
    const protocol = sniff(seen)
    if (protocol === undefined) return
    stopWaiting()
    socket.unshift(seen)
    onProtocol(socket, protocol)
  }

  function giveUp(): void {
    stopWaiting()
    socket.destroy()
  }

  function stopWaiting(): void {
    clearTimeout(timer)
    socket.off('readable', onReadable).off('end', giveUp).off('close', giveUp)
  }

  socket.on('readable', onReadable).on('end', giveUp).on('close', giveUp)
}
