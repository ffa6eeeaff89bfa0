/** The Redis engine of the topic hub, as its hub sees it, against a real Redis. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import type { TopicBroker } from '../../server/demo/topics/broker/topic-broker.ts'
import {
  createRedisTopicBroker,
  type RedisTopicBrokerOptions,
} from '../../server/demo/topics/redis/redis-topic-broker.ts'
import type { BrokerProcess } from '../support/brokers/broker-process.ts'
import {
  append,
  DEFAULT_LIMITS,
  type RecordedBroker,
  startRecorded,
  until,
} from '../support/brokers/broker-recorder.ts'
import { startRedisServer } from '../support/brokers/redis-server.ts'

const FAST = { replyTimeoutMs: 5_000, pulseMs: 50, deadAfterMs: 500 }

let server: BrokerProcess
let admin: Redis
let hubs = 0

beforeAll(async () => {
  server = await startRedisServer('most')
  admin = new Redis(server.port, '127.0.0.1')
})
afterAll(async () => {
  admin.disconnect()
  await server[Symbol.asyncDispose]()
})
/** So that no test sees the topics of another. */
beforeEach(() => {
  hubs += 1
})

function create(options: Partial<RedisTopicBrokerOptions> = {}): TopicBroker {
  const url = `redis://127.0.0.1:${server.port}`
  return createRedisTopicBroker({ url, limits: DEFAULT_LIMITS, name: `hub${hubs}`, times: FAST, ...options })
}

function start(options: Partial<RedisTopicBrokerOptions> = {}): Promise<RecordedBroker> {
  return startRecorded(create(options))
}

/** Appends a text until it is accepted. */
function accepted(broker: TopicBroker, topic: string): Promise<void> {
  const attempt = () =>
    append(broker, topic, 'x').then(
      () => true,
      () => false,
    )
  return expect.poll(attempt, { timeout: 5_000 }).toBe(true)
}

const textsOf = (messages: readonly { data: string }[]) => messages.map(({ data }) => data)

test('messages of one caller are numbered in the order of the calls, and reported to all processes', async () => {
  const [one, two] = await Promise.all([start(), start()])
  await Promise.all([one.broker.follow('news'), two.broker.follow('news')])
  const texts = Array.from({ length: 500 }, (_, index) => `m${index}`)
  const appended = await Promise.all(texts.map((text) => append(one.broker, 'news', text)))

  expect(appended.map(({ sequence }) => Number(sequence))).toEqual(texts.map((_, index) => index + 1))
  await until(() => one.messages.length === 500 && two.messages.length === 500)
  expect(two.messages).toEqual(appended)
  expect(one.messages).toEqual(appended)
  expect((await two.broker.read('news', 497n)).messages).toEqual(appended.slice(497))
})

test.each([
  ['empty', ''],
  ['with zeros, spaces and line ends', '\0 a\r\n\n b '],
  ['beyond ASCII', 'Grüße, 你好, 👋🏽'],
  ['that looks like a reply of Redis', '$5\r\nhello\r\n*1\r\n'],
  ['of 64 KiB', 'x'.repeat(65_536)],
])('a text %s arrives unchanged', async (_, text) => {
  const { broker, messages } = await start()
  await broker.follow('any/topic.of-mine_1')
  const message = await append(broker, 'any/topic.of-mine_1', text)
  expect(message).toMatchObject({ data: text, dataBytes: Buffer.byteLength(text), sequence: 1n })
  expect((await broker.read('any/topic.of-mine_1', 0n)).messages).toEqual([message])
  await until(() => messages.length === 1)
  expect(messages).toEqual([message])
})

test('the topics of each database are apart', async () => {
  const url = `redis://127.0.0.1:${server.port}`
  const [zero, one] = await Promise.all([start({ url: `${url}/0` }), start({ url: `${url}/1` })])
  await Promise.all([zero.broker.follow('a'), one.broker.follow('a')])
  const other = await append(zero.broker, 'a', 'of 0')
  const own = await append(one.broker, 'a', 'of 1')
  await until(() => zero.messages.length > 0 && one.messages.length > 0)
  expect([zero.messages, one.messages]).toEqual([[other], [own]])
  expect(own.sequence).toBe(1n)
})

