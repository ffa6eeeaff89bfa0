/** Brotli on servers that enable it: in both directions, every protocol and both lanes. */
import { Code, createClient } from '@connectrpc/connect'
import {
  compressionBrotli,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node'
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { LANES } from '../../server/rpc/lane.ts'
import { startDemo } from '../support/demo-server.ts'

/** Worth compressing. */
const NAME = 'Ada '.repeat(1_000)

const PROTOCOLS = [
  ['gRPC', createGrpcTransport, 'grpc-encoding'],
  ['gRPC-Web', createGrpcWebTransport, 'grpc-encoding'],
  ['Connect', createConnectTransport, 'content-encoding'],
] as const

describe.each(LANES)('on the %s lane', (lane) => {
  test.each(PROTOCOLS)('%s', async (_name, createTransport, encodingHeader) => {
    const { origin } = await startDemo({ lane, acceptCompression: ['gzip', 'br'] })
    const answer = await greet(createTransport, origin)
    expect(answer.message).toBe(`Hello ${NAME}`)
    expect(answer.header.get(encodingHeader)).toBe('br')
  })

  test.each(PROTOCOLS)('%s: UNIMPLEMENTED unless enabled', async (_name, createTransport) => {
    const { origin } = await startDemo({ lane })
    await expect(greet(createTransport, origin)).rejects.toMatchObject({ code: Code.Unimplemented })
  })
})

async function greet(createTransport: (typeof PROTOCOLS)[number][1], baseUrl: string) {
  const transport = createTransport({
    baseUrl,
    httpVersion: '1.1',
    nodeOptions: { agent: false },
    sendCompression: compressionBrotli,
    acceptCompression: [compressionBrotli],
  })
  let header = new Headers()
  const onHeader = (headers: Headers) => {
    header = headers
  }
  const { message } = await createClient(GreeterService, transport).sayHello({ name: NAME }, { onHeader })
  return { message, header }
}
