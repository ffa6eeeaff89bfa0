import { createClient, createRouterTransport } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { Greeter } from '../../../../../gen/compat/proto_pb.js'
import { createProtoGreeterService } from '../../../../../server/demo/compat/proto-greeter-service.ts'

test('Hello echoes', async () => {
  const transport = createRouterTransport(({ service }) => service(Greeter, createProtoGreeterService()))
  expect(await createClient(Greeter, transport).hello({ msg: '你好' })).toMatchObject({ msg: '你好' })
})
