/** Inspection of a channel while it calls a server. */
import { create, toBinary } from '@bufbuild/protobuf'
import { Code, createContextValues } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { channelz } from '../../client/node/channelz/channelz.ts'
import { waitForReady } from '../../client/node/rpc/wait-for-ready.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { SayHelloResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { envelop } from '../../wire/envelope.ts'
import { testCertificates } from '../support/certificates.ts'
import { startDemo } from '../support/demo-server.ts'
import { type Answer, GRPC_HEAD, refuse, startGrpcServer } from '../support/grpc-server.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { retryConfig } from '../support/retry-config.ts'

const HELLO = envelop(0, toBinary(SayHelloResponseSchema, create(SayHelloResponseSchema, { message: 'hello' })))
const CALLS = 10

const RETRYING = { ...retryConfig(3, 'UNAVAILABLE'), retryThrottling: { maxTokens: 100, tokenRatio: 0.1 } }

/** Every second attempt succeeds. */
const everySecond: Answer = (stream, { attempt }) => {
  if (attempt % 2 === 0) refuse(stream, Code.Unavailable)
  else stream.reply(GRPC_HEAD, HELLO, [{ name: 'grpc-status', value: '0' }])
}

async function open(answer: Answer, options: Partial<TransportOptions> = {}) {
  const server = await startGrpcServer(answer)
  const target = `ipv4:127.0.0.1:${server.port}`
  const { transport, client } = openGreeter({ target, ...options })
  const shown = () => channelz.getTopChannels().channel.find(({ ref }) => ref.name === target)
  return { server, transport, target, shown, client }
}

test('CZ-2 counts calls once and attempts each, and drops what is closed', async () => {
  const { client, transport, server, shown } = await open(everySecond, { serviceConfig: RETRYING })
  for (let call = 0; call < CALLS; call++) await client.sayHello({})
  const channel = shown()
  expect(channel?.data).toMatchObject({
    state: { state: 'READY' },
    callsStarted: CALLS,
    callsSucceeded: CALLS,
    callsFailed: 0,
    lastCallStartedTimestamp: expect.any(String),
  })
  const subchannel = channelz.getSubchannel(channel?.subchannelRef[0]?.subchannelId ?? 0)
  expect(subchannel?.data).toMatchObject({
    target: `127.0.0.1:${server.port}`,
    callsStarted: 2 * CALLS,
    callsSucceeded: CALLS,
    callsFailed: CALLS,
  })
  const socketId = subchannel?.socketRef[0]?.socketId ?? 0
  expect(channelz.getSocket(socketId)).toMatchObject({
    data: {
      streamsStarted: 2 * CALLS,
      streamsSucceeded: 2 * CALLS,
      streamsFailed: 0,
      localFlowControlWindow: expect.any(Number),
      remoteFlowControlWindow: expect.any(Number),
    },
    local: { tcpipAddress: { ipAddress: 'fwAAAQ==' } },
    remote: { tcpipAddress: { ipAddress: 'fwAAAQ==', port: server.port } },
  })
  const id = channel?.ref.channelId ?? 0
  await transport.close()
  expect(channelz.getChannel(id)).toBeUndefined()
  expect(channelz.getSocket(socketId)).toBeUndefined()
})

test('counts a failed call, also one that never found a server', async () => {
  const { client, transport, shown, server } = await open((stream) => refuse(stream, Code.NotFound))
  await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.NotFound })
  expect(shown()?.data).toMatchObject({ callsStarted: 1, callsSucceeded: 0, callsFailed: 1 })
  await server.close()
  await transport.watchState('READY')
  await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
  expect(shown()?.data).toMatchObject({ callsStarted: 2, callsSucceeded: 0, callsFailed: 2 })
  const subchannel = channelz.getSubchannel(shown()?.subchannelRef[0]?.subchannelId ?? 0)
  expect(subchannel?.data.callsStarted).toBe(1)
  expect(subchannel?.data.trace.events.map(({ severity }) => severity)).toContain('CT_WARNING')
})

test('inspect returns the channel as plain JSON', async () => {
  const { client, transport, target, server } = await open(everySecond, { serviceConfig: RETRYING })
  expect(transport.inspect()).toMatchObject({ target, state: 'IDLE', policy: null, resolution: null, addresses: [] })
  await client.sayHello({})
  const inspection = transport.inspect()
  expect(JSON.parse(JSON.stringify(inspection))).toEqual(inspection)
  expect(inspection).toMatchObject({
    state: 'READY',
    policy: 'pick_first',
    serviceConfig: RETRYING,
    resolution: { endpoints: 1, error: null },
    calls: { started: 1, succeeded: 1, failed: 0 },
    queuedPicks: 0,
    retryTokens: 99.1,
    addresses: [
      {
        address: `127.0.0.1:${server.port}`,
        state: 'READY',
        lastError: null,
        calls: { started: 2, succeeded: 1, failed: 1 },
        connections: [{ remote: `127.0.0.1:${server.port}`, tls: null, streamsStarted: 2, openStreams: 0 }],
      },
    ],
  })
  expect(inspection.addresses[0]?.connections[0]?.bytesReceived).toBeGreaterThan(0)
})

test('inspect shows waiting calls, and why there is no connection', async () => {
  const { client, transport, server } = await open(everySecond)
  await server.close()
  await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
  const { addresses } = transport.inspect()
  expect(addresses[0]).toMatchObject({ connections: [], calls: { started: 0 } })
  expect(addresses[0]?.lastError).toContain('cannot connect')

  const waiting = new AbortController()
  const contextValues = createContextValues().set(waitForReady, true)
  const call = client.sayHello({}, { signal: waiting.signal, contextValues })
  const cancelled = expect(call).rejects.toMatchObject({ code: Code.Canceled })
  await new Promise(setImmediate)
  expect(transport.inspect()).toMatchObject({ queuedPicks: 1, calls: { started: 2, failed: 1 } })
  waiting.abort()
  await cancelled
  expect(transport.inspect()).toMatchObject({ queuedPicks: 0, calls: { started: 2, failed: 2 } })
})

test('channelz and inspect show the TLS parameters of a connection', async () => {
  const { ca, server } = await testCertificates()
  const { port } = await startDemo({ listen: { tls: server } })
  const target = `ipv4:127.0.0.1:${port}`
  const { transport, client } = openGreeter({ target, tls: { ca }, authority: 'localhost' })
  await client.sayHello({})
  expect(transport.inspect().addresses[0]?.connections[0]?.tls).toMatch(/^TLSv1\.3 TLS_/)
  const channel = channelz.getTopChannels().channel.find(({ ref }) => ref.name === target)
  const subchannel = channelz.getSubchannel(channel?.subchannelRef[0]?.subchannelId ?? 0)
  const { tls } = channelz.getSocket(subchannel?.socketRef[0]?.socketId ?? 0)?.security ?? {}
  expect(tls?.standardName).toMatch(/^TLS_/)
  expect(tls).not.toHaveProperty('localCertificate')
  expect(Buffer.from(tls?.remoteCertificate ?? '', 'base64')[0]).toBe(0x30)
})
