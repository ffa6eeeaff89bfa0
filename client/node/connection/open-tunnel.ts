/** Opens a tunnel through a proxy (`CONNECT`, RFC 9110 section 9.3.6). */
import type { Socket } from 'node:net'
import { USER_AGENT } from '../base/user-agent.ts'
import { addressText, type TcpAddress } from '../contracts/endpoint.ts'
import { type OnSocketFault, watchSocket } from './watch-socket.ts'

/** Options of a tunnel. One of the two callbacks is called, once. */
export interface TunnelOptions {
  /** The value of `Proxy-Authorization`; null for none. */
  readonly authorization: string | null
  /** The tunnel is open: the socket is now connected to the address. */
  onOpen(): void
  /** The proxy refused, or the socket failed. The socket is destroyed. */
  onFault: OnSocketFault
}

/** Maximum size of the response head, in bytes. */
const MAX_HEAD_BYTES = 16_384

const END_OF_HEAD = '\r\n\r\n'

/** Opens a tunnel. The proxy receives the host as it is, which may be a name (gRFC A1). The caller limits the time. */
export function openTunnel(socket: Socket, address: TcpAddress, options: TunnelOptions): void {
  let head: Buffer = Buffer.alloc(0)
  const stopWatching = watchSocket(socket, (reason, cause) => {
    stop()
    options.onFault(reason, cause)
  })
  const stop = (): void => {
    socket.off('readable', onReadable)
    socket.off('end', onEnd)
    stopWatching()
  }
  const onEnd = (): void => void socket.destroy(new Error('it hung up instead of an answer'))
  const onReadable = (): void => {
    head = Buffer.concat([head, (socket.read() as Buffer | null) ?? Buffer.alloc(0)])
    const end = head.indexOf(END_OF_HEAD)
    if (end < 0 && head.byteLength <= MAX_HEAD_BYTES) return
    const fault = end < 0 || end > MAX_HEAD_BYTES ? 'its answer is too long' : judge(head)
    if (fault !== null) {
      socket.destroy(new Error(fault))
      return
    }
    stop()
    // The server may have sent octets already.
    if (head.byteLength > end + END_OF_HEAD.length) socket.unshift(head.subarray(end + END_OF_HEAD.length))
    options.onOpen()
  }
  socket.on('readable', onReadable)
  socket.on('end', onEnd)
  socket.write(requestHead(addressText(address), options.authorization))
}

function requestHead(authority: string, authorization: string | null): string {
  const fields = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`, `User-Agent: ${USER_AGENT}`]
  if (authorization !== null) fields.push(`Proxy-Authorization: ${authorization}`)
  return fields.join('\r\n') + END_OF_HEAD
}

/** Returns why there is no tunnel, or null if there is one. */
function judge(head: Buffer): string | null {
  const [, status] = /^HTTP\/1\.[01] (\d{3})(?: |\r\n)/.exec(head.toString('latin1', 0, 16)) ?? []
  if (status === undefined) return 'its answer is not HTTP/1.1'
  return status.startsWith('2') ? null : `it answered with HTTP status ${status}`
}
