/** Converts connections to the JSON of channelz. */
import { isIP } from 'node:net'
import type { AddressJson, SocketJson, SocketRef, TlsJson } from './channelz-data.ts'
import type { SocketAddress, SocketFacts, TlsFacts } from './socket-facts.ts'

/** Converts the facts about a connection of a client. */
export function socketJson(ref: SocketRef, facts: SocketFacts): SocketJson {
  const { local, remote, tls, stats, windows, lastStreamAt } = facts
  return {
    ref,
    data: {
      streamsStarted: stats.streamsStarted,
      streamsSucceeded: stats.streamsSucceeded,
      streamsFailed: stats.streamsFailed,
      keepAlivesSent: stats.pingsSent,
      ...(lastStreamAt && { lastLocalStreamCreatedTimestamp: lastStreamAt.toISOString() }),
      ...(windows && { localFlowControlWindow: windows.send, remoteFlowControlWindow: windows.receive }),
    },
    ...(local && { local: addressJson(local) }),
    remote: addressJson(remote),
    ...(tls && { security: { tls: tlsJson(tls) } }),
  }
}

function tlsJson({ cipher, localCertificate, remoteCertificate }: TlsFacts): TlsJson {
  return {
    standardName: cipher,
    ...(localCertificate && { localCertificate: toBase64(localCertificate) }),
    ...(remoteCertificate && { remoteCertificate: toBase64(remoteCertificate) }),
  }
}

function addressJson(address: SocketAddress): AddressJson {
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