test('a topic keeps its newest messages, by count and by bytes', async () => {
  const { broker } = await start({ limits: { ...DEFAULT_LIMITS, maxTopicMessages: 3, maxTopicBytes: 10 } })
  for (const text of ['a', 'b', 'c', 'd']) await append(broker, 'count', text)
  expect(await broker.read('count', 0n)).toMatchObject({ lastSequence: 4n })
  expect(textsOf((await broker.read('count', 0n)).messages)).toEqual(['b', 'c', 'd'])
  expect(textsOf((await broker.read('count', 3n)).messages)).toEqual(['d'])
  expect((await broker.read('count', 4n)).messages).toEqual([])
  expect((await broker.read('count', 2n ** 64n - 1n)).messages).toEqual([])

  for (const text of ['four', 'five5', 'six666']) await append(broker, 'bytes', text)
  expect(textsOf((await broker.read('bytes', 0n)).messages)).toEqual(['six666'])
  expect((await broker.read('bytes', 0n)).messages[0]).toMatchObject({ sequence: 3n })
})

test('a topic that does not exist reads as empty, and following it does not create it', async () => {
  const { broker } = await start()
  await broker.follow('none')
  expect(await broker.read('none', 7n)).toEqual({ epoch: '', lastSequence: 0n, messages: [] })
})

test('numbers stay exact up to 2^53', async () => {
  const { broker, messages } = await start()
  await broker.follow('old')
  await append(broker, 'old', 'first')
  const key = `{hub${hubs}}:topic:old`
  await admin.hset(key, 'last', '9007199254740980')
  const message = await append(broker, 'old', 'late')
  expect(message.sequence).toBe(9_007_199_254_740_981n)
  expect((await broker.read('old', message.sequence - 1n)).messages).toEqual([message])
  await until(() => messages.length === 2)
  expect(messages[1]).toEqual(message)
})

test('the topic used longest ago is evicted when there are too many, and comes back as another incarnation', async () => {
  const { broker } = await start({ limits: { ...DEFAULT_LIMITS, maxTopics: 2 } })
  const first = await append(broker, 'a', '1')
  await append(broker, 'b', '1')
  await append(broker, 'a', '2')
  await append(broker, 'c', '1')
  expect((await broker.read('b', 0n)).epoch).toBe('')
  expect((await broker.read('a', 0n)).epoch).toBe(first.epoch)
  const again = await append(broker, 'b', '2')
  expect(again.sequence).toBe(1n)
  expect(again.epoch).not.toBe(first.epoch)
})

test('all topics together keep no more than their bytes', async () => {
  const { broker } = await start({ limits: { ...DEFAULT_LIMITS, maxTotalBytes: 10_000 } })
  for (let index = 0; index < 40; index++) await append(broker, `t${index}`, 'x'.repeat(1_000))
  const kept = Number(await admin.hget(`{hub${hubs}}:hub`, 'bytes'))
  const topics = (await admin.keys(`{hub${hubs}}:topic:*`)).length
  expect(kept).toBeGreaterThan(0)
  expect(kept).toBeLessThanOrEqual(10_000)
  expect(topics).toBe(Number(await admin.hget(`{hub${hubs}}:hub`, 'topics')))
  expect(await admin.zcard(`{hub${hubs}}:idle`)).toBe(topics)
})

test('a topic that any process follows is not evicted; when all are, a new one is refused', async () => {
  const limits = { ...DEFAULT_LIMITS, maxTopics: 2 }
  const [one, two] = await Promise.all([start({ limits }), start({ limits })])
  await two.broker.follow('a')
  await append(one.broker, 'a', '1')
  await append(one.broker, 'b', '1')
  await append(one.broker, 'c', '1')
  expect((await one.broker.read('a', 0n)).lastSequence).toBe(1n)
  await two.broker.follow('c')
  await expect(append(one.broker, 'd', '1')).rejects.toMatchObject({ reason: 'limit_reached' })

  two.broker.unfollow('a')
  await accepted(one.broker, 'd')
  expect((await one.broker.read('a', 0n)).epoch).toBe('')
})

test('the marks of a dead process run out, and those of a live one do not', async () => {
  const limits = { ...DEFAULT_LIMITS, maxTopics: 2 }
  const [one, two] = await Promise.all([start({ limits }), start({ limits })])
  await append(one.broker, 'a', '1')
  await append(one.broker, 'b', '1')
  await one.broker.follow('a')
  // Stands for a process that was killed: nobody renews its mark.
  await admin.zadd(`{hub${hubs}}:processes`, Date.now() + 600_000, 'dead')
  await admin.sadd(`{hub${hubs}}:follows:dead`, 'b')
  await admin.zrem(`{hub${hubs}}:idle`, 'b')
  await expect(append(two.broker, 'c', '1')).rejects.toMatchObject({ reason: 'limit_reached' })
  await admin.zadd(`{hub${hubs}}:processes`, Date.now() - 1, 'dead')
  await accepted(two.broker, 'c')
  expect((await two.broker.read('a', 0n)).lastSequence).toBe(1n)
  expect(await admin.exists(`{hub${hubs}}:follows:dead`)).toBe(0)
})

