/** Detects the protocol of a connection from its first bytes. */
import type { Socket } from 'node:net'

/** What a client may speak on the port. */
export type WireProtocol = 'tls' | 'http2' | 'http1'

/** The client connection preface (RFC 9113 section 3.4). */
export const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** The content type of a TLS handshake record (RFC 8446 section 5.1). No HTTP method starts with this byte. */
const TLS_HANDSHAKE = 0x16

/** Returns the protocol; undefined while the bytes could still become the HTTP/2 preface. */
export function sniff(bytes: Buffer): WireProtocol | undefined {
  if (bytes.length === 0) return undefined
  if (bytes[0] === TLS_HANDSHAKE) return 'tls'
  const compared = Math.min(bytes.length, HTTP2_PREFACE.length)
  if (bytes.compare(HTTP2_PREFACE, 0, compared, 0, compared) !== 0) return 'http1'
  return compared === HTTP2_PREFACE.length ? 'http2' : undefined
}

/**
 * Reads until the protocol is known, puts the bytes back, and reports it. The bytes may arrive one at a time. A
 * connection that ends before, or takes too long, is destroyed without a report.
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
