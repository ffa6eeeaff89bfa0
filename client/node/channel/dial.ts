/** Opens a socket to an address, with TLS or without. */
import { connect as connectTcp, isIP, type NetConnectOpts, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { Code, ConnectError } from '@connectrpc/connect'
import { type Address, addressText } from './endpoint.ts'
import type { TlsOptions } from './tls-options.ts'

/** How to secure a connection. */
export interface DialTls extends TlsOptions {
  /** The host that is meant, for SNI and the certificate, unless `servername` says another. An address is no SNI. */
  readonly host: string
  /** What is spoken. Default `h2`. */
  readonly alpn?: AlpnName
}

/** A version of HTTP as TLS names it (RFC 7301). */
export type AlpnName = 'h2' | 'http/1.1'

/** What comes of dialling: one of the two, once, and not before `dial` has returned. */
export interface DialListener {
  onConnected(socket: Socket | TLSSocket): void
  onFailed(error: ConnectError): void
}

/**
 * Starts to connect. With TLS, `onConnected` follows the handshake, in which the server has agreed to what is to be spoken; for
 * HTTP/1.1 it may say nothing to that. Destroy the socket to give up; the listener then hears nothing. It does not keep the
 * process alive.
 */
export function dial(address: Address, tls: DialTls | null, listener: DialListener): Socket {
  const target: NetConnectOpts = { ...address, allowHalfOpen: true, noDelay: true }
  const socket = tls === null ? connectTcp(target) : connectTls({ ...target, ...tlsOptions(tls) })
  socket.unref()
  const onError = (cause: Error): void => fail(describe(cause), cause)
  const onClose = (): void => fail('the connection was closed')
  const settle = (): void => {
    socket.off('error', onError)
    socket.off('close', onClose)
  }
  function fail(reason: string, cause?: Error): void {
    settle()
    socket.on('error', () => {})
    socket.destroy()
    const message = `cannot connect to ${addressText(address)}: ${reason}`
    listener.onFailed(new ConnectError(message, Code.Unavailable, undefined, undefined, cause))
  }
  socket.on('error', onError)
  socket.on('close', onClose)
  socket.once(tls === null ? 'connect' : 'secureConnect', () => {
    if ('alpnProtocol' in socket && tls?.alpn !== 'http/1.1' && socket.alpnProtocol !== 'h2') {
      fail('the server does not speak HTTP/2')
      return
    }
    settle()
    listener.onConnected(socket)
  })
  return socket
}

function tlsOptions({ host, alpn = 'h2', servername = host, insecure = false, ca, cert, key }: DialTls) {
  return {
    ALPNProtocols: [alpn],
    rejectUnauthorized: !insecure,
    // An empty name sends none; the certificate is then held against `host` of the address.
    servername: isIP(servername) === 0 ? servername : '',
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
}

/** The reason that Node gives of OpenSSL's errors is for people, their message is not. */
function describe(error: Error): string {
  return 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message
}
