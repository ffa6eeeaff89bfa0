import { create, type Message } from '@bufbuild/protobuf'
import { expect, it } from 'vitest'
import { RequestQueue } from '../../../../console/app/call/engine/request-queue.ts'
import { SayHelloRequestSchema } from '../../../../gen/greeter/v1/greeter_pb.js'

function message(name: string): Message {
  return create(SayHelloRequestSchema, { name })
}

it('resolves a send when the reader takes the message, in order', async () => {
  const queue = new RequestQueue()
  const taken: string[] = []
  const sends = ['a', 'b'].map((name) => queue.send(message(name)).then(() => taken.push(name)))
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(taken).toEqual([])
  const reader = queue[Symbol.asyncIterator]()
  expect((await reader.next()).value).toMatchObject({ name: 'a' })
  await sends[0]
  expect(taken).toEqual(['a'])
  expect((await reader.next()).value).toMatchObject({ name: 'b' })
  await sends[1]
})

it('wakes a reader that waits', async () => {
  const queue = new RequestQueue()
  const next = queue[Symbol.asyncIterator]().next()
  await queue.send(message('a'))
  expect((await next).value).toMatchObject({ name: 'a' })
})

it('ends after the messages that wait when it closes', async () => {
  const queue = new RequestQueue()
  void queue.send(message('a'))
  queue.close()
  await expect(queue.send(message('b'))).rejects.toThrow('half-closed')
  const read: unknown[] = []
  for await (const each of queue) read.push(each)
  expect(read).toEqual([expect.objectContaining({ name: 'a' })])
})

it('fails what waits, and what is sent later, when the call ends', async () => {
  const queue = new RequestQueue()
  const waiting = queue.send(message('a'))
  queue.fail(new Error('over'))
  await expect(waiting).rejects.toThrow('over')
  await expect(queue.send(message('b'))).rejects.toThrow('over')
  expect(await queue[Symbol.asyncIterator]().next()).toMatchObject({ done: true })
})