test('one process leads a topic, until it resigns or its time is over', async () => {
  const [one, two] = await Promise.all([start(), start()])
  expect(await one.broker.lead('tick', 60_000)).toBe(true)
  expect(await two.broker.lead('tick', 60_000)).toBe(false)
  expect(await one.broker.lead('tick', 60_000)).toBe(true)
  two.broker.resign('tick')
  expect(await two.broker.lead('tick', 60_000)).toBe(false)
  one.broker.resign('tick')
  await expect.poll(() => two.broker.lead('tick', 60_000)).toBe(true)

  expect(await one.broker.lead('tock', 50)).toBe(true)
  await expect.poll(() => two.broker.lead('tock', 60_000)).toBe(true)
  expect(await one.broker.lead('tock', 50)).toBe(false)
})

test('scripts that Redis has forgotten are sent again', async () => {
  const { broker, messages } = await start()
  await broker.follow('a')
  await append(broker, 'a', '1')
  await admin.script('FLUSH')
  const appended = await Promise.all(['2', '3', '4'].map((text) => append(broker, 'a', text)))
  expect(appended.map(({ sequence, data }) => [Number(sequence), data])).toEqual([
    [2, '2'],
    [3, '3'],
    [4, '4'],
  ])
  await admin.script('FLUSH')
  expect((await broker.read('a', 0n)).lastSequence).toBe(4n)
  await until(() => messages.length === 4)
})

test('messages keep their order while scripts that Redis has forgotten are sent again', async () => {
  const { broker } = await start()
  await append(broker, 'a', '1')
  const appended: Promise<{ sequence: bigint }>[] = []
  for (let count = 0; count < 600; count += 1) {
    if (count % 100 === 50) void admin.script('FLUSH')
    appended.push(append(broker, 'a', String(count)))
    if (count % 3 === 0) await turn()
  }
  const numbers = (await Promise.all(appended)).map(({ sequence }) => Number(sequence))
  expect(numbers).toEqual(numbers.map((_, index) => index + 2))
})

test('after FLUSHALL a topic has another epoch, and is still followed', async () => {
  const limits = { ...DEFAULT_LIMITS, maxTopics: 1 }
  const { broker, messages } = await start({ limits })
  await broker.follow('a')
  const before = await append(broker, 'a', '1')
  await admin.flushall()
  const after = await append(broker, 'a', '2')
  expect(after.epoch).not.toBe(before.epoch)
  expect(after.sequence).toBe(1n)
  await until(() => messages.length === 2)
  expect(messages).toEqual([before, after])
  // Its mark comes back with the next sign of life.
  await expect.poll(() => admin.zcard(`{hub${hubs}}:idle`)).toBe(0)
  await expect(append(broker, 'b', '1')).rejects.toMatchObject({ reason: 'limit_reached' })
})

test('a connection that is cut comes back automatically, with what it followed', async () => {
  const { broker, messages, availability } = await start()
  await broker.follow('a')
  for (const type of ['normal', 'pubsub'] as const) {
    const changes = availability.length
    await admin.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes')
    await until(() => availability.length === changes + 2)
  }
  expect(availability.slice(-2)).toEqual([false, true])
  const message = await append(broker, 'a', '1')
  await until(() => messages.length === 1)
  expect(messages).toEqual([message])
})

test('a topic that was left while the connection was cut can be evicted soon after', async () => {
  const limits = { ...DEFAULT_LIMITS, maxTopics: 1 }
  const { broker, availability } = await start({ limits, times: { ...FAST, deadAfterMs: 600_000 } })
  await broker.follow('a')
  await append(broker, 'a', '1')
  await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await until(() => !broker.isAvailable)
  broker.unfollow('a')
  await until(() => availability.length === 3)
  await accepted(broker, 'b')
})

test('what others publish on the channel of a topic is no message of it', async () => {
  const { broker, messages } = await start()
  await broker.follow('a')
  const epoch = 'AAAAAAAAAAAAAAAA.1'
  const foreign = [
    '',
    ' ',
    'hello',
    'hello world',
    'hello world again',
    `${epoch} -1 1700000000000 x`,
    `${epoch} 1 now x`,
  ]
  for (const payload of [...foreign, Buffer.from([0xff, 0x20, 0x00, 0x20])]) {
    await admin.call('SPUBLISH', `{hub${hubs}}:live:a`, payload)
  }
  const message = await append(broker, 'a', '1')
  await until(() => messages.length > 0)
  expect(messages).toEqual([message])
})

