/** A wrapper of a transport sees every stream, however it was made of the transport. */
import { Code, ConnectError, type Transport } from '@connectrpc/connect'
import { expect, onTestFinished, test } from 'vitest'
import { createClient } from '../../../../client/core/create-client.ts'
import { createTransport } from '../../../../client/node/transport.ts'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'

const stream: Transport['stream'] = () => Promise.reject(new ConnectError('from the wrapper', Code.DataLoss))

const WRAPPERS: Readonly<Record<string, (transport: Transport) => Transport>> = {
  'a copy': (transport) => ({ ...transport, stream }),
  'an object that inherits from it': (transport) => Object.assign(Object.create(transport), { stream }),
  'a proxy': (transport) =>
    new Proxy(transport, { get: (target, name) => (name === 'stream' ? stream : Reflect.get(target, name)) }),
}

test.each(Object.entries(WRAPPERS))('%s', async (_, wrap) => {
  for (const propagation of [true, false]) {
    const transport = createTransport({ baseUrl: 'http://127.0.0.1:1', propagation })
    onTestFinished(() => transport.close())
    const client = createClient(GreeterService, wrap(transport))
    const received = client.getStream({ topic: 'any' })[Symbol.asyncIterator]()
    await expect(received.next()).rejects.toMatchObject({ code: Code.DataLoss, rawMessage: 'from the wrapper' })
  }
})
