/** Every way in which the client can call: each protocol over each HTTP version that supports it. */
import type { TransportOptions } from '../../client/node/transport-options.ts'

/** One way, as options of a transport. */
export type ClientWay = Required<Pick<TransportOptions, 'protocol' | 'httpVersion'>>

/** gRPC needs HTTP/2. */
export const CLIENT_WAYS: readonly ClientWay[] = [
  { protocol: 'grpc', httpVersion: '2' },
  { protocol: 'grpc-web', httpVersion: '1.1' },
  { protocol: 'grpc-web', httpVersion: '2' },
  { protocol: 'connect', httpVersion: '1.1' },
  { protocol: 'connect', httpVersion: '2' },
]

/** The flags of the program that select a way. */
export function flagsOf({ protocol, httpVersion }: ClientWay): readonly string[] {
  return ['--protocol', protocol, '--http', httpVersion.slice(0, 1)]
}
