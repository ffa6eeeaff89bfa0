/** Addresses of sockets as text. */
import type { Address } from '../../../../gen/channelz_pb.js'

/** Returns `127.0.0.1:8080`, `[::1]:8080`, the path of a Unix socket, or a name; an empty text for none. */
export function addressText(address: Address | undefined): string {
  switch (address?.address.case) {
    case 'tcpipAddress': {
      const { ipAddress, port } = address.address.value
      return ipAddress.length === 16 ? `[${ipv6Text(ipAddress)}]:${port}` : `${ipAddress.join('.')}:${port}`
    }
    case 'udsAddress':
      return address.address.value.filename
    case 'otherAddress':
      return address.address.value.name
    default:
      return ''
  }
}

/** RFC 5952: hexadecimal without leading zeros, and the longest run of two or more zeros as `::`. */
function ipv6Text(octets: Uint8Array): string {
  const view = new DataView(octets.buffer, octets.byteOffset)
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(index * 2).toString(16))
  // The prefix of IPv4 addresses (RFC 4291, section 2.5.5.2).
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff') return `::ffff:${octets.slice(12).join('.')}`
  const text = `:${groups.join(':')}:`
  const runs = text.match(/:(?:0:){2,}/g) ?? []
  const longest = runs.reduce((a, b) => (b.length > a.length ? b : a), '')
  if (longest === '') return groups.join(':')
  const [before = '', ...after] = text.split(longest)
  return `${before.slice(1)}::${after.join(longest).slice(0, -1)}`
}
