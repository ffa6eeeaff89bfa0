import { Code } from '@connectrpc/connect'
import { expect, it } from 'vitest'
import { RestDecoder } from '../../../../console/app/call/rest/rest-responses.ts'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { callContext } from '../../../support/console/call-context.ts'

const BINDING = { verb: 'GET', template: '/', body: '', responseBody: '' }
const { registry } = callContext('http://127.0.0.1').api

it.each(['', '{"message":"cut o', '[]', '{"message":1}'])('a response that is no message is INTERNAL: %j', (text) => {
  const decoder = new RestDecoder(GreeterService.method.sayHello, BINDING, registry)
  expect(() => decoder.decodeJson(text)).toThrow(
    expect.objectContaining({ code: Code.Internal, message: expect.stringContaining('the response cannot be read') }),
  )
})
