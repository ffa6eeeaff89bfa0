import { expect, test } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import type { MessageReader } from '../../../wire/envelope-reader.ts'
import { createMessageCodecs } from '../../../wire/message-codec.ts'
import { MessageStream } from '../../../wire/message-stream.ts'

const { input, output } = GreeterService.method.sayHello
const { proto } = createMessageCodecs({ decodes: input, encodes: output }, { json: {}, binary: undefined })

/** Nothing has come yet. */
const silent: MessageReader = {
  isAtEnd: false,
  receivedBytes: 0,
  poll: () => false,
  pollOnly: () => false,
  take: () => new Uint8Array(),
}

test('an error of whoever sends the messages on ends them, and is passed on', async () => {
  const stream = new MessageStream(silent, proto)
  const reason = new Error('the other call failed')
  const waiting = expect(stream.next()).rejects.toBe(reason)
  await expect(stream.throw(reason)).rejects.toBe(reason)
  await waiting
  expect(await stream.next()).toEqual({ done: true, value: undefined })
})