test('a full Redis refuses messages, and is still there', async () => {
  const { broker, availability } = await start()
  await broker.follow('a')
  await append(broker, 'a', '1')
  await admin.config('SET', 'maxmemory', '1mb')
  onTestFinished(() => void admin.config('SET', 'maxmemory', '0'))
  await expect(append(broker, 'a', '2')).rejects.toMatchObject({ reason: 'limit_reached' })
  expect((await broker.read('a', 0n)).lastSequence).toBe(1n)
  for (const _ of ['a sign of life', 'another one']) {
    const deadline = await deadlineOfProcess()
    await expect.poll(deadlineOfProcess).not.toBe(deadline)
  }
  await broker.follow('b')
  expect(availability).toEqual([true])
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await until(() => availability.length === 3)
  expect(await broker.read('a', 0n)).toMatchObject({ lastSequence: 1n })
  await admin.config('SET', 'maxmemory', '0')
  expect(await append(broker, 'a', '2')).toMatchObject({ sequence: 2n })
})

test('a replica, which cannot be written to, is unavailable, and says nothing of Redis', async () => {
  const { broker } = await start()
  await admin.replicaof('127.0.0.1', '1')
  onTestFinished(() => void admin.replicaof('NO', 'ONE'))
  await expect(append(broker, 'a', '1')).rejects.toMatchObject({
    reason: 'unavailable',
    message: 'the broker that keeps the topics cannot be reached',
  })
  await admin.replicaof('NO', 'ONE')
  await accepted(broker, 'a')
})

test('what the user may not do is found at the start', async () => {
  await admin.acl('SETUSER', 'reader', 'on', '>secret1', '~*', '&*', '+@read', '+@connection', '+ssubscribe')
  const url = `redis://reader:secret1@127.0.0.1:${server.port}`
  const failure = await start({ url }).catch((error: Error) => error)
  expect(String(failure)).toMatch(/--hub redis:\/\/127\.0\.0\.1:\d+: .*permission/)
  expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure)) + String(failure)).not.toContain('secret1')
})

test.each([
  ['a wrong password', 'redis://default:wrong-secret@127.0.0.1', /WRONGPASS/],
  ['no password', 'redis://127.0.0.1', /NOAUTH/],
])('%s is found at the start, and not shown', async (_, base, reason) => {
  await admin.acl('SETUSER', 'default', 'resetpass', '>right')
  onTestFinished(() => void admin.acl('SETUSER', 'default', 'nopass'))
  const failure = await start({ url: `${base}:${server.port}` }).catch((error: Error) => error)
  expect(String(failure)).toMatch(/--hub redis:\/\/127\.0\.0\.1:\d+: /)
  expect(String(failure)).toMatch(reason)
  expect(String(failure)).not.toContain('wrong-secret')
})

test('a user with no more than the documented permissions can do all', async () => {
  const name = `hub${hubs}`
  await admin.acl('SETUSER', 'least', 'on', '>p@ss:word/1', `~{${name}}:*`, `&{${name}}:*`, ...documentedCommands())
  const url = `redis://least:${encodeURIComponent('p@ss:word/1')}@127.0.0.1:${server.port}/0`
  const { broker, messages } = await start({ url, limits: { ...DEFAULT_LIMITS, maxTopics: 1, maxTopicMessages: 1 } })
  await append(broker, 'a', '1')
  await broker.follow('b')
  await append(broker, 'b', '1')
  await append(broker, 'b', '2')
  await until(() => messages.length === 2)
  expect((await broker.read('b', 0n)).messages).toHaveLength(1)
  expect(await broker.lead('b', 1_000)).toBe(true)
  broker.resign('b')
  broker.unfollow('b')
  await accepted(broker, 'c')
})

/** When the newest process would count as dead. */
async function deadlineOfProcess(): Promise<string | undefined> {
  return (await admin.zrange(`{hub${hubs}}:processes`, '-1', '-1', 'WITHSCORES'))[1]
}

/** What docs/server/topics-redis.md grants. */
function documentedCommands(): string[] {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/server/topics-redis.md'), 'utf8')
  const [line = ''] = page.match(/^redis-cli .* ACL SETUSER .*$/m) ?? []
  return line.split(' ').flatMap((word) => (word.startsWith('+') ? [word.replace('\\', '')] : []))
}
