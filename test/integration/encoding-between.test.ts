/** A message stays as it is, although hooks and observers encode others between its encoding and its sending. */
import { create } from '@bufbuild/protobuf'
import type { ConnectRouter } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createClient } from '../../client/core/create-client.ts'
import { createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GetStreamResponseSchema, GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../server/listen/one-port.ts'
import { portico } from '../../server/plugin.ts'
import type { CallObserver } from '../../wire/call-observer.ts'
import { messageEncoder } from '../../wire/codec/encode/message-encoder.ts'
import { CLIENT_WAYS } from '../support/client-ways.ts'
import { collect } from '../support/collect.ts'
import { startFastify } from '../support/demo-server.ts'

const TEXTS = ['one', 'two', 'three', 'four']
const OTHER = create(GetStreamResponseSchema, { data: 'another message, which is not for this client' })
const encoder = messageEncoder(GetStreamResponseSchema, { kind: 'compiled', options: {} })

/** As a call that a hook makes does, at once. */
function encodeAnother(): void {
  encoder.encode(OTHER)
}

function routes(router: ConnectRouter): void {
  router.service(GreeterService, {
    async *getStream() {
      for (const data of TEXTS) yield { data }
    },
    async *allStream(messages) {
      for await (const { data } of messages) yield { data }
    },
  })
}

async function open(options: Partial<TransportOptions>) {
  const app = fastify(onePort({ drainTimeoutMs: 0 }))
  app.addHook('onSend', async () => encodeAnother())
  await app.register(portico, { routes })
  const { origin } = await startFastify(app)
  const observer: CallObserver = {
    onStart: () => ({ onAttempt: () => ({ onSent: encodeAnother, onEnd() {} }), onEnd() {} }),
  }
  const transport = createTransport({ baseUrl: origin, ...options, observers: [observer] })
  onTestFinished(() => transport.close())
  return createClient(GreeterService, transport)
}

describe.each(CLIENT_WAYS)('$protocol over HTTP/$httpVersion', (way) => {
  test('a hook of the response', async () => {
    const client = await open(way)
    const received = await collect(client.getStream({ topic: 'any' }))
    expect(received.map(({ data }) => data)).toEqual(TEXTS)
  })

  test('an observer of the request', async () => {
    const client = await open({ ...way, httpVersion: '2' })
    let next = () => {}
    const sent = async function* () {
      for (const data of TEXTS) {
        const answered = new Promise<void>((resolve) => {
          next = resolve
        })
        yield { data }
        await answered
      }
    }
    const received: string[] = []
    for await (const { data } of client.allStream(sent())) {
      received.push(data)
      next()
    }
    expect(received).toEqual(TEXTS)
  })
})
