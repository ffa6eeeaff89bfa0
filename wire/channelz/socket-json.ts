/** Converts connections to the JSON of channelz. */
import { isIP } from 'node:net'
import type { AddressJson, SocketDataJson, SocketJson, SocketRef, TlsJson } from './channelz-data.ts'
import type { SocketAddress, SocketFacts, TlsFacts } from './socket-facts.ts'

/** The facts that channelz shows. */
export interface ShownSocket
  extends Pick<SocketFacts, 'local' | 'remote' | 'tls' | 'stats' | 'windows' | 'lastStreamAt'> {
  /** Server: the messages of its calls. Default: not counted. */
  readonly messages?: MessageFacts
}

/** The messages of a connection. */
export interface MessageFacts {
  readonly sent: number
  readonly received: number
  /** Null before the first. */
  readonly lastSentAt: Date | null
  readonly lastReceivedAt: Date | null
}

/** Which end of a connection we are: the client opens streams, the server takes them. */
export type SocketSide = 'client' | 'server'

/** Converts the facts about a connection. */
export function socketJson(ref: SocketRef, facts: ShownSocket, side: SocketSide = 'client'): SocketJson {
  const { local, remote, tls, stats, windows, lastStreamAt, messages } = facts
  return {
    ref,
    data: {
      streamsStarted: stats.streamsStarted,
      streamsSucceeded: stats.streamsSucceeded,
      streamsFailed: stats.streamsFailed,
      keepAlivesSent: stats.pingsSent,
      ...(lastStreamAt && {
        [side === 'client' ? 'lastLocalStreamCreatedTimestamp' : 'lastRemoteStreamCreatedTimestamp']:
          lastStreamAt.toISOString(),
      }),
      ...(messages && messagesJson(messages)),
      ...(windows && { localFlowControlWindow: windows.send, remoteFlowControlWindow: windows.receive }),
    },
    ...(local && { local: addressJson(local) }),
    remote: addressJson(remote),
    ...(tls && { security: { tls: tlsJson(tls) } }),
  }
}

function messagesJson({ sent, received, lastSentAt, lastReceivedAt }: MessageFacts): Partial<SocketDataJson> {
  return {
    messagesSent: sent,
    messagesReceived: received,
    ...(lastSentAt && { lastMessageSentTimestamp: lastSentAt.toISOString() }),
    ...(lastReceivedAt && { lastMessageReceivedTimestamp: lastReceivedAt.toISOString() }),
  }
}

function tlsJson({ cipher, localCertificate, remoteCertificate }: TlsFacts): TlsJson {
  return {
    standardName: cipher,
    ...(localCertificate && { localCertificate: toBase64(localCertificate) }),
    ...(remoteCertificate && { remoteCertificate: toBase64(remoteCertificate) }),
  }
}

/** Converts one end of a connection. */
export function addressJson(address: SocketAddress): AddressJson {
  if ('path' in address) return { udsAddress: { filename: address.path } }
  const { host, port } = address
  // The octets of a link-local address do not include its zone.
  const ip = host.replace(/%.*$/, '')
  const family = isIP(ip)
  if (family === 0) return { otherAddress: { name: `${host}:${port}` } }
  return { tcpipAddress: { ipAddress: toBase64(family === 4 ? ipv4Octets(ip) : ipv6Octets(ip)), port } }
}

function ipv4Octets(ip: string): Uint8Array {
  return Uint8Array.from(ip.split('.'), Number)
}

/** The URL parser normalizes addresses to the shortest form without dots; `::` stands for the omitted zeros. */
function ipv6Octets(ip: string): Uint8Array {
  const shortest = new URL(`http://[${ip}]`).hostname.slice(1, -1)
  const [before = [], after = []] = shortest.split('::').map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  const groups = [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16))
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}
