import { expect, test } from 'vitest'
import { TopicLog } from '../../../../../server/demo/topics/topic-log.ts'

test('messages are numbered from 1', () => {
  const log = logOf(0)
  expect(log.lastSequence).toBe(0n)
  expect(log.append({ topic: 't', timeMs: 5, data: 'a', dataBytes: 1 })).toEqual({
    topic: 't',
    epoch: 'now',
    sequence: 1n,
    timeMs: 5,
    data: 'a',
    dataBytes: 1,
  })
  expect(log.append({ topic: 't', timeMs: 6, data: '', dataBytes: 0 }).sequence).toBe(2n)
})

// Seven messages, of which 4 to 7 are kept.
test.each([
  { after: 0n, missed: 3n, messages: [4n, 5n, 6n, 7n] },
  { after: 1n, missed: 2n, messages: [4n, 5n, 6n, 7n] },
  { after: 3n, missed: 0n, messages: [4n, 5n, 6n, 7n] },
  { after: 4n, missed: 0n, messages: [5n, 6n, 7n] },
  { after: 6n, missed: 0n, messages: [7n] },
  { after: 7n, missed: 0n, messages: [] },
  { after: 8n, missed: 3n, messages: [4n, 5n, 6n, 7n] }, // the server was restarted
  { after: 2n ** 64n - 1n, missed: 3n, messages: [4n, 5n, 6n, 7n] },
])('after $after returns $messages, with $missed missed', ({ after, missed, messages }) => {
  const found = logOf(7).after({ epoch: '', sequence: after })
  expect([found.missed, found.isReset]).toEqual([missed, false])
  expect(Array.from(found.messages, ({ sequence }) => sequence)).toEqual(messages)
})

test('an empty log returns nothing, and nothing was missed', () => {
  const found = logOf(0).after({ epoch: '', sequence: 0n })
  expect([found.missed, ...found.messages]).toEqual([0n])
})

test.each([0n, 2n, 5n, 99n])('a position of another epoch, %i, resets to all that is kept', (sequence) => {
  const found = logOf(7).after({ epoch: 'before', sequence })
  expect([found.missed, found.isReset]).toEqual([0n, true])
  expect(Array.from(found.messages, (message) => message.sequence)).toEqual([4n, 5n, 6n, 7n])
})

test('a position of the same epoch is followed, up to the last message', () => {
  const log = logOf(7)
  expect(log.after({ epoch: 'now', sequence: 1n })).toMatchObject({ missed: 2n, isReset: false })
  expect([...log.after({ epoch: 'now', sequence: 7n }).messages]).toEqual([])
  expect(() => log.after({ epoch: 'now', sequence: 8n })).toThrow(expect.objectContaining({ reason: 'out_of_range' }))
})

function logOf(count: number): TopicLog {
  const log = new TopicLog({ maxMessages: 4, maxBytes: 1_000 }, 'now')
  for (let index = 0; index < count; index++) log.append({ topic: 't', timeMs: 0, data: 'x', dataBytes: 1 })
  return log
}
