/** A watch of a bucket that the test plays. */
import { EventEmitter, on } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { addressText, type Endpoint } from '../../../../client/node/contracts/endpoint.ts'
import type { NatsBucket } from '../../../../registry/nats/nats-bucket.ts'
import { NatsInstances } from '../../../../registry/nats/nats-instances.ts'
import { watchInstances } from '../../../../registry/nats/nats-watch.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { settled } from '../../../support/settled.ts'

const TTL_MS = 1_000
const VALUE = JSON.stringify({ address: '10.0.0.1:80', ttlMs: TTL_MS })

/** A write of the only instance. */
function write(revision: number) {
  return {
    key: 'greeter.a',
    operation: 'PUT',
    revision,
    string: () => VALUE,
    created: new Date(),
    isUpdate: revision > 1,
    delta: 0,
  }
}

test('an instance that is written again while NATS is asked for it stays', async () => {
  const clock = new ManualClock()
  const written = new EventEmitter()
  const abort = new AbortController()
  let answer = Promise.withResolvers<ReturnType<typeof write>>()
  const bucket = {
    connection: { closed: () => new Promise(() => {}), isClosed: () => false, async close() {} },
    entries: {
      async watch() {
        const coming = on(written, 'write', { signal: abort.signal })
        return (async function* () {
          for await (const [entry] of coming) yield entry
        })()
      },
      get: () => answer.promise,
    },
    manager: { streams: { info: async () => ({ state: { subjects: { a: 1 } } }) } },
    subject: (key: string) => key,
  } as unknown as NatsBucket
  const lists: string[][] = []
  const onEndpoints = (endpoints: readonly Endpoint[]) =>
    void lists.push(endpoints.flatMap(({ addresses }) => addresses.map(addressText)))
  const instances = new NatsInstances(() => {})
  const watching = watchInstances(bucket, { service: 'greeter', instances, clock, onEndpoints }).catch(() => {})
  onTestFinished(async () => {
    abort.abort()
    await watching
  })
  await settled()
  written.emit('write', write(1))
  await expect.poll(() => lists).toEqual([['10.0.0.1:80']])
  clock.advance(TTL_MS)
  written.emit('write', write(2))
  await settled()
  answer.resolve(write(1))
  await settled()
  expect(lists).toEqual([['10.0.0.1:80']])
  answer = Promise.withResolvers()
  clock.advance(TTL_MS)
  answer.resolve(write(2))
  await expect.poll(() => lists).toEqual([['10.0.0.1:80'], []])
})
