/** Reads of topics from a cluster of NATS whose copies differ, by a stand-in: real copies are behind only now and then. */
import type { CompletionResult, StoredMsg } from '@nats-io/jetstream'
import { TimeoutError } from '@nats-io/transport-node'
import { expect, onTestFinished, test, vi } from 'vitest'
import { entryHeaders } from '../../../../../../server/demo/topics/nats/topic-entry.ts'
import { type JetStreamAccess, TopicReader } from '../../../../../../server/demo/topics/nats/topic-reader.ts'
import { TopicSubjects } from '../../../../../../server/demo/topics/nats/topic-stream.ts'

const EPOCH = 'E'
const LIMITS = { maxTopicMessages: 100, maxTopicBytes: 10_000, maxTotalBytes: 1_000_000, maxTopics: 10 }
const FROM_START = { after: 0n, known: null }

type Callback = (end: CompletionResult | null, stored: StoredMsg) => void

/** What the leader answers about its last entry, and then the copies: how many entries they have, or nothing at all. */
interface Answers {
  readonly lasts: (number | null)[]
  readonly copies: (number | 'silence')[]
}

const reader = new TopicReader(new TopicSubjects('topics'), LIMITS)

function entry(sequence: number): StoredMsg {
  const last = { epoch: EPOCH, sequence: BigInt(sequence - 1), streamSequence: sequence - 1, totalBytes: sequence - 1 }
  const header = entryHeaders(last, [{ data: 'x', dataBytes: 1 }], 7)
  return { header, data: Buffer.from('x'), seq: sequence } as unknown as StoredMsg
}

function accessTo({ lasts, copies }: Answers): JetStreamAccess {
  const streams = {
    getMessage: async () => {
      const last = lasts.length > 1 ? lasts.shift() : lasts[0]
      return last == null ? null : entry(last)
    },
  }
  const direct = {
    getBatch: async (_: string, { seq, callback }: { seq: number; callback: Callback }) => {
      const has = copies.shift() ?? 0
      const end = (err?: Error) => callback({ ...(err && { err }) }, {} as StoredMsg)
      if (has === 'silence') return { stop: end }
      setImmediate(() => {
        for (let next = seq; next <= has; next += 1) callback(null, entry(next))
        end()
      })
      return { stop: end }
    },
  }
  return { js: {}, jsm: { streams, direct }, version: { major: 2, minor: 15 } } as unknown as JetStreamAccess
}

test.each([
  ['has nothing yet', [0, 0, 5]],
  ['lacks the last entries', [3, 4, 4, 5]],
  ['has later ones', [6]],
])('a copy that %s is not taken for the topic', async (_, copies) => {
  const { range, place } = await reader.range(accessTo({ lasts: [5], copies: [...copies, 0, 0] }), 't', FROM_START)
  const last = Math.max(5, ...copies)
  expect(range.messages.map(({ sequence }) => Number(sequence))).toEqual(Array.from({ length: last }, (_, i) => i + 1))
  expect([range.lastSequence, place?.streamSequence]).toEqual([BigInt(last), last])
})

test('a topic whose last entry was dropped while it was read does not exist', async () => {
  const read = await reader.range(accessTo({ lasts: [5, null], copies: [0] }), 't', FROM_START)
  expect(read).toEqual({ place: null, range: { epoch: '', lastSequence: 0n, messages: [] } })
})

test('a read fails when the copy that answers it is gone', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const failure = reader.range(accessTo({ lasts: [5], copies: ['silence'] }), 't', FROM_START).catch((cause) => cause)
  await vi.advanceTimersByTimeAsync(3_000)
  expect(await failure).toBeInstanceOf(TimeoutError)
})
