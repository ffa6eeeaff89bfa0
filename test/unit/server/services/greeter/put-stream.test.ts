import { createHandlerContext } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { GreeterService, type PutStreamRequest } from '../../../../../gen/greeter/v1/greeter_pb.js'
import { putStream } from '../../../../../server/services/greeter/put-stream.ts'
import { createMemoryTopicHub } from '../../../../../server/topics/memory-topic-hub.ts'

// A reset can reach a service as a stream that just ends.
test('a client that vanished gets no summary, though its stream looks ended', async () => {
  const hub = createMemoryTopicHub()
  const context = createHandlerContext({
    service: GreeterService,
    method: GreeterService.method.putStream,
    protocolName: 'grpc',
    requestMethod: 'POST',
    url: 'http://localhost/',
  })
  const requests = async function* (): AsyncGenerator<PutStreamRequest> {
    yield { $typeName: 'greeter.v1.PutStreamRequest', topic: 'a', data: 'x' }
    context.abort(new Error('gone'))
  }
  await expect(putStream(hub, requests(), context)).rejects.toThrow('gone')
  hub.close()
})
