/** Unusual authorities: Portico serves calls with each of them if grpc-go does. */
import { once } from 'node:events'
import { connect } from 'node:http2'
import path from 'node:path'
import { startProgram } from '../support/command.ts'
import { buildGoProgram } from '../support/go-tool.ts'
import type { Check } from '../support/run-checks.ts'
import type { Ground } from './ground.ts'

/** What gRPC clients send for Unix sockets (grpcio, grpc-java), what Envoy sends, an IPv6 zone, and names of other hosts. */
const AUTHORITIES = [
  '%2Ftmp%2Fs.sock',
  '/tmp/s.sock',
  'outbound|50051||svc.ns.svc.cluster.local',
  '[fe80::1%25eth0]:50051',
  'localhost',
  'some_service',
  'xn--bcher-kva.example:443',
]

const SERVING = /^listening on (\S+)$/

/** grpc-go's server, and the checks of it and ours. */
export interface AuthorityChecks extends AsyncDisposable {
  readonly checks: readonly Check[]
}

/** Builds and starts grpc-go's server; it goes on until the result is disposed of. */
export async function authorityChecks({ cleartext, both }: Ground): Promise<AuthorityChecks> {
  const program = await buildGoProgram(path.join(import.meta.dirname, 'grpc-go'))
  const grpcGo = await startProgram({ program, args: [] }, SERVING)
  const checks = AUTHORITIES.flatMap((authority) => [
    check('grpc-go', grpcGo.found, '/routeguide.RouteGuide/GetFeature', authority),
    check('ours', cleartext, '/greeter.v1.GreeterService/SayHello', authority),
    check('ours, beside TLS', both, '/greeter.v1.GreeterService/SayHello', authority),
  ])
  return { checks, [Symbol.asyncDispose]: () => grpcGo[Symbol.asyncDispose]() }
}

function check(server: string, address: string, method: string, authority: string): Check {
  return {
    name: `authority ${authority}: ${server}`,
    async run() {
      const status = await callEmpty(address, method, authority)
      if (status !== '0') throw new Error(`grpc-status ${status} instead of 0`)
    },
  }
}

/** Calls with an empty message, and gives the grpc-status. */
async function callEmpty(address: string, method: string, authority: string): Promise<unknown> {
  const session = connect(`http://${address}`)
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': method,
      ':authority': authority,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    stream.end(Buffer.alloc(5))
    stream.resume()
    const [trailers] = await once(stream, 'trailers')
    return trailers['grpc-status']
  } finally {
    session.destroy()
  }
}
