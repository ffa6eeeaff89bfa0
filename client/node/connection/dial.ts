/** Opens a socket to an address: directly or through a proxy, with TLS or without. */
import { connect as connectTcp, type NetConnectOpts, Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { Code, ConnectError } from '@connectrpc/connect'
import { type Address, addressText, isPort, type TcpAddress } from '../contracts/endpoint.ts'
import type { HttpProxy } from '../proxy/http-proxy.ts'
import { type DialTls, tlsConnectOptions } from '../tls/dial-tls.ts'
import { openTunnel } from './open-tunnel.ts'
import { type OnSocketFault, watchSocket } from './watch-socket.ts'

/** How to reach an address. */
export interface DialRoute {
  /** Null: cleartext. */
  readonly tls: DialTls | null
  /** The proxy that resolves the host and connects to it; null for a direct connection. */
  readonly proxy: HttpProxy | null
}

/** Receives the result of dialling: one call of one method, after `dial` has returned. */
export interface DialListener {
  onConnected(socket: Socket | TLSSocket): void
  onFailed(error: ConnectError): void
}

/**
 * Starts to connect. With TLS, `onConnected` follows the handshake, in which the server must agree to the protocol by ALPN; for HTTP/1.1 it
 * may omit ALPN. To give up, destroy the returned socket; `onFailed` follows. With a proxy it is the socket to the proxy, which carries all
 * others and closes last. It does not keep the process alive.
 */
export function dial(address: Address, { tls, proxy }: DialRoute, listener: DialListener): Socket {
  const onConnected = listener.onConnected.bind(listener)
  const onFault: OnSocketFault = (reason, cause) => {
    const message = `cannot connect to ${addressText(address)}: ${reason}`
    listener.onFailed(new ConnectError(message, Code.Unavailable, undefined, undefined, cause))
  }
  if (proxy === null) return open(address, tls, { onConnected, onFault })
  if (!('host' in address)) throw new TypeError('a Unix socket has no proxy')
  return openThrough(proxy, address, { tls, onConnected, onFault })
}

interface OpenListener {
  onConnected(socket: Socket | TLSSocket): void
  onFault: OnSocketFault
}

function openThrough(proxy: HttpProxy, address: TcpAddress, way: OpenListener & { tls: DialTls | null }): Socket {
  const { tls, onConnected } = way
  const onFault: OnSocketFault = (reason, cause) => way.onFault(`the proxy ${proxy.name}: ${reason}`, cause)
  return open(proxy.address, proxy.tls, {
    onConnected: (socket) =>
      openTunnel(socket, address, {
        authorization: proxy.authorization,
        onOpen() {
          if (tls === null) onConnected(socket)
          else secure(socket, tls, { ...way, address })
        },
        onFault,
      }),
    onFault,
  })
}

/** Opens a socket to the address itself. */
function open(address: Address, tls: DialTls | null, listener: OpenListener): Socket {
  if ('port' in address && !isPort(address.port)) return refuse('the port must be from 1 to 65535', listener)
  const { serverName: _, ...place } = address
  const target: NetConnectOpts = { ...place, allowHalfOpen: true, noDelay: true }
  if (tls !== null) return handshake(connectTls({ ...target, ...tlsConnectOptions(tls, address) }), tls, listener)
  const socket = connectTcp(target).unref()
  const stop = watchSocket(socket, listener.onFault)
  socket.once('connect', () => {
    stop()
    listener.onConnected(socket)
  })
  return socket
}

/** Fails for an invalid address, which an application's resolver may return: Node would throw, and leak a socket. */
function refuse(reason: string, { onFault }: OpenListener): Socket {
  const socket = new Socket()
  watchSocket(socket, onFault)
  return socket.destroy(new Error(reason))
}

/** Starts TLS within a tunnel. */
function secure(socket: Socket, tls: DialTls, { address, ...listener }: OpenListener & { address: Address }): void {
  // The inner socket reports its errors.
  socket.on('error', () => {})
  handshake(connectTls({ socket, ...tlsConnectOptions(tls, address) }), tls, listener)
}

function handshake(socket: TLSSocket, tls: DialTls, { onConnected, onFault }: OpenListener): TLSSocket {
  socket.unref()
  const stop = watchSocket(socket, onFault)
  socket.once('secureConnect', () => {
    const fault = alpnFault(socket, tls)
    if (fault !== null) {
      socket.destroy(new Error(fault))
      return
    }
    stop()
    onConnected(socket)
  })
  return socket
}

/** Returns why HTTP/2 cannot be used, or null. For HTTP/1.1, a missing ALPN means consent. */
function alpnFault({ alpnProtocol }: TLSSocket, { alpn, allowMissingAlpn = false }: DialTls): string | null {
  if (alpn === 'http/1.1' || alpnProtocol === 'h2') return null
  if (typeof alpnProtocol === 'string') return 'the server does not speak HTTP/2'
  if (allowMissingAlpn) return null
  return 'the server does not negotiate HTTP/2 by ALPN; if it supports HTTP/2 nevertheless, set tls.allowMissingAlpn'
}
